"""A response in -o json: strict readers take whatever comes out, and nothing is lost."""

import json

import pytest

from lcli.invoke.payload import DEEPEST
from lcli.ui.response import body


def nested(depth):
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    "payload",
    [
        "1e400",
        '{"a": -1e400}',
        "7" * 9_000,
        "NaN",
        nested(DEEPEST + 1),
        nested(100_000),
        "[" * 100_000,
    ],
    ids=lambda text: text[:9],
)
def test_what_json_cannot_say_stays_text(payload):
    found = body(payload.encode())
    assert found == payload
    assert json.loads(json.dumps(found, indent=2)) == payload


@pytest.mark.parametrize(
    "payload",
    ["1e300", '"1e400"', nested(DEEPEST), f'"{nested(999)}"', '["[[[", "\\\\\\"[["]'],
    ids=lambda text: text[:9],
)
def test_what_json_can_say_is_json(payload):
    assert body(payload.encode()) == json.loads(payload)
    json.dumps(body(payload.encode()), indent=2)
