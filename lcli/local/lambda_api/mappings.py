"""Event source mappings: what connects queues and streams to functions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from lcli.local.lambda_api.context import Call, Operation, Parameters, version_of
from lcli.local.lambda_api.errors import ApiError, conflict, invalid, not_found
from lcli.local.lambda_api.names import parse, target
from lcli.local.lambda_api.paging import page
from lcli.local.lambda_api.sources import Source, changes, new_settings, source_of
from lcli.local.lambda_api.state import EventSourceMapping, Region
from lcli.local.lambda_api.tags import checked_tags

PAGE = 100


def create_event_source_mapping(call: Call, parameters: Parameters) -> Parameters:
    """CreateEventSourceMapping: Creating at once, Enabled or Disabled after the delay."""
    source = source_of(parameters)
    function_arn = _function_arn(call, parameters)
    settings = new_settings(source, parameters)
    tags = checked_tags(parameters.get("Tags", {}))
    _refuse_duplicate(call, source, settings, function_arn)
    uuid = str(uuid4())
    mapping = EventSourceMapping(
        uuid=uuid,
        settings={
            **settings,
            "UUID": uuid,
            "FunctionArn": function_arn,
            "EventSourceMappingArn": call.region.arn(f"event-source-mapping:{uuid}"),
            "StateTransitionReason": source.reason,
        },
        enabled=parameters.get("Enabled", True),
        change="",
        due=0.0,
        tags=tags,
    )
    call.region.mappings[uuid] = mapping
    return _begin(call, mapping, "Creating")


def get_event_source_mapping(call: Call, parameters: Parameters) -> Parameters:
    """GetEventSourceMapping."""
    return _shown(_found(call, parameters))


def update_event_source_mapping(call: Call, parameters: Parameters) -> Parameters:
    """UpdateEventSourceMapping: what is not given stays; the function may become another."""
    mapping = _found(call, parameters)
    _refuse_transitional(mapping, "update")
    source = source_of(mapping.settings)
    given = changes(source, mapping.settings, parameters)
    if "FunctionName" in parameters:
        mapping.settings["FunctionArn"] = _function_arn(call, parameters)
    for key, value in given.items():
        if key in _REMOVABLE and not any(value.values()):
            mapping.settings.pop(key, None)
        else:
            mapping.settings[key] = value
    before, mapping.enabled = mapping.enabled, parameters.get("Enabled", mapping.enabled)
    state = "Updating"
    if before != mapping.enabled:
        state = "Enabling" if mapping.enabled else "Disabling"
    return _begin(call, mapping, state)


_REMOVABLE = frozenset(
    {"FilterCriteria", "ScalingConfig", "ProvisionedPollerConfig", "MetricsConfig"}
)


def delete_event_source_mapping(call: Call, parameters: Parameters) -> Parameters:
    """DeleteEventSourceMapping: Deleting at once, gone after the delay."""
    mapping = _found(call, parameters)
    _refuse_transitional(mapping, "delete")
    return _begin(call, mapping, "Deleting")


def list_event_source_mappings(call: Call, parameters: Parameters) -> Parameters:
    """ListEventSourceMappings, of all, of one function (as qualified) or of one source."""
    settle_mappings(call.region, call.now)
    function_arn = None
    if "FunctionName" in parameters:
        wanted = target(call.region, parameters)
        function_arn = call.region.function_arn(wanted.name, wanted.qualifier)
    source_arn = parameters.get("EventSourceArn")
    rows = [
        mapping
        for mapping in call.region.mappings.values()
        if (function_arn is None or mapping.settings["FunctionArn"] == function_arn)
        and (source_arn is None or mapping.settings.get("EventSourceArn") == source_arn)
    ]
    shown, marker = page(rows, parameters, most=PAGE)
    return {"EventSourceMappings": [_shown(mapping) for mapping in shown], "NextMarker": marker}


def settle_mappings(region: Region, now: float) -> None:
    """Carry out what is due: transitional states end, deleted mappings go."""
    for uuid, mapping in list(region.mappings.items()):
        if mapping.change and now >= mapping.due:
            if mapping.change == "Deleting":
                del region.mappings[uuid]
            mapping.change = ""


def state_of(mapping: EventSourceMapping) -> str:
    """Creating, Enabling, Enabled, Disabling, Disabled, Updating or Deleting."""
    return mapping.change or ("Enabled" if mapping.enabled else "Disabled")


def _begin(call: Call, mapping: EventSourceMapping, state: str) -> Parameters:
    mapping.change = state
    mapping.due = call.now + call.shared.delays.mapping
    mapping.settings["LastModified"] = datetime.fromtimestamp(call.now, UTC)
    call.shared.changed(call.shared.delays.mapping)
    return _shown(mapping)


def _shown(mapping: EventSourceMapping) -> Parameters:
    return {**mapping.settings, "State": state_of(mapping)}


def _found(call: Call, parameters: Parameters) -> EventSourceMapping:
    settle_mappings(call.region, call.now)
    mapping = call.region.mappings.get(parameters["UUID"])
    if mapping is None:
        raise not_found("The resource you requested does not exist.")
    return mapping


def _refuse_transitional(mapping: EventSourceMapping, verb: str) -> None:
    if mapping.change:
        raise ApiError(
            "ResourceInUseException",
            f"Cannot {verb} the event source mapping because it is in use.",
        )


def _function_arn(call: Call, parameters: Parameters) -> str:
    """The function's ARN with the qualifier that the caller gave."""
    wanted = target(call.region, parameters)
    function = call.region.functions.get(wanted.name)
    if function is None or version_of(function, wanted.qualifier) is None:
        raise invalid("Function does not exist")
    return function.arn_of(wanted.qualifier)


