"""FilterLogEvents simulated: lag, empty and repeated pages, token expiry, throttling, rotation."""

from __future__ import annotations

import bisect
import random
from dataclasses import dataclass
from functools import partial
from itertools import chain

from lcli.aws.clients import AwsError
from lcli.observe.events import LogGroup, Source, read_pages
from lcli.observe.follow import Follower, Turns

REFUSAL = {"service": "logs", "operation": "FilterLogEvents"}


@dataclass(frozen=True)
class Outage:
    """What a group answers for a while; in seconds."""

    start: float
    end: float
    code: str
    status: int = 0


class SimulatedClock:
    """Seconds that pass only when somebody sleeps; also milliseconds for the wall, which may be
    `off` seconds ahead of that of the groups."""

    def __init__(self, off=0.0):
        self.seconds = 0.0
        self.off = off

    def __call__(self):
        return self.seconds

    def sleep(self, seconds):
        self.seconds += seconds

    def wall(self):
        return int(self.seconds * 1000)

    def shown(self):
        """What this machine takes for the time."""
        return self.wall() + int(self.off * 1000)


class SimulatedGroup:
    """A log group whose events become visible some time after their timestamp.

    Answers as `Clients.call`. Streams rotate every 500 events; pages go stream by stream as
    moto's do (`by_stream`) or in the order of time. `trouble` is how many of the calls fail.
    """

    def __init__(
        self, seed, clock, events, *, page=10_000, trouble=0.0, by_stream=False, outages=()
    ):
        self.random = random.Random(seed)
        self.clock = clock
        self.page = page
        self.trouble = trouble
        self.calls = []
        self.fail = {}
        self.outages = outages
        self.events = [
            {
                "eventId": f"{seed}-{number:07}",
                "timestamp": at,
                "ingestionTime": at + lag,
                "logStreamName": f"2026/03/01/[{number // 500 % 9 + 1}]{number // 500:04}",
                "message": f"line {number}\n",
            }
            for number, (at, lag) in enumerate(sorted(events))
        ]
        self.times = [event["timestamp"] for event in self.events]
        self.ahead = max((-lag for _, lag in events), default=0)
        self.by_stream = by_stream

    def call(self, service, operation, /, **parameters):
        self.calls.append(self.clock())
        if error := self.fail.get(len(self.calls)):
            raise error
        for outage in self.outages:
            if outage.start <= self.clock() < outage.end:
                lost = outage.status >= 500
                raise AwsError(outage.code, "no", **REFUSAL, status=outage.status, lost=lost)
        token = parameters.get("nextToken", "")
        if self.random.random() < self.trouble:
            raise self._trouble(token)
        now = self.clock.wall()
        lower = bisect.bisect_left(self.times, parameters["startTime"])
        end = parameters.get("endTime", now + self.ahead)
        upper = bisect.bisect_right(self.times, min(end, now + self.ahead))
        visible = [event for event in self.events[lower:upper] if event["ingestionTime"] <= now]
        if self.by_stream:
            visible.sort(key=lambda event: event["logStreamName"])
        begin = int(token.split("#")[0]) if token else 0
        size = self.page
        if self.trouble and self.random.random() < 0.05:
            size = 0
        elif self.trouble and begin and self.random.random() < 0.05:
            begin = max(0, begin - self.page // 2)
        following = begin + size
        answer = {"events": visible[begin:following]}
        if following < len(visible):
            answer["nextToken"] = f"{following}#{len(self.calls)}"
        return answer

    def _trouble(self, token):
        kind = self.random.choice(["throttled", "expired", "broken"])
        if kind == "expired" and token:
            return AwsError(
                "InvalidParameterException", "The specified nextToken is invalid.", **REFUSAL
            )
        if kind == "broken":
            code = "ServiceUnavailableException"
            return AwsError(code, "try again", **REFUSAL, status=503, lost=True)
        return AwsError("ThrottlingException", "Rate exceeded", **REFUSAL, status=400)


def follow(groups, clock, until, *, trouble=None, sharing=()):
    """Everything printed from now until `until` seconds, with the moment of printing.

    Each group is of one function, or of those that are `sharing` it.
    """
    turns = Turns(clock, clock.sleep)
    reads = []
    for number, group in enumerate(groups):
        name = f"/aws/lambda/f{number}"
        sources = sharing or (Source(f"f{number}", name),)
        log = LogGroup("", name, sources)
        reads.append((log, partial(read_pages, group, log, before_call=partial(turns.wait, log))))
    notices = []
    follower = Follower(
        reads,
        0,
        notice=notices.append,
        reconnect=trouble or (lambda: False),
        clock=clock,
        wall=clock.shown,
    )
    printed = []
    while clock() < until:
        for events in follower.poll():
            printed += [(clock.wall(), event) for event in events]
        clock.sleep(max(0.05, follower.next_due() - clock()))
    for events in chain(follower.last_sweep(), [follower.rest()]):
        printed += [(clock.wall(), event) for event in events]
    if follower.unasked:
        notices.append(f"not asked: {', '.join(one.name for one in follower.unasked)}")
    return printed, notices
