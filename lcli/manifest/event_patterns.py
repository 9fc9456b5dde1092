"""What AWS would refuse of the patterns that filter a source's records.

Source: Lambda developer guide, "Event filtering"; EventBridge user guide, "Comparison operators",
whose syntax it is. Only what can be no pattern is told: every value stands in a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lcli.manifest.explain import Fault, shortened
from lcli.manifest.nearest import nearest
from lcli.manifest.references import Path

_OPERATORS = (
    *("anything-but", "cidr", "equals-ignore-case", "exactly", "exists", "numeric", "prefix"),
    *("suffix", "wildcard"),
)


def faults(pattern: Mapping[str, Any], path: Path) -> Iterator[Fault]:
    """What is wrong of one pattern, which stands at `path`."""
    for name, value in pattern.items():
        at = (*path, name)
        if isinstance(value, Mapping):
            yield from faults(value, at)
        elif not isinstance(value, list):
            key = shortened(name)
            told = f"filter: {key} must be a list of values"
            yield Fault(at, "wrong-filter", told, f"write {key}: [VALUE]")
        elif name == "$or" and _are_patterns(value):
            for index, one in enumerate(value):
                yield from faults(one, (*at, index))
        else:
            yield from _values(shortened(name), value, at)


def _are_patterns(values: Sequence[Any]) -> bool:
    """Whether ``$or`` stands between patterns: one with operators is a field of that name."""
    return all(isinstance(one, Mapping) and one.keys().isdisjoint(_OPERATORS) for one in values)


def _values(key: str, values: Sequence[Any], path: Path) -> Iterator[Fault]:
    if not values:
        yield Fault(
            path,
            "wrong-filter",
            f"filter: {key} has no value",
            f"write {key}: [VALUE], or remove it",
        )
    for index, value in enumerate(values):
        at = (*path, index)
        if isinstance(value, list):
            what, next_step = "a list within a list", "write the values in one list"
            yield Fault(at, "wrong-filter", f"filter: {key} has {what}", next_step)
        elif isinstance(value, Mapping) and (len(value) != 1 or {*value}.isdisjoint(_OPERATORS)):
            near = nearest(next(iter(value)), _OPERATORS) if len(value) == 1 else ""
            known = f"did you mean {near}?" if near else f"known: {', '.join(_OPERATORS)}"
            yield Fault(at, "wrong-filter", f"filter: {key} has a map without one operator", known)
