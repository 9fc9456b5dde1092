"""Waiting for the answer of a call for as long as its function may run, and no longer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass

from lcli.aws.clients import AwsError
from lcli.aws.retry import SILENCE
from lcli.invoke.call import LONGEST, Response, Single, Target
from lcli.resources.naming import default_log_group

MARGIN = 60.0
"""Seconds beyond a function's time-out: its init phase, and what Lambda does before it runs."""
_SOON = 10.0
"""Seconds within which most calls are answered; only then AWS is asked for the time-out."""
_PAUSE = 0.5
"""Seconds until it is asked again where there was no answer."""


@dataclass(frozen=True, slots=True)
class Described:
    """What AWS says of the version that is called."""

    timeout: float
    """Seconds."""
    architecture: str
    log_group: str
    reports: bool = True
    """Whether its log tells the end of every call: REPORT is logged at level INFO (Lambda guide,
    "Log level filtering")."""


def describe(single: Single, target: Target) -> Described | None:
    """Ask AWS with GetFunction, which has by far the largest quota; None if it refuses.

    Raises AwsError (Unreachable) where there is no answer.
    """
    asked = {"FunctionName": target.name, "Qualifier": target.qualifier or "$LATEST"}
    try:
        found = single.call("lambda", "GetFunction", **asked)["Configuration"]
    except AwsError as error:
        if error.code == "Unreachable":
            raise
        return None
    logging = found.get("LoggingConfig", {})
    return Described(
        float(found["Timeout"]),
        found.get("Architectures", ["x86_64"])[0],
        logging.get("LogGroup") or default_log_group(target.name),
        reports=logging.get("SystemLogLevel") != "WARN" or "DurableConfig" in found,
    )


def longest_wait(described: Described | None, margin: float = MARGIN) -> float:
    """Seconds for which an answer is waited for."""
    return (described.timeout if described else LONGEST) + margin


class Pieces:
    """Writes the pieces of a response; whoever reads them may take their time."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self.busy = False
        """Whether one is being written."""
        self.last = 0.0
        """When one had been written, on the monotonic clock."""
        self.end = b""
        """The last byte that was written."""

    def __call__(self, piece: bytes) -> None:
        """Write one, for as long as that takes."""
        self.busy = True
        try:
            self._write(piece)
            self.end = piece[-1:] or self.end
        finally:
            self.last, self.busy = time.monotonic(), False


class Answer:
    """A call in a thread of its own, sent at once."""

    def __init__(
        self,
        call: Callable[[], Response],
        single: Single,
        target: Target,
        *,
        pieces: Pieces | None = None,
        soon: float = _SOON,
        margin: float = MARGIN,
        patience: float = SILENCE,
    ) -> None:
        """After `soon` seconds the function's time-out is asked for, and bounds the wait; so does
        that AWS answers nothing for `patience` seconds then.

        Of a streamed response, the wait for its next one of the `pieces`.
        """
        self._single = single
        self._target = target
        self._soon = soon
        self._margin = margin
        self._patience = patience
        self._pieces = pieces or Pieces(lambda piece: None)
        self._limit: float | None = None
        self._silent = False
        """Whether AWS answered nothing else either."""
        self._began = time.monotonic()
        self._future: Future[Response] = Future()
        # Daemons: Ctrl-C must not wait for a function that runs for minutes.
        threading.Thread(target=self._run, args=(call,), daemon=True).start()
        # By itself, since whoever waits may be busy with the log, and the answer may come before.
        threading.Thread(target=self._ask_in_time, daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Whether the answer is there, within so many seconds.

        Raises AwsError (Unreachable, lost) once the function cannot run any more.
        """
        with suppress(TimeoutError):
            self._future.exception(seconds)
        if self._future.done():
            return True
        if self._silent:
            raise self._lost("and AWS answers nothing else either")
        if self._limit is not None and self._waited() > self._limit and not self._pieces.busy:
            raise self._lost(f"within its time-out and {self._margin:.0f} s")
        return False

    def _lost(self, why: str) -> AwsError:
        message = f"{self._target.name} gave no answer {why}"
        return AwsError("Unreachable", message, service="lambda", operation="Invoke", lost=True)

    def result(self) -> Response:
        """The answer, waited for. Raises AwsError."""
        while not self.wait(1.0):
            pass
        return self._future.result()

    def _waited(self) -> float:
        return time.monotonic() - max(self._began, self._pieces.last)

    def _ask_in_time(self) -> None:
        while (left := self._soon - self._waited()) > 0:
            with suppress(TimeoutError):
                self._future.exception(left)
                return
        self._ask()

    def _ask(self) -> None:
        """The network may fail for some seconds without the call's own connection breaking."""
        until = time.monotonic() + self._patience
        while time.monotonic() < until:
            with suppress(AwsError):
                described = describe(self._single, self._target)
                self._limit = longest_wait(described, self._margin)
                return
            time.sleep(_PAUSE)
        self._silent = True

    def _run(self, call: Callable[[], Response]) -> None:
        try:
            self._future.set_result(call())
        except BaseException as error:
            self._future.set_exception(error)
