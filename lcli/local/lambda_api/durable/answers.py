"""What goes to a durable function and what comes back: the protocol of its invocations.

Source: AWS's SDK, the package aws-durable-execution-sdk-python, ``execution.py``
(DurableExecutionInvocationInput, DurableExecutionInvocationOutput).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lcli.local.execution import Outcome
from lcli.local.lambda_api.durable.execution import Execution, Operation
from lcli.local.lambda_api.errors import invalid

PAGE_BYTES = 5_000_000
"""Of operations in an invocation's input and in a page of GetDurableExecutionState."""
PAGE_ITEMS = 1000
STATUSES = ("SUCCEEDED", "FAILED", "PENDING")
_ERROR = {"errorMessage": "ErrorMessage", "errorType": "ErrorType", "stackTrace": "StackTrace"}


def invocation_input(execution: Execution) -> bytes:
    """The event of the next invocation; from now on the function knows all that is in it."""
    operations, marker = page(execution, 0, PAGE_ITEMS)
    execution.seen = execution.changes
    updated, execution.updated = execution.updated, []
    event = {
        "DurableExecutionArn": execution.arn,
        "CheckpointToken": execution.token(),
        "InitialExecutionState": {"Operations": operations, "NextMarker": marker or ""},
        "UpdatedOperationIds": updated,
    }
    return json.dumps(event, default=_milliseconds).encode()


def _milliseconds(value: Any) -> int:
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    raise TypeError(f"{type(value).__name__} is no JSON")


def page(execution: Execution, start: int, most: int) -> tuple[list[Operation], str | None]:
    """Operations from a place on, bounded by count and size, and the marker of the next ones."""
    operations = [*execution.operations.values()]
    found: list[Operation] = []
    size = 0
    for place, operation in enumerate(operations[start:], start):
        size += len(json.dumps(operation, default=_milliseconds))
        if found and (len(found) >= most or size > PAGE_BYTES):
            return found, f"{execution.tokens}:{place}"
        found.append(operation)
    return found, None


def place_of(execution: Execution, marker: str | None) -> int:
    """Where a page begins; ApiError for a marker of another state of the execution."""
    if not marker:
        return 0
    tokens, _, place = marker.partition(":")
    if tokens != str(execution.tokens) or not place.isdigit():
        raise invalid("Invalid marker")
    return int(place)


def verdict(payload: bytes) -> tuple[str, str | None, Mapping[str, Any] | None]:
    """Status, result and error of an invocation's output; ValueError says what is wrong."""
    try:
        output = json.loads(payload)
    except ValueError as problem:
        raise ValueError(f"Invalid invocation output: {problem}") from None
    status = output.get("Status") if isinstance(output, dict) else None
    if status not in STATUSES:
        raise ValueError(f"Invalid invocation output: {status!r} is not a valid InvocationStatus")
    result, error = output.get("Result"), output.get("Error")
    if status == "FAILED" and result is not None:
        raise ValueError("Cannot provide a Result for FAILED status.")
    if status == "SUCCEEDED" and error is not None:
        raise ValueError("Cannot provide an Error for SUCCEEDED status.")
    return status, result, error if error is None else dict(error)


def error_of(outcome: Outcome) -> dict[str, Any]:
    """The error of a function that failed, as an ErrorObject."""
    try:
        document = json.loads(outcome.payload)
    except ValueError:
        document = {}
    if not isinstance(document, dict):
        return {}
    return {name: document[key] for key, name in _ERROR.items() if document.get(key)}


def outcome_of(execution: Execution) -> Outcome:
    """What whoever waited for an execution gets."""
    if execution.status == "SUCCEEDED":
        return Outcome((execution.result or "").encode(), log_tail=execution.log_tail)
    error = execution.error or {}
    document = {key: error[name] for key, name in _ERROR.items() if name in error}
    return Outcome(json.dumps(document).encode(), "Unhandled", log_tail=execution.log_tail)
