"""Rows of several queries in the order of one."""

import pytest

from lcli.observe.insights import Result
from lcli.observe.insights_merge import Order, natural, order_of, put_together


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("fields @timestamp, @message | sort @timestamp desc | limit 20", (("@timestamp", True),)),
        ("FIELDS @message, n | Sort n, @message DESC", (("n", False), ("@message", True))),
        ("filter @message like /a|b/ | limit 20", ()),
        ("fields @message | filter a = 'x | stats' # | stats count(*)\n| limit 20", ()),
        ("parse @message /(?<size>\\d+)|x/ | display size | sort size", (("size", False),)),
        ("sort @timestamp asc", (("@timestamp", False),)),
        ("stats count(*) by bin(5m)", None),
        ("fields a | dedup a", None),
        ("fields a | sort b", None),
        ("fields a, b | display a | sort b", None),
        ("fields a | sort a | limit 3 | sort a", None),
        ("fields a | sort abs(a)", None),
    ],
)
def test_a_query_tells_its_order_if_it_has_one(query, order):
    found = order_of(query)
    assert (found.keys if found else None) == order
    assert found is None or found.limit == (20 if "limit 20" in query else None)


def test_values_are_ordered_as_insights_does():
    # The example of "sort", Logs Insights query syntax.
    texts = ["!:", "#", "*%04", "0#", "5A", "111A", "2345_", "@", "@_", "A", "A9876fghj"]
    values = ["3", "2", "1", "01", "0", "a12345hfh", *texts[::-1]]
    assert sorted(values, key=natural)[: len(texts)] == texts
    assert sorted(["10", "9", "-1", "2.5"], key=natural) == ["-1", "2.5", "9", "10"]


def rows(*numbers):
    return Result([{"n": str(number)} for number in numbers], matched=len(numbers))


@pytest.mark.parametrize(
    ("order", "limit", "expected"),
    [
        (Order((("n", True),), 3), None, ["10", "9", "7"]),
        (Order((("n", False),), None), 2, ["1", "7"]),
        (Order((), None), None, ["10", "7", "9", "1"]),
        (None, 2, ["10", "7", "9", "1"]),
    ],
)
def test_rows_are_put_together_and_cut(order, limit, expected):
    merged = put_together([rows(10, 7), rows(9, 1)], order, limit)
    assert ([row["n"] for row in merged.rows], merged.matched) == (expected, 4)
    alone = rows(7, 10)
    assert put_together([alone], order, limit) is alone


def test_without_an_order_the_newest_come_first():
    results = [Result([{"@timestamp": f"2026-03-01 10:00:0{n}.000"}]) for n in (1, 3, 2)]
    merged = put_together(results, Order((), None), None)
    assert [row["@timestamp"][-5] for row in merged.rows] == ["3", "2", "1"]
