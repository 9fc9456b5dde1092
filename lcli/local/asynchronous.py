"""Lambda's asynchronous queue: events that nobody waits for, retried, then sent on.

Developer guide, "How Lambda handles errors and retries with asynchronous invocation" and
"Retaining records of asynchronous invocations".
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from lcli.local.destinations import Delivery, dead_letter, destination
from lcli.local.execution import Invocation, Outcome
from lcli.local.lambda_api.errors import ApiError
from lcli.local.lambda_api.views import Asynchronous

LOG = logging.getLogger(__name__)

RETRY_SECONDS = (60.0, 120.0)
"""Before the first and the second retry of a function error."""
THROTTLED_SECONDS = (1.0, 300.0)
"""First and longest wait after a throttle; it doubles in between."""
ATTEMPTS_AT_A_TIME = 50
"""Of one function; more of its events wait in the queue."""

Deliver = Callable[[Delivery], Awaitable[None]]


class Functions(Protocol):
    """What the queue asks of Lambda's API."""

    def invocation(
        self,
        arn: str,
        payload: bytes,
        *,
        request_id: str = "",
        client_context: str | None = None,
        tenant: str = "",
    ) -> Invocation:
        """An invocation of what an ARN means now; raises ApiError (404)."""

    async def run(self, invocation: Invocation) -> Outcome:
        """Run it; raises ApiError (429 when throttled)."""

    def asynchronous(self, arn: str) -> Asynchronous:
        """The settings that hold for a (qualified) ARN; raises ApiError (404)."""


@dataclass(slots=True)
class Event:
    """One event on its way."""

    invocation: Invocation
    queued: float
    tries: int = 0
    throttles: int = 0
    outcome: Outcome | None = None
    """Of the last try that ran."""
    version: str = ""
    """The version that ran it."""


class AsynchronousQueue:
    """Takes events and sees each to its end."""

    def __init__(
        self,
        functions: Callable[[], Functions],
        deliver: Deliver,
        *,
        speedup: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`deliver` sends a record or a dead letter on; `speedup` divides every wait."""
        self._functions = functions
        self._deliver = deliver
        self._speedup = speedup
        self._clock = clock
        self._turns: dict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(ATTEMPTS_AT_A_TIME)
        )
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def pending(self) -> int:
        """Events that have not come to their end."""
        return len(self._tasks)

    async def enqueue(self, invocation: Invocation) -> None:
        """Take an event; returns at once."""
        event = Event(invocation, self._clock(), version=invocation.deployed.version)
        self._begin(self._see_through(event))

    async def close(self) -> None:
        """Drop what is queued."""
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _see_through(self, event: Event) -> None:
        arn = event.invocation.invoked_arn
        try:
            condition = await self._condition(event)
            settings = self._functions().asynchronous(arn)
        except ApiError as error:
            LOG.warning("an event for %s is dropped: %s", arn, error.message)
            return
        for delivery in _deliveries(event, settings, condition):
            try:
                await self._deliver(delivery)
            except Exception as error:
                LOG.warning("%s of %s was not delivered: %s", delivery.operation, arn, error)

    async def _condition(self, event: Event) -> str:
        """Try until it is done: ``Success``, ``RetriesExhausted`` or ``EventAgeExceeded``.

        Raises ApiError if the function is gone or cannot run here.
        """
        arn = event.invocation.invoked_arn
        while True:
            settings = self._functions().asynchronous(arn)
            left = settings.maximum_age - self._age(event)
            if left <= 0:
                return "EventAgeExceeded"
            if await self._tried(event):
                if event.outcome and not event.outcome.function_error:
                    return "Success"
                if event.tries > settings.retries:
                    return "RetriesExhausted"
                wait = RETRY_SECONDS[min(event.tries, len(RETRY_SECONDS)) - 1]
            else:
                first, longest = THROTTLED_SECONDS
                wait = min(longest, first * 2 ** (event.throttles - 1))
            left = settings.maximum_age - self._age(event)
            await asyncio.sleep(max(0.0, min(wait, left)) / self._speedup)

    async def _tried(self, event: Event) -> bool:
        """Run it once; False if it was throttled. Raises ApiError for any other refusal."""
        asked = event.invocation
        # The queue only waits for an execution of a durable function, for a year perhaps.
        turn = nullcontext() if asked.execution else self._turns[asked.deployed.arn]
        async with turn:
            functions = self._functions()
            invocation = functions.invocation(
                asked.invoked_arn,
                asked.payload,
                request_id=asked.request_id,
                client_context=asked.client_context,
                tenant=asked.deployed.tenant,
            )
            try:
                outcome = await functions.run(
                    replace(invocation, headers=asked.headers, execution=asked.execution)
                )
            except ApiError as error:
                if error.status != 429:
                    raise
                event.throttles += 1
                return False
        event.tries, event.throttles = event.tries + 1, 0
        event.outcome, event.version = outcome, invocation.deployed.version
        return True

    def _age(self, event: Event) -> float:
        return (self._clock() - event.queued) * self._speedup


def _deliveries(event: Event, settings: Asynchronous, condition: str) -> list[Delivery]:
    """What is sent on when an event has come to its end."""
    invocation = event.invocation
    succeeded = condition == "Success"
    deliveries = []
    target = settings.on_success if succeeded else settings.on_failure
    if target:
        deliveries.append(destination(target, _record(event, condition), invocation))
    if settings.dead_letters and not succeeded:
        message = _error_message(event)
        status = "200" if event.outcome else "429"
        deliveries.append(dead_letter(settings.dead_letters, invocation, status, message))
    return deliveries


def _record(event: Event, condition: str) -> dict[str, Any]:
    """The invocation record (developer guide, "Example invocation record")."""
    invocation = event.invocation
    arn, plain = invocation.invoked_arn, invocation.deployed.arn
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": now,
        "requestContext": {
            "requestId": invocation.request_id,
            "functionArn": f"{plain}:$LATEST" if arn == plain else arn,
            "condition": condition,
            "approximateInvokeCount": event.tries,
        },
        "requestPayload": json.loads(invocation.payload),
    }
    if event.outcome:
        failed = event.outcome.function_error
        record["responseContext"] = {
            "statusCode": 200,
            "executedVersion": event.version,
            **({"functionError": failed} if failed else {}),
        }
        record["responsePayload"] = _json(event.outcome.payload)
    return record


def _error_message(event: Event) -> str:
    if not event.outcome:
        return "Rate Exceeded."
    payload = _json(event.outcome.payload)
    return str(payload.get("errorMessage", "")) if isinstance(payload, dict) else ""


def _json(payload: bytes) -> Any:
    """A response as JSON; what is none (custom runtimes may answer anything) as text."""
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode("utf-8", "replace")
