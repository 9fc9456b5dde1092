"""How much memory a worker and its children use."""

from __future__ import annotations

import os

import psutil


def used(pid: int) -> tuple[int, int]:
    """Bytes that the process tree holds for itself, and the most that was resident; 0 once gone.

    The first is for the limit: RssAnon on Linux, what cannot be given back, without the pages of
    the interpreter, which every worker shares. The second is for "Max Memory Used", which on AWS
    counts the whole sandbox: the sum of the processes' VmHWM, the code they run included.
    Elsewhere both are the resident size.
    """
    own = peak = 0
    todo = [pid]
    while todo:
        each = todo.pop()
        try:
            held = _held(each)
            todo.extend(_children(each))
        except (OSError, psutil.Error):
            continue
        own, peak = own + held[0], peak + held[1]
    return own, peak


def _held(pid: int) -> tuple[int, int]:
    if not _LINUX:
        resident = int(psutil.Process(pid).memory_info().rss)
        return resident, resident
    with open(f"/proc/{pid}/status", "rb") as status:
        text = status.read()
    return _kilobytes(text, b"RssAnon:"), _kilobytes(text, b"VmHWM:")


def _kilobytes(text: bytes, name: bytes) -> int:
    """A line's number in bytes; 0 where it is not, as in a zombie's status."""
    at = text.find(name)
    return int(text[at + len(name) : text.index(b"kB", at)]) * 1024 if at >= 0 else 0


def _children(pid: int) -> list[int]:
    if not _LINUX:
        return [child.pid for child in psutil.Process(pid).children()]
    children: list[int] = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/children", "rb") as listed:
            children += map(int, listed.read().split())
    return children


_LINUX = os.path.isdir("/proc/self/task")
