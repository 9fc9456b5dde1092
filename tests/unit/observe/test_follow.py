"""The follower against a simulated log group whose events arrive late."""

import random

import pytest

from lcli.aws.clients import AwsError
from lcli.observe.events import LogEvent, Source
from lcli.observe.follow import Follower

SOURCE = Source("f", "/aws/lambda/f")


class SimulatedGroup:
    """Events with a timestamp and the moment they become visible, both in milliseconds."""

    def __init__(self, seed, count, lag):
        rng = random.Random(seed)
        self.now = 0
        self.calls = 0
        self.fail = {}
        self.events = []
        for number in range(count):
            at = rng.randrange(0, 600_000)
            self.events.append((at + int(lag(rng)), at, f"{number:06}"))

    def scan(self, clients, source, start, end, pattern):
        self.calls += 1
        if self.calls in self.fail:
            raise self.fail[self.calls]
        visible = [e for e in self.events if e[0] <= self.now and e[1] >= start]
        for arrival, at, name in sorted(visible, key=lambda e: e[1]):
            yield LogEvent("f", source.group, "s", name, at, arrival, f"line {name}")


def follow(group, until):
    follower = Follower(None, [SOURCE], 0, scan=group.scan)
    printed = []
    second = 0.0
    while second * 1000 < until:
        group.now = int(second * 1000)
        printed += follower.poll(second)
        second = max(second + 0.5, follower.next_due())
    group.now = until
    return printed + follower.last_sweep()


@pytest.mark.parametrize(
    "lag",
    [
        pytest.param(lambda rng: 0, id="none"),
        pytest.param(lambda rng: rng.expovariate(1 / 2_000), id="two seconds on average"),
        pytest.param(
            lambda rng: rng.expovariate(1 / 60_000) if rng.random() < 0.02 else 300,
            id="a minute for one in fifty",
        ),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_event_is_printed_exactly_once(seed, lag):
    group = SimulatedGroup(seed, 3_000, lag)
    printed = follow(group, 1_400_000)
    assert sorted(e.id for e in printed) == sorted(name for _, _, name in group.events)
    assert group.calls <= 1_400


def test_throttling_and_an_absent_group_are_waited_out():
    group = SimulatedGroup(3, 200, lambda rng: 100)
    refusal = {"service": "logs", "operation": "FilterLogEvents"}
    group.fail = {
        1: AwsError("ResourceNotFoundException", "no group", **refusal, status=400),
        5: AwsError("ThrottlingException", "slow down", **refusal, status=400),
        6: AwsError("InternalFailure", "oops", **refusal, status=500),
    }
    assert len(follow(group, 700_000)) == 200


def test_another_refusal_ends_the_follow():
    group = SimulatedGroup(4, 1, lambda rng: 0)
    group.fail = {
        1: AwsError("AccessDenied", "no", service="logs", operation="FilterLogEvents", status=403)
    }
    with pytest.raises(AwsError, match="AccessDenied"):
        follow(group, 5_000)


def test_an_event_behind_the_newest_is_marked_late():
    group = SimulatedGroup(5, 0, lambda rng: 0)
    group.events = [(0, 5_000, "b"), (3_000, 4_000, "a")]
    assert [(e.id, e.late) for e in follow(group, 10_000)] == [("b", False), ("a", True)]
