"""Whose a line is, by when it was written and in whichever order the events come."""

import tracemalloc

import pytest

from lcli.observe import spans
from lcli.observe.events import LogEvent
from lcli.observe.records import Reader
from lcli.observe.spans import Spans

ONE = "6c48f7f0-1bca-45d3-9797-555705dc778c"
TWO = "7c48f7f0-1bca-45d3-9797-555705dc778c"
WHERE = ("g", "s")
LATE = 1_000
START, REPORT = "START RequestId: {} Version: 7", "REPORT RequestId: {}\tDuration: 1.00 ms"


def read(reader, at, message):
    return reader.read(LogEvent("f", *WHERE, f"{at}", at, at, message)).request


def start(request, at):
    return at, START.format(request)


def report(request, at):
    return at, REPORT.format(request)


@pytest.mark.parametrize(
    ("arrived", "at", "whose"),
    [
        pytest.param([start(ONE, 10), start(TWO, 20)], 15, ONE, id="after the next START"),
        pytest.param([start(ONE, 10), report(ONE, 20)], 15, ONE, id="after REPORT"),
        pytest.param([start(ONE, 10), report(ONE, 20)], 25, "", id="written after REPORT"),
        pytest.param([start(TWO, 20), report(TWO, 30), start(ONE, 10)], 15, ONE, id="START late"),
        pytest.param([start(ONE, 10), start(TWO, 20), report(ONE, 20)], 21, TWO, id="REPORT late"),
        pytest.param([start(ONE, 10), start(TWO, 20), report(ONE, 18)], 19, "", id="in between"),
        pytest.param([start(ONE, 10), report(TWO, 20)], 21, "", id="a START that is not there yet"),
        pytest.param([start(ONE, 10), start(TWO, 10)], 10, TWO, id="of one millisecond"),
        pytest.param([start(ONE, 10), report(ONE, 10)], 10, "", id="over in a millisecond"),
        pytest.param([start(ONE, 10)], 9, "", id="before the first"),
        pytest.param([report(ONE, 10)], 9, "", id="without a START"),
    ],
)
def test_a_late_line_belongs_to_the_invocation_that_was_at_work(arrived, at, whose):
    reader = Reader(late=LATE)
    for moment, message in arrived:
        read(reader, moment, message)
    assert read(reader, at, "plain") == whose
    assert read(reader, at, '{"message": "in JSON"}') == whose


def test_a_span_is_known_as_long_as_events_may_be_late():
    reader = Reader(late=LATE)
    for at in range(0, 10 * LATE, 100):
        read(reader, *start(f"{at}", at))
        read(reader, *report(f"{at}", at + 50))
        if at >= LATE:
            assert read(reader, at - 875, "plain") == f"{at - 900}"
    assert read(reader, 25, "forgotten") == ""
    long = start(ONE, 20 * LATE)
    read(reader, *long)
    assert read(reader, 29 * LATE, "of one that is still at work") == ONE


def test_what_is_written_between_two_is_nearest_to_the_one_that_it_is_for():
    reader = Reader(late=LATE)
    for mark in (start(ONE, 10), report(ONE, 20), start(TWO, 30), report(TWO, 40)):
        read(reader, *mark)
    events = (LogEvent("f", *WHERE, "", at, at, "loading") for at in (5, 15, 25, 35, 45))
    assert [reader.spans.nearest(event) for event in events] == [ONE, ONE, TWO, TWO, ""]


@pytest.mark.parametrize("late", [0, LATE])
@pytest.mark.parametrize("streams", [1, 40_000])
def test_memory_is_bounded_of_many_invocations_and_streams(late, streams, monkeypatch):
    monkeypatch.setattr(spans, "MOST", 10_000)
    monkeypatch.setattr(spans, "STREAMS", 2_000)
    kept = Spans(late)
    tracemalloc.start()
    try:
        for number in range(40_000):
            kept.began(("g", f"{number % streams}"), number // 1_000, f"{number}")
            if number % 2:
                kept.ended(("g", f"{number % streams}"), number // 1_000, f"{number}")
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000
    assert held > 0
    last = LogEvent("f", "g", f"{39_998 % streams}", "", 39, 39, "plain")
    assert kept.of(last) == ("" if streams == 1 else "39998")