def _refuse_duplicate(call: Call, source: Source, settings: Parameters, function_arn: str) -> None:
    settle_mappings(call.region, call.now)
    identity = _identity(settings, function_arn)
    for mapping in call.region.mappings.values():
        if _identity(mapping.settings, mapping.settings["FunctionArn"]) == identity:
            raise conflict(_duplicate(source, settings, function_arn, mapping.uuid))


def _identity(settings: Parameters, function_arn: str) -> tuple[Any, ...]:
    endpoints = settings.get("SelfManagedEventSource", {}).get("Endpoints", {})
    return (
        function_arn,
        settings.get("EventSourceArn"),
        sorted(address for addresses in endpoints.values() for address in addresses),
        settings.get("Topics"),
        settings.get("Queues"),
    )


def _duplicate(source: Source, settings: Parameters, function_arn: str, uuid: str) -> str:
    end = f"Please update or delete the existing mapping with UUID {uuid}"
    if "SelfManagedEventSource" in settings:
        endpoints = settings["SelfManagedEventSource"]["Endpoints"].values()
        addresses = ",".join(address for each in endpoints for address in each)
        topics = ",".join(settings.get("Topics", []))
        return (
            f'An event source mapping with event source ("{addresses}"), '
            f'function ("{function_arn}"), topics ("{topics}") already exists. {end}'
        )
    found = parse(function_arn)
    name = found["name"] if found else function_arn
    arn = settings["EventSourceArn"]
    if source.name == "SQS":
        return (
            f'An event source mapping with SQS arn (" {arn} ") and function (" {name} ") '
            f"already exists. {end}"
        )
    return (
        f'The event source arn (" {arn} ") and function (" {name} ") provided mapping '
        f"already exists. {end}"
    )


OPERATIONS: dict[str, Operation] = {
    "CreateEventSourceMapping": create_event_source_mapping,
    "GetEventSourceMapping": get_event_source_mapping,
    "UpdateEventSourceMapping": update_event_source_mapping,
    "DeleteEventSourceMapping": delete_event_source_mapping,
    "ListEventSourceMappings": list_event_source_mappings,
}
