"""Reading and following the logs of some functions, onto one printer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from lcli.aws.clients import AwsError
from lcli.aws.clock import Clock
from lcli.aws.retry import patience
from lcli.cli.logs_bounds import (
    Absent,
    Aliases,
    Span,
    if_present,
    interruption,
    missing,
    no_logs,
    postpone,
)
from lcli.cli.logs_past import Past, impatient
from lcli.cli.logs_sources import RETRIES, Chosen
from lcli.cli.run import Run
from lcli.errors import ExitCode
from lcli.observe.events import Known, LogEvent, LogGroup, log_groups, read_pages
from lcli.observe.filters import Predicate
from lcli.observe.follow import CALLS, DEEPEST, Follower, ReadNew, Turns
from lcli.observe.history import ReadPages
from lcli.observe.records import Record
from lcli.observe.spans import LONGEST
from lcli.ui.log_lines import Write
from lcli.ui.log_printer import Printer, Reading
from lcli.ui.measures import counted

_LONG = 3.0
"""Seconds of a last sweep that want to be told beforehand."""


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
    by_request: bool
    """An invocation's lines are wanted: its START is read, too, where it is earlier."""
    follows: bool
    """What arrives is printed, too: events may come behind newer ones."""

    @property
    def backwards(self) -> bool:
        """Whether the last ones may be looked for from the end."""
        return not (self.follows or self.by_request)


