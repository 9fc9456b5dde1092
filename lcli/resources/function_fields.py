"""A function's configuration in normal form: fields, defaults and how each one changes; pure.

Names, shapes and defaults are those of the Lambda API reference (CreateFunction, GetFunction,
UpdateFunctionConfiguration), but for `Environment`, whose variables stand without ``Variables``.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from lcli.resources.model import Value
from lcli.resources.naming import default_log_group


class Way(StrEnum):
    """How a field of a function changes once the function exists."""

    CONFIGURATION = "configuration"
    """In UpdateFunctionConfiguration."""
    CODE = "code"
    """Together with the code, in UpdateFunctionCode."""
    OWN_CALL = "own call"
    """By an operation of its own (resources/runtime_settings.py)."""
    REPLACEMENT = "replacement"
    """Only by making the function anew."""
    NEVER = "never"
    """Not the user's to set: lcli publishes by itself."""


WAYS: Mapping[str, Way] = {
    "Architectures": Way.CODE,
    "Code": Way.CODE,
    "SourceKMSKeyArn": Way.CODE,
    "CodeSigningConfigArn": Way.OWN_CALL,
    "RecursiveLoop": Way.OWN_CALL,
    "RuntimeManagementConfig": Way.OWN_CALL,
    "PackageType": Way.REPLACEMENT,
    "TenancyConfig": Way.REPLACEMENT,
    "State": Way.REPLACEMENT,
    "FunctionName": Way.REPLACEMENT,
    "Publish": Way.NEVER,
    "PublishTo": Way.NEVER,
}
"""What is not in this table changes in UpdateFunctionConfiguration."""
CODE_FIELDS = frozenset(field for field, way in WAYS.items() if way is Way.CODE)
"""A change of one of these sends the code."""
BESIDE = frozenset({"Code", "SourceKMSKeyArn"})
"""Fields that GetFunction shows beside the Configuration, which RevisionId does not guard."""
KEPT = (
    "AcceleratorConfig",
    "CapacityProviderConfig",
    "DurableConfig",
    "RuntimeConfig",
    "TenancyConfig",
)
"""Settings without a default that an update could bring back: AWS keeps them when they leave the
manifest's ``api:``."""

COMMON: Mapping[str, Value] = {
    "Architectures": ("x86_64",),
    "DeadLetterConfig": {"TargetArn": ""},
    "Description": "",
    "Environment": {},
    "EphemeralStorage": {"Size": 512},
    "FileSystemConfigs": (),
    "KMSKeyArn": "",
    "LoggingConfig": {"LogFormat": "Text"},
    "MemorySize": 128,
    "SnapStart": {"ApplyOn": "None"},
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"Ipv6AllowedForDualStack": False, "SecurityGroupIds": (), "SubnetIds": ()},
}
ZIP: Mapping[str, Value] = {"Handler": "", "Layers": (), "Runtime": "", "SourceKMSKeyArn": ""}
IMAGE: Mapping[str, Value] = {
    "ImageConfig": {"Command": (), "EntryPoint": (), "WorkingDirectory": ""}
}
SENT_UNSEEN = frozenset({"Environment", "ImageConfig"})
"""What is sent where AWS does not show it."""
NOT_VERSIONED = frozenset({"Tags", "PackageType"})
"""Fields of a function that its versions do not have, or cannot have otherwise."""


def defaults(name: str, package: str) -> dict[str, Value]:
    """What AWS gives every field that is not set, for a function of this name."""
    fields = {**COMMON, **(IMAGE if package == "Image" else ZIP)}
    return {field: normal(field, value, name) for field, value in fields.items()}


def frozen(value: Any) -> Value:
    """The value with its lists as tuples, all the way down."""
    if isinstance(value, Mapping):
        return {key: frozen(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(frozen(item) for item in value)
    return value


def normal(field: str, value: Any, name: str) -> Value:
    """One field in normal form: members filled with AWS's defaults, sets sorted."""
    if field == "LoggingConfig":
        return _logging(value, name)
    if field == "Environment":
        return dict(value or {})
    default = COMMON.get(field, IMAGE.get(field))
    if not isinstance(default, Mapping):
        return frozen(value)
    filled = {key: frozen(value.get(key) or plain) for key, plain in default.items()}
    if field == "VpcConfig":
        for key in ("SubnetIds", "SecurityGroupIds"):
            filled[key] = tuple(sorted(filled[key], key=str))  # type: ignore[call-overload]
    return filled


def _logging(value: Mapping[str, Any], name: str) -> dict[str, Value]:
    """Levels exist only with JSON, where AWS's default is INFO for both."""
    written = value.get("LogFormat") or "Text"
    fields: dict[str, Value] = {
        "LogFormat": written,
        "LogGroup": value.get("LogGroup") or default_log_group(name),
    }
    if written == "JSON":
        fields["ApplicationLogLevel"] = value.get("ApplicationLogLevel") or "INFO"
        fields["SystemLogLevel"] = value.get("SystemLogLevel") or "INFO"
    return fields


def read_fields(
    configuration: Mapping[str, Any], governed: Mapping[str, Value]
) -> dict[str, Value]:
    """The fields of a GetFunction answer's Configuration, without those `BESIDE` it.

    Of what has no default here (``api:`` keys) only the members that `governed` sets are taken,
    since AWS adds defaults of its own.
    """
    name, package = configuration["FunctionName"], configuration.get("PackageType", "Zip")
    shown = {
        **configuration,
        "Environment": configuration.get("Environment", {}).get("Variables", {}),
        "ImageConfig": configuration.get("ImageConfigResponse", {}).get("ImageConfig", {}),
        "Layers": [layer["Arn"] for layer in configuration.get("Layers") or ()],
    }
    fields = {field: one for field, one in defaults(name, package).items() if field not in BESIDE}
    for field in fields:
        if shown.get(field) is not None:
            fields[field] = normal(field, shown[field], name)
    fields |= {"PackageType": package, "Role": configuration.get("Role", "")}
    others = governed.keys() - fields.keys() - BESIDE - {"Tags"}
    return fields | {
        field: _projected(frozen(configuration[field]), governed[field])
        for field in others
        if field in configuration
    }


def _projected(value: Value, onto: Value) -> Value:
    if isinstance(value, Mapping) and isinstance(onto, Mapping):
        return {key: _projected(value[key], onto[key]) for key in onto if key in value}
    return value


def source_key(answer: Mapping[str, Any]) -> dict[str, Value]:
    """SourceKMSKeyArn by a GetFunction answer: zips have one, images do not."""
    if answer["Configuration"].get("PackageType", "Zip") != "Zip":
        return {}
    return {"SourceKMSKeyArn": answer.get("Code", {}).get("SourceKMSKeyArn") or ""}


def kept_fields(configuration: Mapping[str, Any], governed: Mapping[str, Value]) -> tuple[str, ...]:
    """Settings that the function has, the manifest does not, and no call takes away."""
    return tuple(field for field in KEPT if configuration.get(field) and field not in governed)


def unknown_fields(configuration: Mapping[str, Any]) -> frozenset[str]:
    """Fields that AWS would not show, for want of a KMS key or of access: not 'removed'."""
    shown = {"Environment": "Environment", "ImageConfigResponse": "ImageConfig"}
    return frozenset(
        field for member, field in shown.items() if (configuration.get(member) or {}).get("Error")
    )


def api_form(field: str, value: Any) -> Any:
    """A settled field as CreateFunction and UpdateFunctionConfiguration take it."""
    if field == "Environment":
        return {"Variables": value}
    if field == "ImageConfig":
        return {key: item for key, item in value.items() if item}
    return value
