"""What functions reserve and what is provisioned of them: in which order both change; pure.

At every step all that is provisioned of a function, by its versions and aliases together, fits in
what it reserves, and of the aliases at one version one alone has provisioned concurrency
("Configuring provisioned concurrency" and "Configuring reserved concurrency", Lambda guide).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf

from lcli.errors import Problem
from lcli.resources.concurrency import amount
from lcli.resources.model import Action, Actual, Key, Verb
from lcli.resources.naming import function_key, qualified, unqualified

_RESERVED, _PROVISIONED = "reserved_concurrency", "provisioned_concurrency"
_ENDS = (Verb.DELETE, Verb.REPLACE)
"""What ends a function, with all that is its."""
Edge = tuple[int, int]
"""The positions of two actions: the first comes before the second."""


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What is provisioned at one alias or version."""

    qualifier: str
    version: str
    """The number of the version behind it after the plan; empty for one that is yet to be
    published, or unknown."""
    before: int
    after: int
    position: int | None = None
    """Of the action that changes it; None where it stays as it is."""


@dataclass(frozen=True, slots=True)
class Concurrency:
    """Of one function: what it reserves, `inf` without a reservation, and what is provisioned."""

    name: str
    before: float
    after: float
    reservation: int | None
    """The position of the action that changes what it reserves."""
    provisioned: tuple[Provisioned, ...]
    gives_back: Mapping[int, int]
    """Position of the action that deletes the function, also to make it anew → what was
    provisioned of it without a reservation."""
    where: str = ""

    @property
    def rising(self) -> tuple[Provisioned, ...]:
        """Where more is provisioned afterwards."""
        return tuple(one for one in self.provisioned if one.after > one.before)

    @property
    def falling(self) -> tuple[Provisioned, ...]:
        """Where less is provisioned afterwards, or what had failed is taken away."""
        return tuple(
            one
            for one in self.provisioned
            if one.after < one.before or (one.position is not None and not one.after)
        )

    @property
    def _peak(self) -> int:
        """What is provisioned in between where all that rises comes first."""
        return sum(max(one.before, one.after) for one in self.provisioned)

    @property
    def _contested(self) -> str:
        """A version that one alias gives up and another one takes."""
        gone = {one.version for one in self.falling if not one.after}
        return next((one.version for one in self.rising if one.version in gone - {""}), "")

    @property
    def gives_up_first(self) -> bool:
        """Whether something must be taken away before there is room for the new."""
        fits = self._peak <= max(self.before, self.after)
        return bool(self.rising and self.falling and (self._contested or not fits))

    def order(self) -> Iterator[Edge]:
        """What comes before what, so that Lambda accepts each step and little stands cold."""
        rising = [one.position for one in self.rising if one.position is not None]
        falling = [one.position for one in self.falling if one.position is not None]
        early, late = (falling, rising) if self.gives_up_first else (rising, falling)
        yield from product(early, late)
        if self.reservation is None:
            return
        if self.after > self.before or self._peak <= self.after:
            yield from product([self.reservation], rising + falling)
        else:
            yield from product(falling, [self.reservation])

    def takes(self) -> Iterator[tuple[int, int]]:
        """Positions of actions, and what each takes of the account besides what is reserved.

        What is provisioned without a reservation is taken from all functions. Below zero: it is
        given back.
        """
        for position, number in self.gives_back.items():
            yield position, -number
        outside = self.before == inf, self.after == inf
        if all(outside):
            for one in self.provisioned:
                if one.position is not None:
                    yield one.position, one.after - one.before
        elif self.reservation is not None:
            freed = sum(one.before for one in self.provisioned) if outside[0] else 0
            taken = sum(one.after for one in self.provisioned) if outside[1] else 0
            yield self.reservation, taken - freed

    def notice(self) -> str:
        """What a reader of the plan should know of the time in between; else empty."""
        if not self.gives_up_first:
            return ""
        old = ", ".join(qualified(self.name, one.qualifier) for one in self.falling)
        new = ", ".join(qualified(self.name, one.qualifier) for one in self.rising)
        why = f"reserved ({max(self.before, self.after)}) has no room for both"
        if self._contested:
            why = f"version {self._contested} may have it by one alias only"
        return (
            f"provisioned concurrency of {old} goes before {new} has its own, since {why}: until "
            "that is ready there are cold starts"
        )

    def problems(self) -> Iterator[Problem]:
        """What cannot end well, whatever the order."""
        theirs = [one for one in self.provisioned if one.position is None and one.after]
        total = sum(one.after for one in self.provisioned)
        if total > self.after:
            kept = ", ".join(f"{one.after} at {one.qualifier}" for one in theirs)
            yield Problem(
                "provisioned-over-reserved",
                f"{self.name} would have {total} provisioned and {self.after} reserved"
                + (f"; {kept} stay as they are" if kept else ""),
                self.where,
                f"reserve at least {total}, or provision less",
            )
        for new, old in product(self.rising, theirs):
            if not new.before and new.version and new.version == old.version:
                yield Problem(
                    "provisioned-version",
                    f"{qualified(self.name, old.qualifier)} has provisioned concurrency that is "
                    f"not this manifest's, and is at version {old.version}, as "
                    f"{qualified(self.name, new.qualifier)} is: Lambda allows but one of the two",
                    self.where,
                    "take it away (`aws lambda delete-provisioned-concurrency-config "
                    f"--function-name {self.name} --qualifier {old.qualifier}`), or leave out "
                    "concurrency.provisioned",
                )


