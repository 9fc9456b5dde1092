"""One event and the version that is to run it: making an invocation, running it once."""

from __future__ import annotations

import json
import random
from uuid import uuid4

from lcli.local.execution import Invocation, Outcome, RuntimeMissing, Throttled
from lcli.local.lambda_api.context import Shared
from lcli.local.lambda_api.deploying import deployed
from lcli.local.lambda_api.errors import ApiError, function_not_found
from lcli.local.lambda_api.state import Function, Region, Version

RESPONSE_LIMIT = 6_291_556
"""Bytes of a response (Lambda quotas, "Invocation payload")."""


def invocation_of(
    shared: Shared,
    region: Region,
    function: Function,
    qualifier: str | None,
    payload: bytes,
    *,
    request_id: str = "",
    client_context: str | None = None,
    trace: str = "",
    stream: bool = False,
    tenant: str = "",
) -> Invocation:
    """An invocation of what a qualifier means now; a weighted alias is decided here.

    `trace` is the caller's X-Ray header; `stream` if the response may come piece by piece.
    """
    version = weighted(function, qualifier)
    if version is None:
        raise function_not_found(function.arn_of(qualifier))
    return Invocation(
        deployed=deployed(shared, region, function, version, tenant),
        payload=payload,
        request_id=request_id or str(uuid4()),
        invoked_arn=function.arn_of(qualifier),
        client_context=client_context,
        headers={"x-amzn-trace-id": trace} if trace else {},
        stream=stream,
    )


def weighted(function: Function, qualifier: str | None) -> Version | None:
    """The version that one invocation of a qualifier runs."""
    alias = function.aliases.get(qualifier or "")
    if alias is not None:
        qualifier = alias.version
        for number, weight in alias.weights.items():
            if random.random() < weight:  # noqa: S311 - traffic, no secret
                qualifier = number
    if not qualifier or qualifier == function.latest.number:
        return function.latest
    return function.versions.get(qualifier)


async def run_once(shared: Shared, region: Region, invocation: Invocation) -> Outcome:
    """Run the function's code once, within its reserved concurrency.

    Raises ApiError: throttled (429), a runtime that this machine lacks (400).
    """
    function = region.functions.get(invocation.deployed.name)
    reserved = function.reserved if function is not None else None
    try:
        if reserved == 0:
            raise Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
        if shared.invoker is None:
            raise RuntimeMissing("This endpoint has the control plane only; it runs no code.")
        outcome = await shared.invoker.invoke(invocation, concurrency=reserved)
    except Throttled as error:
        raise ApiError(
            "TooManyRequestsException", "Rate Exceeded.", 429, {"Reason": error.reason}
        ) from None
    except RuntimeMissing as error:
        # AWS gives this a 502, which SDKs would repeat; it does not go away here
        raise ApiError("InvalidRuntimeException", str(error)) from None
    return _within_limit(outcome)


def _within_limit(outcome: Outcome) -> Outcome:
    if outcome.stream is not None or len(outcome.payload) <= RESPONSE_LIMIT:
        return outcome
    payload = {
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        f"({RESPONSE_LIMIT} bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }
    return Outcome(
        payload=json.dumps(payload).encode(),
        function_error="Unhandled",
        log_tail=outcome.log_tail,
        duration_ms=outcome.duration_ms,
        init_ms=outcome.init_ms,
        max_memory_mb=outcome.max_memory_mb,
    )
