"""Which route of an HTTP API answers a request.

Source: API Gateway developer guide, "Create routes for HTTP APIs": a full match comes before one
with a greedy path variable, that before ``$default``; a method before ANY.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Match:
    """A route and what its path variables stand for."""

    route: Any
    key: str
    parameters: dict[str, str]


def matching(routes: Iterable[tuple[str, Any]], method: str, path: str) -> Match | None:
    """The route (key, anything) for a request; `path` as sent, percent-encoded."""
    best: tuple[tuple[Any, ...], Match] | None = None
    for key, route in routes:
        wanted, _, template = key.partition(" ")
        if key == "$default":
            rank: tuple[Any, ...] = (2,)
            parameters: dict[str, str] | None = {}
        elif wanted not in (method, "ANY"):
            continue
        else:
            parameters = _parameters(template, path)
            kinds = tuple(_kind(segment) for segment in template.split("/"))
            rank = (1 if 2 in kinds else 0, kinds, wanted == "ANY")
        if parameters is not None and (best is None or rank < best[0]):
            best = rank, Match(route, key, parameters)
    return best[1] if best else None


def _kind(segment: str) -> int:
    """0 for a literal, 1 for ``{name}``, 2 for ``{name+}``."""
    if not (segment.startswith("{") and segment.endswith("}")):
        return 0
    return 2 if segment.endswith("+}") else 1


def _parameters(template: str, path: str) -> dict[str, str] | None:
    """The variables' values, decoded; None if the path does not match."""
    found: dict[str, str] = {}
    wanted, given = template.split("/"), path.split("/")
    for place, segment in enumerate(wanted):
        kind = _kind(segment)
        rest = given[place:]
        if not rest or (kind and not rest[0]):
            return None
        if kind == 2:
            found[segment[1:-2]] = unquote("/".join(rest))
            return found
        if kind == 1:
            found[segment[1:-1]] = unquote(rest[0])
        elif unquote(rest[0]) != segment:
            return None
    return found if len(wanted) == len(given) else None
