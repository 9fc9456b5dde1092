"""Reading in slices of time, against simulated log groups."""

import random
import threading
from functools import partial

import pytest
from overlay.log_group import REFUSAL, SimulatedClock, SimulatedGroup

from lcli.aws.clients import AwsError
from lcli.aws.pacing import Pacing
from lcli.observe.events import LogEvent, Source, log_groups, read_pages
from lcli.observe.history import history, slices

HOUR = 3_600_000


def group(seed, count, *, start=0, by_stream=False, trouble=0.0):
    clock = SimulatedClock()
    clock.seconds = HOUR / 1000
    rng = random.Random(seed)
    events = [(rng.randrange(start, HOUR), 0) for _ in range(count)]
    return SimulatedGroup(seed, clock, events, page=500, by_stream=by_stream, trouble=trouble)


def reading(simulated, name="f"):
    return partial(read_pages, simulated, *log_groups([Source(name, f"/aws/lambda/{name}")]))


@pytest.mark.parametrize("by_stream", [False, True], ids=["by time", "stream by stream"])
@pytest.mark.parametrize("start", [0, HOUR // 2, HOUR - 1000], ids=["even", "half", "burst"])
def test_slices_are_bounded_in_order_and_lose_nothing(by_stream, start):
    simulated = group(1, 20_000, start=start, by_stream=by_stream)
    found = list(slices(reading(simulated), 0, HOUR, budget=400_000))
    times = [event.timestamp for events in found for event in events]
    assert times == sorted(times)
    assert len({event.id for events in found for event in events}) == len(times) == 20_000
    assert max(map(len, found)) <= 2_500 + 500
    assert len(simulated.calls) < 2.5 * 20_000 / 500


def test_a_short_history_is_one_call():
    simulated = group(2, 300)
    assert [len(events) for events in slices(reading(simulated), 0, HOUR)] == [300]
    assert len(simulated.calls) == 1


def test_a_millisecond_that_is_too_large_is_read_all_the_same():
    clock = SimulatedClock()
    clock.seconds = 10
    simulated = SimulatedGroup(3, clock, [(5_000, 0)] * 3_000 + [(100, 0), (9_000, 0)], page=500)
    found = list(slices(reading(simulated), 0, 10_000, budget=100_000))
    assert sorted(map(len, found)) == [1, 1, 3_000]


def test_events_of_one_millisecond_stay_in_the_order_of_the_pages():
    clock = SimulatedClock()
    clock.seconds = 10
    simulated = SimulatedGroup(3, clock, [(5_000, 0)] * 3)
    for event, name in zip(simulated.events, "cab", strict=True):
        event["eventId"] = name
    (found,) = slices(reading(simulated), 0, 10_000)
    assert [event.id for event in found] == ["c", "a", "b"]


def test_expired_tokens_and_repeated_pages_cost_nothing():
    simulated = group(4, 5_000, trouble=0.01)
    simulated.random = random.Random(11)
    simulated._trouble = lambda token: AwsError(
        "InvalidParameterException", "The specified nextToken is invalid.", **REFUSAL
    )
    found = [event for events in slices(reading(simulated), 0, HOUR) for event in events]
    assert len({event.id for event in found}) == len(found) == 5_000


def test_groups_are_merged_by_time():
    groups = [reading(group(seed, 3_000), f"f{seed}") for seed in (1, 2, 3)]
    found = [event for events in history(groups, 0, HOUR, budget=1_000_000) for event in events]
    assert [e.timestamp for e in found] == sorted(e.timestamp for e in found)
    assert len(found) == 9_000


@pytest.mark.parametrize("by_stream", [False, True], ids=["by time", "stream by stream"])
def test_slices_that_are_read_at_once_come_in_order_and_lose_nothing(by_stream):
    simulated = group(5, 20_000, by_stream=by_stream)
    reached = []
    found = slices(
        reading(simulated), 0, HOUR, 1_600_000, lambda at, count: reached.append(at), lanes=4
    )
    events = [event for batch in found for event in batch]
    assert [e.timestamp for e in events] == sorted(e.timestamp for e in events)
    assert len({event.id for event in events}) == len(events) == 20_000
    assert reached == sorted(reached)
    assert reached[-1] == HOUR


def test_slices_are_read_at_once_and_no_more_than_may_be_held():
    simulated = group(6, 20_000)
    begun, met = [], threading.Barrier(3)

    def read(start, end):
        begun.append(start)
        if 1 < len(begun) <= 4:
            # The first slice is everything and alone; three more are here at the same time.
            met.wait(5)
        yield from read_pages(simulated, *log_groups([Source("f", "g")]), start, end)

    found = slices(read, 0, HOUR, 1_600_000, lanes=3)
    next(found)
    threading.Event().wait(0.05)
    assert len(begun) == 1 + 3 + 1
    found.close()


def test_a_history_that_is_large_at_first_sight_is_not_read_up_to_the_limit():
    simulated = group(7, 100_000)
    found = slices(reading(simulated), 0, HOUR, 2_000_000)
    next(found)
    assert len(simulated.calls) < 2 + 2.5 * 2_000_000 / (404 * 500)


def test_what_goes_wrong_in_a_thread_is_raised_here():
    simulated = group(8, 10)
    simulated.fail = {1: AwsError("AccessDeniedException", "no", **REFUSAL)}
    with pytest.raises(AwsError, match="AccessDeniedException"):
        next(slices(reading(simulated), 0, HOUR, lanes=2))


def test_aws_is_asked_five_times_a_second_and_loopback_at_once():
    slept = []
    pacing = Pacing(sleep=slept.append)
    for _ in range(6):
        pacing.wait("logs", "FilterLogEvents", "http://127.0.0.1:4566")
    assert slept == []
    for _ in range(7):
        pacing.wait("logs", "FilterLogEvents", "https://logs.eu-west-1.amazonaws.com")
    assert slept == pytest.approx([0.2, 0.4], abs=0.05)


def spread(count, page):
    clock = SimulatedClock()
    clock.seconds = HOUR / 1000
    return SimulatedGroup(9, clock, [(n * HOUR // count, 0) for n in range(count)], page=page)


def test_the_first_events_of_many_small_pages_come_after_a_few_of_them():
    simulated = spread(60_000, 500)
    found = slices(reading(simulated), 0, HOUR, lanes=1)
    first = next(found)
    # Two that show how many they are, one that is short, and a slice that is read ahead.
    assert len(simulated.calls) <= 6
    assert 0 < len(first) <= 500
    events = [*first, *(event for batch in found for event in batch)]
    assert [e.id for e in events] == [e["eventId"] for e in simulated.events]
    assert len(simulated.calls) < 1.15 * 60_000 / 500


def test_full_pages_cost_no_more_calls():
    simulated = spread(20_000, 10_000)
    assert sum(map(len, slices(reading(simulated), 0, HOUR, lanes=4))) == 20_000
    assert len(simulated.calls) == 2


def test_a_few_matches_in_many_pages_cost_no_more_calls_than_the_pages():
    calls = []

    def read(start, end):
        for minute in range(start // 60_000, -(-end // 60_000)):
            calls.append(minute)
            at = minute * 60_000 + 7
            found = minute in (0, 30, 31) and start <= at < end
            yield [LogEvent("f", "g", "s", str(minute), at, at, "m")] if found else []

    found = [e.id for batch in slices(read, 0, HOUR, lanes=1) for e in batch]
    assert found == ["0", "30", "31"]
    assert len(calls) < 60 + 30


def test_a_reading_that_hangs_ends_where_it_is_told_to():
    hanging, stopped = threading.Event(), threading.Event()

    def read(start, end):
        stopped.set()
        hanging.wait(30)
        yield []

    groups = [reading(group(1, 100)), read]
    assert sum(map(len, history(groups, 0, HOUR, stop=stopped.is_set))) <= 100
    hanging.set()
