"""Ends the workers when the local cloud is gone, however it went (`kill -9` included).

A process of its own: it reads ``+PGID`` and ``-PGID`` lines from a pipe that only the local cloud
holds open, and when the pipe ends it kills the process groups that are left. Unlike Linux's
parent-death signal this reaches a worker's children and works on macOS.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from typing import IO

_ENDS_WITHIN = 5
"""Seconds."""


class Guard:
    """The local cloud's end of the pipe."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-E", __file__],
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


def watch(lines: IO[str]) -> None:
    """Keep the list of groups until the pipe ends, then kill them."""
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


if __name__ == "__main__":
    watch(sys.stdin)
