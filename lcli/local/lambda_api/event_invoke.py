"""Settings of asynchronous invocation: age, retries, destinations."""

from __future__ import annotations

from datetime import UTC, datetime

from lcli.local.lambda_api.context import Call, Operation, Parameters
from lcli.local.lambda_api.errors import invalid, not_found
from lcli.local.lambda_api.names import Target, parse, target
from lcli.local.lambda_api.paging import page
from lcli.local.lambda_api.state import LATEST, Function

_SETTINGS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
_SERVICES = frozenset({"lambda", "sqs", "sns", "events", "s3"})


def put_function_event_invoke_config(call: Call, parameters: Parameters) -> Parameters:
    """PutFunctionEventInvokeConfig: replaces everything."""
    function, qualifier = _settable(call, parameters)
    return _store(call, function, qualifier, _given(parameters))


def update_function_event_invoke_config(call: Call, parameters: Parameters) -> Parameters:
    """UpdateFunctionEventInvokeConfig: what is not given stays."""
    wanted = target(call.region, parameters)
    function, qualifier = _existing(call, wanted)
    if not _given(parameters):
        raise invalid("You must specify at least one of error handling or destination setting.")
    _check_destinations(call, function, parameters.get("DestinationConfig", {}))
    return _store(call, function, qualifier, function.event_invoke[qualifier] | _given(parameters))


def get_function_event_invoke_config(call: Call, parameters: Parameters) -> Parameters:
    """GetFunctionEventInvokeConfig."""
    function, qualifier = _existing(call, target(call.region, parameters))
    return _shown(function, qualifier)


def delete_function_event_invoke_config(call: Call, parameters: Parameters) -> None:
    """DeleteFunctionEventInvokeConfig."""
    function, qualifier = _existing(call, target(call.region, parameters))
    del function.event_invoke[qualifier]


def list_function_event_invoke_configs(call: Call, parameters: Parameters) -> Parameters:
    """ListFunctionEventInvokeConfigs."""
    wanted = target(call.region, parameters)
    function = call.region.functions.get(wanted.name)
    if function is None:
        raise not_found("The function doesn't exist.")
    shown, marker = page(sorted(function.event_invoke), parameters)
    return {
        "FunctionEventInvokeConfigs": [_shown(function, qualifier) for qualifier in shown],
        "NextMarker": marker,
    }


def _given(parameters: Parameters) -> Parameters:
    return {key: parameters[key] for key in _SETTINGS if parameters.get(key) is not None}


def _settable(call: Call, parameters: Parameters) -> tuple[Function, str]:
    if not _given(parameters):
        raise invalid("You must specify at least one of error handling or destination setting.")
    wanted = target(call.region, parameters)
    function = call.region.functions.get(wanted.name)
    if function is None or call.version(function, wanted.qualifier) is None:
        raise not_found("The function doesn't exist.")
    _check_destinations(call, function, parameters.get("DestinationConfig", {}))
    return function, wanted.qualifier or LATEST


def _existing(call: Call, wanted: Target) -> tuple[Function, str]:
    qualifier = wanted.qualifier or LATEST
    function = call.region.functions.get(wanted.name)
    if function is None or qualifier not in function.event_invoke:
        arn = call.region.function_arn(wanted.name, qualifier)
        raise not_found(f"The function {arn} doesn't have an EventInvokeConfig")
    return function, qualifier


def _check_destinations(call: Call, function: Function, config: Parameters) -> None:
    for side in ("OnSuccess", "OnFailure"):
        arn = config.get(side, {}).get("Destination")
        if not arn:
            continue
        service = arn.split(":")[2]
        if service not in _SERVICES:
            raise invalid(f"The provided destination config {_as_java(config)} is invalid.")
        if service == "lambda":
            found = parse(arn)
            name = found["name"] if found else ""
            if name == function.name:
                raise invalid("You can't specify the function as a destination for itself.")
            if name not in call.region.functions:
                raise invalid(f"The destination ARN {arn} is invalid.")


def _as_java(config: Parameters) -> str:
    """The configuration as the service prints it."""
    sides = []
    for side in ("OnSuccess", "OnFailure"):
        name = side[0].lower() + side[1:]
        value = "null"
        if side in config:
            value = f"{side}(destination={config[side].get('Destination', 'null')})"
        sides.append(f"{name}={value}")
    return f"DestinationConfig({', '.join(sides)})"


def _store(call: Call, function: Function, qualifier: str, settings: Parameters) -> Parameters:
    modified = datetime.fromtimestamp(call.now, UTC)
    function.event_invoke[qualifier] = {**settings, "LastModified": modified}
    return _shown(function, qualifier)


def _shown(function: Function, qualifier: str) -> Parameters:
    settings = function.event_invoke[qualifier]
    destinations = {"OnSuccess": {}, "OnFailure": {}} | settings.get("DestinationConfig", {})
    return {
        **settings,
        "FunctionArn": function.arn_of(qualifier),
        "DestinationConfig": destinations,
    }


OPERATIONS: dict[str, Operation] = {
    "PutFunctionEventInvokeConfig": put_function_event_invoke_config,
    "UpdateFunctionEventInvokeConfig": update_function_event_invoke_config,
    "GetFunctionEventInvokeConfig": get_function_event_invoke_config,
    "DeleteFunctionEventInvokeConfig": delete_function_event_invoke_config,
    "ListFunctionEventInvokeConfigs": list_function_event_invoke_configs,
}
