"""Create, read, update, list and delete functions."""

from __future__ import annotations

from typing import Any

from lcli.local.lambda_api import code as codes
from lcli.local.lambda_api.configuration import changed_settings, full, listed, new_settings
from lcli.local.lambda_api.context import (
    Call,
    Operation,
    Parameters,
    begin,
    new_revision,
    settle,
)
from lcli.local.lambda_api.errors import (
    conflict,
    function_not_found,
    invalid,
    stale,
    violation,
)
from lcli.local.lambda_api.names import function_of, target
from lcli.local.lambda_api.paging import page
from lcli.local.lambda_api.signing import signing_config
from lcli.local.lambda_api.state import LATEST, Function, Version
from lcli.local.lambda_api.tags import checked_tags
from lcli.local.lambda_api.validation import refused
from lcli.local.lambda_api.versions import publish

NAME_LIMIT = 64


async def create_function(call: Call, parameters: Parameters) -> Parameters:
    """CreateFunction: Pending at once, Active when the delay is over."""
    codes.refuse_large_request(call, "CreateFunction")
    wanted = target(call.region, parameters)
    if len(wanted.name) > NAME_LIMIT:
        message = refused(
            wanted.name,
            "functionName",
            f"Member must have length less than or equal to {NAME_LIMIT}",
        )
        raise invalid(f"1 validation error detected: {message}")
    _refuse_existing(call, wanted.name)
    signing = signing_config(call, parameters.get("CodeSigningConfigArn", ""))
    settings = new_settings(call, parameters)
    tags = checked_tags(parameters.get("Tags", {}))
    code = await codes.take(call, parameters["Code"], settings, "CreateFunction")
    _refuse_existing(call, wanted.name)
    latest = Version(LATEST, settings, code, "", "")
    begin(latest, call, "create")
    function = Function(wanted.name, call.region.function_arn(wanted.name), latest, tags)
    function.signing = signing
    call.region.functions[wanted.name] = function
    if parameters.get("Publish"):
        version = publish(call, function, parameters={})
        # the answer names the version but not in its ARN, and its revision is nobody's later on
        return full(call, function, version, function.arn) | {"RevisionId": new_revision()}
    return full(call, function, latest, function.arn)


def _refuse_existing(call: Call, name: str) -> None:
    if name in call.region.functions:
        raise conflict(f"Function already exist: {name}")


