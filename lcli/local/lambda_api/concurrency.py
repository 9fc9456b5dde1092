"""Reserved and provisioned concurrency, and the account's share of both."""

from __future__ import annotations

from lcli.local.lambda_api.context import Call, Operation, Parameters
from lcli.local.lambda_api.errors import (
    ApiError,
    alias_arn_not_found,
    conflict,
    function_not_found,
    invalid,
)
from lcli.local.lambda_api.names import Target, function_of, is_version, target
from lcli.local.lambda_api.paging import page
from lcli.local.lambda_api.state import LATEST, Function, Provisioned, Region

ACCOUNT_LIMIT = 1000
"""Concurrent executions of an account in a region (Lambda quotas)."""
UNRESERVED_MINIMUM = 100


def put_function_concurrency(call: Call, parameters: Parameters) -> Parameters:
    """PutFunctionConcurrency; not below what is provisioned, by all versions and aliases."""
    function = _unqualified(call, parameters)
    wanted = parameters["ReservedConcurrentExecutions"]
    provisioned = sum(config.requested for config in function.provisioned.values())
    if provisioned > wanted:
        raise invalid(
            f"ReservedConcurrentExecutions {wanted} should not be lower than function's total "
            f"provisioned concurrency [{provisioned}]."
        )
    left = unreserved(call.region, without=function) - wanted
    if left < UNRESERVED_MINIMUM:
        raise invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's "
            "UnreservedConcurrentExecution below its minimum value of "
            f"[{UNRESERVED_MINIMUM}]."
        )
    function.reserved = wanted
    call.shared.changed()
    return {"ReservedConcurrentExecutions": wanted}


def get_function_concurrency(call: Call, parameters: Parameters) -> Parameters:
    """GetFunctionConcurrency; an empty answer where nothing is reserved."""
    wanted = target(call.region, parameters)
    function = function_of(call.region, wanted)
    return {"ReservedConcurrentExecutions": function.reserved}


def delete_function_concurrency(call: Call, parameters: Parameters) -> None:
    """DeleteFunctionConcurrency."""
    _unqualified(call, parameters).reserved = None
    call.shared.changed()


def unreserved(region: Region, without: Function | None = None) -> int:
    """Concurrency that no function has taken for itself, not counting `without`."""
    taken = sum(
        function.reserved
        if function.reserved is not None
        else sum(config.requested for config in function.provisioned.values())
        for function in region.functions.values()
        if function is not without
    )
    return ACCOUNT_LIMIT - taken


def _unqualified(call: Call, parameters: Parameters) -> Function:
    wanted = target(call.region, parameters)
    if wanted.qualifier:
        raise invalid(
            "This operation is permitted on Lambda functions only. Aliases and versions do not "
            "support this operation. Please specify either a function name or an unqualified "
            "function ARN."
        )
    function = call.region.functions.get(wanted.name)
    if function is None:
        raise function_not_found(call.region.function_arn(wanted.name, LATEST))
    return function


def put_provisioned_concurrency_config(call: Call, parameters: Parameters) -> Parameters:
    """PutProvisionedConcurrencyConfig: IN_PROGRESS at once, READY when the delay is over."""
    qualifier = parameters["Qualifier"]
    if qualifier == LATEST:
        raise invalid(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        )
    function = _provisionable(call, parameters)
    requested = parameters["ProvisionedConcurrentExecutions"]
    _refuse_overlap(function, qualifier)
    _refuse_excess(call, function, qualifier, requested)
    ready = call.now + call.shared.delays.provisioned
    config = Provisioned(requested, _stamp(call), ready)
    function.provisioned[qualifier] = config
    return _shown(call, config)


def _refuse_overlap(function: Function, qualifier: str) -> None:
    alias = function.aliases.get(qualifier)
    if alias is not None:
        if alias.weights:
            raise invalid("Alias with weights can not be used with Provisioned Concurrency")
        others = {
            one.version
            for one in function.aliases.values()
            if one is not alias and one.name in function.provisioned
        }
        # Two aliases at one version: refused by the guide; these words are those for a version.
        if alias.version in {*function.provisioned, *others}:
            raise conflict(
                "Alias can't be used for Provisioned Concurrency configuration on an already "
                "Provisioned version"
            )
    elif any(
        other.version == qualifier and other.name in function.provisioned
        for other in function.aliases.values()
    ):
        raise conflict("Version is pointed by a Provisioned Concurrency alias")


