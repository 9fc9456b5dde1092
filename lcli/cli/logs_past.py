"""The events that there are when a reading of logs begins, onto its printer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

from lcli.aws.retry import patience
from lcli.observe.attribution import requests
from lcli.observe.events import LogEvent
from lcli.observe.history import Attempt, Reached, ReadPages, history
from lcli.observe.records import Record
from lcli.observe.stacks import WINDOW, stack_of
from lcli.observe.tail import Keeps, LastStacks, last
from lcli.ui.log_printer import Printer


@dataclass(frozen=True, slots=True)
class Past:
    """What is printed of the events between two moments, and how it is looked for."""

    printer: Printer
    span: tuple[int, int]
    """In milliseconds since 1970."""
    reached: Reached
    stop: Callable[[], bool]
    """Whether no more is to be printed."""
    tail: int | None
    """Only the last so many."""
    first_window: int
    """Milliseconds at the span's end in which those are looked for first."""
    with_requests: bool
    """Each of those is printed with its request, also where START came long before."""

    def print(
        self,
        reads: Sequence[ReadPages],
        attempts: Sequence[Attempt] = (),
        printed: Callable[[list[LogEvent]], None] = lambda events: None,
    ) -> None:
        """Print what `reads` give, and tell `printed` of it; see `history`. Raises AwsError."""
        read = partial(history, reads, reached=self.reached, stop=self.stop, attempts=attempts)
        if self.tail:
            found = self._last(self.tail, read, printed)
            if not self.stop():
                self._print_last(found, read)
            return
        for batch in read(*self.span):
            if self.stop():
                return
            self.printer.events(batch)
            printed(batch)
            if self.printer.enough:
                return

    def _last(
        self,
        count: int,
        read: Callable[[int, int], Iterator[list[LogEvent]]],
        printed: Callable[[list[LogEvent]], None],
    ) -> list[Keeps[list[Record]]]:
        start, end = self.span

        def visible(lower: int, upper: int) -> Iterator[list[Record]]:
            def events() -> Iterator[LogEvent]:
                # A stack belongs to where it begins.
                for batch in read(max(start, lower - WINDOW), min(end, upper + WINDOW)):
                    printed(batch)
                    yield from batch

            for stack in self.printer.visible(events()):
                if lower <= stack_of(stack[0]).event.timestamp < upper:
                    yield stack

        return last(visible, (start, end), count, LastStacks, self.first_window)

    def _print_last(
        self,
        found: list[Keeps[list[Record]]],
        read: Callable[[int, int], Iterator[list[LogEvent]]],
    ) -> None:
        def records() -> Iterator[Record]:
            return chain.from_iterable(chain.from_iterable(found))

        names = requests(records(), read, self.span[0]) if self.with_requests else {}

        def named(record: Record) -> Record:
            record.known = record.known or names.get(record.event.id, "")
            return record

        self.printer.held(map(named, records()))


def impatient(
    read: ReadPages, seconds: float, say: Callable[[str], None], start: int, end: int
) -> Iterator[list[LogEvent]]:
    """As `read`, but that a page which does not come for so long is an error."""
    pages = iter(read(start, end))
    while True:
        with patience(seconds, say):
            page = next(pages, None)
        if page is None:
            return
        yield page
