from __future__ import annotations

import re
from itertools import product

import pytest

from lcli.triggers.key_patterns import Wild, exactly, fitting, meet, wild

TEXTS = ["".join(one) for length in range(6) for one in product("ab", repeat=length)]
PATTERNS = ["".join(one) for length in range(4) for one in product("ab?*", repeat=length)]


def fits(pattern):
    return {text for text in TEXTS if re.fullmatch(regex(pattern), text)}


def regex(pattern):
    return "".join({"*": ".*", "?": "."}.get(char, char) for char in pattern)


def test_two_patterns_meet_where_a_text_fits_both():
    texts = {pattern: fits(pattern) for pattern in PATTERNS}
    for one, two in product(PATTERNS, PATTERNS):
        assert meet(wild(one), wild(two)) is bool(texts[one] & texts[two]), (one, two)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a?*", ("a", Wild.ONE, Wild.ANY)),
        ("${*}${?}${$}", ("*", "?", "$")),
        ("a/${aws:username}/", ("a", "/", Wild.ANY, "/")),
    ],
)
def test_a_policy_s_wildcards_and_variables(text, expected):
    assert wild(text) == expected


def test_a_prefix_and_a_suffix_may_share_characters():
    keys = fitting("a.jp", ".jpg")
    assert any(meet(exactly("a.jpg"), one) for one in keys)
    assert any(meet(exactly("a.jp.jpg"), one) for one in keys)
    assert not any(meet(exactly("a.jpgg"), one) for one in keys)
