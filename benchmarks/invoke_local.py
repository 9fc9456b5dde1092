"""Warm invocations a second of the local cloud's execution environments.

Run with `python benchmarks/invoke_local.py`. One caller and a Python function that returns its
event: the whole way through the Runtime API and the log, without HTTP in front of it. Aim: 2,000 a
second on a machine that does nothing else; the best of several rounds counts.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

from lcli.local.execution import Deployed, Invocation
from lcli.local.runtime.environments import Environments

ROUNDS, INVOCATIONS = 5, 2000


class Nowhere:
    """A log sink that keeps nothing."""

    def write(self, *_: object) -> None:
        """Drop the events."""


def function(code: Path) -> Deployed:
    (code / "app.py").write_text("def handler(event, context):\n    return event\n")
    return Deployed(
        arn="arn:aws:lambda:us-east-1:123456789012:function:echo",
        name="echo",
        version="$LATEST",
        revision="1",
        runtime=f"python3.{sys.version_info[1]}",
        handler="app.handler",
        memory=128,
        timeout=10,
        storage=512,
        environment={},
        code=code,
        layers=(),
        region="us-east-1",
        account="123456789012",
        architecture="x86_64",
        log_group="/aws/lambda/echo",
    )


async def main(directory: Path) -> None:
    echo = function(directory)
    environments = Environments(directory, endpoint=lambda: "http://127.0.0.1:9", sink=Nowhere())
    rates = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(INVOCATIONS):
            await environments.invoke(Invocation(echo, b"1", str(uuid4()), echo.arn))
        rates.append(INVOCATIONS / (time.perf_counter() - began))
    await environments.close()
    print(f"{max(rates):.0f} warm invocations a second (worst round {min(rates):.0f})")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(main(Path(folder)))
