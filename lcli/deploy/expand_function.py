"""One function of the manifest → its resources; pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lcli.deploy import execution_role, settings
from lcli.deploy.expand_parts import expand_parts
from lcli.deploy.expand_triggers import expand_triggers
from lcli.deploy.expanded import Expanded, Given
from lcli.errors import ExitCode, LcliError, Problem
from lcli.resources.alias import alias
from lcli.resources.code import Code
from lcli.resources.function import function as function_resource
from lcli.resources.function_tags import part_names
from lcli.resources.layer import layer_key
from lcli.resources.log_group import log_group
from lcli.resources.model import Key, Ref, Resource
from lcli.resources.naming import qualified
from lcli.resources.parts import parts
from lcli.resources.role import role_part
from lcli.resources.version import version

if TYPE_CHECKING:
    from lcli.manifest.models import Function

_OWN_CALLS = frozenset({"recursion", "runtime_management", "code_signing"})


def expand_function(
    given: Given, function: Function, code: Code, expanded: Expanded, *, shares_log: bool
) -> None:
    """Puts everything that belongs to the function into `expanded`.

    `shares_log`: other functions of the app write to its log group too.
    Raises LcliError (USAGE) where its role would be another function's too.
    """
    place, tags = given.place, {**given.app.tags, **function.tags}
    role_needs = execution_role.needed(place, function)
    triggered, statements = expand_triggers(given, function, role_needs, expanded)
    parts_made = expand_parts(place, function, role_needs, expanded)
    attached = settings.leave_ignored(function, [*parts_made, *triggered], tags)
    role_parts: tuple[str, ...] = ()
    if not isinstance(function.role, str):
        managed = execution_role.managed_role(place, function, function.role, statements, tags)
        _refuse_shared(given, function, managed.key, expanded)
        role_parts = role_part(place, managed)
        expanded.add(*settings.leave_ignored(function, [managed], tags))
    group = log_group(
        place,
        settings.log_group_name(function),
        retention_days=function.log.retention_days,
        tags=tags,
        function="" if shares_log else function.key,
        where=function.where,
        ignored=settings.ignored(function, "log_group", tags),
        is_named=function.log.group is not None,
    )
    names = _part_names(function, attached, role_parts)
    made = function_resource(
        place,
        function.key,
        function.name,
        role=execution_role.arn(place, function),
        code=code,
        settings=settings.settings(function, _layers(given, function)),
        api=function.api,
        tags=tags,
        parts=names,
        publish=bool(function.qualifier),
        keep_versions=function.keep_versions,
        ignored=settings.ignored(function, tags=tags),
        needs=(group.key, *role_needs),
        where=function.where,
    )
    expanded.add(group, made, parts(function.key, function.name, names, function.where))
    if function.qualifier:
        expanded.add(*_published(function, made, attached))
    expanded.add(*attached)


def _layers(given: Given, function: Function) -> tuple[object, ...]:
    own, place = given.app.layers, given.place
    return tuple(
        Ref(layer_key(place, one), "arn") if isinstance(one, str) and one in own else one
        for one in function.layers
    )


def _part_names(
    function: Function, attached: Iterable[Resource], role_parts: Iterable[str]
) -> tuple[str, ...]:
    """What the tag ``lcli:parts`` is to name."""
    keys = [one.key for one in attached if one.function == function.key]
    if function.qualifier:
        keys.append(Key("alias", qualified(function.name, function.qualifier)))
    return tuple(sorted((*part_names(keys), *role_parts)))


def _published(
    function: Function, made: Resource, attached: Iterable[Resource]
) -> tuple[Resource, Resource]:
    """The version, which is published after what has a call of its own, and the alias."""
    first = (one.key for one in attached if one.key.kind in _OWN_CALLS)
    return (
        version(made, tuple(first)),
        alias(function.key, function.name, function.qualifier, function.where),
    )


def _refuse_shared(given: Given, function: Function, role: Key, expanded: Expanded) -> None:
    """One role has one function's policy; roles are the account's, not the region's."""
    if role in expanded.resources:
        own = "give each a role.name of its own, or both one existing role (role: NAME)"
        raise _role_twice(function, role.name, "another function", own)
    if len(given.app.regions) > 1 and given.place.region not in role.name:
        own = "put ${region} into role.name"
        raise _role_twice(function, role.name, "itself in another region", own)


def _role_twice(function: Function, name: str, other: str, next_step: str) -> LcliError:
    problem = Problem(
        "role-twice",
        f"{function.key} and {other} keep the same role, {name}: what one needs would be taken "
        "from the other",
        function.where,
        next_step,
    )
    return LcliError(problem, ExitCode.USAGE)
