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
        self.reader = Reader(late=10_000)
        nearest = self.reader.spans.nearest
        self.invocations = Invocations(lambda record: True, nearest, lambda: self.seconds)
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

    def more_of(self, message, at):
        """Of which invocation that was given out before a late event is given out."""
        event = LogEvent("f", "g", "a", "late", at, at, message)
        return [(b.more_of, len(b.records)) for b in self.invocations.add(self.reader.read(event))]

    def _messages(self, blocks):
        return [[record.event.message for record in block.records] for block in blocks]


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


@pytest.mark.parametrize("finished", [False, True], ids=["", "after the next one"])
def test_late_lines_of_one_that_was_given_out_are_given_out_as_more_of_it(finished):
    gathered = Gathered()
    gathered.add(start(FIRST), at=10)
    gathered.add(report(FIRST), at=20)
    gathered.add(start(SECOND), at=30)
    if finished:
        gathered.add(report(SECOND), at=40)
    late = [("plain", 15), (line(FIRST, "named"), 16), ("of nobody", 5)]
    assert [gathered.more_of(*one) for one in late] == [[(FIRST, 1)], [(FIRST, 1)], []]
    assert gathered.rest() == [*([] if finished else [[start(SECOND)]]), ["of nobody"]]


def test_a_call_that_is_made_again_with_its_id_is_another_block():
    gathered = Gathered()
    for _ in range(2):
        assert gathered.add(start(FIRST), "plain") == []
        assert gathered.add(report(FIRST)) == [[start(FIRST), "plain", report(FIRST)]]


def test_lines_whose_start_comes_late_are_put_into_their_invocation_and_into_no_other():
    gathered = Gathered()
    gathered.add("loading", at=5)
    gathered.add("plain", at=15)
    gathered.add(start(SECOND), at=30)
    gathered.add("of the second", at=31)
    assert gathered.add(start(FIRST), at=10) == []
    second = [start(SECOND), "of the second", report(SECOND)]
    assert gathered.add(report(SECOND), at=40) == [second]
    first = ["loading", start(FIRST), "plain", report(FIRST)]
    assert gathered.add(report(FIRST), at=20) == [first]


def test_a_late_start_takes_its_lines_from_those_that_are_nobodys():
    gathered = Gathered()
    gathered.add(start("0"), report("0"), at=1)
    gathered.add(one := line(FIRST, "one"), at=12)
    gathered.add(start(SECOND), at=30)
    gathered.add(report(SECOND), at=40)
    gathered.add("two", at=14)
    gathered.add(start(FIRST), at=10)
    gathered.add("of nobody", at=45)
    assert gathered.rest() == [[start(FIRST), one, "two"], ["of nobody"]]


def test_a_line_of_nobody_stands_in_no_invocation_that_is_known():
    gathered = Gathered()
    gathered.add(start("0"), at=5)
    gathered.add(report("0"), at=6)
    gathered.add(start(SECOND), at=30)
    gathered.add(report(FIRST), at=20)
    gathered.add("of one that has no START yet", at=15)
    assert gathered.add(report(SECOND), at=40) == [[start(SECOND), report(SECOND)]]


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
