"""Aliases, with weights between two versions."""

from __future__ import annotations

from typing import Any

from lcli.local.lambda_api.context import Call, Operation, Parameters, new_revision
from lcli.local.lambda_api.errors import (
    alias_arn_not_found,
    conflict,
    function_not_found,
    invalid,
    not_found,
    stale,
)
from lcli.local.lambda_api.names import Target, function_of, target
from lcli.local.lambda_api.paging import page
from lcli.local.lambda_api.state import LATEST, Alias, Function


def create_alias(call: Call, parameters: Parameters) -> Parameters:
    """CreateAlias."""
    name, number = parameters["Name"], parameters["FunctionVersion"]
    wanted = target(call.region, parameters)
    function = function_of(call.region, Target(wanted.name, number))
    if name in function.aliases:
        raise conflict(f"Alias already exists: {function.arn_of(name)}")
    weights = _weights(function, number, parameters.get("RoutingConfig"))
    _check_version(function, number)
    alias = Alias(name, number, new_revision(), parameters.get("Description", ""), weights)
    function.aliases[name] = alias
    return _shown(function, alias)


def get_alias(call: Call, parameters: Parameters) -> Parameters:
    """GetAlias."""
    function, _ = call.function(parameters)
    alias = function.aliases.get(parameters["Name"])
    if alias is None:
        raise alias_arn_not_found(function.arn_of(parameters["Name"]))
    return _shown(function, alias)


def update_alias(call: Call, parameters: Parameters) -> Parameters:
    """UpdateAlias: what is not given stays; an empty RoutingConfig ends the split."""
    function, _ = call.function(parameters)
    alias = function.aliases.get(parameters["Name"])
    if alias is None:
        raise not_found(f"Alias not found: {function.arn_of(parameters['Name'])}")
    revision = parameters.get("RevisionId")
    if revision and revision != alias.revision:
        raise stale()
    number = parameters.get("FunctionVersion", alias.version)
    weights: Any = alias.weights
    if parameters.get("RoutingConfig") is not None:
        weights = _weights(function, number, parameters["RoutingConfig"])
    elif number in weights:
        raise _included(number)
    _check_version(function, number)
    provisioned = function.provisioned.get(alias.name)
    if provisioned is not None:
        if weights:
            raise invalid("Alias with weights can not be used with Provisioned Concurrency")
        if number != alias.version:
            provisioned.ready = call.now + call.shared.delays.provisioned
    alias.version, alias.weights = number, weights
    alias.description = parameters.get("Description", alias.description)
    alias.revision = new_revision()
    call.shared.changed()
    return _shown(function, alias)


def delete_alias(call: Call, parameters: Parameters) -> None:
    """DeleteAlias; what hangs on the alias goes with it, and a missing alias is no error."""
    function, _ = call.function(parameters)
    name = parameters["Name"]
    if function.aliases.pop(name, None) is None:
        return
    for by_qualifier in (
        function.policies,
        function.urls,
        function.event_invoke,
        function.provisioned,
    ):
        forget: dict[str, Any] = by_qualifier
        forget.pop(name, None)
    call.shared.changed()


def list_aliases(call: Call, parameters: Parameters) -> Parameters:
    """ListAliases, by name; of one version with FunctionVersion."""
    function, _ = call.function(parameters)
    number = parameters.get("FunctionVersion")
    rows = [
        alias
        for _, alias in sorted(function.aliases.items())
        if number is None or alias.version == number
    ]
    shown, marker = page(rows, parameters)
    return {"Aliases": [_shown(function, alias) for alias in shown], "NextMarker": marker}


def _check_version(function: Function, number: str) -> None:
    if number != LATEST and number not in function.versions:
        raise function_not_found(function.arn_of(number))


def _weights(function: Function, number: str, routing: Parameters | None) -> dict[str, float]:
    weights: dict[str, float] = (routing or {}).get("AdditionalVersionWeights", {})
    if len(weights) > 1:
        raise invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
    if not weights:
        return {}
    if number in weights:
        raise _included(number)
    if number == LATEST:
        raise invalid("$LATEST is not supported for an alias pointing to more than 1 version")
    for other in weights:
        _check_version(function, other)
    return dict(weights)


def _included(number: str) -> Exception:
    return invalid(
        f"Invalid function version {number}. "
        f"Function version {number} is already included in routing configuration."
    )


def _shown(function: Function, alias: Alias) -> Parameters:
    answer: Parameters = {
        "AliasArn": function.arn_of(alias.name),
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision,
    }
    if alias.weights:
        answer["RoutingConfig"] = {"AdditionalVersionWeights": dict(alias.weights)}
    return answer


OPERATIONS: dict[str, Operation] = {
    "CreateAlias": create_alias,
    "GetAlias": get_alias,
    "UpdateAlias": update_alias,
    "DeleteAlias": delete_alias,
    "ListAliases": list_aliases,
}