def concurrency(actions: Sequence[Action], actual: Mapping[Key, Actual]) -> list[Concurrency]:
    """Of the functions that go, or of which an action changes what is reserved or provisioned."""
    names = {
        unqualified(one.resource.key.name)[0]
        for one in actions
        if (one.resource.key.kind in (_RESERVED, _PROVISIONED) and one.verb is not Verb.NONE)
        or (one.resource.key.kind == "function" and one.verb in _ENDS)
    }
    by_key = {one.resource.key: position for position, one in enumerate(actions)}
    return [_of(name, actions, by_key, actual) for name in sorted(names)]


def _of(
    name: str, actions: Sequence[Action], by_key: Mapping[Key, int], actual: Mapping[Key, Actual]
) -> Concurrency:
    function, reservation = function_key(name), Key(_RESERVED, name)
    reserved = actual[function].outputs.get("reserved", "") if function in actual else ""
    there = [key for key in actual if _is_provisioned(key, name)]
    gives_back: dict[int, int] = {}
    if function in by_key and actions[by_key[function]].verb in _ENDS:
        unreserved = 0 if reserved else sum(amount(actual[key].resource) for key in there)
        gives_back = {by_key[function]: unreserved}
        actual, there, reserved = {}, [], ""
    before = int(reserved) if reserved else inf
    wanted = [key for key in by_key if _is_provisioned(key, name)]
    action = actions[by_key[reservation]] if reservation in by_key else None
    mine = [actions[by_key[key]] for key in (reservation, *wanted) if key in by_key]
    return Concurrency(
        name,
        before,
        _after(action, before),
        by_key[reservation] if action and action.verb is not Verb.NONE else None,
        tuple(
            _provisioned(key, actions, by_key, actual) for key in dict.fromkeys((*wanted, *there))
        ),
        gives_back,
        next((one.resource.where for one in mine if one.resource.where), ""),
    )


def _is_provisioned(key: Key, name: str) -> bool:
    return key.kind == _PROVISIONED and unqualified(key.name)[0] == name


def _after(action: Action | None, before: float) -> float:
    """What is reserved after an action; without one it stays as it is."""
    if action is None or action.verb is Verb.NONE:
        return before
    return inf if action.verb is Verb.DELETE else amount(action.resource)


def _provisioned(
    key: Key, actions: Sequence[Action], by_key: Mapping[Key, int], actual: Mapping[Key, Actual]
) -> Provisioned:
    name, qualifier = unqualified(key.name)
    before = amount(actual[key].resource) if key in actual else 0
    version = _version(name, qualifier, actions, by_key, actual)
    position = by_key.get(key)
    if position is None or actions[position].verb is Verb.NONE:
        return Provisioned(qualifier, version, before, before)
    action = actions[position]
    after = 0 if action.verb is Verb.DELETE else amount(action.resource)
    return Provisioned(qualifier, version, before, after, position)


def _version(
    name: str,
    qualifier: str,
    actions: Sequence[Action],
    by_key: Mapping[Key, int],
    actual: Mapping[Key, Actual],
) -> str:
    """The number of the version that a version or an alias is, or will be at."""
    alias, version = Key("alias", qualified(name, qualifier)), Key("version", name)
    if qualifier.isdecimal():
        return qualifier
    if alias in by_key and actions[by_key[alias]].verb is not Verb.DELETE:
        behind = actions[by_key[version]] if version in by_key else None
        known = behind.actual if behind and behind.verb is Verb.NONE else None
        return known.outputs["number"] if known else ""
    return str(actual[alias].resource.fields["FunctionVersion"]) if alias in actual else ""
