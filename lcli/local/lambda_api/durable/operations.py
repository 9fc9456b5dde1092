"""The operations of durable executions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lcli.local.lambda_api.context import Call, Operation, Parameters
from lcli.local.lambda_api.durable import history
from lcli.local.lambda_api.durable.answers import PAGE_ITEMS, page, place_of
from lcli.local.lambda_api.durable.checkpoint import apply, check
from lcli.local.lambda_api.durable.execution import (
    OPEN,
    RETENTION_DAYS,
    Execution,
    parse_callback_id,
)
from lcli.local.lambda_api.errors import ApiError, conflict, invalid, not_found
from lcli.local.lambda_api.names import function_of, target
from lcli.local.lambda_api.paging import page as rows_page
from lcli.local.lambda_api.state import Region

PAUSED_TIMEOUT = timedelta(days=366)
"""After its start an execution times out even while its time-out is paused (API reference,
GetDurableExecution, ExpectedExecutionTimeoutTimestamp)."""


def _now(call: Call) -> datetime:
    return datetime.fromtimestamp(call.now, UTC)


def _found(call: Call, parameters: Parameters) -> Execution:
    """The execution of an ARN, with what is due carried out; ApiError 404."""
    forget_expired(call.region, _now(call))
    execution = call.region.executions.get(parameters["DurableExecutionArn"])
    if execution is None:
        raise not_found("Durable Execution does not exist")
    execution.settle(_now(call))
    return execution


def forget_expired(region: Region, now: datetime) -> None:
    """Drop executions whose retention has passed."""
    for arn, execution in list(region.executions.items()):
        days = execution.config.get("RetentionPeriodInDays", RETENTION_DAYS)
        if execution.ended is not None and now >= execution.ended + timedelta(days=days):
            del region.executions[arn]


def _running(call: Call, parameters: Parameters) -> Execution:
    """The execution that a checkpoint token belongs to; ApiError for a token that is void."""
    execution = call.region.executions.get(parameters["DurableExecutionArn"])
    if execution is not None:
        execution.settle(_now(call))
    if (
        execution is None
        or not execution.open
        or not execution.invocation
        or parameters["CheckpointToken"] != execution.token()
    ):
        raise invalid("Invalid checkpoint token")
    return execution


def checkpoint(call: Call, parameters: Parameters) -> Parameters:
    """CheckpointDurableExecution: all of the updates or none; what changed comes back."""
    given = (parameters.get("ClientToken", ""), parameters["CheckpointToken"])
    known = call.region.executions.get(parameters["DurableExecutionArn"])
    if known is not None and known.replay is not None and known.replay[:2] == given and given[0]:
        return dict(known.replay[2])
    execution = _running(call, parameters)
    updates = parameters.get("Updates", [])
    check(execution, updates)
    runner = call.shared.runner
    for chained in apply(execution, updates, _now(call), runner.speedup):
        runner.call(call.region, execution, chained)
    execution.tokens += 1
    if execution.pause is not None:
        # without a token the invocation can only end; it is made again after the resumption
        execution.owed = True
        return {"NewExecutionState": {"Operations": []}}
    answer: Parameters = {"NewExecutionState": {"Operations": execution.unseen()}}
    if execution.open:
        answer["CheckpointToken"] = execution.token()
    execution.replay = (*given, answer)
    return dict(answer)


def get_state(call: Call, parameters: Parameters) -> Parameters:
    """GetDurableExecutionState: the operations, page by page."""
    execution = _running(call, parameters)
    most = min(parameters.get("MaxItems") or 100, PAGE_ITEMS)
    operations, marker = page(execution, place_of(execution, parameters.get("Marker")), most)
    return {"Operations": operations, "NextMarker": marker}


def get(call: Call, parameters: Parameters) -> Parameters:
    """GetDurableExecution."""
    execution = _found(call, parameters)
    with_data = parameters.get("IncludeExecutionData", True)
    answer = _summary(execution) | {
        "Version": execution.version,
        "ExecutionDataIncluded": with_data,
        "DurableConfig": dict(execution.config),
        "PauseDetails": execution.pause,
    }
    if execution.open:
        answer["ExpectedExecutionTimeoutTimestamp"] = execution.deadline
    if with_data:
        answer |= {
            "InputPayload": execution.payload.decode(),
            "Result": execution.result,
            "Error": execution.error,
        }
    return answer


def _summary(execution: Execution) -> Parameters:
    return {
        "DurableExecutionArn": execution.arn,
        "DurableExecutionName": execution.name,
        "FunctionArn": execution.function_arn,
        "Status": execution.status,
        "StartTimestamp": execution.started,
        "EndTimestamp": execution.ended,
    }


def get_history(call: Call, parameters: Parameters) -> Parameters:
    """GetDurableExecutionHistory, the oldest event first unless told otherwise."""
    events = [*enumerate(_found(call, parameters).events, 1)]
    if parameters.get("ReverseOrder"):
        events.reverse()
    shown, marker = rows_page(events, {"MaxItems": 100} | _given(parameters), most=PAGE_ITEMS)
    with_data = parameters.get("IncludeExecutionData", True)
    return {
        "Events": [history.view(number, event, with_data=with_data) for number, event in shown],
        "NextMarker": marker,
    }


def _given(parameters: Parameters) -> Parameters:
    """Marker and MaxItems, where 0 is the default."""
    return {name: parameters[name] for name in ("Marker", "MaxItems") if parameters.get(name)}


def list_by_function(call: Call, parameters: Parameters) -> Parameters:
    """ListDurableExecutionsByFunction, the newest first unless told otherwise."""
    wanted = target(call.region, parameters)
    function = function_of(call.region, wanted)
    alias = function.aliases.get(wanted.qualifier or "")
    version = alias.version if alias is not None else wanted.qualifier
    now = _now(call)
    forget_expired(call.region, now)
    found = []
    for execution in call.region.executions.values():
        execution.settle(now)
        if execution.function == function.name and version in (None, execution.version):
            found.append(execution)
    found = [execution for execution in found if _asked_for(execution, parameters)]
    if not parameters.get("ReverseOrder"):
        found.reverse()
    shown, marker = rows_page(found, {"MaxItems": 100} | _given(parameters), most=PAGE_ITEMS)
    return {"DurableExecutions": [_listed(one) for one in shown], "NextMarker": marker}


def _listed(execution: Execution) -> Parameters:
    return {name: value for name, value in _summary(execution).items() if value is not None}


def _asked_for(execution: Execution, parameters: Parameters) -> bool:
    name = parameters.get("DurableExecutionName", execution.name)
    after = parameters.get("StartedAfter", execution.started)
    before = parameters.get("StartedBefore", execution.started)
    statuses = parameters.get("Statuses", [execution.status])
    return (
        name == execution.name
        and after <= execution.started <= before
        and execution.status in statuses
    )


def stop(call: Call, parameters: Parameters) -> Parameters:
    """StopDurableExecution: one that has ended stays as it is."""
    execution = _found(call, parameters)
    if execution.open:
        error = parameters.get("Error") or {"ErrorMessage": "Execution stopped by user request"}
        execution.end("STOPPED", _now(call), error=error)
    return {"StopTimestamp": execution.ended}


def pause(call: Call, parameters: Parameters) -> Parameters:
    """PauseDurableExecution: nothing is invoked any more; what is pending goes on."""
    execution = _found(call, parameters)
    if execution.status != "RUNNING":
        raise conflict(f"The durable execution is in the {execution.status} status.")
    now, with_timeout = _now(call), parameters.get("ExecutionTimeoutPaused", True)
    execution.status = "PAUSING" if execution.invocation else "PAUSED"
    execution.pause = {"PauseRequestTimestamp": now, "ExecutionTimeoutPaused": with_timeout}
    reason = parameters.get("Reason")
    if reason is not None:
        execution.pause["Reason"] = reason
    if with_timeout:
        execution.remaining = execution.deadline - now
        execution.deadline = execution.started + PAUSED_TIMEOUT
    first = next(iter(execution.operations.values()))
    execution.events.append(history.paused(first, now, reason, timeout_paused=with_timeout))
    execution.stir.set()
    return {}


def resume(call: Call, parameters: Parameters) -> Parameters:
    """ResumeDurableExecution: invoked again if anything happened meanwhile."""
    execution = _found(call, parameters)
    if execution.pause is None:
        raise conflict(f"The durable execution is in the {execution.status} status.")
    now = _now(call)
    if execution.pause["ExecutionTimeoutPaused"]:
        execution.deadline = now + execution.remaining
    execution.status, execution.pause = "RUNNING", None
    first = next(iter(execution.operations.values()))
    execution.events.append(history.resumed(first, now, parameters.get("Reason")))
    execution.stir.set()
    return {}


def delete(call: Call, parameters: Parameters) -> Parameters:
    """DeleteDurableExecution: one that has ended goes at once."""
    execution = _found(call, parameters)
    if execution.status in OPEN:
        raise conflict(f"The durable execution is in the {execution.status} status.")
    del call.region.executions[execution.arn]
    return {"DeletionRequestTimestamp": _now(call)}


def _answered(call: Call, parameters: Parameters) -> tuple[Execution, str]:
    """The execution and the operation of a callback that is still open.

    Raises ApiError: no such callback (404), one that is closed (400).
    """
    try:
        arn, operation = parse_callback_id(parameters["CallbackId"])
    except ValueError:
        raise invalid("Invalid callback id") from None
    execution = call.region.executions.get(arn)
    if execution is None or operation not in execution.operations:
        raise not_found("Callback does not exist")
    execution.settle(_now(call))
    if operation not in execution.callbacks:
        raise ApiError(
            "CallbackTimeoutException",
            "The callback ID token has either expired or the callback associated with the token "
            "has already been closed.",
        )
    return execution, operation


def succeed_callback(call: Call, parameters: Parameters) -> Parameters:
    """SendDurableExecutionCallbackSuccess."""
    execution, operation = _answered(call, parameters)
    result = parameters.get("Result", b"").decode("utf-8", "replace")
    execution.complete(operation, "SUCCEEDED", _now(call), result=result)
    return {}


def fail_callback(call: Call, parameters: Parameters) -> Parameters:
    """SendDurableExecutionCallbackFailure."""
    execution, operation = _answered(call, parameters)
    execution.complete(operation, "FAILED", _now(call), error=parameters.get("Error") or {})
    return {}


def heartbeat(call: Call, parameters: Parameters) -> Parameters:
    """SendDurableExecutionCallbackHeartbeat: the time-out of heartbeats begins anew."""
    execution, operation = _answered(call, parameters)
    callback = execution.callbacks[operation]
    if callback.heartbeat is not None:
        callback.heartbeat = _now(call) + timedelta(seconds=callback.interval)
        execution.stir.set()
    return {}


OPERATIONS: dict[str, Operation] = {
    "CheckpointDurableExecution": checkpoint,
    "GetDurableExecutionState": get_state,
    "GetDurableExecution": get,
    "GetDurableExecutionHistory": get_history,
    "ListDurableExecutionsByFunction": list_by_function,
    "StopDurableExecution": stop,
    "PauseDurableExecution": pause,
    "ResumeDurableExecution": resume,
    "DeleteDurableExecution": delete,
    "SendDurableExecutionCallbackSuccess": succeed_callback,
    "SendDurableExecutionCallbackFailure": fail_callback,
    "SendDurableExecutionCallbackHeartbeat": heartbeat,
}
