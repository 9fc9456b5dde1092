"""One durable execution: its operations as the API shows them, its state, its tokens."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from lcli.local.lambda_api.durable import history

Operation = dict[str, Any]
"""An operation by its API members; points of time as datetime."""
Error = Mapping[str, Any]
"""ErrorObject: ErrorMessage, ErrorType, ErrorData, StackTrace."""

OPEN = frozenset({"RUNNING", "PAUSING", "PAUSED"})
"""Statuses of an execution that has not ended."""
RETENTION_DAYS = 14
"""Where RetentionPeriodInDays is not given (SAM reference, "DurableConfig")."""
_WAITING = {
    "STEP": ("StepDetails", "NextAttemptTimestamp", "PENDING"),
    "WAIT": ("WaitDetails", "ScheduledEndTimestamp", "STARTED"),
}
"""By type: where an operation says when its time has come, and its status until then."""


@dataclass(slots=True)
class Callback:
    """When a callback that is open gives up; None: never."""

    timeout: datetime | None
    heartbeat: datetime | None
    interval: float
    """Seconds that a heartbeat is good for; 0: none is expected."""


@dataclass(slots=True)
class Execution:
    """A durable execution, from its start until its retention has passed."""

    arn: str
    name: str
    function: str
    """Name of the function."""
    version: str
    """``$LATEST`` or a number: all of the execution runs on it."""
    function_arn: str
    """With the version."""
    invoked_arn: str
    """As the caller named it."""
    config: Mapping[str, Any]
    """DurableConfig."""
    payload: bytes
    started: datetime
    deadline: datetime
    """When ExecutionTimeout ends it."""
    tenant: str = ""
    operations: dict[str, Operation] = field(default_factory=dict)
    """By id, in the order in which they began."""
    seconds: dict[str, int] = field(default_factory=dict)
    """What waits were to take, by operation id."""
    callbacks: dict[str, Callback] = field(default_factory=dict)
    """Of open callbacks, by operation id."""
    events: list[history.Event] = field(default_factory=list)
    status: str = "RUNNING"
    result: str | None = None
    error: Error | None = None
    ended: datetime | None = None
    pause: dict[str, Any] | None = None
    """PauseDetails while it is pausing or paused."""
    remaining: timedelta = timedelta()
    """Of the time-out, when it was paused."""
    tokens: int = 0
    """Checkpoints accepted so far."""
    invocation: str = ""
    """Id of the invocation in hand, which alone may checkpoint; empty: there is none."""
    owed: bool = True
    """An invocation is due whether or not something changed: the first one, a repetition."""
    not_before: datetime | None = None
    """An invocation that failed is repeated after this."""
    failures: int = 0
    """Invocations that failed, one after the other."""
    changes: int = 0
    changed: dict[str, int] = field(default_factory=dict)
    """By operation id, the count of `changes` at its last one."""
    seen: int = 0
    """Changes up to this count the function has been told of."""
    updated: list[str] = field(default_factory=list)
    """Operations that ended by themselves since the function was last invoked."""
    replay: tuple[str, str, Any] | None = None
    """Client token and checkpoint token of the last checkpoint, and its answer."""
    log_tail: bytes = b""
    """Of the last invocation."""
    stir: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when whoever runs the execution should look at it."""
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        return self.status in OPEN

    def wants_invocation(self) -> bool:
        """Whether there is something that the function has not been told of."""
        return self.owed or self.changes_after(self.seen)

    def changes_after(self, count: int) -> bool:
        """Whether an operation changed after so many changes."""
        return any(at > count for at in self.changed.values())

    def change(self, operation: Operation) -> None:
        """Keep an operation and remember that it changed."""
        self.operations[operation["Id"]] = operation
        self.changes += 1
        self.changed[operation["Id"]] = self.changes

    def unseen(self) -> list[Operation]:
        """Operations that changed since the function was last told; from now on it has been."""
        found = [
            operation for key, operation in self.operations.items() if self._count(key) > self.seen
        ]
        self.seen = self.changes
        return found

    def _count(self, key: str) -> int:
        return self.changed.get(key, 0)

    def token(self) -> str:
        """The checkpoint token that is good now."""
        return _encoded({"n": self.tokens, "i": self.invocation})

    def waits(self) -> bool:
        """Whether an operation will change without the function's doing."""
        return any(
            operation["Status"] == ("PENDING" if operation["Type"] == "STEP" else "STARTED")
            for operation in self.operations.values()
            if operation["Type"] in ("STEP", "WAIT", "CALLBACK", "CHAINED_INVOKE")
        )

    def next_due(self) -> datetime | None:
        """When the next thing happens by itself; None: nothing will."""
        times = [*self._timers().values()]
        for callback in self.callbacks.values():
            times += [at for at in (callback.timeout, callback.heartbeat) if at is not None]
        if self.open:
            times.append(self.deadline)
        if self.owed and self.not_before is not None and self.status == "RUNNING":
            times.append(self.not_before)
        return min(times, default=None)

    def _timers(self) -> dict[str, datetime]:
        found = {}
        for key, operation in self.operations.items():
            details, member, status = _WAITING.get(operation["Type"], ("", "", ""))
            if operation["Status"] == status and member in operation.get(details, {}):
                found[key] = operation[details][member]
        return found

    def settle(self, now: datetime) -> None:
        """Carry out what is due: waits, retries, time-outs."""
        if not self.open:
            return
        if now >= self.deadline:
            seconds = self.config["ExecutionTimeout"]
            message = f"Execution timed out after {seconds} seconds."
            self.end("TIMED_OUT", self.deadline, error={"ErrorMessage": message})
            return
        for key, due in self._timers().items():
            if now >= due:
                ready = self.operations[key]["Type"] == "STEP"
                self.complete(key, "READY" if ready else "SUCCEEDED", due)
        for key, callback in list(self.callbacks.items()):
            if callback.timeout is not None and now >= callback.timeout:
                self.complete(key, "TIMED_OUT", callback.timeout, error=_CALLBACK_TIMEOUT)
            elif callback.heartbeat is not None and now >= callback.heartbeat:
                self.complete(key, "TIMED_OUT", callback.heartbeat, error=_HEARTBEAT_TIMEOUT)

    def complete(
        self,
        key: str,
        status: str,
        now: datetime,
        *,
        result: str | None = None,
        error: Error | None = None,
    ) -> None:
        """Bring an operation forward that the function waits for.

        `status` is READY (a step may be tried again) or a final one.
        """
        operation = dict(self.operations[key])
        operation["Status"] = status
        self.callbacks.pop(key, None)
        outcome = {"Result": result, "Error": error}
        given = {name: value for name, value in outcome.items() if value is not None}
        if given:
            details = history.DETAILS[operation["Type"]]
            operation[details] = operation.get(details, {}) | given
        if status != "READY":
            operation["EndTimestamp"] = now
            self.events.append(history.ended(operation, now, seconds=self.seconds.get(key, 0)))
        else:
            operation[history.DETAILS["STEP"]] = {
                name: value
                for name, value in operation[history.DETAILS["STEP"]].items()
                if name != "NextAttemptTimestamp"
            }
        self.change(operation)
        self.updated.append(key)
        self.stir.set()

    def end(
        self,
        status: str,
        now: datetime,
        *,
        result: str | None = None,
        error: Error | None = None,
    ) -> None:
        """Bring the execution to its end."""
        self.status, self.ended = status, now
        self.result, self.error, self.pause = result, error, None
        self.callbacks.clear()
        started = next(iter(self.operations))
        operation = self.operations[started] | {"Status": status, "EndTimestamp": now}
        self.operations[started] = operation
        self.events.append(history.execution_ended(operation, now, result, error))
        self.stir.set()
        self.over.set()

    def begin_invocation(self) -> None:
        """A new invocation: tokens of earlier ones are void."""
        self.invocation = uuid4().hex
        self.owed, self.not_before = False, None


