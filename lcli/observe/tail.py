"""The last events of a history, looked for from its end, in bounded memory."""

from __future__ import annotations

import pickle
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from shutil import copyfileobj
from typing import IO, Protocol, TypeVar

from lcli.observe.records import Record

_IN_MEMORY = 4_000_000
"""Bytes that the stacks of one window take in memory, about; more are written to a file."""

T = TypeVar("T")


class Keeps(Iterable[T], Sized, Protocol[T]):
    """The last ones of those that it was extended by."""

    def extend(self, items: Iterable[T], /) -> None:
        """Add these, and drop the first ones beyond as many as it keeps."""


def last(
    read: Callable[[int, int], Iterable[T]],
    span: tuple[int, int],
    count: int,
    keep: Callable[[int], Keeps[T]],
    width: int = 60_000,
) -> list[Keeps[T]]:
    """The last `count` of what `read` gives in order of time between two moments, in parts.

    Looks back from the later one over longer and longer windows, the first of `width` milliseconds,
    so a large group is not read whole. `keep` makes what keeps the last so many of a window.
    """
    found: list[Keeps[T]] = []
    (start, upper), left = span, count
    while upper > start and left > 0:
        lower = max(start, upper - width)
        found.append(part := keep(left))
        part.extend(read(lower, upper))
        left -= len(part)
        upper, width = lower, width * 4
    return found[::-1]


class LastStacks:
    """The last stacks (records that belong together) of those that were added.

    What does not fit into `_IN_MEMORY` is written to a file without a name that only this process
    can open (0600), and is gone with it; where none can be written, it stays in memory.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._written: deque[tuple[int, int]] = deque()
        """Where in the file a stack begins and ends: of those before the ones in memory."""
        self._held: deque[tuple[int, list[Record]]] = deque()
        """With how many bytes each takes in memory, about."""
        self._weight = 0
        self._file: IO[bytes] | None = None
        self._may_write = True

    def extend(self, stacks: Iterable[list[Record]], /) -> None:
        """Add these, and drop the first ones beyond `most`."""
        for stack in stacks:
            weight = sum(record.weight for record in stack)
            self._held.append((weight, stack))
            self._weight += weight
            if len(self) > self._most:
                self._drop()
            if self._weight > _IN_MEMORY and self._may_write:
                self._write()

    def __len__(self) -> int:
        return len(self._written) + len(self._held)

    def __iter__(self) -> Iterator[list[Record]]:
        for begin, end in self._written:
            assert self._file is not None
            self._file.seek(begin)
            yield pickle.loads(self._file.read(end - begin))  # noqa: S301 (nobody else's file)
        yield from (stack for _, stack in self._held)

    def _drop(self) -> None:
        if self._written:
            self._written.popleft()
        else:
            self._weight -= self._held.popleft()[0]

    def _write(self) -> None:
        """All that is held to the file's end; to another file where much of it was dropped."""
        try:
            self._file = self._file or _nameless()
            begin = self._written[0][0] if self._written else 0
            end = self._written[-1][1] if self._written else 0
            if begin > end - begin + _IN_MEMORY:
                fresh = _nameless()
                self._file.seek(begin)
                copyfileobj(self._file, fresh)
                self._file.close()
                self._file = fresh
                self._written = deque((b - begin, e - begin) for b, e in self._written)
                end -= begin
            self._file.seek(end)
            places = []
            for _, stack in self._held:
                places.append((end, end := end + self._file.write(pickle.dumps(stack))))
            self._file.flush()
        except OSError:  # no folder for it, or no room in it
            self._may_write = False
            return
        self._written.extend(places)
        self._held.clear()
        self._weight = 0


def _nameless() -> IO[bytes]:
    return tempfile.TemporaryFile()
