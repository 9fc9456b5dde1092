"""One call of a function: exactly one request, whatever the network does."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from lcli.invoke.report import InvocationReport, find_report


class Mode(StrEnum):
    """InvocationType of the Invoke API."""

    SYNC = "RequestResponse"
    ASYNC = "Event"
    DRY_RUN = "DryRun"


class Single(Protocol):
    """A way to send one request once, with no retries."""

    def once(
        self, service: str, operation: str, read_timeout: float, /, **parameters: Any
    ) -> dict[str, Any]:
        """The parsed answer with its ResponseMetadata; raises AwsError."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is called."""

    name: str
    qualifier: str = ""
    """A version or an alias; empty means $LATEST."""
    tenant: str = ""
    """For whom, where the function isolates tenants."""
    execution: str = ""
    """Name of the durable execution to start or to find again."""


READ_TIMEOUT = 960.0
"""Seconds: above the longest time-out of a function, so that a slow one is not given up on.

Not the function's own time-out: the manifest's may differ from that of the version that runs, and
asking AWS costs a call. A peer that is gone is noticed by TCP keep-alive long before.
"""


@dataclass(frozen=True, slots=True)
class FunctionError:
    """What a function says when it fails (X-Amz-Function-Error is set)."""

    kind: str
    """``Handled`` or ``Unhandled``."""
    type: str
    message: str
    stack: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to one call."""

    status: int
    payload: bytes
    request_id: str
    version: str
    """Empty for asynchronous calls and dry runs."""
    log: str
    """The last 4 KB of the invocation's log, when it was asked for."""
    error: FunctionError | None
    execution: str = ""
    """ARN of the durable execution that the call started or found; its invocations may be many,
    of which `log` is the last one's."""

    @property
    def report(self) -> InvocationReport | None:
        """Duration, billed time and memory, where the log has them."""
        return find_report(self.log)


def invoke(single: Single, target: Target, payload: bytes, *, mode: Mode = Mode.SYNC) -> Response:
    """Invoke a function once (Invoke, API reference).

    A function that fails is a Response with `error`, not an exception. Raises AwsError.
    """
    parameters = request(target, payload, mode)
    answer = single.once("lambda", "Invoke", READ_TIMEOUT, **parameters)
    body = answer["Payload"].read() if "Payload" in answer else b""
    return Response(
        status=answer["StatusCode"],
        payload=body,
        request_id=answer.get("ResponseMetadata", {}).get("RequestId", ""),
        version=answer.get("ExecutedVersion", ""),
        log=log_tail(answer.get("LogResult", "")),
        error=function_error(answer.get("FunctionError", ""), body),
        execution=answer.get("DurableExecutionArn", ""),
    )


def request(target: Target, payload: bytes, mode: Mode) -> dict[str, Any]:
    """The parameters that Invoke and InvokeWithResponseStream share."""
    parameters: dict[str, Any] = {"FunctionName": target.name, "InvocationType": mode.value}
    if target.qualifier:
        parameters["Qualifier"] = target.qualifier
    if target.tenant:
        parameters["TenantId"] = target.tenant
    if target.execution:
        parameters["DurableExecutionName"] = target.execution
    if payload:
        parameters["Payload"] = payload
    if mode is Mode.SYNC:
        parameters["LogType"] = "Tail"
    return parameters


def log_tail(encoded: str) -> str:
    """The text of a LogResult."""
    return base64.b64decode(encoded).decode("utf-8", "backslashreplace")


def function_error(kind: str, body: bytes) -> FunctionError | None:
    """What a function that failed says in `body`; None where `kind` is empty."""
    if not kind:
        return None
    try:
        document = json.loads(body)
    except ValueError:
        document = {}
    if not isinstance(document, dict):
        document = {"errorMessage": str(document)}
    stack = document.get("stackTrace") or document.get("trace") or []
    return FunctionError(
        kind,
        str(document.get("errorType", "")),
        str(document.get("errorMessage", "")),
        tuple(str(frame).rstrip("\n") for frame in stack if frame),
    )
