"""The manifest's words for a function's settings, as the Lambda API names them; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lcli.manifest.ignoring import places
from lcli.resources.model import Key, Resource, Value
from lcli.resources.naming import default_log_group, qualified

if TYPE_CHECKING:
    from lcli.manifest.function_settings import Role
    from lcli.manifest.models import Function

_UNQUALIFIED = frozenset(
    {"code_signing", "recursion", "reserved_concurrency", "runtime_management"}
)
"""Kinds that a function has one of, whatever its alias."""
_BOOTSTRAP = "bootstrap"
"""The handler of functions that name none: CreateFunction wants one of every zip, and a custom
runtime runs the file of that name ("Building a custom runtime for AWS Lambda")."""


def log_group_name(function: Function) -> str:
    """The group that the function writes to."""
    return function.log.group or default_log_group(function.name)


def settings(function: Function, layers: tuple[object, ...]) -> dict[str, Value]:
    """CreateFunction's parameters that have a short name; None for those that do not apply."""
    image = function.image
    found: dict[str, Value] = {
        "Architectures": (function.architecture,),
        "DeadLetterConfig": {"TargetArn": function.dead_letter or ""},
        "Description": function.description,
        "Environment": dict(function.environment),
        "EphemeralStorage": {"Size": function.storage},
        "FileSystemConfigs": tuple(
            {"Arn": one.arn, "LocalMountPath": one.path} for one in function.file_systems
        ),
        "KMSKeyArn": function.kms_key or "",
        "LoggingConfig": _logging(function),
        "MemorySize": function.memory,
        "Timeout": function.timeout,
        "TracingConfig": {"Mode": "Active" if function.tracing else "PassThrough"},
        "VpcConfig": _vpc(function),
    }
    if function.is_image:
        found["ImageConfig"] = {
            "Command": image.command if image else (),
            "EntryPoint": image.entrypoint if image else (),
            "WorkingDirectory": (image.workdir if image else None) or "",
        }
    else:
        found |= {
            "Handler": function.handler or _BOOTSTRAP,
            "Layers": layers,
            "Runtime": function.runtime or "",
        }
    return found


def _logging(function: Function) -> dict[str, Value]:
    log = function.log
    found: dict[str, Value] = {
        "LogFormat": "JSON" if log.format == "json" else "Text",
        "LogGroup": log_group_name(function),
    }
    if log.format == "json":
        levels = {"ApplicationLogLevel": log.level, "SystemLogLevel": log.system_level}
        found |= {name: level.upper() for name, level in levels.items() if level}
    return found


def _vpc(function: Function) -> dict[str, Value]:
    vpc = function.vpc
    return {
        "Ipv6AllowedForDualStack": vpc.ipv6 if vpc else False,
        "SecurityGroupIds": vpc.security_groups if vpc else (),
        "SubnetIds": vpc.subnets if vpc else (),
    }


def api_statements(role: Role) -> Iterator[dict[str, Any]]:
    """The manifest's statements as IAM writes them."""
    for one in role.statements:
        condition = {"Condition": one.conditions} if one.conditions else {}
        yield {
            "Effect": one.effect.capitalize(),
            "Action": list(one.actions),
            "Resource": list(one.resources),
        } | condition


def ignored(
    function: Function, kind: str = "function", tags: Mapping[str, str] | None = None
) -> frozenset[str]:
    """What somebody else owns of the function's resources of a kind, by API name:
    ``Environment.X``; "" is all of it. `tags` are all that the manifest gives it."""
    found = (place for word in function.ignore for place in places(word, tags or {}))
    return frozenset(path for one, path in found if one == kind)


def api_path(word: str) -> str:
    """What the API calls a function's key of the manifest: ``environment.X``, ``api.X``."""
    return next((path for kind, path in places(word, {}) if kind == "function"), word)


def leave_ignored(
    function: Function, resources: Iterable[Resource], tags: Mapping[str, str]
) -> list[Resource]:
    """The resources, of which what somebody else owns is only made, never changed."""

    def left(one: Resource) -> Resource:
        paths = ignored(function, one.key.kind, tags)
        return replace(one, ignored=frozenset(one.fields) if "" in paths else paths)

    return [left(one) for one in resources]


def kept(function: Function) -> Iterator[Key]:
    """What somebody else owns as a whole: it is not deleted where the manifest does not have it."""
    for word in function.ignore:
        for kind, path in places(word, {}):
            if not path:
                qualifier = "" if kind in _UNQUALIFIED else function.qualifier
                yield Key(kind, qualified(function.name, qualifier))
