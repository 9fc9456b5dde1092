"""Reading what was logged, in the order of time and in bounded memory.

A group's pages need not come in the order of time, so a group is read in slices of time: each is
read to its end, sorted and given out before the next is. The slices' length follows how many
events there are; the next slice is read while the last is being printed.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from math import inf
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import NamedTuple, TypeVar

from lcli.aws.clients import AwsError
from lcli.observe.events import LogEvent, by_time

T = TypeVar("T")
ReadPages = Callable[[int, int], Iterable[list[LogEvent]]]
"""Pages of the events with ``start <= timestamp < end``."""

BUDGET = 4_000_000
"""Bytes of events in a slice, about, all groups together."""
_MOST = 2.5
_OVERHEAD = 400
"""Bytes that an event takes beside its message."""
_TOKEN_TRIES = 3
_BATCH = 1_000


def slices(
    read: ReadPages,
    start: int,
    end: int,
    budget: int = BUDGET,
    reached: Callable[[int], None] = lambda at: None,
) -> Iterator[list[LogEvent]]:
    """The events of one group in lists of bounded size, in the order of time, each event once.

    The first slice is everything; one that turns out to hold more than `_MOST` times `budget`
    bytes is dropped and read again shorter. `reached` is told the end of each slice. Raises
    AwsError.
    """
    at, width = start, end - start
    while at < end:
        width = max(1, min(width, end - at))
        part = _read_slice(read, at, at + width, _MOST * budget if width > 1 else inf)
        first = part.events[0].timestamp if part.events else at
        if not part.whole:
            dense = part.events[-1].timestamp - first
            width = first - at + int(dense * budget / part.size)
            continue
        at += width
        width = int((at - first) * min(8.0, budget / max(part.size, 1)))
        reached(at)
        if part.events:
            yield part.events


class _Slice(NamedTuple):
    events: list[LogEvent]
    """In the order of time."""
    size: int
    """Bytes in memory, about."""
    whole: bool


def _read_slice(read: ReadPages, start: int, end: int, limit: float) -> _Slice:
    """A slice's events, or some of them if they take more than `limit` bytes."""
    for left in reversed(range(_TOKEN_TRIES)):
        try:
            return _collect(read(start, end), limit)
        except AwsError as error:
            if not left or not token_expired(error):
                raise
    raise AssertionError("the last try returns or raises")


def _collect(pages: Iterable[list[LogEvent]], limit: float) -> _Slice:
    events: dict[str, LogEvent] = {}
    size = 0
    for page in pages:
        for event in page:
            events.setdefault(event.id, event)
        size += sum(len(event.message) for event in page) + _OVERHEAD * len(page)
        if size > limit:
            break
    return _Slice(sorted(events.values(), key=by_time), size, size <= limit)


def token_expired(error: AwsError) -> bool:
    """Whether a page's token was refused: those of FilterLogEvents live for 24 hours."""
    return error.code == "InvalidParameterException" and "token" in error.message.lower()


def history(
    reads: Sequence[ReadPages],
    start: int,
    end: int,
    *,
    budget: int = BUDGET,
    reached: Callable[[int], None] = lambda at: None,
) -> Iterator[list[LogEvent]]:
    """The events of several groups merged by time, in lists of bounded size.

    Each group is read by a thread of its own, one slice ahead. Raises AwsError.
    """
    share = max(budget // max(len(reads), 1), 200_000)
    groups = [ahead(slices(read, start, end, share, reached)) for read in reads]
    if len(groups) == 1:
        return groups[0]
    return _batches(heapq.merge(*map(chain.from_iterable, groups), key=by_time))


def _batches(events: Iterator[LogEvent]) -> Iterator[list[LogEvent]]:
    while batch := list(islice(events, _BATCH)):
        yield batch


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, the next one being made by a thread while the last is worked on.

    At most one waits, however slow the reader. What `items` raises is raised here. The thread
    ends soon after this iterator is closed.
    """
    queue: Queue[tuple[T | None, BaseException | None]] = Queue(1)
    closed = Event()

    def put(item: T | None, error: BaseException | None) -> None:
        while not closed.is_set():
            try:
                queue.put((item, error), timeout=0.5)
            except Full:
                continue
            return

    def work() -> None:
        try:
            for item in items:
                put(item, None)
                if closed.is_set():
                    return
        except BaseException as error:  # raised again in the reader's thread
            put(None, error)
        else:
            put(None, StopIteration())

    return _taken(queue, closed, Thread(target=work, name="logs", daemon=True))


def _taken(
    queue: Queue[tuple[T | None, BaseException | None]], closed: Event, thread: Thread
) -> Iterator[T]:
    thread.start()
    try:
        while True:
            try:
                item, error = queue.get(timeout=1)
            except Empty:
                continue
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]
    finally:
        closed.set()


def last(
    read: Callable[[int, int], Iterable[T]], start: int, end: int, count: int, width: int = 60_000
) -> list[T]:
    """The last `count` of what `read` gives in order of time between `start` and `end`.

    Looks back from `end` over longer and longer windows, the first of `width` milliseconds, so a
    large group is not read whole.
    """
    found: deque[T] = deque()
    upper = end
    while upper > start and len(found) < count:
        lower = max(start, upper - width)
        found.extendleft(reversed(deque(read(lower, upper), maxlen=count - len(found))))
        upper, width = lower, width * 4
    return list(found)