def _refuse_excess(call: Call, function: Function, qualifier: str, requested: int) -> None:
    others = sum(
        config.requested for name, config in function.provisioned.items() if name != qualifier
    )
    if function.reserved is not None:
        if requested + others > function.reserved:
            raise invalid(
                "Requested Provisioned Concurrency should not be greater than the "
                "reservedConcurrentExecution for function"
            )
        return
    left = unreserved(call.region, without=function) - others
    if requested > left:
        raise invalid(
            "Specified ConcurrentExecutions for function is greater than account's "
            f"unreserved concurrency [{left}]."
        )
    if left - requested < UNRESERVED_MINIMUM:
        raise invalid(
            "Specified ConcurrentExecutions for function decreases account's "
            "UnreservedConcurrentExecution below its minimum value of "
            f"[{UNRESERVED_MINIMUM}]."
        )


def get_provisioned_concurrency_config(call: Call, parameters: Parameters) -> Parameters:
    """GetProvisionedConcurrencyConfig."""
    function = _read(call, parameters)
    config = function.provisioned.get(parameters["Qualifier"])
    if config is None:
        raise ApiError(
            "ProvisionedConcurrencyConfigNotFoundException",
            "No Provisioned Concurrency Config found for this function",
            404,
        )
    return _shown(call, config)


def delete_provisioned_concurrency_config(call: Call, parameters: Parameters) -> None:
    """DeleteProvisionedConcurrencyConfig; a missing one is no error."""
    _read(call, parameters).provisioned.pop(parameters["Qualifier"], None)


def list_provisioned_concurrency_configs(call: Call, parameters: Parameters) -> Parameters:
    """ListProvisionedConcurrencyConfigs."""
    wanted = target(call.region, parameters)
    function = function_of(call.region, wanted)
    shown, marker = page(sorted(function.provisioned.items()), parameters)
    return {
        "ProvisionedConcurrencyConfigs": [
            {"FunctionArn": function.arn_of(qualifier), **_shown(call, config)}
            for qualifier, config in shown
        ],
        "NextMarker": marker,
    }


def _read(call: Call, parameters: Parameters) -> Function:
    if parameters["Qualifier"] == LATEST:
        raise invalid("The function resource provided must be an alias or a published version.")
    return _provisionable(call, parameters)


def _provisionable(call: Call, parameters: Parameters) -> Function:
    """The function of a version or an alias that exists."""
    wanted: Target = target(call.region, parameters)
    qualifier = str(wanted.qualifier)
    function = call.region.functions.get(wanted.name)
    if function is None or call.version(function, qualifier) is None:
        arn = call.region.function_arn(wanted.name, qualifier)
        raise function_not_found(arn) if is_version(qualifier) else alias_arn_not_found(arn)
    return function


def _stamp(call: Call) -> str:
    """Without milliseconds, unlike elsewhere."""
    return f"{call.stamp()[:19]}+0000"


def _shown(call: Call, config: Provisioned) -> Parameters:
    done = call.now >= config.ready
    available = config.requested if done else 0
    return {
        "RequestedProvisionedConcurrentExecutions": config.requested,
        "AvailableProvisionedConcurrentExecutions": available,
        "AllocatedProvisionedConcurrentExecutions": available,
        "Status": "READY" if done else "IN_PROGRESS",
        "LastModified": config.modified,
    }


OPERATIONS: dict[str, Operation] = {
    "PutFunctionConcurrency": put_function_concurrency,
    "GetFunctionConcurrency": get_function_concurrency,
    "DeleteFunctionConcurrency": delete_function_concurrency,
    "PutProvisionedConcurrencyConfig": put_provisioned_concurrency_config,
    "GetProvisionedConcurrencyConfig": get_provisioned_concurrency_config,
    "DeleteProvisionedConcurrencyConfig": delete_provisioned_concurrency_config,
    "ListProvisionedConcurrencyConfigs": list_provisioned_concurrency_configs,
}
