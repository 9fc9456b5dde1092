"""CloudWatch Logs' filter patterns: which log events one lets through.

Source: CloudWatch Logs user guide, "Filter pattern syntax for metric filters, subscription filters,
filter log events, and Live Tail". `delimited_patterns` has those for space-delimited events.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from lcli.local.delimited_patterns import delimited

Matches = Callable[[str], bool]
"""Whether a log event's message is let through."""
_Holds = Callable[[Any], bool]
"""Whether a JSON event's document is."""


class InvalidPattern(ValueError):
    """CloudWatch Logs would refuse this pattern; says why, as InvalidParameterException does."""


_INVALID = "Invalid filter pattern"
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_REGEX = re.compile(r"[A-Za-z0-9\s:_#=@/;,^$?\[\]{}|\\*+.-]+")
"""What the guide's "Supported regular expressions (regex) syntax" lets in."""
_TERM = re.compile(
    r"""\s*(?P<sign>[?-]?)(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|%(?P<regex>(?:[^%\\]|\\.)+)%"""
    r"""|(?P<word>[^\s"%?{}\[\]-][^\s"]*))(?=\s|$)"""
)
_SELECTOR = r"\$(?:\.?\[(?:\d+|\*|'[^']*'|\"[^\"]*\")\]|\.[\w*@:/-]+)+"
_TOKEN = re.compile(
    rf"""\s*(?:(?P<selector>{_SELECTOR})|(?P<sign>&&|\|\||[()])|(?P<compare>[!<>]=|[=<>])"""
    r"""|(?P<phrase>"(?:[^"\\]|\\.)*")|%(?P<regex>(?:[^%\\]|\\.)+)%|(?P<word>[^\s"%()&|=<>!{}$]+))"""
)
_STEP = re.compile(r"""\.?\[(?:(\d+|\*)|'([^']*)'|"([^"]*)")\]|\.([\w*@:/-]+)""")
_NUMERIC: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_IS: dict[str, Any] = {"NULL": None, "TRUE": True, "FALSE": False}


@lru_cache(maxsize=64)
def compiled(pattern: str) -> Matches:
    """What `pattern` lets through; an empty one everything. Raises InvalidPattern."""
    pattern = pattern.strip()
    if pattern.startswith("{"):
        return _json_events(pattern)
    if pattern.startswith("["):
        try:
            return delimited(pattern, lambda text: _Conditions(text).whole())
        except ValueError:
            raise InvalidPattern(_INVALID) from None
    return _terms(pattern)


# Terms


def _terms(pattern: str) -> Matches:
    """All plain terms, and none with a minus; those with ``?`` count where there are no others."""
    groups: dict[str, list[Matches]] = {"": [], "-": [], "?": []}
    at = 0
    while at < len(pattern):
        found = _TERM.match(pattern, at)
        if not found:
            raise InvalidPattern(_INVALID)
        groups[found["sign"]].append(_term(found))
        at = found.end()
    wanted, unwanted, optional = groups.values()

    def matches(message: str) -> bool:
        if optional and not wanted and not unwanted:
            return any(term(message) for term in optional)
        return all(term(message) for term in wanted) and not any(term(message) for term in unwanted)

    return matches


def _term(found: re.Match[str]) -> Matches:
    if found["regex"] is not None:
        expression = _expression(found["regex"])
        return lambda message: expression.search(message) is not None
    text = found["word"]
    if text is None:
        text = _unescaped(found["phrase"])
    elif not re.fullmatch(r"\w+", text):
        raise InvalidPattern(f"Invalid character(s) in term '{text}'")
    return lambda message: text in message


def _expression(text: str) -> re.Pattern[str]:
    if not _REGEX.fullmatch(text):
        raise InvalidPattern(_INVALID)
    try:
        return re.compile(text)
    except re.error as error:
        raise InvalidPattern(_INVALID) from error


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


# JSON events


def _json_events(pattern: str) -> Matches:
    if not pattern.endswith("}"):
        raise InvalidPattern(_INVALID)
    holds = _Conditions(pattern[1:-1]).whole()

    def matches(message: str) -> bool:
        try:
            document = json.loads(message)
        except (ValueError, RecursionError):
            return False
        return holds(document)

    return matches


