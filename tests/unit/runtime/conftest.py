"""Functions from source text, run by real workers on a loop of the tests' own."""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from lcli.local.execution import Deployed, Invocation, Outcome
from lcli.local.runtime.environments import Environments

T = TypeVar("T")
PYTHON = f"python3.{sys.version_info[1]}"
"""The version that runs the tests is always there."""
LONGEST = 60.0
"""Seconds."""
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:f"


class MemoryLogs:
    """A log sink that keeps everything."""

    def __init__(self) -> None:
        self.events: list[tuple[str, int, str]] = []

    def write(
        self,
        region: str,
        account: str,
        group: str,
        stream: str,
        events: Sequence[tuple[int, str]],
    ) -> None:
        self.events += [(stream, at, message) for at, message in events]

    @property
    def messages(self) -> list[str]:
        return [message for _, _, message in self.events]


class Bench:
    """Runs functions; every call waits for its end."""

    def __init__(self, directory: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.directory = directory
        self.logs = MemoryLogs()
        self.notices: list[str] = []
        self._environments: Environments | None = None

    def environments(self, **options: Any) -> Environments:
        if self._environments is None:
            self._environments = Environments(
                self.directory / "state",
                endpoint=lambda: "http://127.0.0.1:9",
                sink=self.logs,
                notice=self.notices.append,
                **options,
            )
        return self._environments

    def function(
        self, source: str | Mapping[str, str], runtime: str = PYTHON, **settings: Any
    ) -> Deployed:
        code = self.directory / "code" / uuid.uuid4().hex
        default = {"python": "app.py", "nodejs": "app.mjs"}.get(runtime.rstrip("x.0123456789"), "")
        files = {default or "bootstrap": source} if isinstance(source, str) else source
        for name, text in files.items():
            path = code / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)
        defaults: dict[str, Any] = {
            "arn": ARN,
            "name": "f",
            "version": "$LATEST",
            "revision": uuid.uuid4().hex,
            "runtime": runtime,
            "handler": "app.handler",
            "memory": 128,
            "timeout": 10,
            "storage": 512,
            "environment": {},
            "code": code,
            "layers": (),
            "region": "eu-west-1",
            "account": "123456789012",
            "architecture": "x86_64",
            "log_group": "/aws/lambda/f",
        }
        return Deployed(**(defaults | settings))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Its result; nothing here takes as long as LONGEST, so that a hang is a failure."""
        return self.loop.run_until_complete(asyncio.wait_for(work, LONGEST))

    def invoke(self, function: Deployed, event: Any = None, **settings: Any) -> Outcome:
        return self.run(self.start(function, event, **settings))

    async def start(
        self,
        function: Deployed,
        event: Any = None,
        *,
        concurrency: int | None = None,
        **settings: Any,
    ) -> Outcome:
        request = {"request_id": str(uuid.uuid4()), "invoked_arn": function.arn} | settings
        invocation = Invocation(function, json.dumps(event).encode(), **request)
        return await self.environments().invoke(invocation, concurrency=concurrency)

    def close(self) -> None:
        if self._environments:
            self.run(self._environments.close())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()
