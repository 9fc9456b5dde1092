"""The local cloud: one loopback port that speaks AWS's wire protocols.

Lambda and EventBridge Schemas are lcli's own (`lcli.local.lambda_api`, `lcli.local.schemas`), every
other service is moto's; the credential scope of a request's signature tells which is meant.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lcli.local import moto_repairs, pushes, tagged_functions
from lcli.local.addresses import FunctionUrls, HttpApis, Ports, http_apis
from lcli.local.asynchronous import AsynchronousQueue
from lcli.local.destinations import Sender
from lcli.local.execution import Invoker
from lcli.local.guard import refusal
from lcli.local.http import Server
from lcli.local.lambda_api import LambdaApi
from lcli.local.live_tail import is_live_tail, live_tail
from lcli.local.moto_services import MotoServices
from lcli.local.moto_state import MotoLogs, fetch_object, role_exists
from lcli.local.pollers import Pollers
from lcli.local.runtime.environments import Environments
from lcli.local.runtime.interpreters import interpreted, interpreter_for
from lcli.local.schemas import Schemas
from lcli.local.settings import speedup
from lcli.local.targets import Targets
from lcli.local.wire import Request, Response

LOG = logging.getLogger(__name__)

DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "us-east-1"

_SCOPE = re.compile(r"Credential=([^/\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_LAMBDA_PATH = re.compile(
    r"/20\d\d-\d\d-\d\d/(functions|layers|event-source-mappings|tags|account|durable-execution)"
)


@dataclass(frozen=True, slots=True)
class Scope:
    """For whom and whom to a request is."""

    account: str
    region: str
    service: str


def scope_of(request: Request) -> Scope:
    """Read account, region and service off a request's signature (SigV4, header or presigned).

    An access key id of 12 digits is the account itself, any other one stands for
    123456789012. Unsigned requests are Lambda's by their path, else S3's.
    """
    signed = _SCOPE.search(request.headers.get("authorization", ""))
    if not signed and "X-Amz-Credential=" in request.target:
        credential = parse_qs(urlsplit(request.target).query).get("X-Amz-Credential", [""])[0]
        signed = _SCOPE.search(f"Credential={credential}")
    if signed:
        key, region, service = signed.groups()
        account = key if len(key) == 12 and key.isdigit() else DEFAULT_ACCOUNT
        return Scope(account, region, service)
    service = "lambda" if _LAMBDA_PATH.match(request.target) else "s3"
    return Scope(DEFAULT_ACCOUNT, DEFAULT_REGION, service)


class Cloud:
    """Everything that runs when somebody says ``--local``, on one event loop."""

    def __init__(
        self,
        directory: Path,
        *,
        token: str = "",
        around: Callable[[Invoker], Invoker] = lambda invoker: invoker,
    ) -> None:
        """Keep code and other files under `directory`; `token` opens the private paths.

        `around` may put something in front of what runs the functions' code.
        """
        self.directory = directory
        self.services = MotoServices()
        self.front = Server(self.handle)
        self.notices: list[str] = []
        """What was done otherwise than asked, such as another version of an interpreter."""
        self._token = token
        self._around = around
        self._started = self._used = time.monotonic()
        self._active = 0

    def _compose(self) -> None:
        """Everything that holds state, anew; files of an earlier state go."""
        self._remove_files()
        faster = speedup(os.environ)
        self.logs = MotoLogs()
        self.schemas = Schemas()
        self.ports = Ports(self.in_use)
        self.targets = Targets(lambda: self.functions, self.in_use)
        self.urls = FunctionUrls(lambda: self.functions, self.targets, self.ports)
        self.apis = HttpApis(self.targets, self.ports)
        self.pollers = Pollers(lambda: self.functions, self.targets, self.services)
        self.queue = AsynchronousQueue(
            lambda: self.functions, Sender(lambda: self.url), speedup=faster
        )
        self.invoker = self._around(
            Environments(
                self.directory / "environments",
                endpoint=lambda: self.url,
                sink=self.logs,
                notice=self._notice,
            )
        )
        self.functions = LambdaApi(
            directory=self.directory,
            invoker=self.invoker,
            enqueue=self.queue.enqueue,
            fetch_object=self._fetch_object,
            role_exists=role_exists,
            url_for=self.urls.url_for,
            speedup=faster,
        )
        pushes.RUNNING.append(self.targets)
        http_apis.RUNNING.append(self.apis)
        self.functions.on_change(self.urls.close_stale)
        self.functions.on_change(self.pollers.reconcile)

    def _notice(self, text: str) -> None:
        LOG.warning("%s", text)
        self.notices.append(text)

    async def _fetch_object(
        self, account: str, bucket: str, key: str, version: str | None
    ) -> bytes:
        content: bytes = await self.services.run(
            lambda: fetch_object(account, bucket, key, version)
        )
        return content

    @property
    def url(self) -> str:
        """The endpoint URL for the SDKs."""
        return self.front.url

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1, on a free port unless told which."""
        self.loop = asyncio.get_running_loop()
        self._compose()
        self.services.prepare(self._lead_moto_here)
        await self.front.start(port)

    def _lead_moto_here(self) -> None:
        moto_repairs.install()
        pushes.install()
        http_apis.install()
        tagged_functions.install()

    async def close(self) -> None:
        """End the requests in hand and whatever runs."""
        await self.front.close()
        await self._end()
        self.services.close()
        await asyncio.to_thread(self._remove_files)

    def _remove_files(self) -> None:
        for name in ("code", "environments"):
            shutil.rmtree(self.directory / name, ignore_errors=True)

    async def _end(self) -> None:
        """End what runs functions and what leads to them."""
        pushes.RUNNING.remove(self.targets)
        http_apis.RUNNING.remove(self.apis)
        await self.pollers.close()
        await self.queue.close()
        await self.functions.close()
        await self.ports.close_all()
        await self.invoker.close()
        await asyncio.to_thread(self.logs.close)

    def idle_seconds(self) -> float:
        """Since the last use ended; 0 while something is being done."""
        busy = self._active or self.queue.pending or self.functions.shared.runner.running
        return 0.0 if busy else time.monotonic() - self._used

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """While a request or an invocation runs, the cloud is not idle."""
        self._active += 1
        try:
            yield
        finally:
            self._active -= 1
            self._used = time.monotonic()

    async def reset(self) -> None:
        """Forget everything: all services in all accounts, all code that runs."""
        await self._end()
        await self.services.run(self.services.reset)
        self._compose()
        await self.services.run(self._lead_moto_here)

    async def forget(self, account: str) -> None:
        """Forget what one account holds, and end what runs for it."""
        for region in self.functions.regions():
            if region.account == account:
                for function in region.functions.values():
                    await self.invoker.retire(function.arn)
                region.functions.clear()
                region.mappings.clear()
                region.layers.clear()
                region.signing.clear()
                self.functions.shared.runner.forget(region)
        self.pollers.reconcile()
        self.urls.close_stale()
        await self.services.run(lambda: None)  # not while another thread still loads moto
        self.apis.forget(account)
        self.schemas.forget(account)
        self.services.forget(account)

    async def handle(self, request: Request) -> Response:
        """Answer one request of an SDK; pages of the Web are refused."""
        refused = refusal(request)
        if refused:
            return refused
        if request.target.startswith("/_lcli/"):
            return await self._private(request)
        with self.in_use():
            return await self._answer(request)

    async def _answer(self, request: Request) -> Response:
        scope = scope_of(request)
        if scope.service == "lambda":
            return await self.functions.handle(request, account=scope.account)
        if scope.service == "schemas":
            return self.schemas.handle(request, scope.account, scope.region)
        if scope.service == "logs" and is_live_tail(request):
            return live_tail(request, scope.account, scope.region, self.in_use)
        return await self.services.handle(request, scope.service, scope.region, scope.account)

    async def _private(self, request: Request) -> Response:
        """lcli's own paths, for whoever can read the daemon's state file."""
        given = request.headers.get("x-lcli-token", "")
        if not self._token or not secrets.compare_digest(given.encode(), self._token.encode()):
            return _json(403, {"message": "the token is in the daemon's state file"})
        match request.method, request.target:
            case "GET", "/_lcli/health":
                self._used = time.monotonic()  # whoever asks is about to use it
                return _json(200, {"pid": os.getpid()})
            case "GET", "/_lcli/status":
                return _json(200, self._status())
            case "POST", "/_lcli/reset":
                await self.reset()
                return _json(200, {})
            case "GET", target if target.startswith(_INTERPRETER):
                runtime = target.removeprefix(_INTERPRETER)
                if interpreted(runtime):
                    return _json(200, asdict(await asyncio.to_thread(interpreter_for, runtime)))
        return _json(404, {"message": "no such path"})

    def _status(self) -> dict[str, Any]:
        now = time.monotonic()
        return {
            "uptime": round(now - self._started, 1),
            "idle": round(self.idle_seconds(), 1),
            "addresses": self.ports.urls(),
            "notices": self.notices,
        }


_INTERPRETER = "/_lcli/interpreter/"


def _json(status: int, content: dict[str, Any]) -> Response:
    return Response(status, [("content-type", "application/json")], json.dumps(content).encode())
