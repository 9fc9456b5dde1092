"""What the tests share: one local cloud for the session, a fresh account for each test."""

from __future__ import annotations

import asyncio
import gc
import inspect
import io
import itertools
import json
import os
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from overlay.account import Kept, keep
from overlay.cloud import running_cloud

from lcli.aws.session import Sent, Session, connect
from lcli.local.execution import Invocation, Invoker, Outcome
from lcli.local.server import Cloud

ACCOUNTS = itertools.count(200000000001)


def pytest_configure() -> None:
    """Start commands as users do: in the foreground, with buffered streams.

    A run in the background of a shell ignores SIGINT, and so would every command it starts.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.pop("PYTHONUNBUFFERED", None)
    # All of the SDK and moto lasts: looking through it for garbage is a tenth of the time.
    gc.set_threshold(200_000, 50, 50)


@dataclass
class Scripted:
    """Stands in front of the execution environments: answers for functions that tests script."""

    real: Invoker
    answers: dict[tuple[str, str], Callable[[Invocation], Any]] = field(default_factory=dict)

    async def invoke(self, invocation: Invocation, *, concurrency: int | None = None) -> Outcome:
        deployed = invocation.deployed
        answer = self.answers.get((deployed.account, deployed.name))
        if answer is None:
            return await self.real.invoke(invocation, concurrency=concurrency)
        try:
            result = answer(invocation)
            if inspect.isawaitable(result):
                result = await result
        except Exception as error:
            failure = {"errorMessage": str(error), "errorType": type(error).__name__}
            return Outcome(json.dumps(failure).encode(), "Unhandled")
        return result if isinstance(result, Outcome) else Outcome(json.dumps(result).encode())

    async def retire(self, arn: str, version: str | None = None) -> None:
        await self.real.retire(arn, version)

    async def close(self) -> None:
        await self.real.close()


@dataclass
class Function:
    """A function of a test's account that Python code of the test answers for."""

    arn: str
    name: str
    invocations: list[Invocation] = field(default_factory=list)

    @property
    def events(self) -> list[Any]:
        return [json.loads(invocation.payload) for invocation in self.invocations]

    def wait(self, count: int = 1, within: float = 5.0) -> list[Any]:
        """The events, once there are `count`."""
        until = time.monotonic() + within
        while len(self.invocations) < count and time.monotonic() < until:
            time.sleep(0.005)
        assert len(self.invocations) >= count, f"{len(self.invocations)} of {count} events came"
        return self.events


