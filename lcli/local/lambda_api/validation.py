"""The constraints of the service model, checked and told as AWS's front tells them.

Form of a violation: ``Value 'x' at 'functionName' failed to satisfy constraint: Member must …``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from botocore.model import Shape, StructureShape

from lcli.local.lambda_api.constraints import (
    ENUM_ORDER,
    NULLABLE_ITEMS,
    PATTERNS,
    SAID_MINIMUM,
    TOLD_FIRST,
    UNCHECKED,
    UNCHECKED_MEMBERS,
)

Check = Callable[[dict[str, Any]], list[str]]
"""Parameters -> violations."""
Rule = tuple[Callable[[Any], bool], str]
"""Whether a value is fine, and what it must be."""
Walk = Callable[[Any, str], Iterator[str]]
"""Value, path -> violations."""


def checker(shape: StructureShape | None) -> Check:
    """A function that lists what is wrong with one operation's parameters."""
    if shape is None:
        return lambda parameters: []
    walk = _structure(shape)
    return lambda parameters: list(walk(parameters, ""))


def refused(value: Any, path: str, must: str) -> str:
    """One violation in AWS's words."""
    shown = "null" if value is None else f"'{_show(value)}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {must}"


def _show(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_show(item) for item in value)}]"
    if isinstance(value, dict):
        inner = ", ".join(f"{key}={_show(item)}" for key, item in value.items())
        return f"{{{inner}}}"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _structure(shape: StructureShape) -> Walk:
    required = [(name, _spell(name)) for name in shape.required_members]
    inner = [
        (name, _spell(name), walk)
        for name, member in sorted(shape.members.items(), key=_told_late)
        if name not in UNCHECKED_MEMBERS and (walk := _walk(member)) is not None
    ]

    def walk_members(value: Any, path: str) -> Iterator[str]:
        for name, spelled in required:
            if value.get(name) is None or value[name] == []:
                yield refused(None, path + spelled, "Member must not be null")
        for name, spelled, walk in inner:
            found = value.get(name)
            if found is not None:
                yield from walk(found, path + spelled)

    return walk_members


def _told_late(member: tuple[str, Shape]) -> bool:
    return member[0] not in TOLD_FIRST


def _spell(name: str) -> str:
    """FunctionName -> functionName, KMSKeyArn -> kMSKeyArn, S3Key -> s3Key."""
    return name[:1].lower() + name[1:]


def _walk(shape: Shape) -> Walk | None:
    """The violations of a value and of what is inside it; None where nothing can be wrong."""
    if shape.name in UNCHECKED:
        return None
    if shape.type_name == "structure":
        inner = _structure(shape)
        return lambda value, path: inner(value, path + ".")
    walks = [walk for walk in (_own(shape), _items(shape), _entries(shape)) if walk is not None]
    if not walks:
        return None
    return lambda value, path: (found for walk in walks for found in walk(value, path))


def _own(shape: Shape) -> Walk | None:
    rules = _rules(shape)
    if not rules:
        return None
    return lambda value, path: (
        refused(value, path, must) for fine, must in rules if not fine(value)
    )


def _items(shape: Shape) -> Walk | None:
    """Lists: of structures each item by itself; of scalars all constraints in one violation."""
    if shape.type_name != "list":
        return None
    if shape.member.type_name == "structure":
        inner = _structure(shape.member)
        return lambda value, path: (
            found
            for number, item in enumerate(value, 1)
            for found in inner(item, f"{path}.{number}.member.")
        )
    rules = _rules(shape.member)
    if not rules:
        return None
    must = _all_of("Member must satisfy constraint", rules, shape.member.name)
    return lambda value, path: _once(value, path, must, rules, value)


def _entries(shape: Shape) -> Walk | None:
    if shape.type_name != "map":
        return None
    keys, values = _rules(shape.key), _rules(shape.value)
    keys_must = _all_of("Map keys must satisfy constraint", keys, shape.key.name)
    values_must = _all_of("Map value must satisfy constraint", values, shape.value.name)

    def walk(value: Any, path: str) -> Iterator[str]:
        yield from _once(value, path, keys_must, keys, value)
        yield from _once(value, path, values_must, values, value.values())

    return walk if keys or values else None


def _once(value: Any, path: str, must: str, rules: list[Rule], items: Any) -> Iterator[str]:
    if any(not fine(item) for item in items for fine, _ in rules):
        yield refused(value, path, must)


def _all_of(intro: str, rules: list[Rule], name: str) -> str:
    parts = [must for _, must in rules]
    if name not in NULLABLE_ITEMS:
        parts.append("Member must not be null")
    if name == "Runtime":
        return parts[0]
    return f"{intro}: [{', '.join(parts)}]"


def _rules(shape: Shape) -> list[Rule]:
    if shape.name in UNCHECKED:
        return []
    measured = shape.type_name in ("integer", "long", "double", "float")
    of, noun = (_same, "value") if measured else (len, "length")
    found: list[Rule] = []
    high, low = shape.metadata.get("max"), shape.metadata.get("min")
    if high is not None:
        must = f"Member must have {noun} less than or equal to {_bound(high, shape)}"
        found.append((_at_most(of, high), must))
    if low or (low is not None and (measured or shape.name in SAID_MINIMUM)):
        must = f"Member must have {noun} greater than or equal to {_bound(low, shape)}"
        found.append((_at_least(of, low), must))
    if "pattern" in shape.metadata:
        shown = PATTERNS.get(shape.name, shape.metadata["pattern"])
        fine = _matching(shown)
        found.append((fine, f"Member must satisfy regular expression pattern: {shown}"))
    if shape.metadata.get("enum"):
        names = ENUM_ORDER.get(shape.name, tuple(shape.metadata["enum"]))
        allowed = frozenset(shape.metadata["enum"])
        must = f"Member must satisfy enum value set: [{', '.join(names)}]"
        found.append((allowed.__contains__, must))
    return found


def _same(value: Any) -> Any:
    return value


def _bound(number: float, shape: Shape) -> str:
    return str(float(number)) if shape.type_name in ("double", "float") else str(int(number))


def _at_most(of: Callable[[Any], Any], bound: float) -> Callable[[Any], bool]:
    return lambda value: of(value) <= bound


def _at_least(of: Callable[[Any], Any], bound: float) -> Callable[[Any], bool]:
    return lambda value: of(value) >= bound


def _matching(pattern: str) -> Callable[[Any], bool]:
    # The model's patterns are Java's; classes of Unicode properties are the only difference.
    python = pattern.replace(r"\p{L}\p{Z}\p{N}", r"\w\s")
    match = re.compile(python).fullmatch
    return lambda value: match(value) is not None
