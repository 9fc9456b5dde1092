"""The log of one invocation, until its REPORT."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Iterator

from lcli.aws.clients import AwsError, Clients
from lcli.aws.retry import patience
from lcli.observe.events import LogEvent, Source, by_time, log_groups, read_pages
from lcli.observe.levels import TRACEBACK
from lcli.observe.outages import passing
from lcli.observe.records import Kind, Reader, Record

_PAUSE = 1.0
"""Seconds between two reads: FilterLogEvents allows five a second and account."""

_RETRIES = 5.0
"""Seconds for which one read is tried again before it is left to the next one."""
_FUTURE = 7_200_000
"""Milliseconds beyond now up to which is read: this machine's clock may be behind."""
_FURTHER = "XRAY TraceId: "
"""With what the second line of a REPORT begins."""
_LATE = 60_000
"""Milliseconds by which an event may arrive after newer ones: what is older is not read again."""


def follow_invocation(
    clients: Clients,
    source: Source,
    request: str,
    began: Callable[[], int],
    *,
    within: float,
    printed: Container[str] = (),
    trouble: Callable[[str], None] = lambda text: None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> Iterator[Record]:
    """The records of an invocation as they arrive, each once; ends with its REPORT.

    `began` gives a time before the invocation, in milliseconds since 1970; `within` bounds the
    whole wait in seconds, since a REPORT may be late or, by the function's system log level,
    absent. First only events that name the request are asked for; from then on, what the group
    has got since. Those whose ids are `printed` are left out. A group that does not exist yet is
    waited for, and so is what passes by itself (throttling, server errors, no answer): `trouble`
    is told of it once. Raises AwsError for other refusals, and for what has not passed in time.
    """
    until, told = clock() + within, set[str]()
    reader, seen, start = Reader(_LATE), set[str](), 0
    pattern = f'"{request}"'
    while True:
        events: list[LogEvent] = []
        try:
            events = read_group(clients, source, start or began(), pattern)
            if pattern and events:
                start, pattern = began(), ""  # its START may come later than what names it
                events = read_group(clients, source, start, pattern)
        except AwsError as error:
            if not passing(error) or clock() >= until:
                raise
            _tell_once(error, told, trouble)
        for record in _new(events, reader, seen):
            if record.request == request:
                if record.event.id not in printed:
                    yield record
                if record.kind is Kind.REPORT:
                    return
        if events and not pattern:
            start = max(start, events[-1].timestamp - _LATE)
        if clock() >= until:
            return
        sleep(_PAUSE)


def _new(events: Iterable[LogEvent], reader: Reader, seen: set[str]) -> Iterator[Record]:
    """The records of events that were not `seen`, but for lines whose invocation is not known:
    those are read again, when their START may be there."""
    for event in events:
        if event.id in seen:
            continue
        record = reader.read(event)
        if record.request:
            seen.add(event.id)
            yield record


def _tell_once(error: AwsError, told: set[str], trouble: Callable[[str], None]) -> None:
    if error.code not in told:
        told.add(error.code)
        trouble(f"logs:{error.operation}: {error.code}; trying again")


def read_group(clients: Clients, source: Source, start: int, pattern: str = "") -> list[LogEvent]:
    """What a group has got since `start`, in the order of time; nothing where it is not there yet.

    Tried again for some seconds only: whoever follows reads again. Raises AwsError.
    """
    end = int(time.time() * 1000) + _FUTURE
    (group,) = log_groups([source])
    try:
        with patience(_RETRIES, lambda doing: None):
            pages = list(read_pages(clients, group, start, end, pattern=pattern))
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise
        return []
    return sorted((event for page in pages for event in page), key=by_time)


def records_in(log: str, source: Source) -> list[Record]:
    """The records of a log that an answer brought as one text, which says no times."""
    messages: list[str] = []
    lines, reader = Reader(), Reader()
    rows = log.splitlines()
    for row, following in zip(rows, [*rows[1:], ""], strict=True):
        carries_on = lines.read(_untimed(row, source)).head is not None
        if row == TRACEBACK and following.startswith("\xa0"):
            # The runtime's own, since it indents so: the error's message may have several lines.
            _join_error(messages)
            carries_on = True
        if messages and (carries_on or not row or row.startswith(_FURTHER)):
            messages[-1] += f"\n{row}"
        else:
            messages.append(row)
    return [reader.read(_untimed(message, source)) for message in messages]


def _join_error(messages: list[str]) -> None:
    """Put together what came since Python's runtime began to tell of an error."""
    began = (n for n in range(len(messages) - 1, -1, -1) if messages[n].startswith("[ERROR] "))
    if (first := next(began, None)) is not None:
        messages[first:] = ["\n".join(messages[first:])]


def _untimed(message: str, source: Source) -> LogEvent:
    return LogEvent(source.function, source.group, "", "", 0, 0, message)
