"""Reading and following the logs of some functions, onto one printer."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from lcli.aws.clients import AwsError
from lcli.aws.clock import Clock
from lcli.aws.retry import patience
from lcli.cli.logs_sources import Chosen, behind
from lcli.cli.run import Run
from lcli.errors import ExitCode, LcliError, Problem
from lcli.observe.events import Known, LogEvent, Source, read_pages
from lcli.observe.filters import Predicate
from lcli.observe.follow import Follower, ReadNew, Turns
from lcli.observe.history import ReadPages, history, last
from lcli.observe.records import Record
from lcli.ui.log_lines import Write
from lcli.ui.log_printer import Printer, Reading
from lcli.ui.measures import counted

_RETRIES = 5.0
"""Seconds for which a call of a follow is tried again before the follow says what is wrong."""

_ALIAS_EVERY = 20.0
"""Seconds between two looks at an alias: a deeper sweep then still finds what came before."""


@dataclass(frozen=True, slots=True)
class Span:
    """What is read: milliseconds since 1970, and CloudWatch's pattern."""

    start: int
    end: int
    pattern: str
    days: bool
    """Whether the start is on another day than now."""
    told: str
    """``since 10m``, as the user wrote it."""
    counted: tuple[bool, bool] = (False, False)
    """Whether the start and the end are counted from now, by this machine's clock."""

    def by(self, clock: Clock) -> Span:
        """The same by the clock that the events' timestamps are of."""
        off = int(clock.ahead * 1000)
        return replace(
            self, start=self.start - off * self.counted[0], end=self.end - off * self.counted[1]
        )


class _ClockIsOff(Exception):
    """The first answer told another time than this machine's clock: nothing was printed yet."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What of that is printed, and how."""

    wanted: Predicate | None
    limit: int | None
    grouped: bool
    """Whole invocations together."""
    tail: int | None
    """Only the last so many."""
    backwards: bool
    """The last ones are looked for from the end."""


