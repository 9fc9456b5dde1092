"""An event source mapping's settings in normal form, with AWS's defaults by kind of source; pure.

Names, shapes and defaults: Lambda API reference, CreateEventSourceMapping. `FilterCriteria` is
the tuple of its patterns, each as canonical JSON; its order means nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lcli.resources.function_fields import frozen
from lcli.resources.model import Value

FIXED = frozenset(
    {
        "StartingPosition",
        "StartingPositionTimestamp",
        "Topics",
        "Queues",
        "SelfManagedEventSource",
        "EventSourceArn",
    }
)
"""What UpdateEventSourceMapping does not take."""

KEPT = ("LoggingConfig",)
"""Settings that no documented call takes away: AWS keeps them when they leave the manifest."""
_ALL: Mapping[str, Value] = {
    "Enabled": True,
    "FilterCriteria": (),
    "KMSKeyArn": "",
    "MaximumBatchingWindowInSeconds": 0,
    "MetricsConfig": {},
}
_STREAM: Mapping[str, Value] = {
    **_ALL,
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {},
    "FunctionResponseTypes": (),
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "StartingPosition": "LATEST",
    "TumblingWindowInSeconds": 0,
}
_DEFAULTS: Mapping[str, Mapping[str, Value]] = {
    "sqs": {
        **_ALL,
        "BatchSize": 10,
        "FunctionResponseTypes": (),
        "ProvisionedPollerConfig": {},
        "ScalingConfig": {},
    },
    "kinesis": _STREAM,
    "dynamodb": _STREAM,
    "mq": {**_ALL, "BatchSize": 100, "MaximumBatchingWindowInSeconds": 0.5},
}
_OTHER: Mapping[str, Value] = {**_ALL, "BatchSize": 100, "MaximumBatchingWindowInSeconds": 0.5}


def defaults(source_arn: str) -> dict[str, Value]:
    """What AWS gives every setting that is left out, for this kind of source."""
    service = source_arn.split(":")[2] if source_arn.startswith("arn:") else ""
    return dict(_DEFAULTS.get(service, _OTHER))


def source_of(mapping: Mapping[str, Any]) -> str:
    """What tells one function's sources apart: ARN or bootstrap servers, topics or queues."""
    servers = mapping.get("SelfManagedEventSource", {}).get("Endpoints", {})
    parts = [str(mapping.get("EventSourceArn", ""))]
    parts += [one for key in sorted(servers) for one in sorted(servers[key])]
    parts += [*sorted(mapping.get("Topics") or ()), *sorted(mapping.get("Queues") or ())]
    return "/".join(filter(None, parts))


def normal(field: str, value: Any) -> Value:
    """One setting in normal form."""
    if field == "FilterCriteria":
        filters = (value or {}).get("Filters") or ()
        return tuple(sorted(_canonical(one["Pattern"]) for one in filters))
    if field == "MetricsConfig":
        metrics = (value or {}).get("Metrics")
        return {"Metrics": tuple(sorted(metrics))} if metrics else {}
    if field == "DestinationConfig":
        return {side: frozen(one) for side, one in (value or {}).items() if one}
    if field in ("FunctionResponseTypes", "Topics", "Queues"):
        return tuple(sorted(value or ()))
    return frozen(value)


def _canonical(pattern: str) -> str:
    try:
        return json.dumps(json.loads(pattern), sort_keys=True, separators=(",", ":"))
    except ValueError:
        return pattern


def read_fields(mapping: Mapping[str, Any], governed: Mapping[str, Value]) -> dict[str, Value]:
    """The settings in an answer of ListEventSourceMappings; those without a default if governed."""
    arn = mapping.get("EventSourceArn", "")
    fields = {
        key: normal(key, mapping[key]) if key in mapping else plain
        for key, plain in defaults(arn).items()
    }
    fields |= {
        key: normal(key, mapping[key]) for key in governed if key not in fields and key in mapping
    }
    # What the manifest leaves out of it has a default that AWS shows.
    pollers, wanted = fields.get("ProvisionedPollerConfig"), governed.get("ProvisionedPollerConfig")
    if isinstance(pollers, Mapping) and isinstance(wanted, Mapping) and wanted:
        kept = {name: one for name, one in pollers.items() if name in wanted}
        fields["ProvisionedPollerConfig"] = kept
    fields["FunctionName"] = mapping["FunctionArn"]
    fields["Enabled"] = mapping["State"] not in ("Disabled", "Disabling")
    return fields


def kept_fields(mapping: Mapping[str, Any], governed: Mapping[str, Value]) -> tuple[str, ...]:
    """Settings that the mapping has, the manifest does not, and no call takes away."""
    return tuple(field for field in KEPT if mapping.get(field) and field not in governed)


def unknown_fields(mapping: Mapping[str, Any]) -> frozenset[str]:
    """What AWS would not show, for want of a KMS key."""
    names = {"FilterCriteria"} if mapping.get("FilterCriteriaError") else set()
    return frozenset(names)
