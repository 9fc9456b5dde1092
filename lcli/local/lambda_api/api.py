"""The control plane as a whole: requests in, responses out."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from lcli.local.execution import Invocation, Invoker, Outcome
from lcli.local.lambda_api import (
    aliases,
    concurrency,
    event_invoke,
    functions,
    invoke,
    layer_versions,
    mappings,
    policies,
    settings,
    signing,
    tags,
    urls,
    versions,
)
from lcli.local.lambda_api.calling import invocation_of
from lcli.local.lambda_api.code import CODE_PATH
from lcli.local.lambda_api.codestore import CodeStore
from lcli.local.lambda_api.context import (
    Call,
    Delays,
    Enqueue,
    FetchObject,
    Operation,
    Parameters,
    RoleExists,
    Seams,
    Shared,
    UrlFor,
)
from lcli.local.lambda_api.durable import operations as executions
from lcli.local.lambda_api.durable.running import Runner
from lcli.local.lambda_api.errors import ApiError, violation
from lcli.local.lambda_api.service import Operation as Described
from lcli.local.lambda_api.service import service
from lcli.local.lambda_api.state import Region
from lcli.local.lambda_api.views import (
    Asynchronous,
    Found,
    asynchronous,
    find,
)
from lcli.local.wire import Request, Response

DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "us-east-1"
_SCOPE = re.compile(r"Credential=([^/,]+)/\d+/([^/]+)/")

OPERATIONS: dict[str, Operation] = {
    name: act
    for module in (
        functions,
        versions,
        aliases,
        policies,
        urls,
        concurrency,
        event_invoke,
        mappings,
        layer_versions,
        tags,
        settings,
        signing,
        invoke,
        executions,
    )
    for name, act in module.OPERATIONS.items()
}
"""Every operation of Lambda that is here."""


def account_of(request: Request) -> str:
    """The account of a request: an access key of twelve digits names it, as in moto."""
    scope = _SCOPE.search(request.headers.get("authorization", ""))
    key = scope[1] if scope else ""
    return key if len(key) == 12 and key.isdigit() else DEFAULT_ACCOUNT


class LambdaApi:
    """Lambda's control plane for any number of accounts and regions.

    `directory` holds the code; `invoker` runs it (None: Invoke answers with an error). The other
    arguments are what it asks of the rest of the local cloud (`context.Seams`).
    """

    def __init__(
        self,
        *,
        directory: Path,
        invoker: Invoker | None = None,
        clock: Callable[[], float] = time.time,
        delays: Delays | None = None,
        account_of: Callable[[Request], str] = account_of,
        fetch_object: FetchObject | None = None,
        role_exists: RoleExists | None = None,
        url_for: UrlFor | None = None,
        enqueue: Enqueue | None = None,
        foreign_layers: bool = True,
        speedup: float = 1.0,
    ) -> None:
        self._service = service()
        self._account_of = account_of
        self._regions: dict[tuple[str, str], Region] = {}
        self._listeners: list[Callable[[], None]] = []
        self.shared = Shared(
            store=CodeStore(directory / "code"),
            invoker=invoker,
            clock=clock,
            delays=delays or Delays.chosen(os.environ),
            seams=Seams(fetch_object, role_exists, url_for, enqueue, foreign_layers),
            changed=self._changed,
        )
        self.shared.runner = Runner(self.shared, speedup)

    async def close(self) -> None:
        """Drop the durable executions that run."""
        await self.shared.runner.close()

    def on_change(self, callback: Callable[[], None]) -> None:
        """Have `callback` called on the event loop when mappings, URLs, aliases, reserved
        concurrency moved or functions went, and again when a mapping's change has settled."""
        self._listeners.append(callback)

    def _changed(self, after: float = 0.0) -> None:
        now = self.shared.clock()
        for region in self._regions.values():
            mappings.settle_mappings(region, now)
        for callback in self._listeners:
            callback()
        if after and self._listeners:
            asyncio.get_running_loop().call_later(after + 0.001, self._changed)

    def region(self, account: str, name: str) -> Region:
        """What an account holds in a region."""
        found = self._regions.get((account, name))
        if found is None:
            found = self._regions[account, name] = Region(account, name)
        return found

    def regions(self) -> list[Region]:
        """All regions of all accounts that hold or held something."""
        return list(self._regions.values())

    async def handle(self, request: Request, *, account: str | None = None) -> Response:
        """Answer one request of Lambda's API, or one for a zip that GetFunction pointed to.

        The region is the credential scope's; `account` is by default the access key's.
        """
        path, _, query = request.target.partition("?")
        if path.startswith(CODE_PATH):
            return self._zip(path)
        call = self.call(request, account)
        try:
            operation, in_path = self._service.route(
                request.method, path, parse_qs(query, keep_blank_values=True)
            )
            return await self._run(call, operation, in_path, query)
        except ApiError as error:
            return self._refusal(call, error)

    def find(
        self, function: str, *, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION
    ) -> Found:
        """What a name or an ARN, qualified or not, means; an ARN's account and region prevail.

        Raises ApiError (404).
        """
        return find(self._regions, function, account, region)

    def invocation(
        self,
        arn: str,
        payload: bytes,
        *,
        request_id: str = "",
        client_context: str | None = None,
        tenant: str = "",
    ) -> Invocation:
        """An invocation of what a (qualified) ARN means now, weights of an alias included.

        Raises ApiError (404).
        """
        found = self.find(arn)
        return invocation_of(
            self.shared,
            found.region,
            found.function,
            found.qualifier,
            payload,
            request_id=request_id,
            client_context=client_context,
            tenant=tenant,
        )

    async def run(self, invocation: Invocation) -> Outcome:
        """Run it within the function's reserved concurrency.

        Raises ApiError: throttled (429, its member Reason), a runtime that is not here (400).
        """
        place = (invocation.deployed.account, invocation.deployed.region)
        return await invoke.run(self.shared, self.region(*place), invocation)

    def asynchronous(self, arn: str) -> Asynchronous:
        """How asynchronous invocations of a (qualified) function ARN are treated; ApiError."""
        return asynchronous(self.find(arn))

    def call(self, request: Request, account: str | None = None) -> Call:
        """The context in which a request is answered."""
        scope = _SCOPE.search(request.headers.get("authorization", ""))
        region = scope[2] if scope else DEFAULT_REGION
        owner = account or self._account_of(request)
        return Call(self.shared, self.region(owner, region), request, self.shared.clock())

    async def _run(
        self, call: Call, operation: Described, in_path: Mapping[str, str], query: str
    ) -> Response:
        act = OPERATIONS.get(operation.name)
        if act is None:
            raise ApiError(
                "UnsupportedOperationException",
                f"The local cloud does not have Lambda's {operation.name}.",
                501,
            )
        in_query = parse_qs(query, keep_blank_values=True) if query else {}
        parameters = operation.read(in_path, in_query, call.request.headers, call.request.body)
        found = operation.check(parameters)
        if found:
            raise violation(*found)
        answer = act(call, parameters)
        if inspect.isawaitable(answer):
            answer = await answer
        return answer if isinstance(answer, Response) else _response(call, operation, answer or {})

    def _refusal(self, call: Call, error: ApiError) -> Response:
        body = json.dumps(self._service.error_body(error)).encode()
        headers = _headers(len(body), call.request_id)
        headers.append(("x-amzn-ErrorType", error.code))
        if "retryAfterSeconds" in error.members:
            headers.append(("Retry-After", str(error.members["retryAfterSeconds"])))
        return Response(error.status, headers, body)

    def _zip(self, path: str) -> Response:
        name = path[len(CODE_PATH) :].removesuffix(".zip")
        place = self.shared.store.zip_of(name)
        if not re.fullmatch(r"[A-Za-z0-9_-]{43}", name) or not place.is_file():
            return Response(404, [("Content-Type", "text/plain")], b"no such zip\n")
        return Response(200, [("Content-Type", "application/zip")], place.read_bytes())


def _headers(length: int, request_id: str) -> list[tuple[str, str]]:
    return [
        ("Content-Type", "application/json"),
        ("Content-Length", str(length)),
        ("x-amzn-RequestId", request_id),
    ]


def _response(call: Call, operation: Described, answer: Parameters) -> Response:
    """An answer by its members on the wire: status, headers and body."""
    status = operation.status
    headers = []
    if operation.status_member is not None:
        status = answer.pop(operation.status_member, status)
    for name, header in operation.headers:
        value = answer.pop(name, None)
        if value is not None:
            headers.append((header, str(value)))
    if operation.payload is not None:
        body = answer.get(operation.payload, b"")
    elif status == 204:
        body = b""
    else:
        kept = {name: value for name, value in answer.items() if value is not None}
        body = json.dumps(kept, default=_plain).encode()
    return Response(status, _headers(len(body), call.request_id) + headers, body)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"{type(value).__name__} is no JSON")
