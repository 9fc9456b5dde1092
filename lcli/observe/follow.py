"""Following log groups without losing an event.

Events reach CloudWatch Logs late and out of order, so asking again from the newest timestamp
loses some. Instead each group is swept again over windows that end now: a shallow one often,
deeper ones more rarely, the deepest once more at the end; what was seen already is dropped by
its eventId. An event is printed exactly once if it arrives no later than `LATENESS` after its
timestamp.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lcli.aws.clients import AwsError
from lcli.aws.pacing import Bucket
from lcli.observe.events import Known, LogEvent, LogGroup, by_place
from lcli.observe.history import BUDGET, slices
from lcli.observe.outages import ABSENT, Outages
from lcli.observe.seen import Seen
from lcli.observe.stacks import gathered

LATENESS = 900_000
"""Milliseconds after its timestamp by which an event must have arrived to be printed for sure."""
SWEEPS = ((2.0, 10_000), (20.0, 120_000), (120.0, LATENESS + 180_000))
"""(seconds between sweeps, milliseconds looked back from the newest event), shallow to deep.

The deepest looks back further than LATENESS by more than the time between two of them, since an
event may arrive just after one.
"""
ReadNew = Callable[[int, int, Known | None], Iterable[list[LogEvent]]]
"""Pages of the events with ``start <= timestamp < end`` but for those that are known."""
DEEPEST = SWEEPS[-1][1]
REORDER = SWEEPS[0][0] + 0.5
"""Seconds for which events are held so that earlier ones of other groups come before them: until
those have been asked again, since events of one moment arrive at different times."""
CALLS = 5
"""Calls that a follow makes a second in one region."""
_TOGETHER = 1.0
"""Seconds that a sweep may be early, so that all groups are asked at once again and again: what is
read of one group is as new as what is read of another."""
_FUTURE = 7_200_000
"""Milliseconds that an event may be ahead of now (PutLogEvents, API reference: two hours)."""
_PRUNE_EVERY = 60_000
"""Milliseconds."""
_MOST_HELD = 20_000


def held_for(groups: Sequence[LogGroup]) -> float:
    """Seconds for which a follow of these holds events to bring them into the order of time: none
    of one function alone.

    Longer where there are so many groups that asking all of them takes longer.
    """
    most = max(Counter(group.region for group in groups).values(), default=0)
    several = sum(len(group.sources) for group in groups) > 1
    return max(REORDER, 1.25 * most / CALLS) if several else 0.0


class Turns:
    """Paces the calls of a follow: 5 a second for all groups of a region, one for each.

    FilterLogEvents has 5 a second in an account and region ("CloudWatch Logs quotas"), which
    others need too. After a pause a few calls may follow at once.
    """

    def __init__(self, clock: Callable[[], float], sleep: Callable[[float], object]) -> None:
        self._clock = clock
        self._sleep = sleep
        self._regions: dict[str, Bucket] = {}
        self._each: dict[LogGroup, Bucket] = {}

    def wait(self, group: LogGroup) -> None:
        """Returns when it is this group's turn."""
        each = self._each.setdefault(group, Bucket(1, 10))
        together = self._regions.setdefault(group.region, Bucket(CALLS, CALLS))
        now = self._clock()
        delay = max(together.reserve(now), each.reserve(now))
        if delay > 0:
            self._sleep(delay)


