"""The events of an execution's history, in the form of GetDurableExecutionHistory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

Event = dict[str, Any]
"""An event by its API members, but for EventId, which is its place in the history."""

DETAILS = {
    "EXECUTION": "ExecutionDetails",
    "CONTEXT": "ContextDetails",
    "STEP": "StepDetails",
    "WAIT": "WaitDetails",
    "CALLBACK": "CallbackDetails",
    "CHAINED_INVOKE": "ChainedInvokeDetails",
}
"""Where an operation of a type has what is its own."""
_NAMES = {
    "EXECUTION": "Execution",
    "CONTEXT": "Context",
    "STEP": "Step",
    "WAIT": "Wait",
    "CALLBACK": "Callback",
    "CHAINED_INVOKE": "ChainedInvoke",
}
_ENDS = {
    "SUCCEEDED": "Succeeded",
    "FAILED": "Failed",
    "TIMED_OUT": "TimedOut",
    "STOPPED": "Stopped",
    "CANCELLED": "Cancelled",
}
_DATA = frozenset({"Input", "Result", "Error", "Reason"})
"""Members of an event's details that carry execution data."""


def execution_started(operation: Mapping[str, Any], timeout: int) -> Event:
    """ExecutionStarted; `timeout` in seconds."""
    details = {
        "Input": _data(operation["ExecutionDetails"]["InputPayload"]),
        "ExecutionTimeout": timeout,
    }
    return _event("ExecutionStarted", operation, operation["StartTimestamp"], details)


def execution_ended(
    operation: Mapping[str, Any],
    now: datetime,
    result: str | None,
    error: Mapping[str, Any] | None,
) -> Event:
    """ExecutionSucceeded, …Failed, …TimedOut or …Stopped, by the operation's status."""
    kind = f"Execution{_ENDS[operation['Status']]}"
    succeeded = operation["Status"] == "SUCCEEDED"
    details = {"Result": _data(result)} if succeeded else {"Error": _data(error)}
    return _event(kind, operation, now, details)


def began(
    operation: Mapping[str, Any], now: datetime, details: Mapping[str, Any] | None = None
) -> Event:
    """…Started of an operation."""
    return _event(f"{_NAMES[operation['Type']]}Started", operation, now, details or {})


def attempted(
    operation: Mapping[str, Any], now: datetime, *, failed: bool, delay: int | None
) -> Event:
    """StepSucceeded or StepFailed of one attempt; `delay` in seconds if there is another one."""
    own = operation["StepDetails"]
    retry = {"CurrentAttempt": own["Attempt"]}
    if delay is not None:
        retry["NextAttemptDelaySeconds"] = delay
    outcome = {"Error": _data(own.get("Error"))} if failed else {"Result": _data(own.get("Result"))}
    kind = "StepFailed" if failed else "StepSucceeded"
    return _event(kind, operation, now, outcome | {"RetryDetails": retry})


def ended(operation: Mapping[str, Any], now: datetime, *, seconds: int = 0) -> Event:
    """The event of an operation other than a step that has come to its end.

    `seconds` are those that a wait was to take.
    """
    status = operation["Status"]
    kind = f"{_NAMES[operation['Type']]}{_ENDS[status]}"
    own = operation.get(DETAILS[operation["Type"]], {})
    if operation["Type"] == "WAIT":
        details: dict[str, Any] = {"Duration": seconds} if status == "SUCCEEDED" else {}
    elif status == "SUCCEEDED":
        details = {"Result": _data(own.get("Result"))}
    else:
        details = {"Error": _data(own.get("Error"))}
    return _event(kind, operation, now, details)


def invoked(
    began: datetime, now: datetime, request_id: str, error: Mapping[str, Any] | None
) -> Event:
    """InvocationCompleted."""
    details: dict[str, Any] = {
        "StartTimestamp": began,
        "EndTimestamp": now,
        "RequestId": request_id,
    }
    if error is not None:
        details["Error"] = _data(error)
    return _event("InvocationCompleted", {}, now, details)


def paused(
    operation: Mapping[str, Any], now: datetime, reason: str | None, *, timeout_paused: bool
) -> Event:
    """ExecutionPaused."""
    details: dict[str, Any] = {
        "PauseRequestTimestamp": now,
        "ExecutionTimeoutPaused": timeout_paused,
    }
    if reason is not None:
        details["Reason"] = _data(reason)
    return _event("ExecutionPaused", operation, now, details)


def resumed(operation: Mapping[str, Any], now: datetime, reason: str | None) -> Event:
    """ExecutionResumed."""
    details: dict[str, Any] = {"ResumeRequestTimestamp": now}
    if reason is not None:
        details["Reason"] = _data(reason)
    return _event("ExecutionResumed", operation, now, details)


def view(number: int, event: Event, *, with_data: bool) -> Event:
    """An event as it is answered; without execution data its members say that they are cut."""
    shown: Event = {"EventId": number, **event}
    if with_data:
        return shown
    name = f"{event['EventType']}Details"
    shown[name] = {
        member: {"Truncated": True} if member in _DATA else value
        for member, value in event[name].items()
    }
    return shown


def _data(payload: Any) -> dict[str, Any]:
    return {"Truncated": False} | ({} if payload is None else {"Payload": payload})


def _event(
    kind: str, operation: Mapping[str, Any], at: datetime, details: Mapping[str, Any]
) -> Event:
    named = {
        member: operation[member]
        for member in ("SubType", "Id", "Name", "ParentId")
        if member in operation
    }
    return {"EventType": kind, "EventTimestamp": at, **named, f"{kind}Details": dict(details)}


def add(events: list[Event], operation: str, details: Mapping[str, Any]) -> None:
    """Complete the details of an operation's …Started event."""
    for event in reversed(events):
        if event.get("Id") == operation and event["EventType"].endswith("Started"):
            event[f"{event['EventType']}Details"] |= details
            return
