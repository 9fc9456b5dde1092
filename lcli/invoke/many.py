"""Many calls at once, each sent exactly once, with their results in the order of the payloads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from queue import Empty, Queue, SimpleQueue
from typing import BinaryIO, NamedTuple

from lcli.aws.clients import AwsError
from lcli.aws.translate import ENDS_ALL
from lcli.errors import LcliError
from lcli.invoke.call import UNBOUNDED, Mode, Response, Single, Target, invoke
from lcli.invoke.payload import SYNC_LIMIT, check_json, check_size
from lcli.invoke.refusals import refused

_AHEAD = 2
"""Calls a worker that may be waiting or done before the first result is taken: what is in memory
is bounded by this and the size of payloads, 6 MB."""


class Line(NamedTuple):
    """A payload, and where it ends in the input."""

    payload: bytes
    end: int = 0
    """Bytes from where reading began."""
    number: int = 0
    """Of the line in the input, from 1; those that are blank count."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one of many calls."""

    number: int
    """Of the payload, from 1."""
    seconds: float
    """From sending to the whole answer."""
    response: Response | None
    """None where there was no answer, or a refusal."""
    code: str = ""
    """AWS's code of a refusal, or why nothing was sent."""
    message: str = ""
    lost: bool = False
    """There was no answer, and the function may have run."""
    end: int = 0
    """Of its line in the input."""
    line: int = 0
    """Its number there."""

    @property
    def failed(self) -> bool:
        """Whether the function failed or did not run."""
        return self.response is None or self.response.error is not None

    @property
    def ran(self) -> bool:
        """Whether the function ran, or may have: AWS may bill it."""
        return self.response is not None or self.lost

    @property
    def why(self) -> str:
        """``ValueError: no such user``."""
        error = self.response.error if self.response else None
        kind, message = (error.type, error.message) if error else (self.code, self.message)
        return f"{kind or 'error'}: {message}"


@dataclass(frozen=True, slots=True)
class Caller:
    """One function, to be called with many payloads."""

    single: Single
    target: Target
    mode: Mode = Mode.SYNC
    raw: bool = False
    read_timeout: float = UNBOUNDED
    """Seconds for which each answer is waited for."""

    def __call__(self, number: int, payload: bytes) -> Result:
        """Call once. Payloads that cannot be sent and refusals are Results, not exceptions.

        Raises AwsError and LcliError for a refusal that every other call would get, and where not
        even the first finds a connection.
        """
        began = time.perf_counter()
        try:
            check_size(payload, f"line {number}", asynchronous=self.mode is Mode.ASYNC)
            if payload and not self.raw:
                check_json(payload, f"line {number}")
            response = invoke(
                self.single,
                self.target,
                payload,
                mode=self.mode,
                read_timeout=self.read_timeout,
            )
        except AwsError as error:
            return self._without(error, number, time.perf_counter() - began)
        except LcliError as error:
            problem = error.problems[0]
            return Result(number, 0.0, None, problem.code, problem.what)
        return Result(number, time.perf_counter() - began, response)

    def _without(self, error: AwsError, number: int, seconds: float) -> Result:
        told = refused(error, self.target, self.mode)
        problem = told.problems[0] if isinstance(told, LcliError) else None
        unsent = error.code == "Unreachable" and not error.lost
        if unsent and number == 1:
            raise error
        if error.code in _SAME_FOR_ALL or (problem and problem.code in _MEANT_OTHERWISE):
            raise told from error
        said = problem.what if problem else error.message
        return Result(number, seconds, None, error.code, said, error.lost)


_SAME_FOR_ALL = ENDS_ALL | {"ResourceNotFoundException"}
_MEANT_OTHERWISE = frozenset({"tenant", "durable-function"})
"""Refusals that every other call would get too, by AWS's code and by ours: they end the run."""

_Job = tuple[int, Line, "Future[Result]"]


