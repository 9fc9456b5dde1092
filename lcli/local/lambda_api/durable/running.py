"""Running durable executions: the function is invoked whenever there is something new for it.

One task an execution: it carries out what is due, invokes the function, and rests until the next
point of time or until a callback, a stop or a resumption stirs it. AWS's emulator is the source of
what happens to invocations that fail or answer something else than they should.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from lcli.local.execution import Invocation, Outcome
from lcli.local.lambda_api.calling import invocation_of, run_once
from lcli.local.lambda_api.context import Shared, version_of
from lcli.local.lambda_api.deploying import deployed, prepare
from lcli.local.lambda_api.durable import history
from lcli.local.lambda_api.durable.answers import (
    error_of,
    invocation_input,
    outcome_of,
    verdict,
)
from lcli.local.lambda_api.durable.checkpoint import Chained
from lcli.local.lambda_api.durable.execution import Execution, started
from lcli.local.lambda_api.errors import ApiError, function_not_found, invalid
from lcli.local.lambda_api.names import function_of, target
from lcli.local.lambda_api.state import Region

LOG = logging.getLogger(__name__)

SYNCHRONOUS_SECONDS = 900
"""Longest ExecutionTimeout of an execution that somebody waits for (developer guide, "Invoking
Lambda durable functions")."""
BACKOFF_SECONDS = 5.0
"""Before an invocation that failed is repeated."""
ATTEMPTS = 5
"""Invocations that may fail one after the other."""
PENDING_ATTEMPTS = 3
"""The same for ones that say PENDING when nothing is."""


class Runner:
    """Runs invocations: plain ones once, those of durable functions as executions."""

    def __init__(self, shared: Shared, speedup: float = 1.0) -> None:
        """`speedup` divides waits, delays and callbacks' time-outs, not ExecutionTimeout."""
        self.speedup = speedup
        self._shared = shared
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int:
        """Executions that have not ended, and functions that they call."""
        return len(self._tasks)

    async def close(self) -> None:
        """Drop all executions."""
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def forget(self, region: Region) -> None:
        """End all executions of a region and forget them."""
        for execution in region.executions.values():
            if execution.open:
                execution.end("STOPPED", self.now(), error={})
        region.executions.clear()

    def now(self) -> datetime:
        """The API's clock."""
        return datetime.fromtimestamp(self._shared.clock(), UTC)

    def config(self, region: Region, invocation: Invocation) -> Mapping[str, Any] | None:
        """The DurableConfig of the version that an invocation is to run, None of a plain one."""
        function = region.functions.get(invocation.deployed.name)
        version = version_of(function, invocation.deployed.version) if function else None
        return version.settings.get("DurableConfig") if version else None

    async def run(self, region: Region, invocation: Invocation) -> Outcome:
        """Run to the end; of a durable function that is the end of its execution.

        Raises ApiError: throttled (429), a runtime that this machine lacks (400), and the
        refusals of `start`.
        """
        if invocation.execution:
            execution = region.executions.get(invocation.execution)
        elif self.config(region, invocation) is None:
            return await run_once(self._shared, region, invocation)
        else:
            execution = self.start(region, invocation, waited_for=True)
        if execution is None:
            message = {"errorMessage": f"{invocation.execution} was deleted."}
            return Outcome(json.dumps(message).encode(), "Unhandled")
        await execution.over.wait()
        return outcome_of(execution)

    def start(
        self, region: Region, invocation: Invocation, name: str = "", *, waited_for: bool
    ) -> Execution:
        """Start an execution, or find the one of that name and payload.

        Raises ApiError: an unqualified ARN, a caller that waits for one that may take too long
        (400), a name that is used with another payload (409), a function that is switched off by
        its reserved concurrency (429).
        """
        config = self.config(region, invocation) or {}
        if invocation.invoked_arn.count(":") == 6:
            raise invalid("You cannot invoke a durable function using an unqualified ARN.")
        if waited_for and config["ExecutionTimeout"] > SYNCHRONOUS_SECONDS:
            raise invalid(
                "You cannot synchronously invoke a durable function with an executionTimeout "
                "greater than 15 minutes."
            )
        function = region.functions[invocation.deployed.name]
        if function.reserved == 0:
            reason = {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded"}
            raise ApiError("TooManyRequestsException", "Rate Exceeded.", 429, reason)
        found = _named(region, function.name, name) if name else None
        if found is not None:
            if found.payload != invocation.payload:
                raise ApiError(
                    "DurableExecutionAlreadyStartedException",
                    "The durable execution with the specified name has already been started. Each "
                    "durable execution name must be unique within the function. Use a different "
                    "name or check the status of the existing execution.",
                    409,
                )
            return found
        execution = started(
            function.arn_of(invocation.deployed.version),
            invocation.invoked_arn,
            dict(config),
            invocation.payload,
            now=self.now(),
            name=name,
        )
        execution.tenant = invocation.deployed.tenant
        region.executions[execution.arn] = execution
        self._begin(self._see_through(region, execution, invocation))
        return execution

    def call(self, region: Region, execution: Execution, chained: Chained) -> None:
        """Call a function for an execution; one that is not there fails the operation at once."""
        try:
            invocation = self._invocation(region, chained)
        except ApiError as error:
            refusal = {"ErrorMessage": error.message, "ErrorType": error.code}
            execution.complete(chained.operation, "FAILED", self.now(), error=refusal)
        else:
            self._begin(self._chain(region, execution, chained, invocation))

    def _invocation(self, region: Region, chained: Chained) -> Invocation:
        wanted = target(region, {"FunctionName": chained.function})
        function = function_of(region, wanted)
        return invocation_of(self._shared, region, function, wanted.qualifier, chained.payload)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _see_through(
        self, region: Region, execution: Execution, invocation: Invocation
    ) -> None:
        """Until its end; `invocation` is the caller's, whose request id the first one keeps."""
        request_id = invocation.request_id
        while execution.open:
            execution.stir.clear()
            execution.settle(self.now())
            waiting = execution.not_before is not None and self.now() < execution.not_before
            if execution.status == "RUNNING" and execution.wants_invocation() and not waiting:
                await self._invoke(region, execution, request_id)
                request_id = str(uuid4())
            elif execution.open:
                await self._rest(execution)

    async def _rest(self, execution: Execution) -> None:
        """Until something is due or somebody stirs it."""
        due = execution.next_due()
        seconds = None if due is None else max(0.0, (due - self.now()).total_seconds())
        try:
            await asyncio.wait_for(execution.stir.wait(), seconds)
        except TimeoutError:
            return

    async def _invoke(self, region: Region, execution: Execution, request_id: str) -> None:
        began = self.now()
        execution.begin_invocation()
        payload = invocation_input(execution)
        known = execution.changes
        try:
            work = asyncio.create_task(self._once(region, execution, payload, request_id))
            outcome = await self._watched(execution, work)
        except ApiError as refusal:
            self._refused(execution, refusal)
            return
        finally:
            execution.invocation = ""
            if execution.status == "PAUSING":
                execution.status = "PAUSED"
        execution.log_tail = outcome.log_tail
        now = self.now()
        error = error_of(outcome) if outcome.function_error else None
        execution.events.append(history.invoked(began, now, request_id, error))
        if not execution.open:
            return
        if error is not None:
            self._repeat(execution, error, ATTEMPTS)
        else:
            self._accept(execution, outcome.payload, known)

    async def _once(
        self, region: Region, execution: Execution, payload: bytes, request_id: str
    ) -> Outcome:
        function = region.functions.get(execution.function)
        version = version_of(function, execution.version) if function is not None else None
        if function is None or version is None:
            raise function_not_found(execution.function_arn)
        await prepare(self._shared, region, version)
        invocation = Invocation(
            deployed=deployed(self._shared, region, function, version, execution.tenant),
            payload=payload,
            request_id=request_id,
            invoked_arn=execution.invoked_arn,
        )
        return await run_once(self._shared, region, invocation)

    async def _watched(self, execution: Execution, work: asyncio.Task[Outcome]) -> Outcome:
        """The outcome; meanwhile what is due happens, time-outs among it."""
        try:
            while not work.done():
                due = execution.next_due()
                seconds = None if due is None else max(0.0, (due - self.now()).total_seconds())
                await asyncio.wait({work}, timeout=seconds if execution.open else None)
                execution.settle(self.now())
            return await work
        finally:
            work.cancel()

    def _refused(self, execution: Execution, error: ApiError) -> None:
        if error.status == 429:
            execution.owed, execution.not_before = True, self._after_backoff()
        elif execution.open:
            refusal = {"ErrorMessage": error.message, "ErrorType": error.code}
            execution.end("FAILED", self.now(), error=refusal)

    def _after_backoff(self) -> datetime:
        return self.now() + timedelta(seconds=BACKOFF_SECONDS / self.speedup)

    def _repeat(self, execution: Execution, error: Mapping[str, Any], attempts: int) -> None:
        execution.failures += 1
        if execution.failures >= attempts:
            execution.end("FAILED", self.now(), error=error)
        else:
            execution.owed, execution.not_before = True, self._after_backoff()

    def _accept(self, execution: Execution, payload: bytes, known: int) -> None:
        """Take what the function answered; `known` is what it had been told of at first."""
        now = self.now()
        try:
            status, result, error = verdict(payload)
        except ValueError as problem:
            said = {
                "ErrorMessage": str(problem),
                "ErrorType": "InvalidParameterValueException",
            }
            execution.end("FAILED", now, error=said)
            return
        if status == "PENDING":
            idle = not (execution.waits() or execution.owed)
            if idle and not execution.changes_after(max(known, execution.seen)):
                said = {
                    "ErrorMessage": "Cannot return PENDING status with no pending operations.",
                    "ErrorType": "InvalidParameterValueException",
                }
                self._repeat(execution, said, PENDING_ATTEMPTS)
                return
        else:
            execution.end(status, now, result=result, error=error)
        execution.failures = 0

    async def _chain(
        self, region: Region, execution: Execution, chained: Chained, invocation: Invocation
    ) -> None:
        """Call a function and bring the operation that asked for it to its end."""
        status, result, error = await self._called(region, execution, chained, invocation)
        if execution.open and chained.operation in execution.operations:
            execution.complete(chained.operation, status, self.now(), result=result, error=error)

    async def _called(
        self, region: Region, execution: Execution, chained: Chained, invocation: Invocation
    ) -> tuple[str, str | None, Mapping[str, Any] | None]:
        told = {"ExecutedVersion": invocation.deployed.version}
        try:
            if self.config(region, invocation) is None:
                history.add(execution.events, chained.operation, told)
                await self._prepare(region, invocation)
                outcome = await run_once(self._shared, region, invocation)
                if outcome.function_error:
                    return "FAILED", None, error_of(outcome)
                return "SUCCEEDED", outcome.payload.decode("utf-8", "replace"), None
            child = self.start(region, invocation, waited_for=False)
        except ApiError as refusal:
            error = {"ErrorMessage": refusal.message, "ErrorType": refusal.code}
            return "FAILED", None, error
        history.add(execution.events, chained.operation, told | {"DurableExecutionArn": child.arn})
        await child.over.wait()
        if child.status == "TIMED_OUT":
            seconds = child.config["ExecutionTimeout"]
            message = f"CHAINED_INVOKE timed out after {seconds} seconds."
            return (
                child.status,
                None,
                {"ErrorMessage": message, "ErrorType": "ChainedInvoke.Timeout"},
            )
        return child.status, child.result, child.error

    async def _prepare(self, region: Region, invocation: Invocation) -> None:
        function = region.functions.get(invocation.deployed.name)
        version = version_of(function, invocation.deployed.version) if function else None
        if version is not None:
            await prepare(self._shared, region, version)


def _named(region: Region, function: str, name: str) -> Execution | None:
    return next(
        (
            execution
            for execution in region.executions.values()
            if execution.function == function and execution.name == name
        ),
        None,
    )
