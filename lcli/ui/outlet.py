"""Whole lines onto a stream whose reader may be slow."""

from __future__ import annotations

import os
import select
import stat
import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from math import inf
from typing import TextIO

_LOOK = 100
"""Milliseconds after which whoever waits for the reader looks whether that is to end."""
_LONGEST = 10
"""Bytes that a character takes at most: ``\\U0001f600``, where the encoding has none for it."""


class Outlet:
    """Writes lines to a stream, and waits for its reader as long as that takes.

    All of them at once, until `watch` is called. A pipe takes `select.PIPE_BUF` bytes at once or
    not at all (pipe(7)), so from then on lines are written together up to that, when there is room
    for them: the waiting may end at any time, and no line is cut but one that is longer.
    """

    def __init__(self, stream: TextIO) -> None:
        self.busy = False
        """Whether something is being written, or worked out for it: no time to interrupt that."""
        self.until = inf
        """The reading of `time.monotonic` until which a slow reader is waited for."""
        self._stream = stream
        self._poll: select.poll | None = None

    def watch(self) -> None:
        """From here on `until` is regarded; not of a file, which no reader holds up."""
        self._poll = _polled(self._stream)

    @property
    def hurried(self) -> bool:
        """Whether a slow reader is not waited for any more, or not for long."""
        return self.until < inf

    @contextmanager
    def unbroken(self) -> Iterator[None]:
        """What is done in here is not to be interrupted."""
        before, self.busy = self.busy, True
        try:
            yield
        finally:
            self.busy = before

    def write(self, lines: Sequence[str]) -> int:
        """How many of the lines were written and flushed, from the first: all, unless `until` has
        passed. Raises OSError."""
        written = 0
        for text, count in self._pieces(lines):
            if not self._has_room():
                break
            self._stream.write(text)
            self._stream.flush()
            written += count
        return written

    def _has_room(self) -> bool:
        if self._poll is None:
            return True
        while time.monotonic() < self.until:
            if self._poll.poll(_LOOK):
                return True
        return False

    def _pieces(self, lines: Sequence[str]) -> Iterator[tuple[str, int]]:
        """What is written at once, and how many lines are written with it."""
        if self._poll is None:
            yield "".join(lines), len(lines)
            return
        length = len if "".join(lines).isascii() else self._length
        ends = [*accumulate(map(length, lines))]
        first = at = 0
        while first < len(lines):
            after = max(first + 1, bisect_right(ends, at + select.PIPE_BUF))
            text = "".join(lines[first:after])
            if ends[after - 1] - at <= select.PIPE_BUF:
                yield text, after - first
            else:
                step = select.PIPE_BUF // (1 if text.isascii() else _LONGEST)
                for begin in range(0, len(text), step):
                    yield text[begin : begin + step], int(begin + step >= len(text))
            first, at = after, ends[after - 1]

    def _length(self, line: str) -> int:
        return len(line.encode(self._stream.encoding, self._stream.errors or "strict"))


def _polled(stream: TextIO) -> select.poll | None:
    """What tells whether the stream has room; None where it always has, or nothing can tell."""
    try:
        mode = os.fstat(stream.fileno()).st_mode
        if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stream.isatty()):
            return None
        poll = select.poll()
        poll.register(stream.fileno(), select.POLLOUT)
    except (AttributeError, OSError, ValueError):  # no such call here, no such file
        return None
    return poll
