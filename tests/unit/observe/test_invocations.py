"""When an invocation whose REPORT does not come is given out."""

import tracemalloc
from itertools import count

import pytest

from lcli.observe import invocations
from lcli.observe.events import LogEvent
from lcli.observe.invocations import LONGEST, QUIET, Invocations
from lcli.observe.records import Reader

FIRST = "6c48f7f0-1bca-45d3-9797-555705dc778c"
SECOND = "7c48f7f0-1bca-45d3-9797-555705dc778c"


class Gathered:
    """Invocations of one function, fed with messages; gives their messages."""

    def __init__(self):
        self.seconds = 0.0
        self.invocations = Invocations(lambda record: True, lambda: self.seconds)
        self.reader = Reader()
        self.numbers = count()

    def add(self, *messages, stream="a", at=None):
        blocks = []
        for message in messages:
            number = next(self.numbers)
            moment = number if at is None else at
            event = LogEvent("f", "g", stream, str(number), moment, moment, message)
            blocks += self.invocations.add(self.reader.read(event))
        return self._messages(blocks)

    def over(self, seconds):
        self.seconds += seconds
        return self._messages(self.invocations.over())

    def rest(self):
        return self._messages(self.invocations.rest())

    def _messages(self, blocks):
        return [[record.event.message for record in block] for block in blocks]


def start(request):
    return f"START RequestId: {request} Version: 7"


def line(request, text):
    return f"[INFO]\t2026-03-01T10:00:00.000Z\t{request}\t{text}"


def report(request):
    return f"REPORT RequestId: {request}\tDuration: 3.84 ms"


def test_without_start_and_report_it_is_given_out_when_a_later_one_begins_in_its_stream():
    one, other = line(FIRST, "one"), line(SECOND, "other")
    gathered = Gathered()
    assert gathered.add("loading", one, "two") == []
    assert gathered.add(other, stream="b") == []
    assert gathered.add(other) == [["loading", one, "two"]]


def test_without_start_and_report_it_is_given_out_some_time_after_its_last_record():
    gathered = Gathered()
    one, two = line(FIRST, "one"), line(FIRST, "two")
    gathered.add(one)
    assert gathered.over(QUIET - 1) == []
    gathered.add(two)
    assert gathered.over(QUIET - 1) == []
    assert gathered.over(1) == [[one, two]]
    assert (gathered.over(LONGEST), gathered.rest()) == ([], [])


def test_lines_of_no_invocation_are_given_out_though_more_come():
    gathered = Gathered()
    gathered.add("one")
    gathered.seconds += QUIET - 1
    gathered.add("two")
    assert gathered.over(1) == [["one", "two"]]


def test_with_start_it_is_waited_for_as_long_as_a_function_may_work():
    gathered = Gathered()
    gathered.add(start(FIRST), "begun")
    assert gathered.over(LONGEST - 1) == []
    assert gathered.over(1) == [[start(FIRST), "begun"]]


def test_after_a_start_only_another_start_ends_it():
    gathered = Gathered()
    gathered.add(start(FIRST), "one")
    assert gathered.add('{"requestId": "of somebody else", "message": "m"}') == []
    assert gathered.add(start(SECOND))[0] == [start(FIRST), "one"]


@pytest.mark.parametrize("reported", [False, True])
def test_requests_at_once_in_a_stream_stay_whole_where_reports_come(reported):
    gathered = Gathered()
    if reported:
        gathered.add(start("0"), report("0"), stream="b")
    early = gathered.add(start(FIRST), start(SECOND))
    assert early == ([] if reported else [[start(FIRST)]])
    assert gathered.add(report(SECOND)) == [[start(SECOND), report(SECOND)]]


def test_a_line_that_comes_late_ends_nothing():
    gathered = Gathered()
    gathered.add(line(SECOND, "two"), at=10)
    assert gathered.add(line(FIRST, "late"), at=5) == []


@pytest.mark.parametrize(
    "text", ["x" * 50_000, '{"list": [' + '{"a": 1}, ' * 500 + "{}]}"], ids=["text", "JSON"]
)
def test_so_many_bytes_are_held_and_the_invocations_begun_first_let_go(monkeypatch, text):
    monkeypatch.setattr(invocations, "MOST", most := 2_000_000)
    gathered = Gathered()
    gathered.add(start(FIRST), "early", stream="first")
    given, added = [], 0
    tracemalloc.start()
    try:
        while not given and added < 1_000:
            added += 1
            given = gathered.add(f"{text}{' ' * added}", stream="second")
        _, held = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [len(block) for block in given] == [2, added]
    assert gathered.invocations.crowded
    assert 0.5 * most < held < 1.5 * most
    assert gathered.add("one", stream="third") == []
