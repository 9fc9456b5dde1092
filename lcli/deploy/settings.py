"""The manifest's words for a function's settings, as the Lambda API names them; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lcli.resources.model import Key, Resource, Value
from lcli.resources.naming import default_log_group, qualified

if TYPE_CHECKING:
    from lcli.manifest.models import Function, Role

_FIELDS = {
    "architecture": "Architectures",
    "dead_letter": "DeadLetterConfig",
    "description": "Description",
    "environment": "Environment",
    "file_systems": "FileSystemConfigs",
    "handler": "Handler",
    "image": "ImageConfig",
    "kms_key": "KMSKeyArn",
    "layers": "Layers",
    "log": "LoggingConfig",
    "memory": "MemorySize",
    "role": "Role",
    "runtime": "Runtime",
    "source": "Code",
    "storage": "EphemeralStorage",
    "tags": "Tags",
    "timeout": "Timeout",
    "tracing": "TracingConfig",
    "vpc": "VpcConfig",
}
"""A function's keys in the manifest and the API's fields."""
_PARTS = {
    "async": "event_invoke_config",
    "permissions": "permission",
    "provisioned": "provisioned_concurrency",
    "reserved": "reserved_concurrency",
    "url": "function_url",
}
"""Words of ``ignore:`` that mean a whole resource."""


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
            "Handler": function.handler or "",
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


def ignored(function: Function) -> frozenset[str]:
    """The function's fields that somebody else owns, by API name: ``Environment.X``."""
    words = {path: path.partition(".")[0] for path in function.ignore}
    return frozenset(
        api_path(path)
        for path, word in words.items()
        if word not in _PARTS and word != "concurrency"
    )


def api_path(path: str) -> str:
    """What the API calls a function's key of the manifest: ``environment.X``, ``api.X``."""
    word, dot, rest = path.partition(".")
    return rest if word == "api" and rest else _FIELDS.get(word, word) + dot + rest


def leave_ignored(
    function: Function, resources: Iterable[Resource], kept: set[Key]
) -> list[Resource]:
    """The resources, of which those that somebody else owns are only made, never changed.

    What is ignored and not in the manifest is put into `kept`: it is not deleted either.
    """
    words = {path.removeprefix("concurrency.") for path in function.ignore}
    kinds = {_PARTS[word] for word in words if word in _PARTS}
    for kind in kinds - {"permission"}:
        qualifier = "" if kind == "reserved_concurrency" else function.qualifier
        kept.add(Key(kind, qualified(function.name, qualifier)))
    return [
        replace(one, ignored=frozenset(one.fields)) if one.key.kind in kinds else one
        for one in resources
    ]
