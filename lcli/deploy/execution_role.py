"""The role that a function runs with: somebody's, or one that lcli makes; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lcli.deploy import settings
from lcli.resources import role_policy
from lcli.resources.model import Key, Place, Resource
from lcli.resources.role import role, role_arn, role_key

if TYPE_CHECKING:
    from lcli.manifest.function_settings import Role
    from lcli.manifest.models import Function


def arn(place: Place, function: Function) -> str:
    """The ARN of the role, also of one that is still to be made."""
    own = function.role
    if not isinstance(own, str):
        return role_arn(place, function.name, name=own.name or "", path=own.path or "")
    return own if own.startswith("arn:") else place.arn("iam", f"role/{own}", region="")


def needed(place: Place, function: Function) -> tuple[Key, ...]:
    """The key of the role that lcli makes, as something that is needed; empty for others' roles."""
    own = function.role
    return () if isinstance(own, str) else (role_key(place, function.name, own.name or ""),)


def managed_role(
    place: Place,
    function: Function,
    wanted: Role,
    from_triggers: Iterable[Mapping[str, Any]],
    tags: Mapping[str, str],
) -> Resource:
    """The role that lcli makes: what its function, its triggers and the manifest say it needs."""
    statements = [
        *_own_statements(place, function),
        *from_triggers,
        *settings.api_statements(wanted),
    ]
    return role(
        place,
        function.key,
        function.name,
        statements=statements,
        name=wanted.name or "",
        path=wanted.path or "",
        boundary=wanted.boundary or "",
        policies=wanted.policies,
        tags=tags,
        where=function.where,
    )


_ALL_OF_S3 = frozenset({"AdministratorAccess", "AmazonS3FullAccess", "PowerUserAccess"})
"""AWS's own policies that let a role do everything to every bucket."""


def allowed(role: Role) -> tuple[dict[str, Any], ...]:
    """What a managed role lets its function do, as far as the manifest tells it."""
    attached = {arn.rpartition("/")[2] for arn in role.policies if ":iam::aws:policy/" in arn}
    full = {"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}
    return (*settings.api_statements(role), *([full] if attached & _ALL_OF_S3 else []))


def _own_statements(place: Place, function: Function) -> Iterable[Mapping[str, Any]]:
    async_ = function.async_
    destinations = (
        function.dead_letter,
        async_.on_success if async_ else None,
        async_.on_failure if async_ else None,
    )
    yield from role_policy.statements(
        place,
        log_group=settings.log_group_name(function),
        vpc=function.vpc is not None,
        tracing=function.tracing,
        destinations=filter(None, destinations),
        kms_key=function.kms_key or "",
        file_systems=[one.arn for one in function.file_systems],
    )
    if function.api.get("DurableConfig"):
        yield role_policy.durable(place, function.name)
