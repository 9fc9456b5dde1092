"""What Lambda's control plane and its execution environments say to each other."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lcli.local.wire import Stream


@dataclass(frozen=True, slots=True)
class Deployed:
    """One version of a function (or $LATEST as it is now), as an execution environment needs it."""

    arn: str
    """Unqualified function ARN."""
    name: str
    version: str
    """``$LATEST`` or a number."""
    revision: str
    """Changes with code or configuration: environments of an older one are retired."""
    runtime: str
    handler: str
    memory: int
    """MB."""
    timeout: int
    """Seconds."""
    storage: int
    """MB of /tmp."""
    environment: Mapping[str, str]
    code: Path
    """Directory with the unpacked zip; read-only."""
    layers: tuple[Path, ...]
    """Directories with the unpacked layers, merged in order below /opt."""
    region: str
    account: str
    architecture: str
    log_group: str
    log_format: str = "Text"
    application_log_level: str = "INFO"
    system_log_level: str = "INFO"
    tracing: bool = False
    tenant: str = ""
    """For whom alone its environments run; empty where the function does not isolate tenants."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One event on its way to a function."""

    deployed: Deployed
    payload: bytes
    request_id: str
    invoked_arn: str
    """As the caller named it, alias included: what the context object shows."""
    client_context: str | None = None
    """Decoded JSON text."""
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: bool = False
    """The caller can take the response as it comes: then Outcome.stream may be set."""
    execution: str = ""
    """ARN of the durable execution that was started for the event; running it is to wait for
    that one's end."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an invocation."""

    payload: bytes
    function_error: str | None = None
    """``Unhandled`` or ``Handled``: X-Amz-Function-Error."""
    log_tail: bytes = b""
    """The last 4,096 bytes of the invocation's log."""
    duration_ms: float = 0.0
    init_ms: float | None = None
    """Only on a cold start."""
    max_memory_mb: int = 0
    stream: Stream | None = None
    """The rest of a streamed response; then `payload` is empty."""
    completion: Awaitable[Outcome] | None = None
    """With `stream`: how it ended, once it has (error, log tail, duration)."""
    content_type: str = "application/json"
    """As the runtime named it; ``application/vnd.awslambda.http-integration-response`` starts with
    a JSON prelude."""


class Throttled(Exception):
    """No environment may be started: HTTP 429 with this `reason`.

    ``ReservedFunctionConcurrentInvocationLimitExceeded`` or ``ConcurrentInvocationLimitExceeded``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RuntimeMissing(Exception):
    """This machine cannot run the function's runtime; says what to install."""


class Invoker(Protocol):
    """Runs function code. All methods are called on the cloud's event loop."""

    async def invoke(self, invocation: Invocation, *, concurrency: int | None = None) -> Outcome:
        """Run it to its end, at most `concurrency` at a time for the function (reserved).

        Raises Throttled and RuntimeMissing. A function that fails is an Outcome, not an error.
        """

    async def retire(self, arn: str, version: str | None = None) -> None:
        """End the idle environments of a function (busy ones end after their invocation)."""

    async def close(self) -> None:
        """End every environment."""
