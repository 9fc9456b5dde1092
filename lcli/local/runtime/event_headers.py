"""The headers that bring an event to a worker (developer guide, "Using the Lambda runtime API")."""

from __future__ import annotations

import json
import secrets
import time

from lcli.local.execution import Invocation


def trace_header(invocation: Invocation) -> str:
    """The X-Ray trace header: the caller's, else a new one, sampled if tracing is on."""
    given = invocation.headers.get("x-amzn-trace-id", "")
    if given.startswith("Root=") and given.isascii() and given.isprintable():
        return given
    token = secrets.token_hex(20)
    sampled = int(invocation.deployed.tracing)
    return f"Root=1-{int(time.time()):08x}-{token[:24]};Parent={token[24:]};Sampled={sampled}"


def event_headers(invocation: Invocation, trace: str) -> dict[str, str]:
    """What the runtime interface client makes the context object of."""
    deadline = int(time.time() * 1000) + invocation.deployed.timeout * 1000
    headers = {
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(deadline),
        "Lambda-Runtime-Invoked-Function-Arn": invocation.invoked_arn,
        "Lambda-Runtime-Trace-Id": trace,
    }
    if invocation.deployed.tenant:
        headers["Lambda-Runtime-Aws-Tenant-Id"] = invocation.deployed.tenant
    if invocation.client_context:
        # As one line of ASCII, whatever the caller sent.
        context = json.dumps(json.loads(invocation.client_context))
        headers["Lambda-Runtime-Client-Context"] = context
    return headers
