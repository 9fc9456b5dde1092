"""CloudWatch Logs' filter patterns; most examples are those of its user guide and the older one."""

from __future__ import annotations

import json

import pytest

from lcli.local.filter_patterns import InvalidPattern, compiled

LINES = [
    "[ERROR 400] BAD REQUEST",
    "[ERROR 401] UNAUTHORIZED REQUEST",
    "[ERROR 419] MISSING ARGUMENTS",
    "[ERROR 420] INVALID ARGUMENTS",
    "[WARN] Exiting with ERRORCODE: -1",
    '[INFO] say "hello"',
]
EVENT = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "ThisFlag": True,
    "user": {"id": 1, "email": "John.Stiles@example.com"},
    "bandwidth": 7.5e1,
    "statusCode": "404",
    "a-b c": "odd",
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", {0, 1, 2, 3, 4, 5}),
        ("ERROR", {0, 1, 2, 3, 4}),
        ("error", set()),
        ("ERROR ARGUMENTS", {2, 3}),
        ('"BAD REQUEST"', {0}),
        ('"[ERROR 4" REQUEST', {0, 1}),
        ("?ARGUMENTS ?BAD", {0, 2, 3}),
        ('?"MISSING A" ?%INV.LID%', {2, 3}),
        ("?ERROR ?400 REQUEST", {0, 1}),
        ("ERROR -ARGUMENTS", {0, 1, 4}),
        ("ERROR -REQUEST -ARGUMENTS", {4}),
        ("-ERROR", {5}),
        ('-"BAD REQUEST" ERROR', {1, 2, 3, 4}),
        (r'"say \"hello\""', {5}),
        ("%AUTHORIZED%", {1}),
        (r"%\[ERROR 4[12]\d\]%", {2, 3}),
        ("%BAD|MISSING%", {0, 2}),
    ],
)
def test_terms(pattern: str, expected: set[int]) -> None:
    matches = compiled(pattern)
    assert {at for at, line in enumerate(LINES) if matches(line)} == expected


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.eventType = "UpdateTrail" }',
        "{$.eventType=UpdateTrail}",
        "{ $.eventType = Update* }",
        '{ $.eventType = "*Trail" }',
        "{ $.sourceIPAddress != 123.123.* }",
        "{ $.sourceIPAddress = 111.111.111.111 }",
        '{ $.arrayKey[0] = "value" }',
        "{ $.objectList[1].id = 2 }",
        '{ $.objectList[*].name = "b" }',
        "{ $.SomeObject IS NULL }",
        "{ $.SomeOtherObject NOT EXISTS }",
        "{ $.SomeObject EXISTS }",
        "{ $.ThisFlag IS TRUE }",
        '{ ($.user.id = 1) && ($.user.email = "John.Stiles@example.com") }',
        "{ $.user.id = 2 || $.user.id = 3 || $.bandwidth > 74.9 && $.bandwidth <= 75 }",
        "{ ($.user.id = 2 || $.user.id = 1) && $.bandwidth >= 7.5E1 }",
        "{ $.bandwidth = 75 }",
        "{ $.bandwidth != 76 && $.bandwidth < 1e9 }",
        "{ $.statusCode = 404 }",
        "{ $.statusCode = 4* }",
        "{ $.statusCode = %4[0-9]{2}% }",
        "{ $.eventType != %Delete% }",
        "{ $['a-b c'] = \"odd\" }",
    ],
)
def test_json_conditions_that_hold(pattern: str) -> None:
    assert compiled(pattern)(json.dumps(EVENT))


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.eventType = "Update" }',
        "{ $.sourceIPAddress != 111.* }",
        "{ $.missing = * }",
        '{ $.missing != "x" }',
        "{ $.missing IS NULL }",
        "{ $.eventType NOT EXISTS }",
        "{ $.ThisFlag IS FALSE }",
        "{ $.ThisFlag = 1 }",
        "{ $.eventType > 3 }",
        "{ $.statusCode > 3 }",
        '{ $.objectList = "*" }',
        "{ $.arrayKey[7] EXISTS }",
        "{ ($.user.id = 2 || $.user.id = 1) && $.bandwidth > 80 }",
    ],
)
def test_json_conditions_that_do_not_hold(pattern: str) -> None:
    assert not compiled(pattern)(json.dumps(EVENT))


