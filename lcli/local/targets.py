"""Functions as targets of the other services: whether they may be called, and calling them.

Calls go through Lambda's own API, so qualifiers, weights, limits and the asynchronous queue hold
for them as for any caller.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Protocol
from urllib.parse import quote

from lcli.local.execution import Outcome
from lcli.local.lambda_api import LambdaApi
from lcli.local.lambda_api.calling import invocation_of, weighted
from lcli.local.lambda_api.context import version_of
from lcli.local.lambda_api.deploying import prepare
from lcli.local.lambda_api.errors import function_not_found
from lcli.local.lambda_api.invoke import run
from lcli.local.lambda_api.state import Function
from lcli.local.wire import Request, Response

LOG = logging.getLogger(__name__)

_INVOKE_ACTIONS = ("lambda:InvokeFunction", "lambda:*", "*")


@dataclass(frozen=True, slots=True)
class Arn:
    """The parts of a function's ARN."""

    region: str
    account: str
    name: str
    qualifier: str = ""

    @classmethod
    def parse(cls, arn: str) -> Arn | None:
        """``arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]``; None for anything else."""
        parts = arn.split(":")
        if len(parts) not in (7, 8) or parts[2] != "lambda" or parts[5] != "function":
            return None
        return cls(parts[3], parts[4], parts[6], parts[7] if len(parts) == 8 else "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a synchronous call gave."""

    status: int
    """200, or the status of Lambda's refusal (404, 429 …)."""
    payload: bytes
    error: str = ""
    """``Unhandled`` or ``Handled`` if the function failed; the refusal's code if Lambda refused."""
    executed_version: str = ""

    @property
    def failed(self) -> bool:
        """Whether the function did not do its work."""
        return bool(self.error)


class Pushes(Protocol):
    """What a service that pushes events needs of functions; all of it from any thread."""

    def exists(self, arn: str) -> bool:
        """Whether there is such a function, with the qualifier that the ARN names."""

    def allows(
        self, arn: str, principal: str, *, source_arn: str, source_account: str = ""
    ) -> bool:
        """Whether the policy of the function (of the qualifier, if any) lets a service call it."""

    def push(self, arn: str, event: Any) -> None:
        """Hand an event to the function's asynchronous queue; never waits."""


class Targets:
    """Calls functions for queues, buckets, topics, rules, addresses."""

    def __init__(
        self,
        api: Callable[[], LambdaApi],
        in_use: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """`in_use` is entered while a function is called and waited for."""
        self._api = api
        self._in_use = in_use
        self._loop = asyncio.get_running_loop()
        self._running: set[asyncio.Task[None]] = set()

    def exists(self, arn: str) -> bool:
        """Whether there is such a function, with the qualifier that the ARN names."""
        function, parsed = self._function(arn)
        if function is None or parsed is None:
            return False
        return version_of(function, parsed.qualifier) is not None

    def allows(
        self, arn: str, principal: str, *, source_arn: str, source_account: str = ""
    ) -> bool:
        """Whether the policy of the function (of the qualifier, if any) lets a service call it."""
        return any(
            _permits(statement, principal, source_arn, source_account)
            for statement in self.statements(arn)
        )

    def push(self, arn: str, event: Any) -> None:
        """Hand an event to the function's asynchronous queue, from any thread; never waits."""
        payload = json.dumps(event, separators=(",", ":")).encode()
        self._loop.call_soon_threadsafe(self._begin, arn, payload)

    def _begin(self, arn: str, payload: bytes) -> None:
        task = self._loop.create_task(self._pushed(arn, payload))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _pushed(self, arn: str, payload: bytes) -> None:
        answer = await self._send(arn, payload, "Event")
        if answer.status != 202:
            LOG.warning("an event for %s is lost: %s", arn, answer.body)

    async def call(self, arn: str, payload: bytes) -> Answer:
        """Invoke and wait for the end; a refusal is an answer too."""
        with self._in_use():
            response = await self._send(arn, payload, "RequestResponse")
        found = {name.lower(): value for name, value in response.headers}
        body = response.body if isinstance(response.body, bytes) else b""
        error = found.get("x-amz-function-error", "")
        if response.status != 200:
            error = found.get("x-amzn-errortype", str(response.status))
        return Answer(response.status, body, error, found.get("x-amz-executed-version", ""))

    async def open(self, arn: str, payload: bytes, *, stream: bool) -> Outcome:
        """Invoke; with `stream`, a streamed response is handed on as it comes. Raises ApiError."""
        function, parsed = self._function(arn)
        if function is None or parsed is None:
            raise function_not_found(arn)
        api = self._api()
        region = api.region(parsed.account, parsed.region)
        version = weighted(function, parsed.qualifier)
        if version is not None:
            await prepare(api.shared, region, version)
        invocation = invocation_of(
            api.shared, region, function, parsed.qualifier, payload, stream=stream
        )
        return await run(api.shared, region, invocation)

    def statements(self, arn: str) -> list[dict[str, Any]]:
        """The policy's statements of a function, or of the qualifier that the ARN names."""
        function, parsed = self._function(arn)
        policy = function.policies.get(parsed.qualifier) if function and parsed else None
        return policy.statements if policy else []

    def tagged(self, account: str, region: str) -> list[tuple[str, dict[str, str]]]:
        """ARN and tags of every function; from any thread."""
        functions = list(self._api().region(account, region).functions.values())
        return [(function.arn, dict(function.tags)) for function in functions]

    async def _send(self, arn: str, payload: bytes, kind: str) -> Response:
        parsed = Arn.parse(arn)
        if parsed is None:
            return Response(404, [("x-amzn-errortype", "ResourceNotFoundException")])
        credential = f"{parsed.account}/20260101/{parsed.region}/lambda/aws4_request"
        request = Request(
            "POST",
            f"/2015-03-31/functions/{quote(arn, safe='')}/invocations",
            {
                "authorization": f"AWS4-HMAC-SHA256 Credential={credential}, Signature=",
                "x-amz-invocation-type": kind,
                "host": "127.0.0.1",
            },
            payload,
        )
        return await self._api().handle(request, account=parsed.account)

    def _function(self, arn: str) -> tuple[Function | None, Arn | None]:
        parsed = Arn.parse(arn)
        if parsed is None:
            return None, None
        return self._api().region(parsed.account, parsed.region).functions.get(parsed.name), parsed


def _permits(
    statement: dict[str, Any], principal: str, source_arn: str, source_account: str
) -> bool:
    """Whether one statement, as AddPermission writes it, covers the call."""
    who = statement.get("Principal")
    if who != "*" and not (isinstance(who, dict) and who.get("Service") == principal):
        return False
    if statement.get("Action") not in _INVOKE_ACTIONS:
        return False
    condition = statement.get("Condition", {})
    like = condition.get("ArnLike", {}).get("AWS:SourceArn", "*")
    owner = condition.get("StringEquals", {}).get("AWS:SourceAccount", source_account)
    return fnmatchcase(source_arn, like) and owner == source_account
