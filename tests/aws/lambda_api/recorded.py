"""Answers recorded from AWS, and whether an answer of ours has the same shape and values."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "recorded"
SHAPES: dict[str, dict[str, Any]] = json.loads((HERE / "shapes.json").read_text())
with (HERE / "errors.tsv").open(newline="") as table:
    ERRORS = {
        (row["situation"], row["step"]): row
        for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)
    }

_ANY = frozenset({"date", "datetime", "lambda-url"})
_UNBOUND = frozenset({"code-size", "location", "layer-location"})
_HOLE = re.compile(r"<([a-z0-9_-]+(?::\d+)?)>", re.IGNORECASE)


class Mismatch(AssertionError):
    """An answer differs from the recorded one."""


class Matcher:
    """Compares answers with recorded ones.

    A placeholder stands for one value through the whole situation, and different UUIDs for
    different values.
    """

    def __init__(self, extra: frozenset[str] = frozenset()) -> None:
        self.extra = extra
        """Members that may be there although the record, made before they were, has none."""
        self.bound: dict[str, str] = {}

    def check(self, expected: Any, actual: Any, path: str = "") -> None:
        if isinstance(expected, dict):
            self._check_members(expected, actual, path)
        elif isinstance(expected, list):
            if not isinstance(actual, list) or len(actual) != len(expected):
                raise Mismatch(f"{path}: {actual!r} instead of {expected!r}")
            for number, (one, other) in enumerate(zip(expected, actual, strict=True)):
                self.check(one, other, f"{path}[{number}]")
        elif isinstance(expected, str) and _HOLE.search(expected):
            self._check_text(expected, str(actual), path)
        elif expected not in _ANY and expected != actual:
            raise Mismatch(f"{path}: {actual!r} instead of {expected!r}")

    def _check_members(self, expected: dict[str, Any], actual: Any, path: str) -> None:
        if isinstance(actual, str):  # policies are JSON inside JSON
            actual = json.loads(actual)
        if not isinstance(actual, dict):
            raise Mismatch(f"{path}: {actual!r} instead of {expected!r}")
        if "HTTPStatusCode" in expected:
            expected = {"HTTPStatusCode": expected["HTTPStatusCode"]}
            actual = {"HTTPStatusCode": actual["HTTPStatusCode"]}
        missing = expected.keys() - actual.keys()
        surplus = actual.keys() - expected.keys() - self.extra
        if missing or surplus:
            raise Mismatch(f"{path}: lacks {sorted(missing)}, has also {sorted(surplus)}")
        for key, value in expected.items():
            self.check(value, actual[key], f"{path}.{key}")

    def _check_text(self, expected: str, actual: str, path: str) -> None:
        names, pattern = [], ""
        parts = _HOLE.split(expected)
        for literal, name in zip(parts[::2], [*parts[1::2], ""], strict=True):
            pattern += re.escape(literal)
            if name:
                names.append(name)
                pattern += "(.+?)"
        found = re.fullmatch(pattern, actual, re.DOTALL)
        if found is None:
            raise Mismatch(f"{path}: {actual!r} instead of {expected!r}")
        for name, value in zip(names, found.groups(), strict=True):
            self._bind(name, value, path)

    def _bind(self, name: str, value: str, path: str) -> None:
        if name in _UNBOUND:
            return
        if self.bound.setdefault(name, value) != value:
            raise Mismatch(f"{path}: <{name}> is {value!r} and was {self.bound[name]!r}")
        others = {other for other, bound in self.bound.items() if bound == value and other != name}
        if name.startswith("uuid:") and any(other.startswith("uuid:") for other in others):
            raise Mismatch(f"{path}: {value!r} stands for <{name}> and for {sorted(others)}")
