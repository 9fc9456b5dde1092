"""The follower against simulated log groups whose events arrive late."""

import random
from functools import partial

import pytest
from overlay.log_group import REFUSAL, SimulatedClock, SimulatedGroup, follow
from overlay.log_hours import LAGS, hours_of_trouble

from lcli.aws.clients import AwsError
from lcli.observe.events import LogEvent, LogGroup, Source, log_groups, read_pages
from lcli.observe.follow import Follower, Reorder


def events(seed, count, seconds, lag):
    rng = random.Random(seed)
    return [(rng.randrange(seconds * 1000), lag(rng)) for _ in range(count)]


@pytest.mark.parametrize(
    "count", [20_000, pytest.param(100_000, marks=pytest.mark.whole)], ids="{:_}".format
)
@pytest.mark.parametrize("lag", LAGS.values(), ids=LAGS.keys())
def test_all_events_are_printed_exactly_once(lag, count):
    clock = SimulatedClock()
    group = SimulatedGroup(1, clock, events(1, count, 3_600, lag), trouble=0.02)
    printed, _ = follow([group], clock, 3_600 + 1_000)
    names = [event.id for _, event in printed]
    assert (len(names), len(set(names))) == (count, count)
    assert len(group.calls) <= clock() + 10


def test_several_functions_share_five_calls_a_second():
    clock = SimulatedClock()
    groups = [
        SimulatedGroup(seed, clock, events(seed, 500, 600, LAGS["half a second"]))
        for seed in range(20)
    ]
    printed, _ = follow(groups, clock, 700)
    assert len({event.id for _, event in printed}) == len(printed) == 10_000
    assert sum(len(group.calls) for group in groups) <= 5 * clock() + 5