class Logs:
    """The logs of functions within `span`, as far as they are selected."""

    def __init__(
        self, run: Run, chosen: list[Chosen], span: Span, write: Write, selection: Selection
    ) -> None:
        self._run = run
        self._chosen = chosen
        self._sources = [one.source for one in chosen]
        self._groups = log_groups(self._sources)
        self._span = span
        self._tail = selection.tail
        self._is_filtered = bool(
            selection.wanted or span.pattern or any(one.source.versions for one in chosen)
        )
        self._wanted = selection.wanted
        self._lead = LONGEST if selection.by_request else 0
        self._first_window = 60_000 if selection.backwards else span.end - span.start + self._lead
        self._clock: Clock | None = None
        self._reading = self._begun()
        self._printer = Printer(
            run.stdout,
            write,
            wanted=self._within if self._lead else self._wanted,
            limit=selection.limit,
            grouped=selection.grouped,
            late=DEEPEST if selection.follows else 0,
            by_request=selection.by_request,
            before=run.terminal.end_progress,
            notice=run.terminal.note,
        )

    @property
    def _start(self) -> int:
        """Where the reading begins."""
        return self._span.start - self._lead

    def _begun(self) -> Reading:
        return Reading(self._run.terminal, self._start, self._span.end)

    def _within(self, record: Record) -> bool:
        """Whether a record is wanted, and was not read for what it says of later ones."""
        wanted = self._wanted is None or self._wanted(record)
        return wanted and record.event.timestamp >= self._span.start

    def history(self) -> ExitCode:
        """Print what there is. Raises LcliError where functions have no log group, when the others'
        events are printed."""
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
            self._reading = self._begun()
            return work()

    def _now(self) -> int:
        # A session that is made anew has no answer yet, and may not be made at all.
        clock = self._clock or self._run.session(self._sources[0].region).clock
        return clock.now()

    def _look_at_clock(self, clock: Clock) -> None:
        if self._clock is None:
            self._clock = clock
            if clock.ahead and any(self._span.counted):
                raise _ClockIsOff

    def _history(self) -> ExitCode:
        found = Absent()
        try:
            self._past().print([partial(found.read, g, self._read_all(g)) for g in self._groups])
        finally:
            self._run.terminal.end_progress()
        self._printer.finish()
        absent = found.among(self._groups)
        if not self._printer.count and len(absent) < len(self._sources):
            match = " that match" if self._is_filtered else ""
            self._run.terminal.note(
                f"no events{match} {self._span.told}; an earlier --since looks further back"
            )
        if absent:
            raise no_logs(absent)
        return ExitCode.DONE

    def _follow(self) -> ExitCode:
        printer, stop = self._printer, threading.Event()
        turns = Turns(time.monotonic, stop.wait)
        follower = Follower(
            [(g, self._read(g, turns)) for g in self._groups],
            self._span.start,
            notice=self._run.terminal.note,
            reconnect=self._run.reconnect,
            wall=self._now,
        )
        aliases = Aliases(self._run, self._chosen)
        with interruption(stop, printer.outlet):
            try:
                heard = follower.outages.heard
                past = [heard(partial(if_present, self._impatient(g))) for g in self._groups]
                attempts = [
                    partial(follower.outages.attempt, group, wait=stop.wait)
                    for group in self._groups
                ]
                self._past(stop.is_set).print(past, attempts, printed=follower.printed)
                if stop.is_set():
                    # Its last sweep would begin there, and print all that is left.
                    return self._counted("; ended within the past, later ones were not read")
                self._sweep(follower, aliases, stop)
                if not (printer.enough or printer.outlet.hurried):
                    self._sweep_once_more(follower, aliases)
            except KeyboardInterrupt:
                # A second Ctrl-C, or a call that hung after the first: what was read is printed.
                pass
            finally:
                with printer.outlet.unbroken():
                    printer.events(follower.rest())
                    printer.finish()
        return ExitCode.DONE if printer.enough else self._counted(missing(follower.unasked))

    def _sweep(self, follower: Follower, aliases: Aliases, stop: threading.Event) -> None:
        """Print what arrives until `stop` or the limit."""
        printer = self._printer
        with patience(RETRIES, self._run.terminal.debug):
            while not (stop.is_set() or printer.enough):
                for events in follower.poll():
                    printer.events(events)
                    if stop.is_set():
                        break
                printer.over()
                aliases.look()
                printer.look()
                stop.wait(max(0.05, follower.next_due() - time.monotonic()))

    def _sweep_once_more(self, follower: Follower, aliases: Aliases) -> None:
        """Print what arrived late; the next Ctrl-C is KeyboardInterrupt."""
        postpone()
        seconds = len(self._groups) / CALLS
        if seconds > _LONG:
            self._run.terminal.note(
                f"asking {len(self._groups):,} log groups once more, some {seconds:.0f} s at "
                "AWS's quota; Ctrl-C again ends it now"
            )
        # Where nothing answers one try is enough: whoever pressed Ctrl-C waits for it.
        with patience(0.0 if follower.outages.cut else RETRIES, self._run.terminal.debug):
            # An alias may have moved since: the sweep then finds its new version's events, too.
            if not aliases.look_now() and not follower.outages.cut:
                self._run.terminal.note(
                    "AWS could not be asked where each alias points now: events of a version that "
                    "is new there may be missing"
                )
            for events in follower.last_sweep():
                self._printer.events(events)
                if self._printer.outlet.hurried:
                    return

    def live(self) -> ExitCode:
        """Print what CloudWatch pushes until Ctrl-C or the limit."""
        from lcli.observe.live import LiveTail

        printer, run, sources = self._printer, self._run, self._sources
        regions = list(dict.fromkeys(source.region for source in sources))
        stop = threading.Event()
        with interruption(stop, printer.outlet):
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
            aliases = Aliases(run, self._chosen)
            while not (stop.is_set() or printer.enough):
                printer.events(tail.take(0.2))
                printer.over()
                aliases.look()
                printer.look()
            tail.end()
            for events in tail.rest():
                printer.events(events)
        if printer.enough:
            return ExitCode.DONE
        return self._counted(f", {tail.sampled:,} updates sampled" if tail.sampled else "")

    def _counted(self, more: str = "") -> ExitCode:
        self._printer.finish()
        if left := self._printer.unwritten:
            more = f"; {left:,} more were not printed, as nobody read the output{more}"
        if self._run.terminal.live:
            # Over the ^C that the terminal shows.
            self._run.stderr.write("\r")
        self._run.terminal.note(f"{counted(self._printer.count, 'event')}{more}")
        return ExitCode.INTERRUPTED

    def _past(self, stop: Callable[[], bool] = lambda: False) -> Past:
        return Past(
            self._printer,
            (self._start, self._span.end),
            self._reading.reached,
            stop,
            tail=self._tail,
            first_window=self._first_window,
            with_requests=self._run.json,
        )

    def _read(self, group: LogGroup, turns: Turns | None = None) -> ReadNew:
        pattern = self._span.pattern

        def before() -> None:
            if turns:
                turns.wait(group)
                postpone()

        def read(start: int, end: int, known: Known | None) -> Iterator[list[LogEvent]]:
            clients = self._run.session(group.region)
            pages = read_pages(
                clients, group, start, end, known, pattern=pattern, before_call=before
            )
            try:
                for page in pages:
                    self._look_at_clock(clients.clock)
                    yield page
            except AwsError:
                self._look_at_clock(clients.clock)
                raise

        return read

    def _read_all(self, group: LogGroup) -> ReadPages:
        read = self._read(group)
        return lambda start, end: read(start, end, None)

    def _impatient(self, group: LogGroup) -> ReadPages:
        """As `_read_all`; a page that does not come soon is for the follow to wait for."""
        return partial(impatient, self._read_all(group), RETRIES, self._run.terminal.debug)