@dataclass(frozen=True)
class TestCloud:
    """The running cloud as one test sees it: an account that nobody else has."""

    __test__ = False

    cloud: Cloud
    account: str
    region: str = "us-east-1"

    @property
    def url(self) -> str:
        return self.cloud.url

    @property
    def environ(self) -> dict[str, str]:
        """What a process needs to use this account of the cloud."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def function(
        self,
        answer: Callable[[Any], Any] = lambda event: None,
        *,
        name: str = "f",
        region: str = "",
        **settings: Any,
    ) -> Function:
        """Make a function that `answer`, perhaps a coroutine function, answers for.

        It gets the event and returns a result or an Outcome; what it raises is the
        function's error.
        """
        scripted = self.cloud.invoker
        assert isinstance(scripted, Scripted)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("app.py", "")
        made = self.clients(region).call(
            "lambda",
            "CreateFunction",
            FunctionName=name,
            Runtime="python3.12",
            Handler="app.handler",
            Role=f"arn:aws:iam::{self.account}:role/r",
            Code={"ZipFile": packed.getvalue()},
            **settings,
        )
        function = Function(made["FunctionArn"], name)

        def answered(invocation: Invocation) -> Any:
            function.invocations.append(invocation)
            return answer(json.loads(invocation.payload))

        scripted.answers[self.account, name] = answered
        until_active = self.boto3("lambda", region).get_waiter("function_active_v2")
        until_active.wait(FunctionName=name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 100})
        return function

    def allow(self, function: str, service: str, source: str, **more: Any) -> None:
        """Let a service call a function (name or ARN, with a qualifier if need be)."""
        region = function.split(":")[3] if function.startswith("arn:") else ""
        self.clients(region).call(
            "lambda",
            "AddPermission",
            FunctionName=function,
            StatementId=uuid4().hex,
            Action="lambda:InvokeFunction",
            Principal=f"{service}.amazonaws.com",
            SourceArn=source,
            **more,
        )

    def mapping(self, function: Function, source: str, **settings: Any) -> str:
        """Connect a queue or stream to a function; the mapping's UUID."""
        made = self.clients(function.arn.split(":")[3]).call(
            "lambda",
            "CreateEventSourceMapping",
            FunctionName=function.arn,
            EventSourceArn=source,
            **settings,
        )
        return str(made["UUID"])

    def clients(self, region: str = "", account: str = "") -> Session:
        """lcli's own calls to this account, or to another one."""
        return connected(region or self.region, self.url, account or self.account)

    def counted(self, sent: list[Sent]) -> Session:
        """lcli's own calls, not paced, each of them noted in `sent`."""
        return connect(
            region=self.region,
            endpoint_url=self.url,
            local_account=self.account,
            environ={"LCLI_RATE": "off"},
            on_call=sent.append,
        )

    def other(self, account: str) -> TestCloud:
        """The same cloud, another account."""
        return TestCloud(self.cloud, account, self.region)

    def forget(self) -> None:
        """Empty the account."""
        forgetting = self.cloud.forget(self.account)
        asyncio.run_coroutine_threadsafe(forgetting, self.cloud.loop).result(10)

    def boto3(self, service: str, region: str | None = None, **config: Any) -> Any:
        """A plain boto3 client; `config` is botocore's."""
        from botocore.config import Config

        options = Config(**({"retries": {"total_max_attempts": 1}} | config))
        # One session: what it loads of the SDK's data files serves all accounts.
        return session().client(
            service,
            region_name=region or self.region,
            endpoint_url=self.url,
            aws_access_key_id=self.account,
            aws_secret_access_key="local",
            config=options,
        )


@lru_cache(8)
def connected(region: str, url: str, account: str) -> Session:
    return connect(
        region=region, endpoint_url=url, local_account=account, environ={"LCLI_RATE": "off"}
    )


@cache
def session() -> Any:
    import boto3

    return boto3.Session()


@pytest.fixture
def own_cloud(tmp_path: Path) -> Iterator[Cloud]:
    """A cloud of the test's own: resetting the one that is shared would take others' state."""
    with running_cloud(tmp_path / "cloud") as cloud:
        yield cloud


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("home")
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        patch.delenv(name, raising=False)
    patch.setenv("AWS_CONFIG_FILE", str(home / "config"))
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(home / "credentials"))
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setenv("LCLI_LOCAL_SPEEDUP", "20")
    directory: Path = tmp_path_factory.mktemp("cloud")
    with running_cloud(directory, around=Scripted) as cloud:
        yield cloud
    patch.undo()


@pytest.fixture
def cloud(running: Cloud) -> Iterator[TestCloud]:
    """The local cloud's server, with an account of the test's own."""
    seen = TestCloud(running, str(next(ACCOUNTS)))
    yield seen
    seen.forget()


class Prepared:
    """Accounts in which something was done once a session, and is put back for every test."""

    def __init__(self, running: Cloud) -> None:
        self._running = running
        self._accounts: dict[str, TestCloud] = {}
        self._kept: dict[tuple[str, str], Kept] = {}

    def empty(self, name: str) -> TestCloud:
        """The account of that name, with nothing in it."""
        if name not in self._accounts:
            self._accounts[name] = TestCloud(self._running, str(next(ACCOUNTS)))
        self._accounts[name].forget()
        return self._accounts[name]

    def after(self, name: str, make: Callable[[], object], what: str = "") -> None:
        """Have in it what `make` has made, the first time that it was asked for `what`."""
        if (name, what) in self._kept:
            self._kept[name, what].restore()
        else:
            make()
            self._kept[name, what] = keep(self._running, self._accounts[name].account)


@pytest.fixture(scope="session")
def prepared(running: Cloud) -> Prepared:
    """What is deployed for many tests, each of which finds it as it was."""
    return Prepared(running)


@pytest.fixture(scope="session")
def lasting(running: Cloud) -> TestCloud:
    """The same with an account for the whole session, for what empties it itself."""
    return TestCloud(running, str(next(ACCOUNTS)))
