"""How much memory a worker and its children use."""

from __future__ import annotations

import os

import psutil


def used(pid: int) -> int:
    """Bytes that the process tree holds for itself; 0 once it is gone.

    RssAnon on Linux: what a memory limit counts that cannot be given back, without the pages of
    the interpreter, which every worker shares. Elsewhere the resident size.
    """
    total = 0
    todo = [pid]
    while todo:
        each = todo.pop()
        try:
            total += _anonymous(each)
            todo.extend(_children(each))
        except (OSError, psutil.Error):
            continue
    return total


def _anonymous(pid: int) -> int:
    if not _LINUX:
        return int(psutil.Process(pid).memory_info().rss)
    with open(f"/proc/{pid}/status", "rb") as status:
        text = status.read()
    at = text.find(b"RssAnon:")
    return int(text[at + 8 : text.index(b"kB", at)]) * 1024 if at >= 0 else 0


def _children(pid: int) -> list[int]:
    if not _LINUX:
        return [child.pid for child in psutil.Process(pid).children()]
    children: list[int] = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/children", "rb") as listed:
            children += map(int, listed.read().split())
    return children


_LINUX = os.path.isdir("/proc/self/task")
