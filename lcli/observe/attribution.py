"""Whose a line is: the request of the START before it in its stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from lcli.observe.events import LogEvent
from lcli.observe.records import Kind, Reader, Record

LONGEST = 900_000
"""Milliseconds that an invocation lasts at most (Lambda guide, "Lambda quotas": function time-out):
its START is not earlier than that before any of its lines."""


def attribute(
    records: Sequence[Record],
    read: Callable[[int, int], Iterable[Sequence[LogEvent]]],
    start: int,
) -> None:
    """Tell the records whose request is not known what an earlier START says of it.

    `read` gives the events of all their groups between two moments; nothing before `start` is read.
    """
    unknown = {
        record.event.id: record
        for record in records
        if record.kind is Kind.LINE and not record.request
    }
    if not unknown:
        return
    times = [record.event.timestamp for record in unknown.values()]
    reader = Reader()
    for batch in read(max(start, min(times) - LONGEST), max(times) + 1):
        for event in batch:
            found = reader.read(event)
            if event.id in unknown:
                unknown[event.id].known = found.request
