"""When the tag ``lcli:parts`` changes: before what it names is made, after that is gone; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lcli.resources.model import Action, Change, Resource, Verb

_PARTS = "parts"
"""The kind whose field Parts names the optional things of a function."""


def split(actions: Sequence[Action]) -> tuple[list[Action], list[Action]]:
    """Actions, and the shortenings of ``lcli:parts`` that come after deletions.

    Where parts are added, the tag names old and new ones together first.
    """
    first: list[Action] = []
    later: list[Action] = []
    for action in actions:
        before = _parts(action.actual.resource) if action.actual else frozenset()
        after = _parts(action.resource)
        if action.resource.key.kind != _PARTS or action.verb is not Verb.UPDATE or before <= after:
            first.append(action)
            continue
        union = replace(action.resource, fields={"Parts": tuple(sorted(before | after))})
        if after <= before:
            first.append(Action(Verb.NONE, union, action.actual))
        else:
            grown = Change("Parts", tuple(sorted(before)), tuple(sorted(before | after)))
            first.append(Action(Verb.UPDATE, union, action.actual, (grown,), "before they exist"))
        shrunk = Change("Parts", tuple(sorted(before | after)), tuple(sorted(after)))
        grown_actual = action.actual and replace(action.actual, resource=union)
        later.append(
            Action(Verb.UPDATE, action.resource, grown_actual, (shrunk,), "after they are gone")
        )
    return first, later


def _parts(resource: Resource) -> frozenset[str]:
    parts = resource.fields.get("Parts", ())
    return frozenset(parts) if isinstance(parts, tuple) else frozenset()
