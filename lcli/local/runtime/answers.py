"""How an invocation ended, and the errors that Lambda itself reports for it."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from dataclasses import dataclass, field

from lcli.local.runtime.api import ResponseStream

_SIGNALS: dict[int, str] = {
    signal.SIGKILL: "killed",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGABRT: "aborted",
    signal.SIGTERM: "terminated",
    signal.SIGILL: "illegal instruction",
    signal.SIGBUS: "bus error",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """How an invocation ended, or how its stream began."""

    payload: bytes = b""
    status: str = "success"
    """``success``, ``error`` or ``timeout``."""
    error_type: str = ""
    message: str = ""
    """Lambda's own error, which `body` puts into words."""
    content_type: str = "application/json"
    stream: ResponseStream | None = None
    at: float = field(default_factory=time.perf_counter)

    def body(self, request_id: str) -> bytes:
        """The payload; for Lambda's own errors with the request's id, as the caller gets it."""
        if not self.message:
            return self.payload
        sized = self.error_type == "Function.ResponseSizeTooLarge"
        message = self.message if sized else f"RequestId: {request_id} {self.message}"
        return json.dumps({"errorType": self.error_type, "errorMessage": message}).encode()


@dataclass(slots=True)
class Turn:
    """The invocation in hand."""

    request_id: str
    trace: str
    began: float
    reply: asyncio.Future[Answer]
    """Its end, or the beginning of its stream."""
    completion: asyncio.Future[Answer] | None = None
    """The end of its stream."""


def platform_error(error_type: str, message: str) -> Answer:
    """An error that the function did not report itself."""
    return Answer(status="error", error_type=error_type, message=message)


def timed_out(seconds: float) -> Answer:
    """The function's time-out has passed."""
    message = f"Error: Task timed out after {seconds:.2f} seconds"
    return Answer(status="timeout", error_type="Sandbox.Timedout", message=message)


def exit_text(code: int) -> str:
    """What Lambda says of a process that ended with `code` (negative: by a signal)."""
    if code == 0:
        return "Runtime exited without providing a reason"
    if code > 0:
        return f"Runtime exited with error: exit status {code}"
    name = _SIGNALS.get(-code, f"signal {-code}")
    return f"Runtime exited with error: signal: {name}"
