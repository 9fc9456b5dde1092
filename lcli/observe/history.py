"""Reading what was logged, in the order of time and in bounded memory.

A group's pages need not come in the order of time, so a group is read in slices of time: each is
read to its end, sorted and given out before the next is. The slices' length follows how many
events there are; the next ones are read, several at once, while the last is being printed. The
first ones are short, so that something is printed soon.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextvars import copy_context
from itertools import chain, islice
from math import inf
from threading import Event, Thread
from typing import NamedTuple

from lcli.aws.clients import AwsError
from lcli.aws.texts import PAGE_TOKEN_REFUSED
from lcli.observe.events import LogEvent, by_place, by_time
from lcli.observe.stacks import together

ReadPages = Callable[[int, int], Iterable[list[LogEvent]]]
"""Pages of the events with ``start <= timestamp < end``."""
Reached = Callable[[int, int], None]
"""Told up to where a group has been read, and how many events more that were."""

Attempt = Callable[[Callable[[], "Slice"]], "Slice"]
"""What a reading of a slice gives, which it may begin anew where it fails."""

BUDGET = 12_000_000
"""Bytes of events that are held, about, all groups and slices together."""
LANES = 4
"""Slices that are read at once: enough to use up what FilterLogEvents allows an account."""
_PAGES = 8
"""Pages that a first slice may still need when two are read: its events wait for all of them."""
_FILL = 0.8
"""How much of its last page a slice is meant to fill: a page more costs a call."""
_STOP_SEEN = 0.1
"""Seconds within which a reading that is waited for ends where it is told to."""
_MOST = 2.5
_OVERHEAD = 400
"""Bytes that an event takes beside its message."""
_TOKEN_TRIES = 3
_BATCH = 1_000


class Slice(NamedTuple):
    """What was read of a stretch of time."""

    events: list[LogEvent]
    """In the order of time."""
    size: int
    """Bytes in memory, about."""
    pages: int
    whole: bool


class _Segment(NamedTuple):
    """A stretch of time; once it is cut to length, with how many bytes it may take and how many
    pages it may still need at most, and its reading once that has begun."""

    start: int
    end: int
    limit: float = 0.0
    pages: float = inf
    reading: Future[Slice] | None = None


def _once(work: Callable[[], Slice]) -> Slice:
    return work()


def slices(
    read: ReadPages,
    start: int,
    end: int,
    budget: int = BUDGET,
    reached: Reached = lambda at, count: None,
    *,
    lanes: int = 0,
    stop: Callable[[], bool] = lambda: False,
    attempt: Attempt = _once,
) -> Iterator[list[LogEvent]]:
    """The events of one group in lists of bounded size, in the order of time, each event once.

    The first slice is everything; one that turns out to hold more bytes than it may is dropped
    and read again shorter. From then on `lanes` slices are read at once by threads of their own,
    those to come while the last is worked on; the first begins with this call. With lanes one
    that needs many pages more is dropped too: the next slices are of one page, two, four … Without
    lanes each is read when it is asked for. Ends at once where `stop` says so. Raises AwsError.
    """
    group = _Group(read, budget // max(lanes, 1), lanes, stop, attempt)
    # A slice that is the whole is held alone: it may take what all of them have.
    group.begin(_Segment(start, end, budget if end - start > 1 else inf))
    return group.slices(reached)


class _Group:
    """One group's stretches of time, from the earliest."""

    def __init__(
        self,
        read: ReadPages,
        budget: int,
        lanes: int,
        stop: Callable[[], bool],
        attempt: Attempt,
    ) -> None:
        self._read = read
        self._budget = budget
        self._lanes = lanes
        self._stop = stop
        self._attempt = attempt
        self._pages = 1.0 if lanes else inf
        """Of how many pages the next slices are to be; more and more, as their density is known."""
        self._segments: deque[_Segment] = deque()
        self._width = 1
        self._closed = Event()

    def begin(self, segment: _Segment) -> None:
        """The first stretch."""
        if segment.start < segment.end:
            self._segments.append(self._begun(segment._replace(pages=_PAGES * self._pages)))

    def slices(self, reached: Reached) -> Iterator[list[LogEvent]]:
        """The stretches' events as they become complete, in the order of time."""
        try:
            while self._segments:
                segment = self._segments.popleft()
                while segment.reading and not segment.reading.done() and not self._stop():
                    wait([segment.reading], _STOP_SEEN)
                if self._stop():
                    return
                part = segment.reading.result() if segment.reading else self._read_slice(segment)
                self._measure(segment, part)
                if not part.whole:
                    self._segments.appendleft(_Segment(segment.start, segment.end))
                self._begin_more()
                if part.whole:
                    reached(segment.end, len(part.events))
                    if part.events:
                        yield part.events
        finally:
            self._closed.set()

    def _measure(self, segment: _Segment, part: Slice) -> None:
        """How long the next slices are, by how many events this one has."""
        first = part.events[0].timestamp if part.events else segment.start
        bytes_more = self._budget / max(part.size, 1)
        if part.whole:
            self._pages *= 2
            more = min(8.0, bytes_more, _FILL * self._pages / max(part.pages, 1))
            self._width = max(1, int((segment.end - first) * more))
        else:
            more = min(0.5, bytes_more, _FILL * self._pages / part.pages)
            dense = int((part.events[-1].timestamp - first) * more)
            # Few events say little of how many there are: where the bytes allow it, not too short.
            least = (segment.end - segment.start) // 256 if part.size <= segment.limit else 1
            self._width = max(1, least, first - segment.start + dense)

    def _begin_more(self) -> None:
        """Begin the earliest stretches that are not being read, cut to length."""
        for index in range(max(self._lanes, 1)):
            if index == len(self._segments):
                return
            start, end, limit, *_ = self._segments[index]
            if limit:
                continue
            cut = min(end, start + self._width)
            limit, pages = _MOST * self._budget, _PAGES * self._pages
            if cut - start <= 1:
                limit = pages = inf
            self._segments[index] = self._begun(_Segment(start, cut, limit, pages))
            if cut < end:
                self._segments.insert(index + 1, _Segment(cut, end))

    def _begun(self, segment: _Segment) -> _Segment:
        if not self._lanes:
            return segment
        future: Future[Slice] = Future()

        def work() -> None:
            try:
                future.set_result(self._read_slice(segment))
            except BaseException as error:  # raised again in the reader's thread
                future.set_exception(error)

        Thread(target=copy_context().run, args=(work,), name="logs", daemon=True).start()
        return segment._replace(reading=future)

    def _read_slice(self, segment: _Segment) -> Slice:
        return self._attempt(lambda: self._slice(segment))

    def _slice(self, segment: _Segment) -> Slice:
        """A slice's events, or some of them if they take more bytes than it may."""
        for left in reversed(range(_TOKEN_TRIES)):
            try:
                return self._collect(segment)
            except AwsError as error:
                if not left or not token_expired(error):
                    raise
        raise AssertionError("the last try returns or raises")

    def _collect(self, segment: _Segment) -> Slice:
        events: dict[str, LogEvent] = {}
        size, latest, number = 0, segment.start, 0
        for number, page in enumerate(self._read(segment.start, segment.end), 1):
            events |= {event.id: event for event in page}
            size += sum([len(event.message) for event in page]) + _OVERHEAD * len(page)
            latest = max(latest, page[-1].timestamp) if page else latest
            # A second page that is still near the start: no use in reading up to the limit, and
            # what is there already would wait for all the others.
            done = (latest - segment.start + 1) / (segment.end - segment.start)
            near = size > 4 * done * segment.limit or number * (1 - done) > done * segment.pages
            if size > segment.limit or (number > 1 and events and near):
                return Slice(sorted(events.values(), key=by_time), size, number, False)
            if self._closed.is_set():
                break
        return Slice(sorted(events.values(), key=by_time), size, number, True)


