"""Filter patterns, as EventBridge and Lambda's event source mappings use them."""

from __future__ import annotations

import pytest

from lcli.local.pollers.filters import matches, passes

DOCUMENT = {
    "kind": "order",
    "price": 12.5,
    "paid": True,
    "note": None,
    "empty": "",
    "tags": ["a", "b"],
    "none": [],
    "address": {"city": "Oslo", "zip": "0150"},
    "items": [{"id": 1}, {"id": 2, "gift": True}],
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({}, True),
        ({"kind": ["order"]}, True),
        ({"kind": ["refund", "order"]}, True),
        ({"kind": ["refund"]}, False),
        ({"kind": "order"}, True),
        ({"missing": ["order"]}, False),
        ({"price": [12.5]}, True),
        ({"paid": [True]}, True),
        ({"paid": [1]}, False),
        ({"note": [None]}, True),
        ({"missing": [None]}, False),
        ({"empty": [""]}, True),
        ({"kind": ["order"], "paid": [False]}, False),
        ({"address": {"city": ["Oslo"]}}, True),
        ({"address": {"city": ["Bergen"]}}, False),
        ({"kind": {"inner": ["x"]}}, False),
        ({"tags": ["b"]}, True),
        ({"tags": ["c"]}, False),
        ({"items": {"id": [2]}}, True),
        ({"items": {"id": [3]}}, False),
        ({"kind": [{"prefix": "or"}]}, True),
        ({"kind": [{"prefix": "OR"}]}, False),
        ({"kind": [{"prefix": {"equals-ignore-case": "OR"}}]}, True),
        ({"kind": [{"suffix": "er"}]}, True),
        ({"kind": [{"suffix": {"equals-ignore-case": "ER"}}]}, True),
        ({"price": [{"prefix": "1"}]}, False),
        ({"kind": [{"anything-but": "order"}]}, False),
        ({"kind": [{"anything-but": ["refund", "credit"]}]}, True),
        ({"kind": [{"anything-but": {"prefix": "re"}}]}, True),
        ({"kind": [{"anything-but": {"prefix": ["or", "re"]}}]}, False),
        ({"kind": [{"anything-but": {"suffix": "er"}}]}, False),
        ({"missing": [{"anything-but": "order"}]}, False),
        ({"price": [{"numeric": ["=", 12.5]}]}, True),
        ({"price": [{"numeric": [">", 10, "<=", 12.5]}]}, True),
        ({"price": [{"numeric": [">", 12.5]}]}, False),
        ({"kind": [{"numeric": [">", 0]}]}, False),
        ({"paid": [{"numeric": ["=", 1]}]}, False),
        ({"kind": [{"exists": True}]}, True),
        ({"kind": [{"exists": False}]}, False),
        ({"missing": [{"exists": False}]}, True),
        ({"missing": {"deep": [{"exists": False}]}}, True),
        ({"none": [{"exists": True}]}, True),
        ({"kind": [{"equals-ignore-case": "ORDER"}]}, True),
        ({"kind": [{"wildcard": "o*d*r"}]}, True),
        ({"kind": [{"wildcard": "o*x"}]}, False),
        ({"kind": [{"unknown": 1}]}, False),
        ({"kind": ["refund", {"prefix": "ord"}]}, True),
        ({"$or": [{"kind": ["refund"]}, {"paid": [True]}]}, True),
        ({"$or": [{"kind": ["refund"]}, {"paid": [False]}]}, False),
        ({"kind": ["refund"], "$or": [{"paid": [True]}]}, False),
        ({"address": {"$or": [{"city": ["Bergen"]}, {"zip": [{"prefix": "01"}]}]}}, True),
    ],
)
def test_a_pattern_matches_or_not(pattern, expected):
    assert matches(pattern, DOCUMENT) is expected


@pytest.mark.parametrize(
    ("patterns", "body", "expected"),
    [
        ([], "text", True),
        ([{"body": {"a": [1]}}], '{"a": 1}', True),
        ([{"body": {"a": [1]}}], '{"a": 2}', False),
        ([{"body": {"a": [1]}}], "text", False),
        ([{"body": {"a": [{"exists": False}]}}], "text", False),
        ([{"body": {"a": [1]}}], "[1]", False),
        ([{"body": ["text"]}], "text", True),
        ([{"body": [{"prefix": "te"}]}], "text", True),
        ([{"body": {"a": [1]}}, {"body": {"a": [2]}}], '{"a": 2}', True),
        ([{"messageId": ["m"]}], "text", True),
    ],
)
def test_any_of_the_patterns_lets_a_message_pass(patterns, body, expected):
    assert passes(patterns, {"messageId": "m", "body": body}, "body") is expected
