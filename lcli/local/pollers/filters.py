"""Event filtering: whether a document matches a pattern of EventBridge's kind.

Source: Lambda developer guide, "Control which events Lambda sends to your function"; EventBridge
user guide, "Comparison operators".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_NUMERIC: dict[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def patterns_of(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The patterns of a mapping's FilterCriteria, parsed."""
    rules = settings.get("FilterCriteria", {}).get("Filters", [])
    return [json.loads(rule["Pattern"]) for rule in rules if rule.get("Pattern")]


def passes(patterns: list[dict[str, Any]], document: Mapping[str, Any], text_key: str) -> bool:
    """Whether any of the patterns matches, or there are none.

    `text_key` names the member that holds the sender's own content (``body``, ``data``): as JSON
    where the pattern looks into it, as text where the pattern compares the whole.
    """
    return not patterns or any(_passes(pattern, document, text_key) for pattern in patterns)


def _passes(pattern: dict[str, Any], document: Mapping[str, Any], text_key: str) -> bool:
    if isinstance(pattern.get(text_key), dict):
        try:
            inside = json.loads(document[text_key])
        except (ValueError, KeyError):
            return False
        if not isinstance(inside, dict):
            return False
        document = {**document, text_key: inside}
    return matches(pattern, document)


def matches(pattern: Mapping[str, Any], document: Any) -> bool:
    """Whether a document has all that the pattern asks for; lists in the pattern are choices."""
    for name, wanted in pattern.items():
        if name == "$or" and isinstance(wanted, list):
            if not any(matches(choice, document) for choice in wanted):
                return False
        elif isinstance(wanted, Mapping):
            inner = [value for value in _values(document, name) if isinstance(value, Mapping)]
            # A nested pattern of absences holds where there is nothing at all.
            if not any(matches(wanted, value) for value in inner or [{}]):
                return False
        elif not _leaf(wanted, list(_values(document, name))):
            return False
    return True


def _values(document: Any, name: str) -> Iterator[Any]:
    """What stands under a name; lists stand for each of their elements."""
    if isinstance(document, list):
        for element in document:
            yield from _values(element, name)
    elif isinstance(document, Mapping) and name in document:
        value = document[name]
        if isinstance(value, list):
            yield from value
            if not value:
                yield []
        else:
            yield value


def _leaf(choices: Any, values: list[Any]) -> bool:
    wanted = choices if isinstance(choices, list) else [choices]
    return any(_choice(choice, values) for choice in wanted)


def _choice(choice: Any, values: list[Any]) -> bool:
    if isinstance(choice, Mapping):
        ((operator, operand),) = choice.items()
        if operator == "exists":
            return bool(operand) == bool(values)
        test = _OPERATORS.get(operator)
        return test is not None and any(test(operand, value) for value in values)
    return any(_equal(choice, value) for value in values)


def _equal(wanted: Any, value: Any) -> bool:
    """Equal in JSON's sense: true is not 1."""
    if isinstance(wanted, bool) or isinstance(value, bool):
        return wanted is value
    return bool(wanted == value)


def _prefix(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        operand = operand["equals-ignore-case"]
        return isinstance(value, str) and value.lower().startswith(operand.lower())
    return isinstance(value, str) and value.startswith(operand)


def _suffix(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        operand = operand["equals-ignore-case"]
        return isinstance(value, str) and value.lower().endswith(operand.lower())
    return isinstance(value, str) and value.endswith(operand)


def _numeric(operand: Any, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    pairs = zip(operand[::2], operand[1::2], strict=False)
    return all(sign in _NUMERIC and _NUMERIC[sign](value, bound) for sign, bound in pairs)


def _anything_but(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        ((operator, inner),) = operand.items()
        return not any(_OPERATORS[operator](each, value) for each in _listed(inner))
    return not any(_equal(each, value) for each in _listed(operand))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _ignoring_case(operand: Any, value: Any) -> bool:
    return isinstance(value, str) and value.lower() == str(operand).lower()


def _wildcard(operand: Any, value: Any) -> bool:
    expression = ".*".join(re.escape(part) for part in str(operand).split("*"))
    return isinstance(value, str) and re.fullmatch(expression, value, re.DOTALL) is not None


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "numeric": _numeric,
    "anything-but": _anything_but,
    "equals-ignore-case": _ignoring_case,
    "wildcard": _wildcard,
}
