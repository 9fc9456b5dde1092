"""Whose a line is, by when it was written: the invocations of each stream, from START to REPORT."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict

from lcli.observe.events import LogEvent

LONGEST = 900_000
"""Milliseconds that an invocation lasts at most (Lambda guide, "Lambda quotas": function time-out):
its START is not earlier than that before any of its lines."""
MOST = 100_000
"""Beginnings and ends that are kept of all streams: 10 MB, about, and 15 MB of so many streams."""
STREAMS = 10_000
"""Streams of which they are kept: the ones in which an invocation began or ended last."""

Where = tuple[str, str]
"""A log group and a stream of it."""


class Stream:
    """What began and ended in a stream, in the order of time."""

    __slots__ = ("is_whole", "names", "newest", "request", "times")

    def __init__(self) -> None:
        self.is_whole = True
        """Nothing of it was forgotten."""
        self.times: list[int] = []
        self.names: list[str] = []
        """The request that began at each of these times; empty where one ended."""
        self.newest = 0
        self.request = ""
        """The last of both: of nearly every line they tell whose it is."""

    def forget(self, count: int) -> int:
        """Forget the first ones; how many these are."""
        self.is_whole = self.is_whole and not count
        del self.times[:count], self.names[:count]
        return count

    def holds(self, at: int) -> str:
        """The request of the invocation that was at work then; empty where none is known."""
        place = bisect_right(self.times, at)
        return self.names[place - 1] if place else ""

    def nearest(self, at: int) -> str:
        """The same; between two invocations and before the first one the one that began next, for
        which the environment came up."""
        place = bisect_right(self.times, at)
        if place == len(self.names) or not (place or self.is_whole):
            return self.names[place - 1] if place else ""
        return (self.names[place - 1] if place else "") or self.names[place]


class Spans:
    """When the invocations of each stream began and ended, for as long as lines of them may come.

    A stream is that of one execution environment, which works on one request after another, so a
    line belongs to the latest START that is not later than itself, unless that one's REPORT is not
    later either. Of one millisecond, the order of arrival decides. Within the bounds above what is
    forgotten is what came first; lines of that have no request then, never another's.
    """

    def __init__(self, late: int) -> None:
        """`late`: milliseconds by which an event may come behind newer ones of its stream."""
        self._late = late
        self.streams: OrderedDict[Where, Stream] = OrderedDict()
        self._count = 0

    def of(self, event: LogEvent) -> str:
        """The request of the invocation that wrote an event; empty where none is known."""
        stream = self.streams.get((event.group, event.stream))
        return stream.holds(event.timestamp) if stream else ""

    def nearest(self, event: LogEvent) -> str:
        """The same, and of what was written while an environment came up the one that it was for:
        the next one."""
        stream = self.streams.get((event.group, event.stream))
        return stream.nearest(event.timestamp) if stream else ""

    def began(self, where: Where, at: int, request: str) -> None:
        """There was an invocation's START."""
        stream = self.streams.get(where) or self._begun(where)
        self._insert(where, stream, bisect_right(stream.times, at), at, request)

    def ended(self, where: Where, at: int, request: str) -> None:
        """There was an invocation's REPORT."""
        stream = self.streams.get(where) or self._begun(where)
        place = bisect_right(stream.times, at) if at <= stream.newest else len(stream.times)
        # One that began in the very millisecond in which this one ended goes on.
        while place and stream.times[place - 1] == at and stream.names[place - 1] != request:
            place -= 1
        self._insert(where, stream, place, at, "")

    def _begun(self, where: Where) -> Stream:
        stream = self.streams[where] = Stream()
        if len(self.streams) > STREAMS:
            self._count -= len(self.streams.popitem(last=False)[1].names)
        return stream

    def _insert(self, where: Where, stream: Stream, place: int, at: int, name: str) -> None:
        """Forgets what is over for so long that nothing of it can come any more."""
        times, names = stream.times, stream.names
        is_last = place == len(times)
        if is_last:
            stream.newest, stream.request = at, name
        if not self._late:
            # Nothing comes late: only the last one matters, and no end does.
            if is_last and name:
                times[:], names[:] = [at], [name]
            elif is_last:
                del self.streams[where]
            return
        times.insert(place, at)
        names.insert(place, name)
        self._count += 1
        bound = stream.newest - self._late
        if times[0] < bound - self._late // 8:
            self._count -= stream.forget(bisect_right(times, bound) - 1)
        self.streams.move_to_end(where)
        if self._count > MOST:
            for one in self.streams.values():
                self._count -= one.forget(len(one.names) // 2)