@pytest.mark.parametrize(("count", "held"), [(2, 2.5), (5, 2.5), (10, 2.5), (30, 7.5)])
def test_functions_are_merged_by_time_and_what_comes_behind_is_marked(count, held):
    clock, seeds = SimulatedClock(), range(1, count + 1)
    lagging = [events(seed, 10_000 // count, 300, LAGS["half a second"]) for seed in seeds]
    groups = [SimulatedGroup(s, clock, each) for s, each in zip(seeds, lagging, strict=True)]
    printed, _ = follow(groups, clock, 400)
    times = [event.timestamp for _, event in printed if not event.late]
    assert times == sorted(times)
    assert sum(event.late for _, event in printed) < 0.01 * len(printed)
    shown = sorted(at - event.timestamp for at, event in printed)
    assert shown[len(shown) // 2] < (1.2 * held + 1) * 1000


def test_functions_that_share_a_group_are_followed_in_order_and_it_is_read_once():
    clock, names = SimulatedClock(), [f"f{number}" for number in range(20)]
    group = SimulatedGroup(1, clock, events(1, 10_000, 300, LAGS["half a second"]))
    for number, event in enumerate(group.events):
        event["logStreamName"] = f"2026/03/01/{names[number % 20]}[7]{number % 20:04}"
    sharing = tuple(Source(name, "/aws/lambda/f0", f"{name}") for name in names)
    printed, _ = follow([group], clock, 400, sharing=sharing)
    times = [event.timestamp for _, event in printed if not event.late]
    assert times == sorted(times)
    assert sum(event.late for _, event in printed) < 0.01 * len(printed)
    assert sorted(event.id for _, event in printed) == [one["eventId"] for one in group.events]
    assert all(event.function in event.stream for _, event in printed)
    assert max(at - event.timestamp for at, event in printed) < 10_000
    assert len(group.calls) <= clock() + 10


@pytest.mark.parametrize(
    ("stream", "owner"),
    [
        ("2026/03/01/a[7]0", "a"),
        ("2026/03/01/b[7]0", "b"),
        ("2026/03/01/b[8]0", None),
        ("2026/03/01/other[7]0", None),
        ("2026/03/01/own[7]0", "own"),
        ("2026/03/01/[7]0", "own"),
        ("2026/03/01/[6]0", "a"),
        ("of a program", "a"),
    ],
)
def test_each_stream_of_a_shared_group_is_of_one_function(stream, owner):
    group = "/aws/lambda/own"
    sources = [("a", set()), ("b", {"7"}), ("own", {"7"})]
    (log,) = log_groups(Source(name, group, name, versions) for name, versions in sources)
    assert getattr(log.owner(stream), "function", None) == owner


def test_troubles_are_waited_out_and_told_once():
    clock = SimulatedClock()
    group = SimulatedGroup(3, clock, events(3, 200, 300, lambda rng: 100))
    expired = AwsError("ExpiredTokenException", "expired", **REFUSAL, status=400)
    group.fail = {
        1: AwsError("ResourceNotFoundException", "no group", **REFUSAL, status=400),
        2: AwsError("ResourceNotFoundException", "no group", **REFUSAL, status=400),
        5: AwsError("ThrottlingException", "slow down", **REFUSAL, status=400),
        6: AwsError("InternalFailure", "oops", **REFUSAL, status=500, lost=True),
        9: expired,
        10: expired,
    }
    reconnected = []
    printed, notices = follow(
        [group], clock, 500, trouble=lambda: bool(reconnected.append(clock()))
    )
    assert len(printed) == 200
    assert len(reconnected) == 2
    assert notices == [
        "/aws/lambda/f0 does not exist yet; waiting for its first event",
        "/aws/lambda/f0: going on",
        "/aws/lambda/f0: ThrottlingException; trying again",
        "/aws/lambda/f0: InternalFailure; trying again",
        "/aws/lambda/f0: going on",
        "the credentials have expired; renew them, lcli goes on by itself",
        "going on",
    ]


@pytest.mark.parametrize("status", [302, 403, 407])
def test_what_a_proxy_says_ends_a_follow_only_where_it_begins(status):
    clock = SimulatedClock()
    page = AwsError(str(status), "<html>log in</html>", **REFUSAL, status=status)
    groups = [SimulatedGroup(s, clock, events(s, 200, 300, lambda rng: 100)) for s in (1, 2)]
    for group in groups:
        group.fail = {5: page, 6: page}
    printed, notices = follow(groups, clock, 500)
    assert len(printed) == 400
    assert notices == [f"an answer with status {status} is not AWS's; trying again", "going on"]
    groups[0].fail = {len(groups[0].calls) + 1: page}
    with pytest.raises(AwsError, match="log in"):
        follow(groups, clock, 505)


def unreachable():
    return AwsError("Unreachable", "no connection to http://127.0.0.1:9", **REFUSAL)


def test_that_nothing_answers_is_told_once_for_all_functions():
    clock = SimulatedClock()
    groups = [SimulatedGroup(s, clock, events(s, 200, 300, lambda rng: 100)) for s in (1, 2, 3)]
    for group in groups:
        group.fail = {5: unreachable(), 6: unreachable()}
    printed, notices = follow(groups, clock, 500)
    assert len(printed) == 600
    assert notices == ["no connection to http://127.0.0.1:9; trying again", "going on"]


def test_another_cloud_that_answers_in_its_place_may_use_the_same_ids():
    clock = SimulatedClock()
    group = SimulatedGroup(1, clock, [(1_000, 0)])
    group.fail = {3: unreachable()}

    def reconnect():
        # A local cloud that was started anew counts from the beginning.
        group.events[0] = {**group.events[0], "timestamp": 20_000, "ingestionTime": 20_000}
        group.times = [20_000]
        return True

    printed, _ = follow([group], clock, 40, trouble=reconnect)
    assert [event.timestamp for _, event in printed] == [1_000, 20_000]
    assert len({event.id for _, event in printed}) == 1


def test_the_last_sweep_ends_with_the_first_group_where_nothing_answers():
    clock = SimulatedClock()
    groups = [SimulatedGroup(s, clock, [(1_000, 0)]) for s in (1, 2, 3)]
    for group in groups:
        group.fail = dict.fromkeys(range(3, 100), unreachable())
    printed, notices = follow(groups, clock, 10)
    assert len(printed) == 3
    assert notices[-1] == "not asked: /aws/lambda/f0, /aws/lambda/f1, /aws/lambda/f2"
    assert [group.calls[-1] == clock() for group in groups] == [True, False, False]


def test_a_poll_may_be_ended_after_each_group():
    clock = SimulatedClock()
    asked = []

    def read(number):
        return lambda start, end, known: iter([asked.append(number)][:0])

    follower = Follower(
        [(LogGroup("", f"/aws/lambda/f{n}"), read(n)) for n in range(3)],
        0,
        clock=clock,
        wall=clock.shown,
    )
    polled = follower.poll()
    assert [next(polled), list(asked)] == [[], [0]]
    assert [next(polled), list(asked)] == [[], [0, 1]]


def test_another_refusal_ends_the_follow():
    clock = SimulatedClock()
    group = SimulatedGroup(4, clock, [(0, 0)])
    group.fail = {1: AwsError("AccessDenied", "no", **REFUSAL, status=403)}
    with pytest.raises(AwsError, match="AccessDenied"):
        follow([group], clock, 5)


def test_an_event_behind_the_newest_is_marked_late():
    clock = SimulatedClock()
    group = SimulatedGroup(5, clock, [(0, 5_000), (3_000, 1_000)])
    printed, _ = follow([group], clock, 10)
    assert [(event.timestamp, event.late) for _, event in printed] == [(3_000, False), (0, True)]


def test_a_timestamp_in_the_future_hides_nothing():
    clock = SimulatedClock()
    group = SimulatedGroup(6, clock, [(3_600_000, -3_600_000), (5_000, 100), (60_000, 100)])
    printed, _ = follow([group], clock, 100)
    assert [event.timestamp for _, event in printed] == [3_600_000, 5_000, 60_000]


def test_a_reader_that_was_away_for_an_hour_gets_everything_in_order():
    clock = SimulatedClock()
    group = SimulatedGroup(7, clock, events(7, 60_000, 3_600, lambda rng: 100))
    (log,) = log_groups([Source("f", "g")])
    follower = Follower([(log, partial(read_pages, group, log))], 0, clock=clock, wall=clock.wall)
    clock.seconds = 10
    printed = [event for batch in follower.poll() for event in batch]
    clock.seconds = 3_700
    batches = list(follower.poll())
    printed += [event for batch in batches for event in batch]
    assert len({event.id for event in printed}) == len(printed) == 60_000
    assert max(map(len, batches)) < 60_000
    assert not any(event.late for event in printed)


def test_what_was_printed_before_is_not_given_out_again():
    clock = SimulatedClock()
    group = SimulatedGroup(8, clock, [(1_000, 0), (2_000, 0)])
    (log,) = log_groups([Source("f", "g")])
    follower = Follower([(log, partial(read_pages, group, log))], 0, clock=clock, wall=clock.wall)
    clock.seconds = 3
    follower.printed(next(read_pages(group, log, 0, 1_500)))
    assert [e.timestamp for batch in follower.poll() for e in batch] == [2_000]


class Searched:
    """A group of which nothing matches: an empty page for every ten minutes that are searched."""

    def __init__(self, clock):
        self.clock = clock
        self.calls = 0

    def call(self, service, operation, /, **parameters):
        self.calls += 1
        start = int(parameters.get("nextToken") or parameters["startTime"])
        following = start + 600_000
        return {"events": []} | ({"nextToken": str(following)} if following < self.clock() else {})


def test_a_pattern_that_nothing_matches_is_not_searched_for_in_hours_again_and_again():
    clock = SimulatedClock()
    clock.seconds = 7 * 86_400
    group = Searched(clock.wall)
    printed, notices = follow([group], clock, clock() + 600)
    assert (printed, notices) == ([], [])
    # Seven days once, then half an hour at most every two seconds.
    assert group.calls < 7 * 144 + 2 * 300


def test_events_are_held_until_their_time_and_given_with_all_that_are_earlier():
    def event(at):
        return LogEvent("f", "g", "s", str(at), at, at, "")

    reorder = Reorder(1.0)
    reorder.add([event(20), event(30)], 0.0)
    reorder.add([event(10), event(40)], 0.5)
    assert (reorder.ready(0.9), reorder.next_due()) == ([], 1.0)
    assert [e.timestamp for e in reorder.ready(1.0)] == [10, 20, 30]
    reorder.add([event(25)], 1.0)
    assert [(e.timestamp, e.late) for e in reorder.rest()] == [(25, True), (40, False)]


@pytest.mark.parametrize("off", [-600, 600], ids=["clock behind", "clock ahead"])
def test_an_hour_of_troubles_by_a_clock_that_is_off_loses_nothing(off):
    found = hours_of_trouble(seed=1, hours=1, per_hour=500, off=off)
    assert (found.events, found.lost, found.twice) == (1_500, 0, 0), found
    assert found.busiest <= 1, found
    assert found.minute <= 5, found


def test_stacks_of_two_functions_stay_together_though_they_are_read_one_after_the_other():
    def event(at, stream, message, head=None):
        place = (head, head) if head is not None else None
        return LogEvent("f", "g", stream, f"{at}", at, at, message, place=place)

    reorder = Reorder(1.0)
    reorder.add([event(10, "a", "E"), event(30, "a", "  at", head=10)], 0.0)
    reorder.add([event(20, "b", "E"), event(40, "b", "  at", head=20)], 0.5)
    assert [e.timestamp for e in reorder.ready(1.0)] == [10, 30]
    assert [(e.timestamp, e.late) for e in reorder.ready(1.5)] == [(20, False), (40, False)]


def test_stacks_are_followed_line_by_line_and_printed_together():
    clock = SimulatedClock()
    group = SimulatedGroup(9, clock, [(1_000 + n, 100) for n in range(6)])
    for number, event in enumerate(group.events):
        event["logStreamName"] = "ab"[number % 2]
        event["message"] = "  at\n" if number > 1 else "ERROR\n"
    printed, _ = follow([group], clock, 10)
    assert [event.stream for _, event in printed] == list("aaabbb")
    assert not any(event.late for _, event in printed)
