"""Hours of following three functions through everything that goes wrong, in simulated time."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

from lcli.observe.follow import LATENESS
from overlay.log_group import Outage, SimulatedClock, SimulatedGroup, follow

LAGS = {
    "half a second": lambda rng: int(rng.gammavariate(2, 250)),
    "two seconds on average": lambda rng: int(rng.expovariate(1 / 2_000)),
    "minutes for one in fifty": lambda rng: rng.randrange(LATENESS) if rng.random() < 0.02 else 300,
}
BEGAN = 1_000_000
"""Seconds on the simulated clock."""
APPEARS = 600
"""Seconds until the third group is there."""
EVERY_HOUR = (
    Outage(1_200, 1_800, "ExpiredTokenException", 400),
    Outage(2_400, 2_440, "Unreachable"),
    Outage(2_700, 2_760, "ThrottlingException", 400),
    Outage(3_000, 3_030, "InternalFailure", 500),
)


@dataclass(frozen=True)
class Followed:
    """What came of it."""

    events: int
    lost: int
    twice: int
    seconds: float
    calls: int
    busiest: float
    """Calls a second of the function that was asked for most, on average."""
    minute: float
    """Calls a second for all functions in the busiest minute."""

    def __str__(self) -> str:
        return (
            f"{self.events:,} events in {self.seconds / 3600:.1f} h: {self.lost} lost, "
            f"{self.twice} twice; {self.busiest:.2f} calls/s and function at most, "
            f"{self.calls / self.seconds:.2f} for all, {self.minute:.2f} in the busiest minute"
        )


def hours_of_trouble(seed: int, hours: int, per_hour: int, off: float) -> Followed:
    """Three functions, `per_hour` events an hour each, by three models of lag; `off` is how many
    seconds this machine's clock is ahead."""
    clock = SimulatedClock(off)
    clock.seconds = BEGAN
    outages = [
        Outage(BEGAN + hour * 3600 + one.start, BEGAN + hour * 3600 + one.end, one.code, one.status)
        for hour in range(hours)
        for one in EVERY_HOUR
    ]
    groups = []
    for number, lag in enumerate(LAGS.values()):
        rng, absent = random.Random(seed * 10 + number), APPEARS * (number == 2)
        first, last = BEGAN + absent, BEGAN + hours * 3600
        events = [
            (rng.randrange(first * 1000, last * 1000), lag(rng)) for _ in range(hours * per_hour)
        ]
        missing = [Outage(BEGAN, first, "ResourceNotFoundException", 400)] if absent else []
        groups.append(
            SimulatedGroup(
                seed * 10 + number, clock, events, trouble=0.02, outages=missing + outages
            )
        )
    printed, _ = follow(groups, clock, BEGAN + hours * 3600 + 1_000)
    times = Counter(event.id for _, event in printed)
    calls = sorted(at for group in groups for at in group.calls)
    seconds = clock() - BEGAN
    minutes = Counter(int(at // 60) for at in calls)
    return Followed(
        events=sum(len(group.events) for group in groups),
        lost=sum(len(group.events) for group in groups) - len(times),
        twice=sum(count > 1 for count in times.values()),
        seconds=seconds,
        calls=len(calls),
        busiest=max(len(group.calls) for group in groups) / seconds,
        minute=max(minutes.values()) / 60,
    )