def get_function(call: Call, parameters: Parameters) -> Parameters:
    """GetFunction: configuration, code, tags and reserved concurrency."""
    function, version, arn = _found(call, parameters)
    answer: Parameters = {
        "Configuration": full(call, function, version, arn),
        "Code": codes.location(call, version.code),
    }
    if function.tags and version.number == LATEST:
        answer["Tags"] = dict(function.tags)
    if function.reserved is not None:
        answer["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved}
    return answer


def get_function_configuration(call: Call, parameters: Parameters) -> Parameters:
    """GetFunctionConfiguration."""
    return full(call, *_found(call, parameters))


def _found(call: Call, parameters: Parameters) -> tuple[Function, Version, str]:
    function, wanted = call.function(parameters)
    version = call.version(function, wanted.qualifier)
    arn = function.arn_of(wanted.qualifier)
    if version is None:
        raise function_not_found(arn)
    return function, version, arn


def update_function_configuration(call: Call, parameters: Parameters) -> Parameters:
    """UpdateFunctionConfiguration: InProgress at once, Successful when the delay is over."""
    function = _updatable(call, parameters)
    version = function.latest
    settings = changed_settings(call, version.settings, parameters)
    codes.check_total(call, version.code, settings)
    version.settings = settings
    begin(version, call, "update")
    return full(call, function, version, function.arn)


async def update_function_code(call: Call, parameters: Parameters) -> Parameters:
    """UpdateFunctionCode, with DryRun and Publish."""
    codes.refuse_large_request(call, "UpdateFunctionCode")
    function = _updatable(call, parameters)
    settings = dict(function.latest.settings)
    if parameters.get("Architectures"):
        settings["Architectures"] = parameters["Architectures"]
    code = await codes.take(call, parameters, settings, "UpdateFunctionCode")
    function = _updatable(call, parameters)
    if parameters.get("DryRun"):
        tried = Version(LATEST, settings, code, function.latest.revision, call.stamp())
        return full(call, function, tried, function.arn)
    version = function.latest
    version.settings, version.code = settings, code
    begin(version, call, "update")
    if parameters.get("Publish"):
        published = publish(call, function, parameters={})
        return full(call, function, published, function.arn_of(published.number))
    return full(call, function, version, function.arn)


def _updatable(call: Call, parameters: Parameters) -> Function:
    """The function to update; ApiError while another update goes on or if it moved meanwhile."""
    wanted = target(call.region, parameters)
    function = function_of(call.region, wanted)
    settle(function.latest, call.now)
    refuse_unsettled(function)
    revision = parameters.get("RevisionId")
    if revision and revision != function.latest.revision:
        raise stale()
    return function


def refuse_unsettled(function: Function) -> None:
    """ApiError 409 while Lambda is still busy with the function."""
    change = function.latest.change
    if change is None:
        return
    if change.kind == "create":
        raise conflict(
            "The operation cannot be performed at this time. "
            "The function is currently in the following state: Pending"
        )
    raise conflict(
        "The operation cannot be performed at this time. "
        f"An update is in progress for resource: {function.arn}"
    )


def list_functions(call: Call, parameters: Parameters) -> Parameters:
    """ListFunctions: $LATEST of each, with FunctionVersion=ALL every version too."""
    every = parameters.get("FunctionVersion") == "ALL"
    rows: list[tuple[Function, Version, str]] = []
    for name in sorted(call.region.functions):
        function = call.region.functions[name]
        arn = function.arn_of(LATEST) if every else function.arn
        rows.append((function, function.latest, arn))
        if every:
            rows.extend(
                (function, version, function.arn_of(version.number))
                for version in function.versions.values()
            )
    shown, marker = page(rows, parameters)
    return {"Functions": [_listed(call, *row) for row in shown], "NextMarker": marker}


def _listed(call: Call, function: Function, version: Version, arn: str) -> Parameters:
    settle(version, call.now)
    return listed(call, function, version, arn)


async def delete_function(call: Call, parameters: Parameters) -> Parameters:
    """DeleteFunction: the function with all that is its own, or one version of it."""
    wanted = target(call.region, parameters)
    if wanted.qualifier == LATEST:
        raise invalid("$LATEST version cannot be deleted without deleting the function.")
    if wanted.qualifier and not wanted.qualifier.isdigit():
        raise violation(
            refused(
                wanted.qualifier,
                "qualifier",
                "Member must satisfy regular expression pattern: (\\$LATEST|[0-9]+)",
            )
        )
    function = call.region.functions.get(wanted.name)
    if function is None:
        raise function_not_found(call.region.function_arn(wanted.name, wanted.qualifier))
    if wanted.qualifier:
        _delete_version(function, wanted.qualifier)
    else:
        del call.region.functions[wanted.name]
    if call.shared.invoker is not None:
        await call.shared.invoker.retire(function.arn, wanted.qualifier)
    call.shared.changed()
    return {"StatusCode": 204}


def _delete_version(function: Function, number: str) -> None:
    used = [
        alias.name
        for alias in function.aliases.values()
        if number == alias.version or number in alias.weights
    ]
    if used:
        raise conflict(
            "Unable to delete version because the following aliases reference it: "
            f"[{', '.join(used)}]"
        )
    function.versions.pop(number, None)
    for by_qualifier in (function.policies, function.event_invoke, function.provisioned):
        forget: dict[str, Any] = by_qualifier
        forget.pop(number, None)


OPERATIONS: dict[str, Operation] = {
    "CreateFunction": create_function,
    "GetFunction": get_function,
    "GetFunctionConfiguration": get_function_configuration,
    "UpdateFunctionConfiguration": update_function_configuration,
    "UpdateFunctionCode": update_function_code,
    "ListFunctions": list_functions,
    "DeleteFunction": delete_function,
}
