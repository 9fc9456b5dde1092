"""Stacks that come as several events, one line each: kept together.

Custom runtimes, and Java's through System.err, log every line as an event. Two environments that
fail at once have theirs interleaved; here each line is moved behind the first one of its stack.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import attrgetter

from lcli.observe.events import LogEvent, by_time
from lcli.observe.records import Reader, Record

WINDOW = 1_000
"""Milliseconds after the first line within which the others are moved to it."""
_MOST_HELD = 20_000
_MOST_BYTES = 8_000_000
_SIGNS = (" ", "\t", "\xa0", "Caused by: ")
"""Every stack has a line that begins with one of these: only where there is one is it read who
carries whom on."""


def gathered(events: Sequence[LogEvent]) -> list[LogEvent]:
    """Events in the order of time, with each stack's lines right behind its first one."""
    if not _has_lines(events):
        return list(events)
    return list(chain.from_iterable(map(_placed, _stacks(events))))


def together(batches: Iterable[list[LogEvent]]) -> Iterator[list[LogEvent]]:
    """The same for the events of one group in lists that follow one another in time: the last
    second of each is held until the next one is there."""
    held: list[LogEvent] = []
    for batch in batches:
        events = held + batch
        bound = events[-1].timestamp - WINDOW
        ready = bisect_right(events, bound, key=attrgetter("timestamp"))
        given, held = events[:ready], events[ready:]
        if len(held) > _MOST_HELD or sum([len(event.message) for event in held]) > _MOST_BYTES:
            bound, given, held = events[-1].timestamp, events, []
        if _has_lines(events):
            stacks = _stacks(events)
            given = [e for stack in stacks if stack[0].timestamp <= bound for e in _placed(stack)]
            later = [e for stack in stacks if stack[0].timestamp > bound for e in stack]
            held = sorted(later, key=by_time)
        if given:
            yield given
    if held:
        yield gathered(held)


def stack_of(record: Record) -> Record:
    """The first line of the stack that a record belongs to: itself, where it carries none on."""
    head = record.head
    if head is None or record.event.timestamp - head.event.timestamp > WINDOW:
        return record
    return head


def stacks(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Records with those that carry their stack on."""
    stack: list[Record] = []
    for record in records:
        if stack and stack_of(record) is not stack_of(stack[0]):
            yield stack
            stack = []
        stack.append(record)
    if stack:
        yield stack


def _has_lines(events: Iterable[LogEvent]) -> bool:
    return any(event.message.startswith(_SIGNS) for event in events)


def _stacks(events: Sequence[LogEvent]) -> list[list[LogEvent]]:
    """In the order of their first lines; most are one line."""
    streams = {(e.group, e.stream) for e in events if e.message.startswith(_SIGNS)}
    reader = Reader()
    last: dict[tuple[str, str], tuple[Record, list[LogEvent]]] = {}
    found: list[list[LogEvent]] = []
    for event in events:
        where = (event.group, event.stream)
        if where not in streams:
            found.append([event])
            continue
        first = stack_of(record := reader.read(event))
        if first is not record and where in last and last[where][0] is first:
            last[where][1].append(event)
        else:
            last[where] = (record, [event])
            found.append(last[where][1])
    return found


def _placed(stack: list[LogEvent]) -> Iterable[LogEvent]:
    if len(stack) == 1:
        return stack
    place = by_time(stack[0])
    return [stack[0], *(event._replace(place=place) for event in stack[1:])]
