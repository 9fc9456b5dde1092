"""What a live session did not send, read afterwards.

Between two sessions, and while nobody reads its updates, a live session sends nothing of what is
ingested. One reading with FilterLogEvents over that time finds it. Live events have no ids, so
those of both are told apart by what they say: group, stream, timestamp and message, as often as
each was shown.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from threading import Lock

from lcli.aws.clients import Clients
from lcli.observe.events import LogEvent, LogGroup, Source, log_groups, read_pages
from lcli.observe.history import slices

SETTLE = 5.0
"""Seconds until FilterLogEvents finds what was ingested; most is there after two."""
_MARGIN = 5_000
"""Milliseconds around a gap in which both may have an event: updates come every second."""
_LATE = 120_000
"""Milliseconds after its timestamp by which an event is looked for that was ingested in a gap."""
_REMEMBERED = 50_000
"""Events: at 500 a second those of a hundred seconds."""


class Shown:
    """What was shown of some groups lately; threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._latest: deque[int] = deque()
        self._live: Counter[int] = Counter()
        self._read: Counter[int] = Counter()

    def pushed(self, event: LogEvent) -> bool:
        """Remember an event that a session sent; False where a reading has shown it."""
        mark = _mark(event)
        with self._lock:
            if self._read[mark] > 0:
                self._read[mark] -= 1
                return False
            self._latest.append(mark)
            self._live[mark] += 1
            if len(self._latest) > _REMEMBERED:
                self._forget(self._latest.popleft())
        return True

    def missed(self, event: LogEvent) -> bool:
        """Whether an event that was read was not shown by a session; it counts as shown then."""
        mark = _mark(event)
        with self._lock:
            if self._live[mark] > 0:
                self._forget(mark)
                return False
            self._read[mark] += 1
        return True

    def _forget(self, mark: int) -> None:
        self._live[mark] -= 1
        if self._live[mark] <= 0:
            del self._live[mark]


def read_gap(
    clients: Clients,
    sources: Sequence[Source],
    shown: Shown,
    began: int,
    ended: int,
    *,
    pattern: str = "",
) -> Iterator[list[LogEvent]]:
    """What was ingested between two moments, in milliseconds since 1970, and was not shown.

    An event that was ingested later than two minutes after its timestamp is not found. They are
    marked as late. Raises AwsError.
    """
    for group in log_groups(sources):

        def read(start: int, end: int, group: LogGroup = group) -> Iterator[list[LogEvent]]:
            return read_pages(clients, group, start, end, pattern=pattern)

        for events in slices(read, max(0, began - _MARGIN - _LATE), ended + _MARGIN):
            of_gap = (
                event
                for event in events
                if began - _MARGIN <= event.ingestion <= ended + _MARGIN and shown.missed(event)
            )
            if missed := [event._replace(late=True) for event in of_gap]:
                yield missed


def _mark(event: LogEvent) -> int:
    return hash((event.group, event.stream, event.timestamp, event.message.rstrip("\n")))
