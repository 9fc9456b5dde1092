"""Account settings, runtime management and recursion."""

from __future__ import annotations

from lcli.local.lambda_api.codestore import DIRECT_LIMIT, UNZIPPED_LIMIT
from lcli.local.lambda_api.concurrency import ACCOUNT_LIMIT, unreserved
from lcli.local.lambda_api.context import Call, Operation, Parameters
from lcli.local.lambda_api.errors import function_not_found, invalid
from lcli.local.lambda_api.state import LATEST

STORAGE_LIMIT = 80_530_636_800
"""Bytes of all zips of an account in a region."""


def get_account_settings(call: Call, parameters: Parameters) -> Parameters:
    """GetAccountSettings: every version and layer version counts with its zip."""
    functions = call.region.functions.values()
    sizes = [
        version.code.size
        for function in functions
        for version in (function.latest, *function.versions.values())
    ]
    sizes += [
        version.code.size
        for layer in call.region.layers.values()
        for version in layer.versions.values()
        if not version.deleted
    ]
    return {
        "AccountLimit": {
            "TotalCodeSize": STORAGE_LIMIT,
            "CodeSizeUnzipped": UNZIPPED_LIMIT,
            "CodeSizeZipped": DIRECT_LIMIT,
            "ConcurrentExecutions": ACCOUNT_LIMIT,
            "UnreservedConcurrentExecutions": unreserved(call.region),
        },
        "AccountUsage": {"TotalCodeSize": sum(sizes), "FunctionCount": len(functions)},
    }


def put_runtime_management_config(call: Call, parameters: Parameters) -> Parameters:
    """PutRuntimeManagementConfig of $LATEST or a version."""
    function, wanted = call.function(parameters)
    qualifier = wanted.qualifier or LATEST
    if call.version(function, qualifier) is None:
        raise function_not_found(function.arn_of(qualifier))
    arn = parameters.get("RuntimeVersionArn")
    if (parameters["UpdateRuntimeOn"] == "Manual") != bool(arn):
        raise invalid("RuntimeVersionArn is required, and only allowed, for the Manual mode.")
    function.runtime_updates[qualifier] = {
        "UpdateRuntimeOn": parameters["UpdateRuntimeOn"],
        "RuntimeVersionArn": arn,
    }
    return {"FunctionArn": function.arn_of(qualifier), **function.runtime_updates[qualifier]}


def get_runtime_management_config(call: Call, parameters: Parameters) -> Parameters:
    """GetRuntimeManagementConfig."""
    function, wanted = call.function(parameters)
    qualifier = wanted.qualifier or LATEST
    version = call.version(function, qualifier)
    if version is None:
        raise function_not_found(function.arn_of(qualifier))
    settings = function.runtime_updates.get(qualifier, {"UpdateRuntimeOn": "Auto"})
    return {"FunctionArn": function.arn_of(qualifier), **settings}


def put_function_recursion_config(call: Call, parameters: Parameters) -> Parameters:
    """PutFunctionRecursionConfig."""
    function, _ = call.function(parameters)
    function.recursion = parameters["RecursiveLoop"]
    return {"RecursiveLoop": function.recursion}


def get_function_recursion_config(call: Call, parameters: Parameters) -> Parameters:
    """GetFunctionRecursionConfig."""
    function, _ = call.function(parameters)
    return {"RecursiveLoop": function.recursion}


OPERATIONS: dict[str, Operation] = {
    "GetAccountSettings": get_account_settings,
    "PutRuntimeManagementConfig": put_runtime_management_config,
    "GetRuntimeManagementConfig": get_runtime_management_config,
    "PutFunctionRecursionConfig": put_function_recursion_config,
    "GetFunctionRecursionConfig": get_function_recursion_config,
}
