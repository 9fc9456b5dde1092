"""Patterns of ARNs and object keys: whether one text can fit two of them; pure.

IAM user guide, "Using wildcards in resource ARNs": ``*`` is any text, ``?`` one character, a policy
variable (``${aws:username}``) what is not known here, but for ``${*}``, ``${?}`` and ``${$}``.
S3's own prefixes and suffixes have no wildcards.
"""

from __future__ import annotations

import re
from enum import Enum


class Wild(Enum):
    """What is not one certain character."""

    ONE = "?"
    ANY = "*"


Pattern = tuple[str | Wild, ...]
"""Characters and wildcards."""
_PART = re.compile(r"\$\{([^}]*)\}|.", re.DOTALL)


def wild(text: str) -> Pattern:
    """An action or a resource as a policy writes it."""
    return tuple(_part(found) for found in _PART.finditer(text))


def _part(found: re.Match[str]) -> str | Wild:
    variable, char = found[1], found[0]
    if variable is not None:
        return variable if variable in ("*", "?", "$") else Wild.ANY
    return Wild(char) if char in "*?" else char


def exactly(text: str) -> Pattern:
    """This text alone."""
    return tuple(text)


def fitting(prefix: str, suffix: str) -> tuple[Pattern, ...]:
    """The keys that begin and end so; a short one may do both with the same characters."""
    both = range(1, min(len(prefix), len(suffix)) + 1)
    short = [prefix + suffix[n:] for n in both if prefix.endswith(suffix[:n])]
    return ((*prefix, Wild.ANY, *suffix), *map(exactly, short))


def meet(one: Pattern, two: Pattern) -> bool:
    """Whether some text fits both."""
    places = {0}
    """How much of `two` can be used up by what fits the part of `one` that was looked at."""
    for part in one:
        places = _closed(places, two)
        places = (
            set(range(min(places), len(two) + 1)) if part is Wild.ANY else _past(part, places, two)
        )
        if not places:
            return False
    return len(two) in _closed(places, two)


def _closed(places: set[int], two: Pattern) -> set[int]:
    """With the places that are reached by letting ``*`` stand for nothing."""
    found = set(places)
    for place, part in enumerate(two):
        if part is Wild.ANY and place in found:
            found.add(place + 1)
    return found


def _past(part: str | Wild, places: set[int], two: Pattern) -> set[int]:
    """The places after one character that `part` and a part of `two` take both."""
    found = set()
    for place in places:
        other = two[place] if place < len(two) else ""
        if other is Wild.ANY:
            found.add(place)
        elif other and (other == part or Wild.ONE in (part, other)):
            found.add(place + 1)
    return found
