"""One execution environment: a worker, its Runtime API port and the state that they are in."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lcli.local.execution import Deployed, Invocation, Outcome
from lcli.local.runtime import memory
from lcli.local.runtime.answers import Answer, Turn, exit_text, platform_error, timed_out
from lcli.local.runtime.api import (
    ACCEPTED,
    MAX_RESPONSE,
    TOO_LARGE,
    Connection,
    Listener,
    Reply,
    ResponseStream,
)
from lcli.local.runtime.event_headers import event_headers, trace_header
from lcli.local.runtime.launch import Launch
from lcli.local.runtime.log_stream import LogStream
from lcli.local.runtime.platform_log import PlatformLog, Usage
from lcli.local.runtime.site import Site, State
from lcli.local.runtime.variables import variables
from lcli.local.runtime.worker import Worker

INIT_SECONDS = 10
"""The init phase's own limit (developer guide, "Understanding the Lambda execution environment
lifecycle"); what takes longer starts again within the function's time-out."""
FREEZE_AFTER = 0.01
"""Seconds without an event after which a worker is stopped: the two signals cost more than a short
invocation, so a busy function's worker gets none."""
ENDED_WITHIN = 5
"""Seconds that a killed process may take to be gone."""
MEASURED_EVERY = 0.05
"""Seconds between two looks at the memory of a worker that is busy."""
QUICK_MS = 5
"""What is quicker is not measured at its end, which would halve the throughput: it cannot use much
more, and the peak is the kernel's, so that the next look finds it."""
_MEGABYTE = 1024**2
_WRONG_ID: Reply = (400, "InvalidRequestID", "Invalid request ID")
_WRONG_STATE: Reply = (403, "InvalidStateTransition", "Transition is not allowed")