class _Conditions:
    """Reads what is between the braces; && binds closer than ||."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at, text = 0, text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if not found or not found.lastgroup:
                raise InvalidPattern(_INVALID)
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        self._tokens.reverse()

    def whole(self) -> _Holds:
        try:
            holds = self._any()
        except RecursionError as error:
            raise InvalidPattern(_INVALID) from error
        if self._tokens:
            raise InvalidPattern(_INVALID)
        return holds

    def _next(self, *kinds: str) -> tuple[str, str]:
        if not self._tokens or self._tokens[-1][0] not in kinds:
            raise InvalidPattern(_INVALID)
        return self._tokens.pop()

    def _take(self, *token: str) -> bool:
        taken = bool(self._tokens) and self._tokens[-1] == token
        if taken:
            self._tokens.pop()
        return taken

    def _any(self) -> _Holds:
        parts = [self._all()]
        while self._take("sign", "||"):
            parts.append(self._all())
        return lambda document: any(part(document) for part in parts)

    def _all(self) -> _Holds:
        parts = [self._one()]
        while self._take("sign", "&&"):
            parts.append(self._one())
        return lambda document: all(part(document) for part in parts)

    def _one(self) -> _Holds:
        if self._take("sign", "("):
            inner = self._any()
            if not self._take("sign", ")"):
                raise InvalidPattern(_INVALID)
            return inner
        _, selector = self._next("selector")
        steps = _steps(selector)
        kind, word = self._next("compare", "word")
        if kind == "compare":
            test = _comparison(word, *self._next("phrase", "regex", "word"))
            return lambda document: any(test(value) for value in _values(document, steps))
        if word.upper() == "IS":
            name = self._next("word")[1].upper()
            if name not in _IS:
                raise InvalidPattern(_INVALID)
            return lambda document: any(v is _IS[name] for v in _values(document, steps))
        absent = word.upper() == "NOT"
        if (self._next("word")[1] if absent else word).upper() != "EXISTS":
            raise InvalidPattern(_INVALID)
        return lambda document: absent != bool(_values(document, steps))


def _steps(selector: str) -> list[str | int]:
    """Names and positions on the way; ``*`` is each of them."""
    steps: list[str | int] = []
    for position, *names in _STEP.findall(selector[1:]):
        steps.append(int(position) if position.isdigit() else position or "".join(names))
    return steps


def _values(document: Any, steps: list[str | int]) -> list[Any]:
    """What is there, one value unless a step is ``*``; nothing if there is no such member."""
    found = [document]
    for step in steps:
        found = [inner for value in found for inner in _members(value, step)]
    return found


def _members(value: Any, step: str | int) -> list[Any]:
    if isinstance(value, list):
        if step == "*":
            return value
        return value[step : step + 1] if isinstance(step, int) else []
    if isinstance(value, dict):
        if step == "*":
            return list(value.values())
        return [value[str(step)]] if str(step) in value else []
    return []


def _comparison(compare: str, kind: str, text: str) -> Callable[[Any], bool]:
    """Numbers by value, anything else as text with ``*`` for any characters."""
    if kind == "word" and _NUMBER.fullmatch(text):
        number, holds = float(text), _NUMERIC[compare]
    elif compare in ("=", "!="):
        number, holds = None, operator.eq
    else:
        raise InvalidPattern(_INVALID)
    wanted = _expression(text) if kind == "regex" else _glob(text, quoted=kind == "phrase")
    equal = compare == "="

    def test(value: Any) -> bool:
        if number is not None and isinstance(value, int | float) and not isinstance(value, bool):
            return holds(value, number)
        if compare not in ("=", "!=") or value is None or isinstance(value, list | dict):
            return False
        shown = value if isinstance(value, str) else json.dumps(value)
        return bool(wanted.search(shown)) == equal

    return test


def _glob(text: str, *, quoted: bool) -> re.Pattern[str]:
    inner = _unescaped(text[1:-1]) if quoted else text
    return re.compile(r"\A" + ".*".join(map(re.escape, inner.split("*"))) + r"\Z", re.DOTALL)
