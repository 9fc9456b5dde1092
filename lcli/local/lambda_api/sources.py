"""Event sources of mappings: what each kind takes, defaults and refuses.

Source: Lambda API reference, CreateEventSourceMapping, and the guide's pages of each source.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from lcli.local.lambda_api.errors import invalid
from lcli.local.lambda_api.validation import refused

Parameters = dict[str, Any]

_STREAM_ONLY = (
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "TumblingWindowInSeconds",
)
_STREAM_DEFAULTS: Mapping[str, Any] = {
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "FunctionResponseTypes": [],
    "LastProcessingResult": "No records processed",
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 0,
}
_CONSUMER_DEFAULTS: Mapping[str, Any] = {
    "BatchSize": 100,
    "LastProcessingResult": "No records processed",
}


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of event source."""

    name: str
    """As AWS's messages call it."""
    defaults: Mapping[str, Any]
    batch: int
    """Largest batch."""
    refuses: tuple[str, ...] = ()
    """Parameters that are not for this kind."""
    starts: bool = False
    """StartingPosition must be given."""
    reason: str = "User action"
    """StateTransitionReason."""
    group: str = ""
    """Member that holds the consumer group, made up where not given."""


_SQS = Source(
    "SQS",
    {"BatchSize": 10, "FunctionResponseTypes": [], "MaximumBatchingWindowInSeconds": 0},
    10_000,
    (*_STREAM_ONLY, "Topics", "Queues", "StartingPositionTimestamp"),
    reason="USER_INITIATED",
)
_KINESIS = Source(
    "Kinesis", _STREAM_DEFAULTS, 10_000, ("Topics", "Queues", "ScalingConfig"), starts=True
)
_DYNAMODB = Source(
    "DynamoDB", _STREAM_DEFAULTS, 10_000, ("Topics", "Queues", "ScalingConfig"), starts=True
)
_MSK = Source(
    "MSK",
    {**_CONSUMER_DEFAULTS, "DestinationConfig": {"OnFailure": {}}},
    10_000,
    starts=True,
    reason="USER_INITIATED",
    group="AmazonManagedKafkaEventSourceConfig",
)
_SELF_MANAGED = Source(
    "self-managed Kafka",
    {
        **_CONSUMER_DEFAULTS,
        "DestinationConfig": {"OnFailure": {}},
        "StartingPosition": "TRIM_HORIZON",
    },
    10_000,
    reason="USER_INITIATED",
    group="SelfManagedKafkaEventSourceConfig",
)
_MQ = Source("MQ", _CONSUMER_DEFAULTS, 10_000, reason="USER_INITIATED")
_DOCUMENTS = Source("DocumentDB", _CONSUMER_DEFAULTS, 10_000, starts=True, reason="USER_INITIATED")
_BY_SERVICE = {
    "sqs": _SQS,
    "kinesis": _KINESIS,
    "dynamodb": _DYNAMODB,
    "kafka": _MSK,
    "mq": _MQ,
    "rds": _DOCUMENTS,
}


def source_of(parameters: Parameters) -> Source:
    """The kind of a mapping's source; ApiError where it is none that Lambda polls."""
    if "SelfManagedEventSource" in parameters:
        return _SELF_MANAGED
    arn = parameters.get("EventSourceArn", "")
    parts = arn.split(":")
    source = _BY_SERVICE.get(parts[2]) if len(parts) > 5 else None
    if source is None:
        raise invalid("Unrecognized event source.")
    return source


def new_settings(source: Source, parameters: Parameters) -> Parameters:
    """The settings of a new mapping, defaults included; ApiError for what AWS refuses."""
    if source is _SELF_MANAGED and not parameters.get("SourceAccessConfigurations"):
        raise invalid("Required 'sourceAccessConfigurations' parameter is missing.")
    _check_start(source, parameters)
    settings = {**source.defaults, **changes(source, source.defaults, parameters)}
    if source.group:
        settings.setdefault(source.group, {"ConsumerGroupId": str(uuid4())})
    return settings


def changes(source: Source, before: Mapping[str, Any], parameters: Parameters) -> Parameters:
    """What a request sets; ApiError for what does not go with the source or together."""
    for name in source.refuses:
        if name in parameters:
            raise invalid(f"Unsupported {name} parameter for given event source mapping type.")
    given = {key: value for key, value in parameters.items() if key not in _NOT_SETTINGS}
    merged = {**before, **given}
    batch, window = merged["BatchSize"], merged.get("MaximumBatchingWindowInSeconds") or 0
    queue = parameters.get("EventSourceArn") or before.get("EventSourceArn", "")
    if batch > source.batch:
        limit = f"Member must have value less than or equal to {source.batch}"
        raise invalid(f"1 validation error detected: {refused(batch, 'batchSize', limit)}")
    if source is _SQS:
        _check_batch(queue, batch, window)
    for rule in given.get("FilterCriteria", {}).get("Filters", []):
        _check_pattern(rule.get("Pattern", ""))
    return given


_NOT_SETTINGS = frozenset({"FunctionName", "Enabled", "Tags", "UUID"})


def _check_start(source: Source, parameters: Parameters) -> None:
    position = parameters.get("StartingPosition")
    if source.starts and position is None:
        missing = refused(None, "startingPosition", "Member must not be null")
        raise invalid(f"1 validation error detected: {missing}.")
    if position is not None and source is _SQS:
        raise invalid("StartingPosition is not valid for SQS event sources.")
    if position == "AT_TIMESTAMP":
        if source is _DYNAMODB:
            raise invalid(
                "Unsupported starting position for arn type: " + parameters["EventSourceArn"]
            )
        if "StartingPositionTimestamp" not in parameters:
            raise invalid("Need to specify a timestamp")


def _check_batch(queue: str, batch: int, window: int) -> None:
    if queue.endswith(".fifo"):
        if batch > 10:
            raise invalid("Maximum batch size must be between 1 and 10 inclusive")
        if window:
            raise invalid("Batching window is not supported for FIFO queues")
    elif batch > 10 and window < 1:
        raise invalid(
            "Maximum batch window in seconds must be greater than 0 "
            "if maximum batch size is greater than 10"
        )


def _check_pattern(pattern: str) -> None:
    try:
        sound = isinstance(json.loads(pattern), dict)
    except ValueError:
        sound = False
    if not sound:
        raise invalid("Invalid filter pattern definition.")
