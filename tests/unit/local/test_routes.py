"""Which route of an HTTP API answers."""

from __future__ import annotations

import pytest

from lcli.local.addresses.routes import matching

KEYS = [
    "$default",
    "ANY /pets/{proxy+}",
    "GET /pets/{id}",
    "ANY /pets/{id}",
    "GET /pets/dog",
    "GET /pets/{id}/toys/{toy}",
    "POST /pets",
    "GET /",
    "ANY /a b/{x}",
]


@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"),
    [
        ("GET", "/", "GET /", {}),
        ("GET", "/pets/dog", "GET /pets/dog", {}),
        ("GET", "/pets/cat", "GET /pets/{id}", {"id": "cat"}),
        ("PUT", "/pets/dog", "ANY /pets/{id}", {"id": "dog"}),
        ("GET", "/pets/1/2/3", "ANY /pets/{proxy+}", {"proxy": "1/2/3"}),
        ("GET", "/pets/1/toys/2", "GET /pets/{id}/toys/{toy}", {"id": "1", "toy": "2"}),
        ("GET", "/pets/a%2Fb", "GET /pets/{id}", {"id": "a/b"}),
        ("GET", "/pets/%C3%BC", "GET /pets/{id}", {"id": "ü"}),
        ("PUT", "/a%20b/c", "ANY /a b/{x}", {"x": "c"}),
        ("POST", "/pets", "POST /pets", {}),
        ("GET", "/pets", "$default", {}),
        ("GET", "/pets/", "$default", {}),
        ("DELETE", "/elsewhere", "$default", {}),
    ],
)
def test_the_most_specific_route_answers(method, path, key, parameters):
    found = matching([(key, key) for key in KEYS], method, path)
    assert found is not None
    assert (found.key, found.parameters) == (key, parameters)
    found_in_reverse = matching([(key, key) for key in reversed(KEYS)], method, path)
    assert found_in_reverse == found


def test_without_a_default_nothing_answers():
    assert matching([(key, key) for key in KEYS[1:]], "GET", "/pets") is None
