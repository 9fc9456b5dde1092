"""CheckpointDurableExecution: what a function reports of its operations, checked and kept.

The refusals are those of AWS's emulator (aws-durable-execution-sdk-python-testing,
``checkpoint/validators``), since the API reference names no messages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lcli.local.lambda_api.durable import history
from lcli.local.lambda_api.durable.execution import Callback, Execution, Operation, callback_id
from lcli.local.lambda_api.errors import invalid

Update = Mapping[str, Any]
"""An OperationUpdate by its API members."""

ERROR_LIMIT = 32_768
"""Bytes of an error object."""
CHAINED_LIMIT = 1_048_576
"""Bytes of the input of a chained invoke."""

_FROM: Mapping[tuple[str, str], tuple[frozenset[str | None], str]] = {
    ("STEP", "START"): (frozenset({None, "READY"}), "Invalid current STEP state to start."),
    ("STEP", "SUCCEED"): (
        frozenset({None, "STARTED", "READY"}),
        "Invalid current STEP state to close.",
    ),
    ("STEP", "FAIL"): (
        frozenset({None, "STARTED", "READY"}),
        "Invalid current STEP state to close.",
    ),
    ("STEP", "RETRY"): (
        frozenset({None, "STARTED", "READY"}),
        "Invalid current STEP state to re-attempt.",
    ),
    ("CONTEXT", "START"): (frozenset({None}), "Cannot start a CONTEXT that already exist."),
    ("CONTEXT", "SUCCEED"): (
        frozenset({None, "STARTED"}),
        "Invalid current CONTEXT state to close.",
    ),
    ("CONTEXT", "FAIL"): (frozenset({None, "STARTED"}), "Invalid current CONTEXT state to close."),
    ("WAIT", "START"): (frozenset({None}), "Cannot start a WAIT that already exist."),
    ("WAIT", "CANCEL"): (
        frozenset({"STARTED"}),
        "Cannot cancel a WAIT that does not exist or has already completed.",
    ),
    ("CALLBACK", "START"): (frozenset({None}), "Cannot start a CALLBACK that already exist."),
    ("CHAINED_INVOKE", "START"): (
        frozenset({None}),
        "Cannot start a CHAINED_INVOKE operation that already exists.",
    ),
    ("EXECUTION", "SUCCEED"): (frozenset({None}), ""),
    ("EXECUTION", "FAIL"): (frozenset({None}), ""),
}
"""By type and action: the statuses in which an operation takes it (None: it is new), and what is
said otherwise."""
_TO = {
    "START": "STARTED",
    "SUCCEED": "SUCCEEDED",
    "FAIL": "FAILED",
    "RETRY": "PENDING",
    "CANCEL": "CANCELLED",
}
_SAME = (
    ("Type", "type"),
    ("SubType", "subtype"),
    ("Name", "name"),
)


@dataclass(frozen=True, slots=True)
class Chained:
    """A function that an execution calls and waits for."""

    operation: str
    """Id."""
    function: str
    """Name or ARN, as the caller wrote it."""
    payload: bytes


def check(execution: Execution, updates: Sequence[Update]) -> None:
    """ApiError for updates that do not go with the execution's state; nothing is kept then."""
    ends = [update for update in updates if update["Type"] == "EXECUTION"]
    if len(ends) > 1:
        raise invalid("Cannot checkpoint multiple EXECUTION updates.")
    if ends and updates[-1]["Type"] != "EXECUTION":
        raise invalid("EXECUTION checkpoint must be the last update.")
    _check_ids(execution, updates)
    for update in updates:
        _check_one(execution.operations.get(update["Id"]), update)


def _check_ids(execution: Execution, updates: Sequence[Update]) -> None:
    last: dict[str, Update] = {}
    types = {key: operation["Type"] for key, operation in execution.operations.items()}
    for update in updates:
        before = last.get(update["Id"])
        twice = before is not None and not (
            before["Type"] in ("STEP", "CONTEXT")
            and before["Action"] == "START"
            and update["Action"] != "START"
        )
        if twice:
            raise invalid("Cannot checkpoint multiple operations with the same ID.")
        if "ParentId" in update and types.get(update["ParentId"]) != "CONTEXT":
            raise invalid("Invalid parent operation id.")
        if update["Action"] == "START":
            types[update["Id"]] = update["Type"]
        last[update["Id"]] = update


def _check_one(current: Operation | None, update: Update) -> None:
    kind, action = update["Type"], update["Action"]
    if current is not None:
        for member, name in _SAME:
            if member in update and update[member] != current.get(member):
                raise invalid(f"Inconsistent operation {name}.")
        if "ParentId" in update and update["ParentId"] != current.get("ParentId"):
            raise invalid("Inconsistent parent operation id.")
    if len(json.dumps(update.get("Error", {}))) > ERROR_LIMIT:
        raise invalid(f"Error object size must be less than {ERROR_LIMIT} bytes.")
    rule = _FROM.get((kind, action))
    if rule is None:
        raise invalid("Invalid action for the given operation type.")
    allowed, refusal = rule
    if (current["Status"] if current is not None else None) not in allowed:
        raise invalid(refusal)
    if action == "FAIL" and "Payload" in update:
        raise invalid("Cannot provide a Payload for FAIL action.")
    if action == "SUCCEED" and "Error" in update:
        raise invalid("Cannot provide an Error for SUCCEED action.")
    if action == "RETRY":
        _check_retry(update)
    if kind == "CHAINED_INVOKE":
        _check_chained(update)


