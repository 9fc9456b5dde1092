"""What functions keep although the manifest has given it up, and what they need for it; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from lcli.resources.function_tags import part_names
from lcli.resources.model import Actual, Key, Place, Resource
from lcli.resources.naming import unqualified
from lcli.resources.role_policy import durable, normal_policy


def with_what_stays(
    resources: Mapping[Key, Resource], actual: Mapping[Key, Actual], place: Place
) -> dict[Key, Resource]:
    """The desired resources, with what they keep although the manifest has given it up."""
    return _with_checkpoints(_with_aliases(resources, actual), actual, place)


def _with_aliases(
    resources: Mapping[Key, Resource], actual: Mapping[Key, Actual]
) -> dict[Key, Resource]:
    """The desired resources, where ``lcli:parts`` names aliases that stay since others use them."""
    kept: dict[Key, list[Key]] = {}
    for one in actual.values():
        for need in () if one.ours or one.resource.key in resources else one.resource.needs:
            if need.kind == "alias" and need in actual and actual[need].ours:
                kept.setdefault(Key("parts", unqualified(need.name)[0]), []).append(need)
    return {key: _naming(one, kept[key]) if key in kept else one for key, one in resources.items()}


def _naming(parts: Resource, aliases: Iterable[Key]) -> Resource:
    named = parts.fields["Parts"]
    names = {*(named if isinstance(named, tuple) else ()), *part_names(aliases)}
    return replace(parts, fields={"Parts": tuple(sorted(names))})


def _with_checkpoints(
    resources: Mapping[Key, Resource], actual: Mapping[Key, Actual], place: Place
) -> dict[Key, Resource]:
    """The desired resources, where managed roles of durable functions may write checkpoints.

    A function without `DurableConfig` in the manifest stays durable, since no call takes it away
    (`function_fields.KEPT`); without this, executions that have begun could not go on.
    """
    names = {
        one.function: key.name
        for key, one in resources.items()
        if key.kind == "function" and key in actual and actual[key].outputs["durable"]
    }
    return {
        key: _with(one, names[one.function], place)
        if key.kind == "role" and one.function in names
        else one
        for key, one in resources.items()
    }


def _with(role: Resource, function_name: str, place: Place) -> Resource:
    policy = role.fields["Policy"]
    given = policy.get("Statement", ()) if isinstance(policy, Mapping) else ()
    allowed = normal_policy([*given, durable(place, function_name)])
    return replace(role, fields={**role.fields, "Policy": allowed})
