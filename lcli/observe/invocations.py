"""Events gathered by the invocation that wrote them."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from lcli.observe.events import LogEvent
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
_GIVEN = 20_000
"""Invocations that are known to have been given out: the last ones."""

_Key = tuple[str, str, str]


class Block(NamedTuple):
    """Records of one invocation, given out together."""

    records: list[Record]
    more_of: str = ""
    """Its request, where others of its records were given out before."""


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
    What comes behind a REPORT is given out at once. An invocation is wanted if any of its records
    is.
    """

    def __init__(
        self,
        wanted: Predicate,
        nearest: Callable[[LogEvent], str],
        clock: Callable[[], float] = time.monotonic,
        *,
        unknown: float = QUIET,
    ) -> None:
        """`nearest` is as of `Spans`; `unknown` are the seconds for which lines wait whose
        invocation is not known."""
        self._wanted = wanted
        self._nearest = nearest
        self._clock = clock
        self._unknown = unknown
        self._open: dict[_Key, _Open] = {}
        self._latest: dict[tuple[str, str], _Key] = {}
        """The invocation that was begun last in a stream, while it is open."""
        self._given: OrderedDict[_Key, tuple[int | None, bool]] = OrderedDict()
        """Those that were given out: when REPORT was written, and whether they were wanted."""
        self._reporting: set[str] = set()
        """Functions of which a REPORT was seen."""
        self._held = 0
        self.crowded = False
        """Whether one was given out unfinished since there were too many."""

    def add(self, record: Record) -> list[Block]:
        """The invocations that this record finishes."""
        key = self._key(record)
        finished: list[Block] = []
        if key not in self._open:
            ended, wanted = self._given.get(key, (None, False))
            # An asynchronous call that failed is made again, with the same id.
            again = record.kind is Kind.START and record.event.timestamp >= (ended or 0)
            if ended is not None and not again:
                return [Block([record], key[2])] if wanted or self._wanted(record) else []
            finished += self._before(record)
            self._begin(key, record)
        one = self._open[key]
        one.records.append(record)
        one.latest = self._clock()
        one.started = one.started or record.kind is Kind.START
        weight = record.weight
        one.weight += weight
        self._held += weight
        if record.kind is Kind.START:
            self._claim(key)
        if record.kind is Kind.REPORT:
            self._reporting.add(record.event.function)
            finished += self._take(key)
        while self._held > MOST:
            self.crowded = True
            finished += self._take(next(iter(self._open)))
        return finished

    def over(self) -> list[Block]:
        """The invocations for whose REPORT nobody need wait any longer."""
        now = self._clock()
        over = [key for key, one in self._open.items() if now >= self._until(key, one)]
        return [block for key in over for block in self._take(key)]

    def rest(self) -> list[Block]:
        """The invocations without a REPORT so far."""
        return [block for key in list(self._open) for block in self._take(key)]

    def _key(self, record: Record) -> _Key:
        event = record.event
        key = (event.group, event.stream, record.request)
        latest = self._latest.get(key[:2])
        if key[2] or latest is None or self._open[latest].started:
            return key
        # A line without an id, of a function that logs no START.
        return latest

    def _begin(self, key: _Key, record: Record) -> None:
        """Open an invocation, of which this is the first record."""
        where = key[:2]
        one = None
        if record.kind is not Kind.START:
            # What was written while the environment came up belongs to the first.
            one = self._open.pop((*where, ""), None)
        self._open[key] = one or _Open(self._clock())
        latest = self._latest.get(where)
        if latest is None or not latest[2] or (record.kind is Kind.START and self._later(record)):
            self._latest[where] = key

    def _claim(self, key: _Key) -> None:
        """Give an invocation, now that its START is there, what counted as nobody's, or as written
        while the environment came up for a later one."""
        where = key[:2]
        for other in {(*where, ""), self._latest.get(where, key)} - {key}:
            of_other = self._open.get(other)
            its = [r for r in of_other.records if self._is_of(r, key)] if of_other else []
            if of_other is None or not its:
                continue
            one, weight = self._open[key], sum(record.weight for record in its)
            one.records = sorted(its + one.records, key=lambda record: record.event.timestamp)
            one.weight += weight
            of_other.records = [r for r in of_other.records if not self._is_of(r, key)]
            of_other.weight -= weight
            if not of_other.records:
                del self._open[other]
                if self._latest.get(where) == other:
                    self._latest[where] = key

    def _is_of(self, record: Record, key: _Key) -> bool:
        return not record.request and self._nearest(record.event) == key[2]

    def _before(self, record: Record) -> list[Block]:
        """The invocation that is over since a later one begins in its stream with this record.

        None of a function that logs REPORT: an environment may work on several at once.
        """
        event = record.event
        key = self._latest.get((event.group, event.stream))
        if key is None or not (key[2] and record.request) or event.function in self._reporting:
            return []
        # An id in a line may be another than Lambda's, and a line may come late.
        begins = record.kind is Kind.START or not self._open[key].started
        return self._take(key) if begins and self._later(record) else []

    def _later(self, record: Record) -> bool:
        """Whether it is not earlier than what was begun last in its stream."""
        event = record.event
        latest = self._latest[event.group, event.stream]
        return event.timestamp >= self._open[latest].records[-1].event.timestamp

    def _until(self, key: _Key, one: _Open) -> float:
        if not key[2]:
            return one.began + self._unknown
        waits = one.started or one.records[0].event.function in self._reporting
        return one.latest + (LONGEST if waits else QUIET)

    def _take(self, key: _Key) -> list[Block]:
        """Give an invocation out; nothing where it is not wanted."""
        one = self._open.pop(key)
        if self._latest.get(key[:2]) == key:
            del self._latest[key[:2]]
        self._held -= one.weight
        _, wanted = self._given.pop(key, (None, False))
        more_of = key[2] if wanted else ""
        wanted = wanted or any(map(self._wanted, one.records))
        if key[2]:
            last = one.records[-1]
            self._given[key] = (last.event.timestamp if last.kind is Kind.REPORT else None, wanted)
            if len(self._given) > _GIVEN:
                self._given.popitem(last=False)
        return [Block(one.records, more_of)] if wanted else []
