"""A response that is printed while the function still works on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lcli.aws.clients import AwsError
from lcli.aws.translate import translated
from lcli.invoke.call import (
    UNBOUNDED,
    FunctionError,
    Mode,
    Response,
    Single,
    Target,
    cut,
    function_error,
    log_tail,
    request,
    request_id_of,
)
from lcli.invoke.payload import is_json

_OPERATION = "InvokeWithResponseStream"
_SHOWN = 64 * 1024
"""Bytes of a response that are kept to find an error's document in it."""


def invoke_stream(
    single: Single, target: Target, payload: bytes, write: Callable[[bytes], object]
) -> Response:
    """Invoke a function once and `write` each chunk of its response as it arrives
    (InvokeWithResponseStream, API reference).

    The Response has no payload, since it is written. A function that fails is a Response with
    `error`, also after it has sent something. Raises AwsError, as for an answer that is not
    Lambda's; a stream that ends without its InvokeComplete event was cut, and is Unreachable.
    """
    parameters = request(target, payload, Mode.SYNC)
    answer = single.once("lambda", _OPERATION, UNBOUNDED, **parameters)
    request_id = request_id_of(answer, _OPERATION, Mode.SYNC)
    sent, size = bytearray(), 0
    complete: dict[str, Any] | None = None
    for event in _events(answer["EventStream"]):
        if "PayloadChunk" in event:
            chunk = event["PayloadChunk"].get("Payload", b"")
            write(chunk)
            size += len(chunk)
            sent += chunk[: max(0, _SHOWN - len(sent))]
        else:
            complete = event.get("InvokeComplete", complete)
    if complete is None:
        raise AwsError(
            "Unreachable",
            "the response ended before it was complete",
            service="lambda",
            operation=_OPERATION,
            lost=True,
        )
    return Response(
        status=answer["StatusCode"],
        payload=b"",
        request_id=request_id,
        version=answer.get("ExecutedVersion", ""),
        log=log_tail(complete.get("LogResult", "")),
        error=_error(complete, bytes(sent)),
        streamed=size,
    )


def _events(stream: Any) -> Any:
    from botocore.eventstream import ParserError
    from botocore.exceptions import BotoCoreError, ClientError
    from urllib3.exceptions import HTTPError

    try:
        yield from stream
    except (BotoCoreError, ClientError) as error:
        told = translated(
            error, service="lambda", operation=_OPERATION, region="", endpoint="AWS Lambda"
        )
        told.lost = True  # a stream that began is of a function that was started
        raise told from error
    except (HTTPError, ParserError) as error:
        raise cut(error, _OPERATION) from error


def _error(complete: dict[str, Any], sent: bytes) -> FunctionError | None:
    """InvokeComplete has the code and, as JSON text, the details; else the body has them."""
    code = complete.get("ErrorCode", "")
    details = complete.get("ErrorDetails", "")
    found = function_error(code, (details or "").encode() or sent)
    if found is None or found.type:
        return found
    if not is_json(details.encode()):
        return FunctionError(found.kind, code, details or found.message, found.stack)
    return found
