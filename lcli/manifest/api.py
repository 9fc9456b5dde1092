"""``api:`` pass-through, checked against the installed SDK's model of the Lambda API.

Only botocore's data files are read; there is no client.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from lcli.manifest.explain import Fault, shortened, unknown
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

KNOWN_RUNTIMES = frozenset((
    "nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x",
    "nodejs14.x", "nodejs16.x", "nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x",
    "nodejs26.x", "python2.7", "python3.6", "python3.7", "python3.8", "python3.9", "python3.10",
    "python3.11", "python3.12", "python3.13", "python3.14", "python3.15", "ruby2.5", "ruby2.7",
    "ruby3.2", "ruby3.3", "ruby3.4", "ruby4.0", "java8", "java8.al2", "java8.al2023", "java11",
    "java11.al2023", "java17", "java17.al2023", "java21", "java25", "dotnetcore1.0",
    "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1", "dotnet6", "dotnet8", "dotnet10", "go1.x",
    "provided", "provided.al2", "provided.al2023", "custom",
))  # fmt: skip
"""Those of the SDK that requirements.lock names; a test keeps them the same."""

OWN_CALLS = {
    "CodeSigningConfigArn": "PutFunctionCodeSigningConfig",
    "RecursiveLoop": "PutFunctionRecursionConfig",
    "RuntimeManagementConfig": "PutRuntimeManagementConfig",
}
"""Keys of a function's ``api:`` that operations of their own set (resources/runtime_settings.py).

A key that is a parameter of its operation has that parameter's form, another one is a map of them.
"""
_CODE = "SourceKMSKeyArn"
"""The one member of CreateFunction's Code that the manifest's source does not decide."""
_REFUSED = {
    ("PublishTo",): "lcli publishes a version and moves the alias by itself",
    ("Code", "S3ObjectStorageMode"): "AWS does not tell which mode a function has, so lcli could "
    "not see whether it is the one that the manifest asks for",
}
"""Parameters that lcli cannot keep as the manifest says, with the reason."""
_WHICH = ("FunctionName", "Qualifier")
"""Parameters that say of which function an operation is."""
_LONGEST_FOR_PATTERN = 2048
_MEANINGS = {
    "CapacityProviderArn": "the ARN of a capacity provider",
    "CodeSigningConfigArn": "the ARN of a code signing configuration "
    "(arn:PARTITION:lambda:REGION:ACCOUNT:code-signing-config:csc-…)",
    "Endpoint": "a host and its port (broker.example.com:9092)",
    "KMSKeyArn": "the ARN of a KMS key",
    "KMSKeyArnNonEmpty": "the ARN of a KMS key",
    "RuntimeVersionArn": "the ARN of a runtime version (arn:PARTITION:lambda:REGION::runtime:…)",
    "SecurityGroupId": "a security group's id (sg-…)",
    "SubnetId": "a subnet's id (subnet-…)",
}
"""What a text that does not have its shape's pattern should have been."""

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


def is_runtime(name: str) -> bool:
    """Whether Lambda has a runtime, for all that the installed SDK knows.

    Its data is read only for a name that is newer than lcli, or wrong: that takes 80 ms.
    """
    return name in KNOWN_RUNTIMES or name in runtimes()


def check_function(parameters: Mapping[str, Any], path: Path) -> Iterator[Fault]:
    """What the API would refuse of a function's ``api:``, and what lcli cannot keep."""
    for name, value in parameters.items():
        at = (*path, name)
        if (name,) in _REFUSED:
            yield _refused(at, (name,))
        elif name in OWN_CALLS:
            yield from _own_call(name, value, at)
        elif name == "Code" and isinstance(value, Mapping):
            yield from _code(value, at)
        else:
            yield from check("CreateFunction", {name: value}, path, SHORT, also=OWN_CALLS)


def check(
    operation: str,
    parameters: Mapping[str, Any],
    path: Path,
    short: Mapping[str, str],
    *,
    also: Iterable[str] = (),
) -> Iterator[Fault]:
    """What the API would refuse of some of an operation's parameters.

    `short` maps parameters that may not be given to the manifest's key for them; `also` are names
    to suggest for a wrong one.
    """
    shape = _input(operation)
    for name, value in parameters.items():
        at = (*path, name)
        if name in short:
            yield _has_short(at, name, short[name])
        elif name not in shape["members"]:
            known = {each for each in (*shape["members"], *also) if each not in short}
            yield unknown(at, operation, known, what="parameter", code="unknown-parameter")
        else:
            yield from _value(shape["members"][name]["shape"], value, at)


def _own_call(name: str, value: object, path: Path) -> Iterator[Fault]:
    """A setting that is a parameter of its operation, or a map of that operation's parameters."""
    members = _input(OWN_CALLS[name])["members"]
    if name in members:
        yield from _value(members[name]["shape"], value, path)
    elif not isinstance(value, Mapping):
        yield _wrong(path, "expected a map")
    else:
        own = {key: each for key, each in members.items() if key not in _WHICH}
        yield from _structure(name, {"members": own}, value, path)
        manual = value.get("UpdateRuntimeOn") == "Manual"
        if manual != bool(value.get("RuntimeVersionArn")):
            yield Fault(
                path,
                "wrong-value",
                f"{name}: UpdateRuntimeOn: Manual and RuntimeVersionArn belong together",
                "set both or neither",
                at_key=True,
            )


def _code(value: Mapping[str, Any], path: Path) -> Iterator[Fault]:
    members = lambda_model()["shapes"]["FunctionCode"]["members"]
    for name, each in value.items():
        at = (*path, name)
        if ("Code", name) in _REFUSED:
            yield _refused(at, ("Code", name))
        elif name == _CODE:
            yield from _value(members[name]["shape"], each, at)
        elif name in members:
            yield _has_short(at, f"Code.{name}", "source")
        else:
            yield unknown(at, "Code", [_CODE], what="parameter", code="unknown-parameter")


def _refused(path: Path, name: tuple[str, ...]) -> Fault:
    dotted = ".".join(name)
    what = f"api.{dotted} cannot be set: {_REFUSED[name]}"
    return Fault(path, "api-not-kept", what, "leave it out", at_key=True)


def _has_short(path: Path, name: str, short: str) -> Fault:
    return Fault(
        path,
        "api-has-short-name",
        f"api.{name} has a short name in the manifest: {short}",
        f"set {short}: instead",
        at_key=True,
    )


def _input(operation: str) -> Mapping[str, Any]:
    model = lambda_model()
    shape: Mapping[str, Any] = model["shapes"][model["operations"][operation]["input"]["shape"]]
    return shape


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
            yield from _text(name, shape, value, path)
    elif isinstance(value, int | float):
        yield from _limits(shape, value, path, "")


def _text(name: str, shape: Mapping[str, Any], value: str, path: Path) -> Iterator[Fault]:
    faults = [*_limits(shape, len(value), path, " characters")]
    yield from faults
    pattern = _pattern(name) if not faults and len(value) <= _LONGEST_FOR_PATTERN else None
    if pattern and not pattern.fullmatch(value):
        what = _MEANINGS.get(name, f"text that matches {pattern.pattern}")
        yield _wrong(path, f"expected {what}, not {shortened(value)!r}")


@cache
def _pattern(name: str) -> re.Pattern[str] | None:
    """A shape's pattern; None without one, or where only Java's regular expressions have it."""
    try:
        return re.compile(lambda_model()["shapes"][name]["pattern"], re.ASCII)
    except (KeyError, re.error):
        return None


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
