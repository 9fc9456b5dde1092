"""From log events to the output: read, filtered, grouped and written."""

from __future__ import annotations

import errno
import select
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import TextIO

from lcli.observe.events import LogEvent
from lcli.observe.filters import Predicate
from lcli.observe.invocations import MOST, QUIET, Block, Invocations
from lcli.observe.records import Reader, Record
from lcli.observe.stacks import stack_of, stacks
from lcli.observe.unclaimed import HELD, Unclaimed
from lcli.ui.log_lines import Lines, Write
from lcli.ui.outlet import Outlet
from lcli.ui.terminal import Terminal

_PIECE = 1_000_000
"""Characters of messages that are written at once, about: their lines are held until then."""


class Printer:
    """Writes what is wanted of the events it is given, in their order, and counts it."""

    def __init__(
        self,
        stream: TextIO,
        write: Write,
        *,
        wanted: Predicate | None = None,
        limit: int | None = None,
        grouped: bool = False,
        late: int = 0,
        by_request: bool = False,
        before: Callable[[], None] = lambda: None,
        notice: Callable[[str], None] = lambda text: None,
    ) -> None:
        """`late`: milliseconds by which events may come behind newer ones, in a follow; there
        `by_request` keeps what may yet turn out to be of the invocation that is wanted. `before` is
        called before anything is written, `notice` told what the user must know.
        """
        self.count = 0
        """Events written so far."""
        self.unwritten = 0
        """Events that were not, as the reader was no longer waited for."""
        self.outlet = Outlet(stream)
        self._stream = stream
        self._write = write
        self._wanted = wanted
        self._limit = limit
        self._late = late
        self._reader = Reader(late)
        self._unclaimed: Unclaimed | None = None
        self._invocations: Invocations | None = None
        if grouped:
            self._invocations = Invocations(
                wanted or (lambda record: True),
                self._reader.spans.nearest,
                unknown=HELD if late and by_request else QUIET,
            )
        elif late and by_request:
            self._unclaimed = Unclaimed(self._reader.spans)
        self._before = before
        self._notice = notice
        self._told_crowded = False
        self._more_of = ""
        """The invocation to which the block belongs that was written last, where that was written
        before."""
        self._whole = 0
        """Events written so far, those of a stack as one."""
        self._stack: Record | None = None
        """The first line of the stack written last."""

    @property
    def enough(self) -> bool:
        """Whether the limit is reached; a stack of several events counts as one."""
        return self._limit is not None and self._whole >= self._limit

    def events(self, events: Iterable[LogEvent]) -> None:
        """Write these events, as far as they are wanted, and flush."""
        read = self._reader.read
        records = (read(event) for event in events)
        if self._invocations is not None:
            self._blocks(chain.from_iterable(map(self._invocations.add, records)))
        else:
            self.records(self._selected(records))

    def _selected(self, records: Iterable[Record]) -> Iterable[Record]:
        if self._unclaimed is not None:
            records = self._unclaimed.known(records)
        return records if self._wanted is None else filter(self._wanted, records)

    def held(self, records: Iterable[Record], before: str = "") -> None:
        """Write these records as `records` does, but hold the lines of some of them alone."""
        for piece in _pieces(records):
            self.records(piece, before)
            before = ""

    def records(self, records: Iterable[Record], before: str = "") -> None:
        """Write these records, all of them up to the limit, and flush."""
        with self.outlet.unbroken():
            if self._limit is None:
                lines = [line for line in map(self._write, records) if line]
            else:
                lines = list(self._up_to_limit(records))
            if lines:
                self._before()
                lines[0] = before + lines[0]
                written = self.outlet.write(lines)
                self.count += written
                self.unwritten += len(lines) - written

    def _up_to_limit(self, records: Iterable[Record]) -> Iterator[str]:
        for record in records:
            line = self._write(record)
            if line and (stack := stack_of(record)) is not self._stack:
                if self.enough:
                    return
                self._stack = stack
                self._whole += 1
            if line:
                yield line

    def look(self) -> None:
        """Raises BrokenPipeError where nobody reads the output any more: a quiet follow writes
        nothing from which that would show."""
        try:
            poll = select.poll()
            poll.register(self._stream.fileno(), 0)
        except (AttributeError, OSError, ValueError):  # no such call here, no such file
            return
        if any(what & (select.POLLERR | select.POLLHUP) for _, what in poll.poll(0)):
            raise BrokenPipeError(errno.EPIPE, "nobody reads the output")

    def over(self) -> None:
        """Write the invocations whose end need not be waited for any longer."""
        if self._invocations is not None:
            self._blocks(self._invocations.over())

    def finish(self) -> None:
        """Write the invocations that did not finish."""
        if self._invocations is not None:
            self._blocks(self._invocations.rest())

    def visible(self, events: Iterable[LogEvent]) -> Iterator[list[Record]]:
        """The records of `events` that would be written, those of a stack together.

        In a follow what is read of them counts for those that come after them; else they are read
        without what came before.
        """
        read = (self._reader if self._late else Reader()).read
        return stacks(filter(self._write, self._selected(map(read, events))))

    def _blocks(self, blocks: Iterable[Block]) -> None:
        with self.outlet.unbroken():
            for block in blocks:
                if self.enough:
                    return
                count = self.count
                self.held(block.records, self._between(block.more_of))
                if self.count > count:
                    self._more_of = block.more_of
        if self._invocations and self._invocations.crowded and not self._told_crowded:
            self._told_crowded = True
            self._notice(
                f"--group holds {MOST // 1_000_000} MB of unfinished invocations at most: those "
                "begun first are printed before they end"
            )

    def _between(self, more_of: str) -> str:
        """What stands before a block: nothing where lines are for programs, or as stored."""
        if not isinstance(self._write, Lines) or (more_of and more_of == self._more_of):
            return ""
        heading = self._write.heading(f"more of {more_of}:") if more_of else ""
        return "\n" * bool(self.count) + heading


def _pieces(records: Iterable[Record]) -> Iterator[list[Record]]:
    piece: list[Record] = []
    size = 0
    for record in records:
        piece.append(record)
        size += len(record.event.message)
        if size > _PIECE:
            yield piece
            piece, size = [], 0
    yield piece


class Reading:
    """On a terminal's stderr, while a long read prints nothing: how far it is."""

    def __init__(
        self,
        terminal: Terminal,
        start: int,
        end: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._terminal = terminal
        self._start = start
        self._length = max(end - start, 1)
        self._next = clock() + 1.0
        self._count = 0

    def reached(self, at: int, count: int) -> None:
        """A group has been read up to `at`, in milliseconds, which gave `count` events more."""
        now = self._clock()
        self._count += count
        if now < self._next:
            return
        self._next = now + 0.2
        done = (at - self._start) * 100 // self._length
        self._terminal.progress(f"reading: {done} % of the time, {self._count:,} events")