class Environment:
    """Runs one invocation at a time. `changed` is called whenever `state` moves."""

    def __init__(
        self,
        deployed: Deployed,
        site: Site,
        launch: Launch,
        layers: Path,
        changed: Callable[[Environment], None],
    ) -> None:
        self.deployed = deployed
        self.state = State.STARTING
        self.used = time.monotonic()
        """When it was last done with an event."""
        self.failure: Answer | None = None
        """Why the init phase failed."""
        self._site = site
        self._launch = launch
        self._layers = layers
        self._changed = changed
        self._platform = PlatformLog(deployed)
        self._log = LogStream(deployed, site.sink)
        self._peak = 0
        self._began = time.perf_counter()
        self._init_ms: float | None = None
        self._listener = Listener(self)
        self._worker: Worker | None = None
        self._watching: asyncio.Task[None] | None = None
        self._poll: Connection | None = None
        self._ready = asyncio.get_running_loop().create_future()
        self._turn: Turn | None = None
        self._freezing: asyncio.TimerHandle | None = None

    # Its life

    async def start(self) -> None:
        """Run the init phase, once more within the invocation if it goes wrong; then `failure`
        says why (developer guide, "Failures during the Init phase")."""
        self._log.write(self._platform.init_start(self._launch.version))
        self._log.take_tail()
        port = self._listener.open()
        for phase, limit in (("init", INIT_SECONDS), ("invoke", self.deployed.timeout)):
            began = time.perf_counter()
            self.failure, self._ready = None, asyncio.get_running_loop().create_future()
            if await self._init(port, limit) and not self.failure:
                return
            kind = self.failure.error_type if self.failure else None
            self._log.write(self._platform.init_failed(_since(began), phase, kind))
            self._drop_worker()
            await self.ended()
        self.failure = self.failure or timed_out(self.deployed.timeout)
        self.end()

    async def _init(self, port: int, limit: float) -> bool:
        """Start a worker and wait until it asks for its first event; False: not in time."""
        scratch = self._site.directory / "tmp" / secrets.token_hex(8)
        environment = variables(
            self.deployed,
            address=f"127.0.0.1:{port}",
            endpoint=self._site.endpoint,
            layers=self._layers,
            runtime=self._launch.runtime,
            scratch=scratch,
            log_stream=self._log.name,
        )
        worker = self._worker = Worker(self._site.guard, scratch, self._log.write)
        try:
            await worker.start(self._launch.argv, self.deployed.code, environment)
        except OSError as error:
            message = f"Error: fork/exec {self._launch.argv[0]}: {error.strerror}"
            self.failure = platform_error("Runtime.InvalidEntrypoint", message)
            await worker.clear()
            return True
        self._watching = asyncio.create_task(self._watch(worker))
        try:
            async with asyncio.timeout(limit):
                await asyncio.shield(self._ready)
        except TimeoutError:
            return self._ready.done()
        return True

    def end(self) -> None:
        """Kill what runs; `ended` waits until everything is given back."""
        if self.state is not State.DEAD:
            self._move(State.DEAD)
        self._listener.close()
        self._drop_worker()

    async def ended(self) -> None:
        """Wait until nothing is left of it, but not for ever."""
        if self._watching:
            await asyncio.wait({self._watching}, timeout=ENDED_WITHIN)
            self._watching.cancel()

    def _drop_worker(self) -> None:
        worker, self._worker = self._worker, None
        if worker:
            worker.kill()

    async def _watch(self, worker: Worker) -> None:
        """Wait for the process; if nobody ended it, tell whoever relies on it."""
        try:
            code = await worker.wait()
            if worker is self._worker:
                answer = platform_error("Runtime.ExitError", f"Error: {exit_text(code)}")
                if self.state is State.STARTING:
                    self._init_over(self.failure or answer)
                else:
                    self._settle(answer)
                    self.end()
        finally:
            await worker.clear()

    def _init_over(self, failure: Answer | None) -> None:
        self.failure = failure
        if not self._ready.done():
            self._ready.set_result(None)

    # One invocation

    async def run(self, invocation: Invocation) -> Outcome:
        """Run it to its end, or to the beginning of its stream if its caller can take one."""
        loop = asyncio.get_running_loop()
        poll, self._poll = self._poll, None
        assert poll
        assert self._worker
        trace = trace_header(invocation)
        self._log.write(self._platform.start(invocation.request_id))
        turn = Turn(invocation.request_id, trace, time.perf_counter(), loop.create_future())
        self._turn = turn
        self._move(State.BUSY)
        poll.deliver(event_headers(invocation, trace), invocation.payload)
        if self._freezing:
            self._freezing.cancel()
        self._worker.thaw()
        limit = loop.time() + self.deployed.timeout
        answer = await self._within(limit, turn.reply)
        if answer.stream is None:
            return self._finish(turn, answer)
        completion = loop.create_task(self._complete(turn, limit, answer.stream))
        if invocation.stream:
            kind = answer.content_type
            return Outcome(b"", stream=answer.stream, content_type=kind, completion=completion)
        body = b"".join([piece async for piece in answer.stream])
        outcome = await completion
        payload = outcome.payload if outcome.function_error else body
        return replace(outcome, payload=payload, content_type=answer.content_type)

    async def _complete(self, turn: Turn, limit: float, stream: ResponseStream) -> Outcome:
        assert turn.completion
        try:
            answer = await self._within(limit, turn.completion)
        finally:
            stream.end()
        return self._finish(turn, answer)

    async def _within(self, limit: float, end: asyncio.Future[Answer]) -> Answer:
        """How it ended; at `limit` (the loop's time) it is cut off, whatever the process does."""
        try:
            async with asyncio.timeout_at(limit):
                return await end
        except TimeoutError:
            answer = timed_out(self.deployed.timeout)
            self._cut(answer)
            return answer

    def fail(self, invocation: Invocation) -> Outcome:
        """The outcome of an invocation whose environment could not start."""
        assert self.failure
        self._log.write(self._platform.start(invocation.request_id))
        turn = Turn(invocation.request_id, "", self.failure.at, self._ready)
        return self._finish(turn, self.failure)

    def measure(self) -> None:
        """Take note of the memory in use; end what uses too much, or does not come to its end.

        A worker that has answered must ask for the next event within the function's time-out.
        """
        if self.state is State.FINISHING:
            if time.monotonic() - self.used > self.deployed.timeout:
                self.end()
        elif self._remember_memory() > self.deployed.memory * _MEGABYTE:
            killed = "Error: Runtime exited with error: signal: killed"
            answer = platform_error("Runtime.OutOfMemory", killed)
            if self.state is State.STARTING:
                self._init_over(answer)
            else:
                self._cut(answer)

    def _remember_memory(self) -> int:
        """Bytes that count for the limit."""
        own, peak = memory.used(self._worker.pid) if self._worker else (0, 0)
        self._peak = max(self._peak, peak)
        return own

    def _freeze(self) -> None:
        if self.state is State.IDLE and self._worker:
            self._worker.freeze()

    def _cut(self, answer: Answer) -> None:
        self._settle(answer)
        self.end()

    def _settle(self, answer: Answer) -> None:
        """The invocation in hand has ended: read its log while it is still its own."""
        turn = self._turn
        if not turn:
            return
        if self._worker:
            self._worker.flush()
            if self._init_ms is not None or _since(turn.began) > QUICK_MS:
                self._remember_memory()
        waiting = turn.completion or turn.reply
        if not waiting.done():
            waiting.set_result(answer)
        self._turn = None
        self.used = time.monotonic()

    def _finish(self, turn: Turn, answer: Answer) -> Outcome:
        """Bring the log to its end and say what came of it."""
        duration = max((answer.at - turn.began) * 1000, 0.01)
        if answer.status == "timeout":
            duration = self.deployed.timeout * 1000.0
            self._log.write(self._platform.timed_out(turn.request_id, self.deployed.timeout))
        tracing = self.deployed.tracing and "Sampled=1" in turn.trace
        usage = Usage(
            duration_ms=duration,
            memory_mb=min(-(-self._peak // _MEGABYTE), self.deployed.memory),
            init_ms=self._init_ms,
            status=answer.status,
            error_type=answer.error_type if answer.message and answer.status == "error" else "",
            trace_id=turn.trace.partition(";")[0].removeprefix("Root=") if tracing else "",
        )
        self._log.write(self._platform.end(turn.request_id, usage))
        self._init_ms = None
        return Outcome(
            payload=answer.body(turn.request_id),
            function_error=None if answer.status == "success" else "Unhandled",
            log_tail=self._log.take_tail(),
            duration_ms=duration,
            init_ms=usage.init_ms,
            max_memory_mb=usage.memory_mb,
            content_type=answer.content_type,
        )

    # The worker's calls (api.Environment)

    def polled(self, connection: Connection) -> None:
        """``/next``: the worker is ready."""
        self._poll = connection
        if self.state is State.STARTING:
            self._init_ms = _since(self._began)
            self._init_over(None)
        elif self.state is State.BUSY:
            # The runtime gave up this event without a word.
            self._settle(platform_error("Runtime.Unknown", "Error: No response was sent"))
        if self.state is not State.DEAD:
            self._move(State.IDLE)
            if self._site.freeze:
                loop = asyncio.get_running_loop()
                self._freezing = loop.call_later(FREEZE_AFTER, self._freeze)

    def answered(self, request_id: str, body: bytes, content_type: str, size: int) -> Reply:
        """``/response``."""
        if refusal := self._refuse(request_id):
            return refusal
        if size > MAX_RESPONSE:
            limit = f"maximum allowed payload size ({MAX_RESPONSE} bytes)."
            self._done(
                platform_error(
                    "Function.ResponseSizeTooLarge", f"Response payload size exceeded {limit}"
                )
            )
            return TOO_LARGE
        self._done(Answer(body, content_type=content_type))
        return ACCEPTED

    def failed(self, request_id: str, body: bytes, error_type: str) -> Reply:
        """``/error``."""
        if refusal := self._refuse(request_id):
            return refusal
        self._done(Answer(body, "error", error_type))
        return ACCEPTED

    def init_failed(self, body: bytes, error_type: str) -> Reply:
        """``/init/error``."""
        if self.state is not State.STARTING:
            return _WRONG_STATE
        if self._worker:
            self._worker.flush()
        self._init_over(Answer(body, "error", error_type))
        return ACCEPTED

    def stream_opened(self, request_id: str, stream: ResponseStream, content_type: str) -> Reply:
        """``/response`` in streaming mode."""
        if refusal := self._refuse(request_id):
            return refusal
        assert self._turn
        self._turn.completion = asyncio.get_running_loop().create_future()
        self._turn.reply.set_result(Answer(b"", content_type=content_type, stream=stream))
        return ACCEPTED

    def stream_ended(self, error_type: str, body: bytes) -> Reply:
        """The streamed response is over."""
        if self.state is not State.BUSY:
            return _WRONG_STATE
        if error_type and not body:
            self._done(platform_error(error_type, "Error: The response ended too early"))
        else:
            self._done(Answer(body, "error" if error_type else "success", error_type))
        return ACCEPTED

    def disconnected(self, connection: Connection) -> None:
        """The worker closed a connection: the one that waits for an event makes it useless."""
        if connection is self._poll:
            self._poll = None
            if self.state is State.IDLE:
                self.end()

    def _refuse(self, request_id: str) -> Reply | None:
        if self.state is not State.BUSY or not self._turn or self._turn.reply.done():
            return _WRONG_STATE
        return None if request_id == self._turn.request_id else _WRONG_ID

    def _done(self, answer: Answer) -> None:
        self._settle(answer)
        self._move(State.FINISHING)

    def _move(self, state: State) -> None:
        self.state = state
        self._changed(self)


def _since(began: float) -> float:
    """Milliseconds."""
    return (time.perf_counter() - began) * 1000
