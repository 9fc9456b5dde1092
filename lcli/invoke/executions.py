"""Durable executions in AWS: finding, reading, stopping them, answering their callbacks.

Lambda API reference: ListDurableExecutionsByFunction, GetDurableExecution, StopDurableExecution,
PauseDurableExecution, SendDurableExecutionCallback…. Histories are in execution_history.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from lcli.aws.clients import AwsError, Clients
from lcli.errors import LcliError, Problem

ARN = re.compile(
    r"arn:[^:]+:lambda:([^:]+):\d{12}:function:([^:/]+):([^:/]+)/durable-execution/([^/]+)/[^/]+"
)
"""Of a durable execution: region, function, version and name."""
STATUSES = (
    "RUNNING",
    "PAUSING",
    "PAUSED",
    "SUCCEEDED",
    "FAILED",
    "TIMED_OUT",
    "STOPPED",
    "DELETING",
)
OPEN = frozenset({"RUNNING", "PAUSING", "PAUSED"})
"""Statuses of executions that have not ended."""
PAGE = 1000
"""Rows that a list operation gives at most."""

Document = dict[str, Any]
"""An answer by its API members."""


def executions(
    clients: Clients,
    function: str,
    *,
    qualifier: str = "",
    name: str = "",
    statuses: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[Document]:
    """A function's executions, the newest first, page by page; raises AwsError.

    The API takes a version as qualifier; an alias stands for the one that it points at now.
    """
    if qualifier and not (qualifier.isdecimal() or qualifier.startswith("$")):
        alias = clients.call("lambda", "GetAlias", FunctionName=function, Name=qualifier)
        qualifier = alias["FunctionVersion"]
    asked = {
        "Qualifier": qualifier,
        "DurableExecutionName": name,
        "Statuses": list(statuses),
        "StartedAfter": since,
        "StartedBefore": until,
    }
    given = {key: value for key, value in asked.items() if value}
    for page in clients.pages(
        "lambda",
        "ListDurableExecutionsByFunction",
        FunctionName=function,
        PaginationConfig={"PageSize": PAGE},
        **given,
    ):
        yield from page.get("DurableExecutions", ())


def newest(clients: Clients, function: str, name: str = "", *, called: str = "") -> str:
    """The ARN of a function's newest execution, of that name if one is given.

    `called` is how the reader names the function. Raises LcliError where there is none, AwsError.
    """
    for found in executions(clients, function, name=name):
        return str(found["DurableExecutionArn"])
    what = f"named {name!r}" if name else "at all"
    raise LcliError(
        Problem(
            "no-execution",
            f"{function} has no durable execution {what} in {clients.region}",
            next_step=f"see `lcli executions list {called or function}`; they are forgotten after "
            "their retention"
            if name
            else f"start one with `lcli invoke {called or function} --async --execution-name NAME`",
        )
    )


def read(clients: Clients, arn: str, *, data: bool = True) -> Document:
    """One execution; `data` with its input, result and error. Raises LcliError, AwsError."""
    return _asked(clients, "GetDurableExecution", arn, IncludeExecutionData=data)


def stop(clients: Clients, arn: str, error: Mapping[str, Any]) -> Document:
    """End an execution for good; `error` is an ErrorObject, or empty."""
    return _asked(clients, "StopDurableExecution", arn, **({"Error": error} if error else {}))


def pause(clients: Clients, arn: str, reason: str, *, timeout: bool) -> None:
    """Invoke nothing more until it is resumed; `timeout`: its time-out pauses, too."""
    given = {"Reason": reason} if reason else {}
    _asked(clients, "PauseDurableExecution", arn, ExecutionTimeoutPaused=timeout, **given)


def resume(clients: Clients, arn: str, reason: str) -> None:
    """Let a paused execution go on."""
    _asked(clients, "ResumeDurableExecution", arn, **({"Reason": reason} if reason else {}))


def delete(clients: Clients, arn: str) -> None:
    """Delete an execution that has ended."""
    _asked(clients, "DeleteDurableExecution", arn)


def succeed(regions: Iterable[Clients], callback: str, result: bytes) -> None:
    """Answer a callback, in whichever of the regions it is.

    Raises LcliError where it is in none or closed, AwsError.
    """
    _answered(regions, "Success", callback, **({"Result": result} if result else {}))


def fail(regions: Iterable[Clients], callback: str, error: Mapping[str, Any]) -> None:
    """Answer a callback with an ErrorObject; as `succeed`."""
    _answered(regions, "Failure", callback, Error=error)


def heartbeat(regions: Iterable[Clients], callback: str) -> None:
    """Say that a callback is still being worked on; as `succeed`."""
    _answered(regions, "Heartbeat", callback)


def _asked(clients: Clients, operation: str, arn: str, **parameters: Any) -> Document:
    try:
        return clients.call("lambda", operation, DurableExecutionArn=arn, **parameters)
    except AwsError as error:
        raise gone(error, arn) from error


def gone(error: AwsError, arn: str) -> AwsError | LcliError:
    """AWS's refusal of what an execution was asked for, with a next step where it is known."""
    if error.code == "ResourceConflictException":
        return LcliError(
            Problem(
                "execution-status",
                f"the execution does not allow that now: {error.message}",
                next_step=f"`lcli executions get {arn}` shows its status",
            )
        )
    if error.code != "ResourceNotFoundException":
        return error
    found = ARN.fullmatch(arn)
    function = found[2] if found else ""
    return LcliError(
        Problem(
            "no-execution",
            f"there is no durable execution {arn}",
            next_step=f"see `lcli executions list {function}`; they are forgotten after their "
            "retention",
        )
    )


def _answered(regions: Iterable[Clients], what: str, callback: str, **parameters: Any) -> None:
    operation, looked = f"SendDurableExecutionCallback{what}", list[str]()
    for clients in regions:
        try:
            clients.call("lambda", operation, CallbackId=callback, **parameters)
            return
        except AwsError as error:
            if error.code == "CallbackTimeoutException":
                raise LcliError(_CLOSED) from error
            if error.code != "ResourceNotFoundException":
                raise
            looked.append(clients.region)
    raise LcliError(
        Problem(
            "no-callback",
            f"there is no such callback in {' or '.join(looked)}",
            next_step="`lcli executions get EXECUTION` shows the ids of open callbacks; "
            "--region names another region",
        )
    )


_CLOSED = Problem(
    "callback-closed",
    "the callback has been answered or has timed out",
    next_step="`lcli executions history EXECUTION` shows what became of it",
)