class Logs:
    """The logs of functions within `span`, as far as they are selected."""

    def __init__(
        self, run: Run, chosen: list[Chosen], span: Span, write: Write, selection: Selection
    ) -> None:
        self._run = run
        self._chosen = chosen
        self._sources = [one.source for one in chosen]
        self._span = span
        self._tail = selection.tail
        self._is_filtered = bool(
            selection.wanted or span.pattern or any(one.source.versions for one in chosen)
        )
        self._first_window = 60_000 if selection.backwards else span.end - span.start
        self._clock: Clock | None = None
        self._reading = Reading(run.terminal, span.start, span.end)
        self._printer = Printer(
            run.stdout,
            write,
            wanted=selection.wanted,
            limit=selection.limit,
            grouped=selection.grouped,
            before=run.terminal.end_progress,
        )

    def history(self) -> ExitCode:
        """Print what there is. Raises LcliError where a function has no log group."""
        return self._by_their_clock(self._history)

    def follow(self) -> ExitCode:
        """Print what there is, then what arrives, until Ctrl-C or the limit."""
        return self._by_their_clock(self._follow)

    def _by_their_clock(self, work: Callable[[], ExitCode]) -> ExitCode:
        """Work over the span; over that of AWS's clock where this machine's turns out to be off."""
        try:
            return work()
        except _ClockIsOff:
            assert self._clock is not None
            ahead, span = self._clock.ahead, self._span.by(self._clock)
            away = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'}"
            self._run.terminal.note(
                f"this machine's clock is {away} AWS's, by which --since is counted"
            )
            self._span = span
            self._reading = Reading(self._run.terminal, span.start, span.end)
            return work()

    def _now(self) -> int:
        return self._run.session(self._sources[0].region).clock.now()

    def _look_at_clock(self, clock: Clock) -> None:
        if self._clock is None:
            self._clock = clock
            if clock.ahead and any(self._span.counted):
                raise _ClockIsOff

    def _history(self) -> ExitCode:
        try:
            self._print([partial(_existing, s, self._read_all(s)) for s in self._sources])
        finally:
            self._run.terminal.end_progress()
        self._printer.finish()
        if not self._printer.count:
            match = " that match" if self._is_filtered else ""
            self._run.terminal.note(
                f"no events{match} {self._span.told}; an earlier --since looks further back"
            )
        return ExitCode.DONE

    def _follow(self) -> ExitCode:
        printer, aliases = self._printer, _Aliases(self._run, self._chosen)
        with _interruption() as stop:
            turns = Turns(time.monotonic, stop.wait)
            follower = Follower(
                [(s, self._read(s, turns)) for s in self._sources],
                self._span.start,
                notice=self._run.terminal.note,
                reconnect=self._run.reconnect,
                wall=self._now,
            )
            self._print(
                [partial(_perhaps, self._read_all(source)) for source in self._sources],
                printed=follower.printed,
                stop=stop.is_set,
            )
            with patience(_RETRIES, self._run.terminal.debug):
                while not (stop.is_set() or printer.enough):
                    for events in follower.poll():
                        printer.events(events)
                    aliases.look()
                    printer.look()
                    stop.wait(max(0.05, follower.next_due() - time.monotonic()))
            if printer.enough:
                return ExitCode.DONE
        return self._end(follower)

    def live(self) -> ExitCode:
        """Print what CloudWatch pushes until Ctrl-C or the limit."""
        from lcli.observe.live import LiveTail

        printer, run, sources = self._printer, self._run, self._sources
        regions = list(dict.fromkeys(source.region for source in sources))
        with _interruption() as stop:
            tail = LiveTail(
                [
                    (partial(run.session, region), [s for s in sources if s.region == region])
                    for region in regions
                ],
                pattern=self._span.pattern,
                notice=run.terminal.note,
                reconnect=run.reconnect,
                wall=self._now,
            )
            aliases = _Aliases(run, self._chosen)
            while not (stop.is_set() or printer.enough):
                printer.events(tail.take(0.2))
                aliases.look()
                printer.look()
            tail.end()
        if printer.enough:
            return ExitCode.DONE
        return self._counted(f", {tail.sampled:,} updates sampled" if tail.sampled else "")

    def _end(self, follower: Follower) -> ExitCode:
        # Where nothing answers one try is enough: whoever pressed Ctrl-C waits for it.
        with patience(0.0 if follower.cut else _RETRIES, self._run.terminal.debug):
            for events in follower.last_sweep():
                self._printer.events(events)
        return self._counted()

    def _counted(self, more: str = "") -> ExitCode:
        self._printer.finish()
        if self._run.terminal.live:
            # Over the ^C that the terminal shows.
            self._run.stderr.write("\r")
        self._run.terminal.note(f"{counted(self._printer.count, 'event')}{more}")
        return ExitCode.INTERRUPTED

    def _print(
        self,
        reads: list[ReadPages],
        printed: Callable[[list[LogEvent]], None] = lambda events: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        start, end, printer = self._span.start, self._span.end, self._printer
        reached = self._reading.reached

        def visible(lower: int, upper: int) -> Iterator[Record]:
            def events() -> Iterator[LogEvent]:
                for batch in history(reads, lower, upper, reached=reached):
                    printed(batch)
                    yield from batch

            return printer.visible(events())

        if self._tail:
            printer.records(last(visible, start, end, self._tail, self._first_window))
            return
        for batch in history(reads, start, end, reached=reached):
            printer.events(batch)
            printed(batch)
            if printer.enough or stop():
                return

    def _read(self, source: Source, turns: Turns | None = None) -> ReadNew:
        pattern = self._span.pattern
        before = partial(turns.wait, source) if turns else lambda: None

        def read(start: int, end: int, known: Known | None) -> Iterator[list[LogEvent]]:
            clients = self._run.session(source.region)
            pages = read_pages(
                clients, source, start, end, known, pattern=pattern, before_call=before
            )
            try:
                for page in pages:
                    self._look_at_clock(clients.clock)
                    yield page
            except AwsError:
                self._look_at_clock(clients.clock)
                raise

        return read

    def _read_all(self, source: Source) -> ReadPages:
        read = self._read(source)
        return lambda start, end: read(start, end, None)


def _existing(source: Source, read: ReadPages, start: int, end: int) -> Iterator[list[LogEvent]]:
    """As `read`; a group that is absent is an error that says which function never ran."""
    try:
        yield from read(start, end)
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise
        raise LcliError(
            Problem(
                "no-logs",
                f"{source.function} has no log group: it never ran, or is not deployed",
                source.group,
                source.hint or "invoke it first, or wait for its first event with --follow",
            )
        ) from error


def _perhaps(read: ReadPages, start: int, end: int) -> Iterator[list[LogEvent]]:
    """As `read`; a group that is absent has no events yet."""
    try:
        yield from read(start, end)
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise


class _Aliases:
    """The aliases through which functions are followed: where one moves, its new version is
    followed too."""

    def __init__(self, run: Run, chosen: list[Chosen]) -> None:
        self._run = run
        self._chosen = [one for one in chosen if one.alias]
        self._due = time.monotonic() + _ALIAS_EVERY

    def look(self) -> None:
        """Asks for them again when it is time to."""
        if not self._chosen or time.monotonic() < self._due:
            return
        self._due = time.monotonic() + _ALIAS_EVERY
        for one in self._chosen:
            try:
                moved = behind(self._run, one)
            except (AwsError, LcliError) as error:
                # The sweeps say what is wrong with AWS, and wait it out.
                self._run.terminal.debug(str(error))
                continue
            if moved:
                self._run.terminal.note(moved)


@contextmanager
def _interruption() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets, so that what was read is also printed; the second
    one interrupts as ever."""
    stop = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def interrupted(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, before)
        stop.set()

    signal.signal(signal.SIGINT, interrupted)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
