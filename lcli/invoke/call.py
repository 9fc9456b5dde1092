"""One call of a function: exactly one request, whatever the network does."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from lcli.aws.clients import AwsError
from lcli.invoke.payload import parsed
from lcli.invoke.report import REQUEST_ID, InvocationReport, find_report

if TYPE_CHECKING:
    from urllib3.exceptions import IncompleteRead


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

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """Of what may be repeated, the answer to whichever request has one; raises AwsError."""


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
    context: bytes = b""
    """JSON about the caller, which the function finds in its context object (ClientContext)."""


LOG_TAIL = 4096
"""Bytes of the log that an answer brings (LogResult, Invoke API reference)."""
LONGEST = 5400.0
"""Seconds that a function may run: 900 (Lambda quotas, "Function timeout"), and this long with a
capacity provider (the largest Timeout of CreateFunction)."""
_QUEUEING = 60.0
"""Seconds for which the answer to a call that runs nothing is waited for."""
UNBOUNDED = 6 * 3600.0
"""Seconds for which the socket waits for one that runs: `lcli.invoke.answer` gives up long before,
and a peer that is gone is noticed by TCP keep-alive."""
_STATUSES = {Mode.SYNC: 200, Mode.ASYNC: 202, Mode.DRY_RUN: 204}
"""With what Lambda answers (StatusCode: Invoke, API reference)."""
_STACKS = ("stackTrace", "trace", "stack")


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
    streamed: int = 0
    """Bytes of a response that was written while it came."""

    @property
    def report(self) -> InvocationReport | None:
        """Duration, billed time and memory, where the log has them."""
        return find_report(self.log)

    @property
    def log_is_whole(self) -> bool:
        """Whether `log` begins with the invocation, or lacks what came before its last 4 KB."""
        first = self.log.partition("\n")[0]
        begins = first.startswith("START RequestId: ") or '"platform.start"' in first
        return begins or len(self.log.encode()) < LOG_TAIL


def invoke(
    single: Single,
    target: Target,
    payload: bytes,
    *,
    mode: Mode = Mode.SYNC,
    read_timeout: float = UNBOUNDED,
) -> Response:
    """Invoke a function once (Invoke, API reference).

    `read_timeout` is in seconds, for one that runs.

    A function that fails is a Response with `error`, not an exception. Raises AwsError, as for an
    answer that is not Lambda's.
    """
    parameters = request(target, payload, mode)
    seconds = read_timeout if mode is Mode.SYNC else _QUEUEING
    answer = single.once("lambda", "Invoke", seconds, **parameters)
    request_id = request_id_of(answer, "Invoke", mode)
    body = _read(answer["Payload"]) if "Payload" in answer else b""
    return Response(
        status=answer["StatusCode"],
        payload=body,
        request_id=request_id,
        version=answer.get("ExecutedVersion", ""),
        log=log_tail(answer.get("LogResult", "")),
        error=function_error(answer.get("FunctionError", ""), body),
        execution=answer.get("DurableExecutionArn", ""),
    )


def request_id_of(answer: Mapping[str, Any], operation: str, mode: Mode) -> str:
    """The request id of an answer that is whole and Lambda's; empty where there is none.

    Raises AwsError (lost) for any other success: a proxy's or portal's page, a head that was cut.
    Lambda's has the status of its `mode` and an id (Invoke and InvokeWithResponseStream, API
    reference); what stands in for Lambda on a laptop (the Runtime Interface Emulator, `sam local
    start-lambda`) has none.
    """
    metadata = answer.get("ResponseMetadata", {})
    request_id = str(metadata.get("RequestId", ""))
    content = str(metadata.get("HTTPHeaders", {}).get("content-type", ""))
    if answer["StatusCode"] != _STATUSES[mode]:
        lacks = f"its status is {answer['StatusCode']}"
    elif request_id and not re.fullmatch(REQUEST_ID, request_id, re.IGNORECASE):
        lacks = "its request id is none"
    elif not request_id and content.startswith("text/html"):
        lacks = "it is a page without a request id"
    else:
        return request_id
    message = f"the answer is not a whole one of Lambda's ({lacks})"
    raise AwsError("Unreachable", message, service="lambda", operation=operation, lost=True)


def _read(body: Any) -> bytes:
    """The whole of a response's body. Raises AwsError (lost) where it ends too soon."""
    from botocore.exceptions import BotoCoreError
    from urllib3.exceptions import HTTPError

    try:
        content: bytes = body.read()
    except (BotoCoreError, HTTPError, OSError) as error:
        raise cut(error, "Invoke") from error
    return content


def cut(error: Exception, operation: str) -> AwsError:
    """What is known of a call whose response was not read to its end."""
    message = "the response was cut short"
    if read := _incomplete(error):
        whole = read.partial + (read.expected or 0)
        message += f", after {read.partial:,} of {whole:,} bytes"
    return AwsError("Unreachable", message, service="lambda", operation=operation, lost=True)


def _incomplete(error: Exception) -> IncompleteRead | None:
    """How much was read, where a length was promised: urllib3 says it, and the SDK wraps that."""
    from urllib3.exceptions import IncompleteRead

    wrapped = getattr(error, "kwargs", {}).get("error", error)
    inner = (wrapped, *wrapped.args)
    return next((one for one in inner if isinstance(one, IncompleteRead)), None)


def request(target: Target, payload: bytes, mode: Mode) -> dict[str, Any]:
    """The parameters that Invoke and InvokeWithResponseStream share."""
    parameters: dict[str, Any] = {"FunctionName": target.name, "InvocationType": mode.value}
    if target.qualifier:
        parameters["Qualifier"] = target.qualifier
    if target.tenant:
        parameters["TenantId"] = target.tenant
    if target.execution:
        parameters["DurableExecutionName"] = target.execution
    if target.context:
        parameters["ClientContext"] = base64.b64encode(target.context).decode()
    if payload:
        parameters["Payload"] = payload
    if mode is Mode.SYNC:
        parameters["LogType"] = "Tail"
    return parameters


def in_order(versions: Iterable[str]) -> tuple[str, ...]:
    """Versions of a function by their numbers, $LATEST last."""
    return tuple(sorted(filter(None, versions), key=lambda one: (not one.isdigit(), len(one), one)))


def log_tail(encoded: str) -> str:
    """The text of a LogResult; empty where a gateway has made something else of it."""
    try:
        return base64.b64decode(encoded).decode("utf-8", "backslashreplace")
    except ValueError:
        return ""


def function_error(kind: str, body: bytes) -> FunctionError | None:
    """What a function that failed says in `body`; None where `kind` is empty."""
    if not kind:
        return None
    try:
        document = parsed(body.decode())
    except ValueError:
        document = {}
    if not isinstance(document, dict):
        document = {"errorMessage": "" if document is None else str(document)}
    return error_of(kind, document)


def error_of(kind: str, document: Mapping[str, Any]) -> FunctionError:
    """An error by the names that the runtimes give its parts, in responses and in logs."""
    stack: Any = next((document[key] for key in _STACKS if document.get(key)), [])
    frames = stack if isinstance(stack, list) else str(stack).splitlines()
    return FunctionError(
        kind,
        str(document.get("errorType") or ""),
        str(document.get("errorMessage") or ""),
        tuple(str(frame).rstrip("\n") for frame in frames if frame),
    )
