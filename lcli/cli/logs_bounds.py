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
from lcli.observe.events import LogEvent, Source
from lcli.observe.history import ReadPages

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
    """The sources that turned out to have no log group, while the others are read."""

    def __init__(self) -> None:
        self._groups: set[tuple[str, str]] = set()

    def read(
        self, source: Source, read: ReadPages, start: int, end: int
    ) -> Iterator[list[LogEvent]]:
        """As `read`; a group that is absent has no events, and is remembered."""
        where = (source.region, source.group)
        if where in self._groups:
            return
        try:
            yield from read(start, end)
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            self._groups.add(where)

    def among(self, sources: list[Source]) -> list[Source]:
        """Those of the sources that are absent."""
        return [source for source in sources if (source.region, source.group) in self._groups]


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
def interruption(stop: threading.Event) -> Iterator[None]:
    """The first Ctrl-C sets `stop`, so that what was read is also printed; the second one
    interrupts as ever, and so does what still goes on `DRAIN` seconds later."""
    before = signal.getsignal(signal.SIGINT)

    def interrupted(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, DRAIN)
        stop.set()

    signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGINT, before)
