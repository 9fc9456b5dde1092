"""Invoke, InvokeAsync and InvokeWithResponseStream."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from lcli.local.execution import Invocation, Outcome
from lcli.local.lambda_api.calling import invocation_of
from lcli.local.lambda_api.context import Call, Operation, Parameters, Shared, resolved
from lcli.local.lambda_api.deploying import prepare
from lcli.local.lambda_api.durable.answers import outcome_of
from lcli.local.lambda_api.errors import ApiError, conflict, function_not_found, invalid
from lcli.local.lambda_api.eventstream import event
from lcli.local.lambda_api.names import target
from lcli.local.lambda_api.state import Region
from lcli.local.wire import Response

SYNC_LIMIT = 6_291_456
"""Bytes of a payload (Lambda quotas, "Invocation payload")."""
ASYNC_LIMIT = 1_048_576
CONTEXT_LIMIT = 3_583
"""Bytes of ClientContext as sent, encoded."""


async def invoke(call: Call, parameters: Parameters) -> Any:
    """Invoke: RequestResponse runs, Event queues, DryRun checks."""
    kind = parameters.get("InvocationType") or "RequestResponse"
    payload = _payload(parameters.get("Payload", b""), kind)
    invocation = await _invocation(call, parameters, payload)
    if kind == "DryRun":
        return {"StatusCode": 204}
    name = parameters.get("DurableExecutionName", "")
    if call.shared.runner.config(call.region, invocation) is not None:
        return await _execute(call, parameters, invocation, name)
    if name:
        raise invalid("DurableExecutionName is only valid for durable functions.")
    if kind == "Event":
        await _queue(call, invocation)
        return {"StatusCode": 202}
    outcome = await run(call.shared, call.region, invocation)
    return _answer(parameters, outcome, invocation.deployed.version)


async def _execute(
    call: Call, parameters: Parameters, invocation: Invocation, name: str
) -> Parameters:
    """Start an execution or find the one of that name; wait for it unless it is an Event."""
    waited_for = parameters.get("InvocationType") != "Event"
    known = len(call.region.executions)
    execution = call.shared.runner.start(call.region, invocation, name, waited_for=waited_for)
    arn = {"DurableExecutionArn": execution.arn}
    if waited_for:
        await execution.over.wait()
        return _answer(parameters, outcome_of(execution), execution.version) | arn
    if len(call.region.executions) > known:
        # the queue sees to the dead letter
        await _queue(call, replace(invocation, execution=execution.arn))
    return {"StatusCode": 202} | arn


def _answer(parameters: Parameters, outcome: Outcome, version: str) -> Parameters:
    answer: Parameters = {
        "StatusCode": 200,
        "Payload": outcome.payload,
        "FunctionError": outcome.function_error,
        "ExecutedVersion": version,
    }
    if parameters.get("LogType") == "Tail":
        answer["LogResult"] = base64.b64encode(outcome.log_tail).decode()
    return answer


async def invoke_async(call: Call, parameters: Parameters) -> Parameters:
    """InvokeAsync, the old way of an Event."""
    payload = _payload(parameters.get("InvokeArgs", b""), "Event")
    await _queue(call, await _invocation(call, parameters, payload))
    return {"Status": 202}


async def invoke_with_response_stream(call: Call, parameters: Parameters) -> Response:
    """InvokeWithResponseStream: PayloadChunk events, then InvokeComplete."""
    payload = _payload(parameters.get("Payload", b""), "RequestResponse")
    invocation = await _invocation(call, parameters, payload, stream=True)
    headers = [
        ("Content-Type", "application/vnd.amazon.eventstream"),
        ("X-Amz-Executed-Version", invocation.deployed.version),
        ("x-amzn-RequestId", invocation.request_id),
    ]
    if parameters.get("InvocationType") == "DryRun":
        return Response(204, headers)
    outcome = await run(call.shared, call.region, invocation)
    tail = parameters.get("LogType") == "Tail"
    return Response(200, headers, _frames(outcome, with_log=tail))


async def run(shared: Shared, region: Region, invocation: Invocation) -> Outcome:
    """Run an invocation to its end; of a durable function, its execution.

    Raises ApiError: throttled (429), a runtime that this machine lacks (400), a durable function
    that cannot be called like this (400).
    """
    return await shared.runner.run(region, invocation)


async def _invocation(
    call: Call, parameters: Parameters, payload: bytes, *, stream: bool = False
) -> Invocation:
    wanted = target(call.region, parameters)
    function = call.region.functions.get(wanted.name)
    version = call.version(function, wanted.qualifier) if function is not None else None
    if function is None or version is None:
        raise function_not_found(call.region.function_arn(wanted.name, wanted.qualifier))
    if version.change is not None and version.change.kind == "create":
        raise conflict(
            "The operation cannot be performed at this time. "
            "The function is currently in the following state: Pending"
        )
    await prepare(call.shared, call.region, version)
    return invocation_of(
        call.shared,
        call.region,
        function,
        wanted.qualifier,
        payload,
        request_id=call.request_id,
        client_context=_client_context(parameters.get("ClientContext")),
        trace=call.request.headers.get("x-amzn-trace-id", ""),
        stream=stream,
        tenant=parameters.get("TenantId", ""),
    )


def _payload(payload: bytes, kind: str) -> bytes:
    size = len(payload)
    if kind == "Event" and size > ASYNC_LIMIT:
        raise ApiError(
            "RequestEntityTooLargeException",
            f"{size} byte payload is too large for the Event invocation type "
            f"(limit {ASYNC_LIMIT} bytes)",
            413,
        )
    if size > SYNC_LIMIT:
        raise ApiError(
            "RequestEntityTooLargeException",
            f"Request must be smaller than {SYNC_LIMIT} bytes for the InvokeFunction operation",
            413,
        )
    if not payload:
        return b"{}"
    try:
        json.loads(payload)
    except ValueError as error:
        raise ApiError(
            "InvalidRequestContentException",
            f"Could not parse request body into json: Could not parse payload into json: {error}",
        ) from None
    return payload


def _client_context(encoded: str | None) -> str | None:
    if not encoded:
        return None
    if len(encoded) > CONTEXT_LIMIT:
        raise ApiError(
            "InvalidRequestContentException",
            f"Client context must be no more than {CONTEXT_LIMIT} bytes when base64-encoded.",
        )
    try:
        text = base64.b64decode(encoded, validate=True).decode()
        json.loads(text)
    except (binascii.Error, ValueError):
        raise ApiError(
            "InvalidRequestContentException",
            "Client context must be a valid Base64-encoded JSON object.",
        ) from None
    return text


async def _queue(call: Call, invocation: Invocation) -> None:
    enqueue = call.shared.seams.enqueue
    if enqueue is None:
        raise ApiError("ServiceException", "This endpoint has no asynchronous queue.", 400)
    await resolved(enqueue(invocation))


async def _frames(outcome: Outcome, *, with_log: bool) -> AsyncGenerator[bytes, None]:
    if outcome.stream is not None:
        async with aclosing(outcome.stream):
            async for piece in outcome.stream:
                yield event("PayloadChunk", piece, "application/octet-stream")
        if outcome.completion is not None:
            outcome = await asyncio.shield(outcome.completion)
    elif not outcome.function_error and outcome.payload:
        yield event("PayloadChunk", outcome.payload, "application/octet-stream")
    complete: dict[str, str] = {}
    if outcome.function_error:
        complete["ErrorCode"] = outcome.function_error
        complete["ErrorDetails"] = outcome.payload.decode("utf-8", "replace")
    if with_log:
        complete["LogResult"] = base64.b64encode(outcome.log_tail).decode()
    yield event("InvokeComplete", json.dumps(complete).encode(), "application/json")


OPERATIONS: dict[str, Operation] = {
    "Invoke": invoke,
    "InvokeAsync": invoke_async,
    "InvokeWithResponseStream": invoke_with_response_stream,
}
