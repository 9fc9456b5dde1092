"""What bounds a reading of logs: a span, groups that are absent, aliases that move, Ctrl-C."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from lcli.aws.clients import AwsError
from lcli.aws.clock import Clock
from lcli.aws.threads import DRAIN
from lcli.cli.logs_sources import Chosen, behind
from lcli.cli.run import Run
from lcli.errors import LcliError, Problem
from lcli.manifest.nearest import listed
from lcli.observe.events import LogEvent, LogGroup, Source
from lcli.observe.history import ReadPages
from lcli.ui.outlet import Outlet

_LAST = 1.0
"""Seconds for which a reader is waited for that does not read, after a second Ctrl-C."""
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


class Absent:
    """The groups that turned out not to be there, while the others are read."""

    def __init__(self) -> None:
        self._groups: set[LogGroup] = set()

    def read(
        self, group: LogGroup, read: ReadPages, start: int, end: int
    ) -> Iterator[list[LogEvent]]:
        """As `read`; a group that is absent has no events, and is remembered."""
        if group in self._groups:
            return
        try:
            yield from read(start, end)
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            self._groups.add(group)

    def among(self, groups: list[LogGroup]) -> list[Source]:
        """The functions of the groups that are absent."""
        return [source for group in groups if group in self._groups for source in group.sources]


def no_logs(absent: list[Source]) -> LcliError:
    """An error that says which functions never ran."""
    names = ", ".join(source.function for source in absent)
    several = len(absent) > 1
    hints = [f"{s.function}: {s.hint}" if several else s.hint for s in absent if s.hint]
    told = "they never ran, or are not deployed" if several else "it never ran, or is not deployed"
    return LcliError(
        Problem(
            "no-logs",
            f"{names} {'have' if several else 'has'} no log group: {told}",
            ", ".join(dict.fromkeys(source.group for source in absent)),
            "; ".join(hints)
            or f"invoke {'them' if several else 'it'} first, or wait for "
            f"{'their' if several else 'its'} first event with --follow",
        )
    )


def if_present(read: ReadPages, start: int, end: int) -> Iterator[list[LogEvent]]:
    """As `read`; a group that is absent has no events yet."""
    try:
        yield from read(start, end)
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise


def missing(unasked: list[LogGroup]) -> str:
    """What to say of the groups that the last sweep did not read."""
    if not unasked:
        return ""
    names = listed({source.function for group in unasked for source in group.sources})
    return f"; the last ones of {names} may be missing, as they were not asked for"


class Aliases:
    """The aliases through which functions are followed: where one moves, its new version is
    followed too."""

    def __init__(self, run: Run, chosen: list[Chosen]) -> None:
        self._run = run
        self._chosen = [one for one in chosen if one.alias]
        self._due = time.monotonic() + _ALIAS_EVERY

    def look(self) -> None:
        """Asks for them again when it is time to."""
        if time.monotonic() >= self._due:
            self.look_now()

    def look_now(self) -> bool:
        """Asks for them; whether AWS told of all of them."""
        self._due = time.monotonic() + _ALIAS_EVERY
        told = True
        for one in self._chosen:
            try:
                moved = behind(self._run, one)
            except (AwsError, LcliError) as error:
                # The sweeps say what is wrong with AWS, and wait it out.
                self._run.terminal.debug(str(error))
                told = False
                if isinstance(error, AwsError) and error.code == "Unreachable":
                    break
                continue
            if moved:
                self._run.terminal.note(moved)
        return told


@contextmanager
def interruption(stop: threading.Event, outlet: Outlet) -> Iterator[None]:
    """The first Ctrl-C sets `stop`, so that what was read is also printed; the second one, or
    SIGTERM, interrupts, and so do `DRAIN` seconds after it or the last `postpone`.

    None breaks into printing: a slow reader is waited for, from the second Ctrl-C on for `_LAST`
    seconds. A third one interrupts that, too.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def first(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, second)
        signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, DRAIN, DRAIN)
        stop.set()

    def second(number: int, frame: object) -> None:
        again()
        outlet.until = time.monotonic() + _LAST
        stop.set()
        interrupt()

    def interrupt(*_: object) -> None:
        if not outlet.busy:
            raise KeyboardInterrupt

    def again() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    outlet.watch()
    signal.signal(signal.SIGINT, first)
    signal.signal(signal.SIGTERM, second)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        again()


def postpone() -> None:
    """After the first Ctrl-C: what begins now has `DRAIN` seconds."""
    if signal.getitimer(signal.ITIMER_REAL)[0]:
        signal.setitimer(signal.ITIMER_REAL, DRAIN, DRAIN)
