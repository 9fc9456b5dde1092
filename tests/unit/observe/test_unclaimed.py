"""Lines that come before their START, in the follow of one invocation."""

import pytest

from lcli.observe import unclaimed
from lcli.observe.events import LogEvent
from lcli.observe.records import Reader
from lcli.observe.unclaimed import HELD, Unclaimed

START = "START RequestId: one Version: 7"


class Followed:
    def __init__(self):
        self.seconds = 0.0
        self.reader = Reader(late=60_000)
        self.unclaimed = Unclaimed(self.reader.spans, lambda: self.seconds)

    def shown(self, *messages, stream="a"):
        """With their timestamps: those that are given out for each message, and which are late."""
        events = [LogEvent("f", "g", stream, "", at, at, text) for at, text in messages]
        known = self.unclaimed.known(map(self.reader.read, events))
        return [(record.event.message, record.request, record.event.late) for record in known]


def test_lines_are_given_out_as_late_ones_behind_their_start():
    followed = Followed()
    assert followed.shown((5, "before it"), (12, "one"), (13, "two")) == []
    assert followed.shown((12, "of another"), stream="b") == []
    started = [(START, "one", False), ("one", "one", True), ("two", "one", True)]
    assert followed.shown((10, START)) == started
    assert followed.shown((10, START)) == started[:1]
    assert followed.shown((14, "three")) == [("three", "one", False)]


@pytest.mark.parametrize(
    ("seconds", "most", "left"),
    [(HELD - 1, 10_000, ["long", "last"]), (HELD, 10_000, ["last"]), (0, 1_300, ["last"])],
    ids=["", "too long ago", "too many bytes"],
)
def test_what_was_held_first_is_dropped(monkeypatch, seconds, most, left):
    monkeypatch.setattr(unclaimed, "MOST", most)
    followed = Followed()
    followed.shown((12, "long"))
    followed.seconds += seconds
    followed.shown((12, "y" * 100), stream="b")
    followed.shown((13, "last"))
    assert [text for text, _, late in followed.shown((10, START)) if late] == left
    assert followed.shown((10, START), stream="c") == [(START, "one", False)]


def test_a_line_beyond_the_bound_is_let_go_alone(monkeypatch):
    monkeypatch.setattr(unclaimed, "MOST", 1_300)
    followed = Followed()
    followed.shown((12, "kept"))
    followed.shown((13, "y" * 2_000))
    assert [text for text, _, late in followed.shown((10, START)) if late] == ["kept"]