@pytest.mark.parametrize("message", ["", "plain text", '{"a": 1} and more', "[1]", "3", "null"])
def test_an_event_that_is_no_json_object_is_not_let_through(message: str) -> None:
    assert not compiled("{ $.a = 1 }")(message)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("{ broken", "Invalid filter pattern"),
        ("{ broken }", "Invalid filter pattern"),
        ("{}", "Invalid filter pattern"),
        ("{ $.a }", "Invalid filter pattern"),
        ("{ $.a = }", "Invalid filter pattern"),
        ("{ $.a = 1 && }", "Invalid filter pattern"),
        ("{ ($.a = 1 }", "Invalid filter pattern"),
        ("{ $.a = 1 $.b = 2 }", "Invalid filter pattern"),
        ("{ $.a > x }", "Invalid filter pattern"),
        ("{ $.a IS MISSING }", "Invalid filter pattern"),
        ("{ $.a NOT NULL }", "Invalid filter pattern"),
        ("{ " + "(" * 5000, "Invalid filter pattern"),
        ("{ " + "(" * 5000 + "}", "Invalid filter pattern"),
        ('"unended', "Invalid filter pattern"),
        ("%unended", "Invalid filter pattern"),
        ("%(group)%", "Invalid filter pattern"),
        ("%[a%", "Invalid filter pattern"),
        ("-", "Invalid filter pattern"),
        ("ERROR:", "Invalid character(s) in term 'ERROR:'"),
        ("[ip, user", "Invalid filter pattern"),
        ("[]", "Invalid filter pattern"),
        ("[..., a, ...]", "Invalid filter pattern"),
        ("[ip, ip]", "Invalid filter pattern"),
        ("[=1]", "Invalid filter pattern"),
        ("[ip =]", "Invalid filter pattern"),
        ("[bytes > many]", "Invalid filter pattern"),
    ],
)
def test_broken_patterns_are_refused(pattern: str, why: str) -> None:
    with pytest.raises(InvalidPattern) as refused:
        compiled(pattern)
    assert str(refused.value) == why


ACCESS = [
    '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534',
    '127.0.0.1 Prod mary [10/Oct/2000:13:35:22 -0700] "POST /shop, cart HTTP/1.0" 200 57',
    '10.0.0.7 Test - [10/Oct/2000:13:35:29 -0700] "GET /index.html HTTP/1.0" 410 20000',
    "WARN low on space",
]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param("[ip, id, user, time, request, status, bytes]", {0, 1, 2}, id="names"),
        pytest.param("[ip, ..., status = 4*, bytes]", {0, 2}, id="wildcard"),
        pytest.param("[..., bytes > 1000]", {0, 2}, id="number"),
        pytest.param("[..., status = 404 || status = 410, bytes]", {0, 2}, id="or"),
        pytest.param("[..., status != 404 && status != 200, bytes >= 57]", {2}, id="and"),
        pytest.param("[ip = %^127%, ...]", {0, 1}, id="expression"),
        pytest.param("[ip, id, user = frank, …]", {0}, id="the sign for the ellipsis"),
        pytest.param('[ip, id, user, time = "10/Oct/2000:13:25*", ...]', {0}, id="brackets"),
        pytest.param('[ip, ..., request = "POST /shop, cart*", status, bytes]', {1}, id="comma"),
        pytest.param("[level = WARN, rest]", {3}, id="the last takes the rest"),
        pytest.param('[level, rest = "low on space"]', {3}, id="all of it"),
        pytest.param("[a, b, c, d, e]", {0, 1, 2}, id="too few"),
        pytest.param("[user = user]", set(), id="a value like the name"),
    ],
)
def test_space_delimited_events(pattern: str, expected: set[int]) -> None:
    matches = compiled(pattern)
    assert {place for place, line in enumerate(ACCESS) if matches(line)} == expected
