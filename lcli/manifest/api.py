"""``api:`` pass-through, checked against the installed SDK's model of the Lambda API.

Only botocore's data files are read; there is no client. Patterns are left to AWS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from lcli.manifest.explain import Fault, unknown
from lcli.manifest.references import Path
from lcli.resources.model import Ref, Text

SHORT = {
    "FunctionName": "name",
    "Runtime": "runtime",
    "Role": "role",
    "Handler": "handler",
    "Code": "source",
    "Description": "description",
    "Timeout": "timeout",
    "MemorySize": "memory",
    "Publish": "alias",
    "PackageType": "source",
    "VpcConfig": "vpc",
    "DeadLetterConfig": "dead_letter",
    "Environment": "environment",
    "KMSKeyArn": "kms_key",
    "TracingConfig": "tracing",
    "Tags": "tags",
    "Layers": "layers",
    "FileSystemConfigs": "file_systems",
    "ImageConfig": "image",
    "Architectures": "architecture",
    "EphemeralStorage": "storage",
    "LoggingConfig": "log",
}
"""CreateFunction's parameters that have a short name in the manifest."""

OWN_CALLS = {
    "RecursiveLoop": "PutFunctionRecursionConfig",
    "RuntimeManagementConfig": "PutRuntimeManagementConfig",
}
"""Settings of a function that CreateFunction does not take, and the operation that sets each."""

_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "structure": (Mapping, "a map"),
    "map": (Mapping, "a map"),
    "list": (list, "a list"),
    "string": ((str, Ref, Text), "text"),
    "blob": (str, "text"),
    "timestamp": ((str, int, float), "a time"),
    "boolean": (bool, "true or false"),
    **dict.fromkeys(("integer", "long"), (int, "a whole number")),
    **dict.fromkeys(("float", "double"), ((int, float), "a number")),
}


@cache
def lambda_model() -> Mapping[str, Any]:
    """botocore's description of the Lambda API (service-2.json)."""
    from botocore.loaders import Loader

    model: Mapping[str, Any] = Loader().load_service_model("lambda", "service-2")
    return model


def runtimes() -> tuple[str, ...]:
    """Every runtime that the installed SDK knows."""
    return tuple(lambda_model()["shapes"]["Runtime"]["enum"])


def check(
    operation: str, parameters: Mapping[str, Any], path: Path, short: Mapping[str, str]
) -> Iterator[Fault]:
    """What the API would refuse of some of an operation's parameters.

    `short` maps parameters that may not be given to the manifest's key for them.
    """
    shapes = lambda_model()["shapes"]
    shape = shapes[lambda_model()["operations"][operation]["input"]["shape"]]
    for name, value in parameters.items():
        at = (*path, name)
        if name in short:
            yield Fault(
                at,
                "api-has-short-name",
                f"api.{name} has a short name in the manifest: {short[name]}",
                f"set {short[name]}: instead",
                at_key=True,
            )
        elif operation == "CreateFunction" and name in OWN_CALLS:
            yield from _own_call(name, value, at)
        elif name not in shape["members"]:
            own = OWN_CALLS if operation == "CreateFunction" else ()
            known = [each for each in (*shape["members"], *own) if each not in short]
            yield unknown(at, operation, known, what="parameter", code="unknown-parameter")
        else:
            yield from _value(shape["members"][name]["shape"], value, at)


def _own_call(name: str, value: object, path: Path) -> Iterator[Fault]:
    """A setting that is a parameter of its operation, or a map of that operation's parameters."""
    operation = lambda_model()["operations"][OWN_CALLS[name]]
    members = lambda_model()["shapes"][operation["input"]["shape"]]["members"]
    if name in members:
        yield from _value(members[name]["shape"], value, path)
    elif not isinstance(value, Mapping):
        yield _wrong(path, "expected a map")
    else:
        settings = [each for each in members if each not in ("FunctionName", "Qualifier")]
        for key, each in value.items():
            if key in settings:
                yield from _value(members[key]["shape"], each, (*path, key))
            else:
                yield unknown(
                    (*path, key), name, settings, what="parameter", code="unknown-parameter"
                )


def _value(name: str, value: object, path: Path) -> Iterator[Fault]:
    shape = lambda_model()["shapes"][name]
    kind = shape["type"]
    wanted, told = _TYPES[kind]
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind != "boolean"):
        yield _wrong(path, f"expected {told}")
    elif kind == "structure" and isinstance(value, Mapping):
        yield from _structure(name, shape, value, path)
    elif kind == "map" and isinstance(value, Mapping):
        for key, each in value.items():
            yield from _value(shape["value"]["shape"], each, (*path, key))
    elif kind == "list" and isinstance(value, list):
        yield from _limits(shape, len(value), path, " of them")
        for index, each in enumerate(value):
            yield from _value(shape["member"]["shape"], each, (*path, index))
    elif isinstance(value, str) and kind == "string":
        if "enum" in shape and value not in shape["enum"]:
            fault = unknown((*path, value), _name(path), shape["enum"], what="value")
            yield Fault(path, "wrong-value", fault.what, fault.next_step)
        else:
            yield from _limits(shape, len(value), path, " characters")
    elif isinstance(value, int | float):
        yield from _limits(shape, value, path, "")


def _structure(
    name: str, shape: Mapping[str, Any], value: Mapping[str, Any], path: Path
) -> Iterator[Fault]:
    for key, each in value.items():
        if key in shape["members"]:
            yield from _value(shape["members"][key]["shape"], each, (*path, key))
        else:
            yield unknown(
                (*path, key), name, shape["members"], what="parameter", code="unknown-parameter"
            )
    for key in shape.get("required", ()):
        if key not in value:
            yield Fault(
                path, "missing-key", f"{_name(path)} has no {key}", f"add {key}:", at_key=True
            )


def _limits(shape: Mapping[str, Any], size: float, path: Path, unit: str) -> Iterator[Fault]:
    if size < shape.get("min", size):
        yield _wrong(path, f"expected at least {shape['min']}{unit}, not {size}")
    if size > shape.get("max", size):
        yield _wrong(path, f"expected at most {shape['max']}{unit}, not {size}")


def _wrong(path: Path, what: str) -> Fault:
    return Fault(path, "wrong-value", f"{_name(path)}: {what}", "see the Lambda API reference")


def _name(path: Path) -> str:
    return str(path[-1]) if isinstance(path[-1], str) else f"{path[-2]}[{path[-1]}]"
