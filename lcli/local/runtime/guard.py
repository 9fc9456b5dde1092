"""Ends the workers when the local cloud is gone, however it went (`kill -9` included).

A process of its own: it reads ``+PGID`` and ``-PGID`` lines from a pipe that only the local cloud
holds open, and when the pipe ends it kills the process groups that are left. Unlike Linux's
parent-death signal this reaches a worker's children and works on macOS. What left its group, as
browsers do that a function starts, is found on Linux by its environment: a worker's names a folder
of its own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

_ENDS_WITHIN = 5
"""Seconds."""
_LOOKS = 20
"""At most, for processes that start others while they are being ended."""
_EMPTY_LOOKS = 3
"""In a row, until nothing is left: what forks and ends during a look is missed, its child too."""


class Guard:
    """The local cloud's end of the pipe."""

    def __init__(self, folder: Path) -> None:
        """Guard the workers whose own folders are in `folder`."""
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-E", __file__, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def add(self, group: int) -> None:
        """A worker was started."""
        self._say(f"+{group}\n")

    def remove(self, group: int) -> None:
        """A worker has ended."""
        self._say(f"-{group}\n")

    def close(self) -> None:
        """End the guard and whatever it still guards."""
        with contextlib.suppress(BrokenPipeError):
            self._pipe.close()
        try:
            self._process.wait(_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def _pipe(self) -> IO[bytes]:
        assert self._process.stdin
        return self._process.stdin

    def _say(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._pipe.write(line.encode())
            self._pipe.flush()


def end_strays(folder: str) -> None:
    """Kill every process that has `folder`, or what is in it, in its environment."""
    empty = 0
    for _ in range(_LOOKS):
        found = [pid for pid in _processes() if os.fsencode(folder) in _environment(pid)]
        empty = 0 if found else empty + 1
        if empty == _EMPTY_LOOKS:
            return
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)


def _processes() -> list[int]:
    """All of this machine, where it shows them."""
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    except OSError:
        return []


def _environment(pid: int) -> bytes:
    """What the process was started with; nothing where it is gone or another user's."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as environment:
            return environment.read()
    except OSError:
        return b""


def watch(lines: IO[str], folder: str) -> None:
    """Keep the list of groups until the pipe ends, then kill them and what left them."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)
    end_strays(folder)


if __name__ == "__main__":
    watch(sys.stdin, sys.argv[1])
