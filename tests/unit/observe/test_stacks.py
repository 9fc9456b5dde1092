"""Stacks that come as several events: which lines are moved, and how far."""

import pytest

from lcli.observe.events import LogEvent
from lcli.observe.records import Reader
from lcli.observe.stacks import WINDOW, gathered, stack_of, together


def event(at, stream, message):
    return LogEvent("f", "g", stream, f"{at}{stream}{message}", at, at + 5, message)


def texts(events):
    return [event.message for event in events]


TWO_AT_ONCE = [
    event(1, "a", "ERROR in a"),
    event(1, "b", "ERROR in b"),
    event(2, "a", "\tat a.one"),
    event(2, "b", "\tat b.one"),
    event(3, "c", "a line between"),
    event(3, "a", "Caused by: a"),
    event(4, "b", "\tat b.two"),
    event(4, "a", "after it"),
    event(5, "a", "\tat another"),
]
TOGETHER = [
    *("ERROR in a", "\tat a.one", "Caused by: a"),
    *("ERROR in b", "\tat b.one", "\tat b.two"),
    *("a line between", "after it", "\tat another"),
]


def test_the_lines_of_a_stack_stand_behind_its_first_one():
    assert texts(gathered(TWO_AT_ONCE)) == TOGETHER
    assert gathered([]) == []


@pytest.mark.parametrize("cut", range(1, len(TWO_AT_ONCE)))
def test_they_do_where_a_list_ends_among_them(cut):
    batches = [TWO_AT_ONCE[:cut], TWO_AT_ONCE[cut:]]
    assert [text for batch in together(batches) for text in texts(batch)] == TOGETHER


def test_what_is_older_than_the_window_is_given_out_before_the_next_list_comes():
    first = [event(1, "a", "one"), event(WINDOW + 1, "a", "two"), event(WINDOW + 2, "b", "three")]
    given = together(iter([first, [event(WINDOW + 3, "a", "  of two")]]))
    assert texts(next(given)) == ["one"]
    assert texts(next(given)) == ["two", "  of two", "three"]
    assert list(given) == []


def test_a_line_is_moved_no_further_than_the_window():
    events = [
        event(0, "a", "ERROR in a"),
        event(1, "b", "between"),
        event(WINDOW, "a", "\tat near"),
        event(WINDOW + 1, "a", "\tat far"),
    ]
    assert texts(gathered(events)) == ["ERROR in a", "\tat near", "between", "\tat far"]
    records = {r.event.message: r for r in map(Reader().read, gathered(events))}
    assert stack_of(records["\tat near"]) is records["ERROR in a"]
    assert stack_of(records["\tat far"]) is records["\tat far"]


def test_many_events_of_a_second_are_not_all_held():
    events = [event(number // 100, "a", "line") for number in range(30_000)]
    assert len(next(together(iter([events])))) == 30_000
