"""A function's configuration: parameters to settings in normal form, and settings to answers.

Defaults and limits: Lambda API reference, CreateFunction and UpdateFunctionConfiguration;
developer guide, "Lambda quotas".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from lcli.local.lambda_api.constraints import SUPPORTED_RUNTIMES
from lcli.local.lambda_api.context import Call, Parameters
from lcli.local.lambda_api.durable.execution import RETENTION_DAYS
from lcli.local.lambda_api.errors import invalid, violation
from lcli.local.lambda_api.layers import checked as checked_layers
from lcli.local.lambda_api.layers import size_of as size_of_layer
from lcli.local.lambda_api.names import parse
from lcli.local.lambda_api.service import service
from lcli.local.lambda_api.state import Function, Version
from lcli.local.lambda_api.validation import refused
from lcli.resources.naming import default_log_group

Settings = dict[str, Any]

ENVIRONMENT_LIMIT = 4096
"""Bytes of all environment variables as JSON."""
_RETIRED = frozenset(
    {
        *("nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x"),
        *("nodejs12.x", "nodejs14.x", "python2.7", "python3.6", "python3.7", "ruby2.5", "ruby2.7"),
        *("java8", "go1.x", "provided", "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1"),
        *("dotnetcore3.1", "dotnet5.0"),
    }
)
_RESERVED_KEYS = frozenset(
    {
        *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
        *("AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE"),
        *("AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY"),
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
    }
)
_VARIABLE = re.compile("[a-zA-Z]([a-zA-Z0-9_])+")
_SNAPSTART = ("java11", "java17", "java21", "java25", "python3.12", "python3.13", "python3.14")
_SNAPSTART_DOTNET = ("dotnet8", "dotnet10")

_PLAIN = ("Role", "Handler", "Description", "Timeout", "MemorySize", "EphemeralStorage")
_AS_GIVEN = ("CapacityProviderConfig", "TenancyConfig")


def new_settings(call: Call, parameters: Parameters) -> Settings:
    """The settings of a function about to be created; ApiError for what AWS refuses."""
    name = str(_plain_name(parameters["FunctionName"]))
    base: Settings = {
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "EphemeralStorage": {"Size": 512},
        "TracingConfig": {"Mode": "PassThrough"},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": default_log_group(name)},
        "PackageType": parameters.get("PackageType", "Zip"),
        "Architectures": parameters.get("Architectures") or ["x86_64"],
    }
    if "DurableConfig" in parameters:
        base["DurableConfig"] = {"RetentionPeriodInDays": RETENTION_DAYS}
    if base["PackageType"] == "Zip" and not (
        parameters.get("Runtime") and parameters.get("Handler")
    ):
        raise invalid(
            "Runtime and Handler are mandatory parameters for functions created with "
            "deployment packages."
        )
    return changed_settings(call, base, parameters)


def changed_settings(call: Call, before: Mapping[str, Any], parameters: Parameters) -> Settings:
    """Settings with the given parameters applied; what is not given stays."""
    _check_limits(call, parameters)
    after = dict(before)
    for key in (*_PLAIN, *_AS_GIVEN):
        if key in parameters:
            after[key] = parameters[key]
    if "Runtime" in parameters:
        after["Runtime"] = _runtime(parameters["Runtime"])
    for key, apply in _APPLY.items():
        if key in parameters:
            apply(call, after, parameters[key])
    return after


def _plain_name(text: str) -> str:
    found = parse(text)
    return found["name"] if found else text


def _check_limits(call: Call, parameters: Parameters) -> None:
    found = []
    if parameters.get("Timeout", 0) > 900 and "CapacityProviderConfig" not in parameters:
        found.append(_above("timeout", parameters["Timeout"], 900))
    storage = parameters.get("EphemeralStorage", {}).get("Size", 0)
    if storage > 10240:
        found.append(_above("ephemeralStorage.size", storage, 10240))
    if found:
        raise violation(*found)
    if parameters.get("MemorySize", 0) > 10240 and "CapacityProviderConfig" not in parameters:
        raise invalid(
            "'MemorySize' value failed to satisfy constraint: "
            "Member must have value less than or equal to 10240"
        )
    role_exists = call.shared.seams.role_exists
    if "Role" in parameters and role_exists is not None and not role_exists(parameters["Role"]):
        raise invalid("The role defined for the function cannot be assumed by Lambda.")


def _above(path: str, value: int, limit: int) -> str:
    return refused(value, path, f"Member must have value less than or equal to {limit}")


def _runtime(runtime: str) -> str:
    if runtime in _RETIRED:
        raise invalid(
            f"The runtime parameter of {runtime} is no longer supported for creating or updating "
            "AWS Lambda functions. We recommend you use a supported runtime while creating or "
            "updating functions."
        )
    if runtime not in service().runtimes:
        raise invalid(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy "
            f"enum value set: [{', '.join(SUPPORTED_RUNTIMES)}] or be a valid ARN"
        )
    return runtime


def _environment(call: Call, after: Settings, value: Parameters) -> None:
    variables: dict[str, str] = value.get("Variables", {})
    if not all(map(_VARIABLE.fullmatch, variables)):
        raise violation(
            "Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy "
            f"constraint: [Member must satisfy regular expression pattern: {_VARIABLE.pattern}]"
        )
    used = [key for key in variables if key in _RESERVED_KEYS]
    if used:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided contains reserved keys that are currently not supported "
            f"for modification. Reserved keys used in this request: {', '.join(used)}"
        )
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > ENVIRONMENT_LIMIT:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided exceeded the 4KB limit. "
            f"String measured: {measured}"
        )
    after["Environment"] = {"Variables": dict(variables)}


def _vpc(call: Call, after: Settings, value: Parameters) -> None:
    subnets = value.get("SubnetIds", [])
    groups = value.get("SecurityGroupIds", [])
    # Lambda looks the VPC up by its subnets; here one is made up, the same for the same subnets
    digest = hashlib.sha256(" ".join(sorted(subnets)).encode()).hexdigest()
    after["VpcConfig"] = {
        "SubnetIds": subnets,
        "SecurityGroupIds": groups,
        "VpcId": f"vpc-{digest[:17]}" if subnets else "",
        "Ipv6AllowedForDualStack": value.get("Ipv6AllowedForDualStack", False),
    }


def _dead_letters(call: Call, after: Settings, value: Parameters) -> None:
    arn = value.get("TargetArn", "")
    if not arn:
        after.pop("DeadLetterConfig", None)
        return
    _, _, service_name, region, *_ = arn.split(":")
    if service_name not in ("sqs", "sns"):
        raise invalid(
            "Invalid dead letter queue ARN: The service specified by the TargetArn is not "
            "supported for dead letter configuration."
        )
    if region != call.region.name:
        raise invalid(
            "Invalid dead letter queue ARN: The resource specified by the TargetArn must be in the "
            "same region as the Lambda function it's associated with."
        )
    if service_name == "sqs" and arn.endswith(".fifo"):
        raise invalid(
            "Invalid dead letter queue ARN: FIFO SQS queue is not supported for dead letter "
            "configuration"
        )
    after["DeadLetterConfig"] = {"TargetArn": arn}


def _tracing(call: Call, after: Settings, value: Parameters) -> None:
    after["TracingConfig"] = {"Mode": value.get("Mode", "PassThrough")}


def _key(call: Call, after: Settings, value: str) -> None:
    after.pop("KMSKeyArn", None)
    if value:
        after["KMSKeyArn"] = value


def _file_systems(call: Call, after: Settings, value: list[Parameters]) -> None:
    after.pop("FileSystemConfigs", None)
    if value:
        after["FileSystemConfigs"] = value


def _image(call: Call, after: Settings, value: Parameters) -> None:
    after.pop("ImageConfigResponse", None)
    if value:
        after["ImageConfigResponse"] = {"ImageConfig": value}


def _snapstart(call: Call, after: Settings, value: Parameters) -> None:
    mode = value.get("ApplyOn", "None")
    runtime = after.get("Runtime", "")
    if mode != "None" and runtime not in (*_SNAPSTART, *_SNAPSTART_DOTNET):
        raise invalid(f"{runtime} is not supported for SnapStart enabled functions.")
    after["SnapStart"] = {"ApplyOn": mode, "OptimizationStatus": "Off"}


def _logging(call: Call, after: Settings, value: Parameters) -> None:
    levels = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}
    merged = {**after["LoggingConfig"], **value}
    if merged["LogFormat"] == "JSON":
        merged = {**levels, **merged}
    else:
        if value.keys() & levels.keys():
            raise invalid(
                'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from '
                'your request or change the LogFormat to "JSON" and try again.'
            )
        merged = {key: found for key, found in merged.items() if key not in levels}
    after["LoggingConfig"] = merged


def _layers(call: Call, after: Settings, value: list[str]) -> None:
    checked_layers(call, value)
    after.pop("Layers", None)
    if value:
        after["Layers"] = list(value)


def _durable(call: Call, after: Settings, value: Parameters) -> None:
    """Only a new function becomes durable; of one that is, the settings change."""
    known = after.get("DurableConfig")
    if known is None:
        raise invalid("You cannot enable durable execution on existing functions.")
    merged = {**known, **value}
    if "ExecutionTimeout" not in merged:
        raise invalid(
            "You cannot create a function with a durable configuration without an executionTimeout"
        )
    after["DurableConfig"] = merged


_APPLY: dict[str, Callable[[Call, Settings, Any], None]] = {
    "Environment": _environment,
    "VpcConfig": _vpc,
    "DeadLetterConfig": _dead_letters,
    "TracingConfig": _tracing,
    "KMSKeyArn": _key,
    "FileSystemConfigs": _file_systems,
    "ImageConfig": _image,
    "SnapStart": _snapstart,
    "LoggingConfig": _logging,
    "Layers": _layers,
    "DurableConfig": _durable,
}


def listed(call: Call, function: Function, version: Version, arn: str) -> Parameters:
    """A configuration as ListFunctions and ListVersionsByFunction give it: without states."""
    settings = version.settings
    answer: Parameters = {
        **settings,
        "FunctionName": function.name,
        "FunctionArn": arn,
        "Version": version.number,
        "CodeSha256": version.code.sha256,
        "CodeSize": version.code.size,
        "LastModified": version.modified,
        "RevisionId": version.revision,
    }
    if "Layers" in settings:
        answer["Layers"] = [
            {"Arn": arn, "CodeSize": size_of_layer(call, arn)} for arn in settings["Layers"]
        ]
    return answer


def full(call: Call, function: Function, version: Version, arn: str) -> Parameters:
    """A configuration as GetFunction and every mutation give it: with state and last update."""
    answer = listed(call, function, version, arn)
    if "Runtime" in version.settings:
        answer["RuntimeVersionConfig"] = {
            "RuntimeVersionArn": runtime_version_arn(call, version.settings["Runtime"])
        }
    change = version.change
    reason = "The function is being created."
    if change is not None and change.kind == "create":
        return answer | {"State": "Pending", "StateReason": reason, "StateReasonCode": "Creating"}
    answer["State"] = "Active"
    answer["LastUpdateStatus"] = "Successful"
    if change is not None:
        answer |= {
            "LastUpdateStatus": "InProgress",
            "LastUpdateStatusReason": reason,
            "LastUpdateStatusReasonCode": "Creating",
        }
    return answer


def runtime_version_arn(call: Call, runtime: str) -> str:
    """ARN of the runtime's version; one for each runtime."""
    digest = hashlib.sha256(runtime.encode()).hexdigest()
    return f"arn:{call.region.partition}:lambda:{call.region.name}::runtime:{digest}"