class _Queues:
    """Between who reads the payloads, who calls, and who takes the results in their order."""

    def __init__(self, ahead: int) -> None:
        self.jobs: SimpleQueue[_Job] = SimpleQueue()
        self.order: Queue[Future[Result] | None] = Queue(maxsize=ahead)
        self.stopped = threading.Event()
        self._taking = threading.Lock()
        self._reads_on = False

    def read(self, payloads: Iterable[Line]) -> None:
        """Make a job of each payload; what `payloads` raises is the last result.

        Where nobody reads the results any more the rest is read all the same: who gives it counts.
        """
        try:
            for number, line in enumerate(payloads, 1):
                if self.stopped.is_set():
                    if self._reads_on:
                        continue
                    return
                future: Future[Result] = Future()
                self.order.put(future)
                self.jobs.put((number, line, future))
        except BaseException as error:
            broken: Future[Result] = Future()
            broken.set_exception(error)
            self.order.put(broken)
        self.order.put(None)

    def work(self, call: Caller, begun: Callable[[int, Line], None]) -> None:
        """Call for one job after the other."""
        while not self.stopped.is_set():
            with suppress(Empty):
                job = self._take(begun)
                if job is None:
                    return
                number, line, future = job
                try:
                    result = call(number, line.payload)
                    future.set_result(replace(result, end=line.end, line=line.number))
                except BaseException as error:
                    self.stopped.set()  # before this worker begins the next
                    future.set_exception(error)

    def _take(self, begun: Callable[[int, Line], None]) -> _Job | None:
        """The next job, which is begun with that; None once it is stopped. Raises Empty.

        One worker at a time: what is begun is all of the jobs up to one of them.
        """
        with self._taking:
            number, line, future = self.jobs.get(timeout=1)
            if self.stopped.is_set() or not future.set_running_or_notify_cancel():
                return None
            begun(number, line)
            return number, line, future

    def begun(self) -> Iterator[Future[Result]]:
        """Stop, but for reading; what was begun and is not taken yet."""
        self._reads_on = True
        self.stopped.set()
        with suppress(Empty):
            while (future := self.order.get_nowait()) is not None:
                if not future.cancel():
                    yield future

    def stop(self) -> None:
        """Begin no call more; who waits for room in the order goes on, and sees it."""
        self.stopped.set()
        with suppress(Empty):
            while True:
                self.order.get_nowait()


def invoke_many(
    call: Caller,
    payloads: Iterable[Line],
    *,
    parallel: int,
    begun: Callable[[int, Line], None] = lambda number, line: None,
    unread: Callable[[], bool] = lambda: False,
) -> Generator[Result, None, None]:
    """Call once a payload, `parallel` at a time; results in the order of `payloads`.

    `begun` is told of each call before it is sent, by any thread. Once the generator is closed, and
    once the results are `unread`, none is sent any more; then the last results are those of what is
    in flight.

    A result is given as soon as it and those before it are there, also while `payloads` blocks.
    Memory is bounded: no more is read while `parallel` times `_AHEAD` results are not taken.
    Raises AwsError for a refusal that all calls would get, and whatever `payloads` raises.
    """
    queues = _Queues(parallel * _AHEAD)
    # Daemons: Ctrl-C must not wait for functions that run for minutes.
    threading.Thread(target=queues.read, args=(payloads,), daemon=True).start()
    for _ in range(parallel):
        threading.Thread(target=queues.work, args=(call, begun), daemon=True).start()
    try:
        while (future := queues.order.get()) is not None:
            yield future.result()
            if unread():
                yield from (future.result() for future in queues.begun())
                return
    finally:
        queues.stop()


def lines(stream: BinaryIO) -> Iterator[Line]:
    """The lines of NDJSON that are not blank, without their ends.

    Of a line that is longer than any payload, one byte too many is kept, so that it is refused.
    """
    end = number = 0
    while line := stream.readline(SYNC_LIMIT + 1):
        end += len(line)
        number += 1
        whole = line.endswith(b"\n")
        while not whole and (rest := stream.readline(SYNC_LIMIT)):
            end += len(rest)
            whole = rest.endswith(b"\n")
        if line.strip():
            yield Line(line.rstrip(b"\r\n"), end, number)