def _check_retry(update: Update) -> None:
    if "StepOptions" not in update:
        raise invalid("Invalid StepOptions for the given action.")
    if "Error" in update and "Payload" in update:
        raise invalid("Cannot provide both error and payload to RETRY a STEP.")


def _check_chained(update: Update) -> None:
    if "ChainedInvokeOptions" not in update:
        raise invalid("Update for CHAINED_INVOKE operation requires ChainedInvokeOptions.")
    if len(update.get("Payload", "").encode()) > CHAINED_LIMIT:
        raise invalid(
            "CHAINED_INVOKE input payload size must be less than or equal to "
            f"{CHAINED_LIMIT} bytes."
        )


def apply(
    execution: Execution, updates: Sequence[Update], now: datetime, speedup: float
) -> list[Chained]:
    """Keep updates that were checked; the calls of functions that they ask for.

    `speedup` divides every wait, delay and time-out.
    """
    calls = []
    for update in updates:
        if update["Type"] == "EXECUTION":
            _end(execution, update, now)
            continue
        operation = _operation(execution, update, now)
        _DETAIL[update["Type"]](execution, operation, update, now, speedup)
        execution.change(operation)
        if update["Type"] == "CHAINED_INVOKE":
            function = update["ChainedInvokeOptions"]["FunctionName"]
            payload = update.get("Payload", "{}").encode()
            calls.append(Chained(update["Id"], function, payload))
    return calls


def _end(execution: Execution, update: Update, now: datetime) -> None:
    if update["Action"] == "SUCCEED":
        execution.end("SUCCEEDED", now, result=update.get("Payload"))
    else:
        execution.end("FAILED", now, error=update.get("Error", {}))


def _operation(execution: Execution, update: Update, now: datetime) -> Operation:
    """The operation with its new status; what is its own comes after."""
    current = execution.operations.get(update["Id"])
    named = {name: update[name] for name in ("ParentId", "Name", "SubType") if name in update}
    begun = {"Id": update["Id"], "Type": update["Type"], "StartTimestamp": now, **named}
    operation = {**begun, **(current or {}), "Status": _TO[update["Action"]]}
    if update["Action"] in ("SUCCEED", "FAIL", "CANCEL"):
        operation["EndTimestamp"] = now
    return operation


def _outcome(update: Update) -> dict[str, Any]:
    """What a function says of an operation's end."""
    return {
        name: update[member]
        for name, member in (("Result", "Payload"), ("Error", "Error"))
        if member in update
    }


def _step(
    execution: Execution, operation: Operation, update: Update, now: datetime, speedup: float
) -> None:
    own = dict(operation.get("StepDetails", {"Attempt": 0}))
    action = update["Action"]
    if action == "START":
        operation["StepDetails"] = own
        execution.events.append(history.began(operation, now))
        return
    delay = update["StepOptions"].get("NextAttemptDelaySeconds", 1) if action == "RETRY" else None
    own = {"Attempt": own["Attempt"] + 1, **_outcome(update)}
    operation["StepDetails"] = own
    execution.events.append(
        history.attempted(operation, now, failed="Error" in own or action == "FAIL", delay=delay)
    )
    if delay is not None:
        own["NextAttemptTimestamp"] = now + timedelta(seconds=delay / speedup)


def _context(
    execution: Execution, operation: Operation, update: Update, now: datetime, speedup: float
) -> None:
    own = _outcome(update)
    if update.get("ContextOptions", {}).get("ReplayChildren"):
        own["ReplayChildren"] = True
    operation["ContextDetails"] = own
    if update["Action"] == "START":
        execution.events.append(history.began(operation, now))
    else:
        execution.events.append(history.ended(operation, now))


def _wait(
    execution: Execution, operation: Operation, update: Update, now: datetime, speedup: float
) -> None:
    if update["Action"] == "CANCEL":
        execution.events.append(history.ended(operation, now))
        return
    seconds = update.get("WaitOptions", {}).get("WaitSeconds", 0)
    due = now + timedelta(seconds=seconds / speedup)
    operation["WaitDetails"] = {"ScheduledEndTimestamp": due}
    execution.seconds[operation["Id"]] = seconds
    told = {"Duration": seconds, "ScheduledEndTimestamp": due}
    execution.events.append(history.began(operation, now, told))


def _callback(
    execution: Execution, operation: Operation, update: Update, now: datetime, speedup: float
) -> None:
    options = update.get("CallbackOptions", {})
    timeout = options.get("TimeoutSeconds", 0)
    interval = options.get("HeartbeatTimeoutSeconds", 0)
    operation["CallbackDetails"] = {"CallbackId": callback_id(execution, operation["Id"])}
    execution.callbacks[operation["Id"]] = Callback(
        timeout=now + timedelta(seconds=timeout / speedup) if timeout else None,
        heartbeat=now + timedelta(seconds=interval / speedup) if interval else None,
        interval=interval / speedup,
    )
    told = operation["CallbackDetails"] | {"HeartbeatTimeout": interval, "Timeout": timeout}
    execution.events.append(history.began(operation, now, told))


def _chained(
    execution: Execution, operation: Operation, update: Update, now: datetime, speedup: float
) -> None:
    operation["ChainedInvokeDetails"] = {}
    told = {"FunctionName": update["ChainedInvokeOptions"]["FunctionName"]}
    given = {"Payload": update["Payload"]} if "Payload" in update else {}
    execution.events.append(
        history.began(operation, now, told | {"Input": {"Truncated": False} | given})
    )


_DETAIL = {
    "STEP": _step,
    "CONTEXT": _context,
    "WAIT": _wait,
    "CALLBACK": _callback,
    "CHAINED_INVOKE": _chained,
}
