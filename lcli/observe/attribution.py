"""Whose a line is: the request of the START before it in its stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from lcli.observe.events import LogEvent
from lcli.observe.records import Kind, Reader, Record
from lcli.observe.spans import LONGEST


def requests(
    records: Iterable[Record],
    read: Callable[[int, int], Iterable[Sequence[LogEvent]]],
    start: int,
) -> dict[str, str]:
    """What an earlier START says of the records whose request is not known, by the events' ids.

    `read` gives the events of all their groups between two moments; nothing before `start` is read.
    """
    unknown = {
        record.event.id: record.event.timestamp
        for record in records
        if record.kind is Kind.LINE and not record.request
    }
    if not unknown:
        return {}
    reader, found = Reader(), {}
    first, latest = min(unknown.values()), max(unknown.values())
    for batch in read(max(start, first - LONGEST), latest + 1):
        for event in batch:
            record = reader.read(event)
            if event.id in unknown:
                found[event.id] = record.request
    return found
