"""The triggers of a function → resources, and what its role needs for them; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lcli.deploy import execution_role
from lcli.deploy.expanded import Expanded, Given
from lcli.resources.local_source import LocalSource
from lcli.resources.model import Key, Place, Resource
from lcli.resources.naming import attached_to
from lcli.triggers.base import Lookup, Target, Trigger

if TYPE_CHECKING:
    from lcli.manifest.models import App, Function


def lookups_needed(app: App, place: Place) -> tuple[Lookup, ...]:
    """The facts to ask AWS for before `expand`, each once."""
    found: dict[str, Lookup] = {}
    for function in app.functions.values():
        for index, trigger in enumerate(function.triggers):
            for one in trigger.lookups(place):
                found.setdefault(one.name, replace(one, where=function.trigger_where(index)))
    return tuple(found.values())


def expand_triggers(
    given: Given, function: Function, role_needs: tuple[Key, ...], expanded: Expanded
) -> tuple[list[Resource], list[Mapping[str, Any]]]:
    """What the triggers stand for, and the statements that the role needs for them.

    What a deploy to the local cloud makes for them to listen to, what lets everybody in, and what
    there is to say, goes into `expanded`.
    """
    resources: list[Resource] = []
    statements: list[Mapping[str, Any]] = []
    for index, trigger in enumerate(function.triggers):
        expansion = trigger.expand(_target(given, function, index, role_needs))
        sources = _local_sources(given, trigger)
        expanded.add(*(one.resource for one in sources))
        needs = tuple(one.key for one in sources)
        resources += [replace(r, needs=(*r.needs, *needs)) for r in expansion.resources]
        statements += expansion.statements
        expanded.tell(expansion.notices)
        expanded.exposing |= expansion.exposing
    return resources, statements


def _target(given: Given, function: Function, index: int, role_needs: tuple[Key, ...]) -> Target:
    app, kind = given.app, function.triggers[index].kind
    own = function.role if not isinstance(function.role, str) else None
    return Target(
        given.place,
        function.key,
        function.name,
        function.qualifier,
        attached_to(function.name, function.qualifier),
        function.timeout,
        role=role_needs,
        where=function.trigger_where(index),
        tags={**app.tags, **function.tags},
        app_tags=app.tags,
        lookups=given.lookups,
        settings=app.settings(kind),
        settings_where=app.settings_where(kind),
        statements=execution_role.allowed(own) if own else (),
    )


def _local_sources(given: Given, trigger: Trigger) -> tuple[LocalSource, ...]:
    """What a deploy makes so that the trigger has something to listen to."""
    if not given.place.local:
        return ()
    longest = _longest(given.app, trigger)
    return trigger.local_sources(given.place, given.app.local.model_dump(), longest)


def _longest(app: App, trigger: Trigger) -> int:
    """The longest time-out of the functions that listen to the same source."""
    same = (type(trigger), getattr(trigger, trigger.short))
    return max(
        function.timeout
        for function in app.functions.values()
        for one in function.triggers
        if (type(one), getattr(one, one.short)) == same
    )
