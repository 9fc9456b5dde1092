"""Events gathered by the invocation that wrote them."""

from __future__ import annotations

from lcli.observe.filters import Predicate
from lcli.observe.records import Kind, Record

MOST = 20_000
"""Records that are held; beyond them the invocation begun first is given out unfinished."""

_Key = tuple[str, str, str]


class Invocations:
    """Holds an invocation's records until its REPORT, then gives them out together.

    An invocation is wanted if any of its records is.
    """

    def __init__(self, wanted: Predicate) -> None:
        self._wanted = wanted
        self._open: dict[_Key, list[Record]] = {}
        self._held = 0

    def add(self, record: Record) -> list[list[Record]]:
        """The invocations that this record finishes."""
        event = record.event
        key = (event.group, event.stream, record.request)
        if key not in self._open:
            # What was written before START, while the environment came up, belongs to the first.
            self._open[key] = self._open.pop((*key[:2], ""), [])
        self._open[key].append(record)
        self._held += 1
        finished = [self._take(key)] if record.kind is Kind.REPORT else []
        while self._held > MOST:
            finished.append(self._take(next(iter(self._open))))
        return [records for records in finished if any(map(self._wanted, records))]

    def rest(self) -> list[list[Record]]:
        """The invocations without a REPORT so far."""
        unfinished = [self._take(key) for key in list(self._open)]
        return [records for records in unfinished if any(map(self._wanted, records))]

    def _take(self, key: _Key) -> list[Record]:
        records = self._open.pop(key)
        self._held -= len(records)
        return records