_CALLBACK_TIMEOUT = {"ErrorMessage": "Callback timed out", "ErrorType": "Callback.Timeout"}
_HEARTBEAT_TIMEOUT = {
    "ErrorMessage": "Callback timed out on heartbeat",
    "ErrorType": "Callback.Heartbeat",
}


def started(
    function_arn: str,
    invoked_arn: str,
    config: Mapping[str, Any],
    payload: bytes,
    *,
    now: datetime,
    name: str = "",
) -> Execution:
    """A new execution of a version (`function_arn` with its number or $LATEST)."""
    key = str(uuid4())
    name = name or str(uuid4())
    execution = Execution(
        arn=f"{function_arn}/durable-execution/{name}/{key}",
        name=name,
        function=function_arn.split(":")[6],
        version=function_arn.split(":")[7],
        function_arn=function_arn,
        invoked_arn=invoked_arn,
        config=config,
        payload=payload,
        started=now,
        deadline=now + timedelta(seconds=config["ExecutionTimeout"]),
    )
    operation = {
        "Id": key,
        "Name": name,
        "Type": "EXECUTION",
        "StartTimestamp": now,
        "Status": "STARTED",
        "ExecutionDetails": {"InputPayload": payload.decode()},
    }
    execution.operations[key] = operation
    execution.events.append(history.execution_started(operation, config["ExecutionTimeout"]))
    return execution


def callback_id(execution: Execution, operation: str) -> str:
    """The id under which anybody may answer a callback."""
    return _encoded({"arn": execution.arn, "op": operation})


def parse_callback_id(text: str) -> tuple[str, str]:
    """ARN of the execution and id of the operation; ValueError if it is none of ours."""
    found = json.loads(base64.b64decode(text, validate=True))
    if not isinstance(found, dict) or not {"arn", "op"} <= found.keys():
        raise ValueError(text)
    return str(found["arn"]), str(found["op"])


def _encoded(content: Mapping[str, Any]) -> str:
    return base64.b64encode(json.dumps(content, separators=(",", ":")).encode()).decode()