class Reorder:
    """Holds events for a while, and gives them out in the order of time, the lines of a stack
    where its first one is."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._held: list[tuple[float, LogEvent]] = []
        self._newest = 0

    def add(self, events: Sequence[LogEvent], now: float) -> None:
        """Events that were read at `now`."""
        self._held.extend((now + self._seconds, event) for event in events)

    def ready(self, now: float) -> list[LogEvent]:
        """Those held long enough, with all that are earlier; `late` is set on those that come
        behind newer ones all the same."""
        if len(self._held) > _MOST_HELD:
            return self.rest()
        over = [_at(event) for until, event in self._held if until <= now]
        if not over:
            return []
        bound = max(over)
        given = [event for _, event in self._held if _at(event) <= bound]
        self._held = [held for held in self._held if _at(held[1]) > bound]
        return self._in_order(given)

    def rest(self) -> list[LogEvent]:
        """Everything that is held."""
        given, self._held = [event for _, event in self._held], []
        return self._in_order(given)

    def next_due(self) -> float:
        """When the next event will have been held long enough."""
        return min((until for until, _ in self._held), default=float("inf"))

    def _in_order(self, events: list[LogEvent]) -> list[LogEvent]:
        events.sort(key=by_place)
        newest = self._newest
        self._newest = max(newest, _at(events[-1])) if events else newest
        return [event._replace(late=True) if _at(event) < newest else event for event in events]


def _at(event: LogEvent) -> int:
    return by_place(event)[0]


@dataclass(slots=True)
class _Group:
    log: LogGroup
    read: ReadNew
    start: int
    newest: int
    seen: Seen = field(default_factory=Seen)
    calls: int = 0
    """Pages that the last sweep took."""
    pruned: int = 0
    """Up to which moment what was seen is forgotten."""
    due: list[float] = field(default_factory=lambda: [float("-inf")] * len(SWEEPS))
    wait_until: float = float("-inf")
    failures: int = 0
    """How often it could not be read since it last was."""

    def pages(self, start: int, end: int) -> Iterator[list[LogEvent]]:
        """What has not been seen yet."""
        for page in self.read(start, end, self.seen.has):
            self.calls += 1
            yield page

    def is_new(self, event: LogEvent) -> bool:
        """Remembers the event; False where it was seen before."""
        return self.seen.add(event.id, event.timestamp)

    def advance(self, newest: int) -> None:
        """Notes how far the group was read; forgets what no sweep looks back to any more."""
        self.newest = max(self.newest, newest)
        if self.newest - DEEPEST >= self.pruned + _PRUNE_EVERY:
            self.pruned = self.newest - DEEPEST
            self.seen.forget(self.pruned)


class Follower:
    """Sweeps groups in turn; `poll` gives what is new.

    `reads` reads each group, once for all its functions; `clock` is in seconds, `wall` in
    milliseconds since 1970; `notice` and `reconnect` are as of `Outages`.
    """

    def __init__(
        self,
        reads: Sequence[tuple[LogGroup, ReadNew]],
        start: int,
        *,
        notice: Callable[[str], None] = lambda text: None,
        reconnect: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], int] = lambda: int(time.time() * 1000),
    ) -> None:
        self._groups = [_Group(log, read, start, start) for log, read in reads]
        self._by_name = {
            (source.function, source.group): one
            for one in self._groups
            for source in one.log.sources
        }
        self.outages = Outages(notice, reconnect)
        self._clouds = 0
        self._clock = clock
        self._wall = wall
        self.unasked = [one.log for one in self._groups]
        """What the last sweep has not read to its end."""
        self._share = BUDGET // max(len(reads), 1)
        self._reorder = Reorder(held_for([log for log, _ in reads]))

    def printed(self, events: Sequence[LogEvent]) -> None:
        """Events, in order of time, that were printed before the follow began: they are not
        given out again."""
        wall = self._wall()
        self._forget_other_cloud()
        for event in events:
            group = self._by_name[event.function, event.group]
            group.is_new(event)
            group.advance(min(event.timestamp, wall))

    def poll(self) -> Iterator[list[LogEvent]]:
        """Sweep every group that is due; new events, merged by time as far as `held_for` allows.

        After each group it gives what is due, be it nothing: the caller may end it there.
        Throttling, server errors, expired credentials and a group that does not exist yet are
        waited out; other refusals raise AwsError.
        """
        if any(self._due(group) is not None for group in self._groups):
            for group in self._groups:
                depth = self._due(group, _TOGETHER)
                if depth is not None:
                    yield from self._sweep(group, depth)
                    yield self._reorder.ready(self._clock())
        yield self._reorder.ready(self._clock())

    def last_sweep(self) -> Iterator[list[LogEvent]]:
        """The deepest sweep of every group once more; what is held then is left to `rest`.

        After each group it gives something, be it nothing: the caller may end it there. Where
        nothing answers the groups that are left are not asked: they stay in `unasked`.
        """
        for group in self._groups:
            if (yield from self._sweep(group, len(SWEEPS) - 1)):
                self.unasked.remove(group.log)
            elif self.outages.cut:
                return
            yield []

    def rest(self) -> list[LogEvent]:
        """All that is held, when nothing more is asked."""
        return self._reorder.rest()

    def next_due(self) -> float:
        """The clock's reading at which `poll` has something to do."""
        sweeps = (max(min(group.due), group.wait_until) for group in self._groups)
        return min(*sweeps, self._reorder.next_due())

    def _due(self, group: _Group, within: float = 0.0) -> int | None:
        """The deepest sweep that is due, `within` seconds; it covers the shallower ones."""
        now = self._clock()
        if now < group.wait_until:
            return None
        due = [depth for depth, at in enumerate(group.due) if now + within >= at]
        return due[-1] if due else None

    def _sweep(self, group: _Group, depth: int) -> Generator[list[LogEvent], None, bool]:
        """What is new; returns whether all that there is was read."""
        began, wall = self._clock(), self._wall()
        start = max(group.start, group.newest - SWEEPS[depth][1])
        group.calls = 0
        try:
            for events in slices(group.pages, start, wall + _FUTURE, self._share):
                self._reorder.add(gathered([e for e in events if group.is_new(e)]), self._clock())
                # A sender's clock that is ahead must not move the windows beyond now.
                group.advance(min(events[-1].timestamp, wall))
                yield self._reorder.ready(self._clock())
        except AwsError as error:
            pause = self.outages.pause(group.log, error, group.failures)
            self._forget_other_cloud()
            group.failures += 1
            group.wait_until = self._clock() + pause
            return error.code == ABSENT
        self.outages.over(group.log)
        group.failures = 0
        if group.calls > 1:
            # A pattern that nothing matches must not have hours searched again every two seconds.
            group.advance(wall - LATENESS)
        for index in range(depth + 1):
            group.due[index] = began + SWEEPS[index][0]
        return True

    def _forget_other_cloud(self) -> None:
        """Another cloud that answers instead may use the same ids."""
        if self._clouds != self.outages.clouds:
            self._clouds = self.outages.clouds
            for group in self._groups:
                group.seen.clear()
