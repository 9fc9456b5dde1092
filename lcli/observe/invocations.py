"""Events gathered by the invocation that wrote them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lcli.observe.filters import Predicate
from lcli.observe.records import Kind, Record

MOST = 24_000_000
"""Bytes of records that are held, about; beyond them the invocation begun first is given out
unfinished."""
QUIET = 10.0
"""Seconds after its last record until an invocation counts as over whose START was not logged, as
then no REPORT need come: a system log level of WARN suppresses both."""
LONGEST = 960.0
"""The same where START or another REPORT of the function was logged: a function works for up to
15 minutes without a word."""

_Key = tuple[str, str, str]


@dataclass(slots=True)
class _Open:
    """An invocation that has not ended; by the clock when its records were read."""

    began: float
    latest: float = 0.0
    started: bool = False
    """Whether START was among them."""
    records: list[Record] = field(default_factory=list)
    weight: int = 0


class Invocations:
    """Holds an invocation's records until its REPORT, then gives them out together.

    Where no REPORT comes it is given out when a later request begins in its stream, or by `over`.
    An invocation is wanted if any of its records is.
    """

    def __init__(self, wanted: Predicate, clock: Callable[[], float] = time.monotonic) -> None:
        self._wanted = wanted
        self._clock = clock
        self._open: dict[_Key, _Open] = {}
        self._latest: dict[tuple[str, str], _Key] = {}
        """The invocation that was begun last in a stream, while it is open."""
        self._reporting: set[str] = set()
        """Functions of which a REPORT was seen."""
        self._held = 0
        self.crowded = False
        """Whether one was given out unfinished since there were too many."""

    def add(self, record: Record) -> list[list[Record]]:
        """The invocations that this record finishes."""
        where = (record.event.group, record.event.stream)
        key = (*where, record.request)
        if not record.request:
            # A line without an id, of a function that logs no START.
            key = self._latest.get(where, key)
        finished: list[list[Record]] = []
        if key not in self._open:
            finished += self._before(record)
            # What was written before START, while the environment came up, belongs to the first.
            self._open[key] = self._open.pop((*where, ""), _Open(self._clock()))
            if record.kind is Kind.START or not self._latest.get(where, key)[2]:
                self._latest[where] = key
            self._latest.setdefault(where, key)
        one = self._open[key]
        one.records.append(record)
        one.latest = self._clock()
        one.started = one.started or record.kind is Kind.START
        weight = record.weight
        one.weight += weight
        self._held += weight
        if record.kind is Kind.REPORT:
            self._reporting.add(record.event.function)
            finished.append(self._take(key))
        while self._held > MOST:
            self.crowded = True
            finished.append(self._take(next(iter(self._open))))
        return self._wanted_of(finished)

    def over(self) -> list[list[Record]]:
        """The invocations for whose REPORT nobody need wait any longer."""
        now = self._clock()
        over = [key for key, one in self._open.items() if now >= self._until(key, one)]
        return self._wanted_of([self._take(key) for key in over])

    def rest(self) -> list[list[Record]]:
        """The invocations without a REPORT so far."""
        return self._wanted_of([self._take(key) for key in list(self._open)])

    def _before(self, record: Record) -> list[list[Record]]:
        """The invocation that is over since a later one begins in its stream with this record.

        None of a function that logs REPORT: an environment may work on several at once.
        """
        event = record.event
        key = self._latest.get((event.group, event.stream))
        if key is None or not (key[2] and record.request) or event.function in self._reporting:
            return []
        one = self._open[key]
        # An id in a line may be another than Lambda's, and a line may come late.
        begins = record.kind is Kind.START or not one.started
        later = event.timestamp >= one.records[-1].event.timestamp
        return [self._take(key)] if begins and later else []

    def _until(self, key: _Key, one: _Open) -> float:
        if not key[2]:
            return one.began + QUIET
        waits = one.started or one.records[0].event.function in self._reporting
        return one.latest + (LONGEST if waits else QUIET)

    def _wanted_of(self, blocks: list[list[Record]]) -> list[list[Record]]:
        return [records for records in blocks if any(map(self._wanted, records))]

    def _take(self, key: _Key) -> list[Record]:
        one = self._open.pop(key)
        if self._latest.get(key[:2]) == key:
            del self._latest[key[:2]]
        self._held -= one.weight
        return one.records