def token_expired(error: AwsError) -> bool:
    """Whether a page's token was refused: those of FilterLogEvents live for 24 hours."""
    return PAGE_TOKEN_REFUSED.found(error) is not None


def history(
    reads: Sequence[ReadPages],
    start: int,
    end: int,
    *,
    budget: int = BUDGET,
    reached: Reached = lambda at, count: None,
    stop: Callable[[], bool] = lambda: False,
    attempts: Sequence[Attempt] = (),
) -> Iterator[list[LogEvent]]:
    """The events of several groups merged by time, in lists of bounded size; the lines of a stack
    right behind its first one.

    The groups are read at once, each ahead of what is given out. Where `stop` says so it ends at
    once, and what it gave out last need not be of all groups. `attempts` are those of each group;
    without them what fails is not read anew. Raises AwsError.
    """
    count = max(len(reads), 1)
    share, lanes = max(budget // count, 200_000), -(-LANES // count)
    each = attempts or [_once] * len(reads)
    groups = [
        together(slices(read, start, end, share, reached, lanes=lanes, stop=stop, attempt=attempt))
        for read, attempt in zip(reads, each, strict=True)
    ]
    if len(groups) == 1:
        return groups[0]
    return _batches(heapq.merge(*map(chain.from_iterable, groups), key=by_place))


def _batches(events: Iterator[LogEvent]) -> Iterator[list[LogEvent]]:
    while batch := list(islice(events, _BATCH)):
        yield batch
