"""Lines that come before the START which says whose they are."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator

from lcli.observe.records import Kind, Record
from lcli.observe.spans import Spans, Where

MOST = 8_000_000
"""Bytes of records that are held, about; beyond them those go that were held first."""
HELD = 1_080.0
"""Seconds for which one is held: so long a follow still finds its START."""


class Unclaimed:
    """Holds lines whose invocation is not known until its START comes, in a follow of one.

    At most 8 MB of them, and each for 18 minutes: those beyond are dropped.
    """

    def __init__(self, spans: Spans, clock: Callable[[], float] = time.monotonic) -> None:
        self._spans = spans
        self._clock = clock
        self._held: OrderedDict[int, tuple[float, int, Record]] = OrderedDict()
        """By their numbers; with the clock's reading up to which they are held, and their bytes."""
        self._of: dict[Where, deque[int]] = {}
        """The numbers of those of each stream."""
        self._number = 0
        self._weight = 0

    def known(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records whose invocation is known; behind a START the lines that were held for it,
        as late ones."""
        for record in records:
            if record.kind is Kind.LINE and not record.request:
                self._hold(record)
            else:
                yield record
            if record.kind is Kind.START:
                yield from self._claimed(record)

    def _hold(self, record: Record) -> None:
        now, weight = self._clock(), record.weight
        if weight > MOST:
            return
        self._number += 1
        self._held[self._number] = (now + HELD, weight, record)
        event = record.event
        self._of.setdefault((event.group, event.stream), deque()).append(self._number)
        self._weight += weight
        while self._weight > MOST or next(iter(self._held.values()))[0] <= now:
            self._drop()

    def _drop(self) -> None:
        _, (_, weight, record) = self._held.popitem(last=False)
        self._weight -= weight
        where = (record.event.group, record.event.stream)
        self._of[where].popleft()
        if not self._of[where]:
            del self._of[where]

    def _claimed(self, start: Record) -> Iterator[Record]:
        where, began = (start.event.group, start.event.stream), start.event.timestamp
        left: deque[int] = deque()
        for number in self._of.pop(where, ()):
            _, weight, record = self._held[number]
            if record.event.timestamp >= began:
                record.known = self._spans.of(record.event)
            if not record.known:
                left.append(number)
                continue
            del self._held[number]
            self._weight -= weight
            record.event = record.event._replace(late=True)
            yield record
        if left:
            self._of[where] = left
