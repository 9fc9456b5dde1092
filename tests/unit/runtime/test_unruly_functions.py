"""Whatever a function's process does: its invocation ends, and nothing of it is left."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

BOUND = 4.0
"""Seconds beyond the time-out, on a busy machine."""
HANDLER = "import os, signal, subprocess, sys, threading, time\ndef handler(event, context):\n    "
TIMED_OUT = "Sandbox.Timedout"
EXITED = "Runtime.ExitError"

RAW = """
import http.client, os, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
base = "/2018-06-01/runtime/invocation/"
api.request("GET", base + "next")
answer = api.getresponse()
answer.read()
request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
"""
STREAM = """
api.putrequest("POST", base + request_id + "/response")
api.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
api.putheader("Transfer-Encoding", "chunked")
api.endheaders()
api.send(b"3\\r\\none\\r\\n")
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("os.kill(os.getpid(), signal.SIGSTOP)", TIMED_OUT, id="stops-itself"),
        pytest.param("os.closerange(0, 256); time.sleep(60)", TIMED_OUT, id="closes-all"),
        pytest.param(
            "os.write(1, b'x' * 100) and [print('y') for _ in iter(int, 1)]",
            TIMED_OUT,
            id="writes-for-ever",
        ),
        pytest.param("os.kill(os.getpid(), 40)", EXITED, id="real-time-signal"),
        pytest.param(
            "subprocess.Popen(['sleep', '30'], start_new_session=True); os._exit(1)",
            EXITED,
            id="child-holds-the-pipe",
        ),
        pytest.param(
            "subprocess.Popen(['yes'], start_new_session=True); os._exit(1)",
            EXITED,
            id="child-writes-for-ever",
        ),
        pytest.param(
            "os.fork() or (os.setsid(), os.fork() or time.sleep(30), os._exit(0)); os._exit(1)",
            EXITED,
            id="grandchild-left-alone",
        ),
        pytest.param(
            "subprocess.Popen(['yes'], start_new_session=True); time.sleep(60)",
            TIMED_OUT,
            id="child-writes-until-the-end",
        ),
    ],
)
def test_an_invocation_ends_whatever_its_process_does(bench: Any, body: str, expected: str) -> None:
    timeout = 1 if expected == TIMED_OUT else 10
    function = bench.function(HANDLER + body + "\n", timeout=timeout)
    outcome = bench.run(asyncio.wait_for(bench.start(function), timeout + BOUND))
    assert json.loads(outcome.payload)["errorType"] == expected
    assert bench.run(left(function.code)) == []


async def left(code: Path) -> list[str]:
    """What runs on in the function's folder, those that left their group too; soon nothing."""
    until = time.monotonic() + BOUND
    while (found := running_in(code)) and time.monotonic() < until:
        await asyncio.sleep(0.02)
    return found


def running_in(folder: Path) -> list[str]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cwd() == str(folder):
                found.append(process.name())
    return found


def bootstrap(bench: Any, text: str, **settings: Any) -> Any:
    return bench.function(f"#!{sys.executable}\n{RAW}{text}", "provided.al2023", **settings)


@pytest.mark.parametrize("stream", [True, False], ids=["streaming", "buffered"])
def test_a_stream_without_an_end_is_cut_off(bench: Any, stream: bool) -> None:
    function = bootstrap(bench, STREAM + "time.sleep(60)\n", timeout=1)

    async def last() -> Any:
        outcome = await bench.start(function, stream=stream)
        if not stream:
            return outcome
        assert [piece async for piece in outcome.stream] == [b"one"]
        return await outcome.completion

    outcome = bench.run(asyncio.wait_for(last(), 1 + BOUND))
    assert json.loads(outcome.payload)["errorType"] == TIMED_OUT


def test_a_stream_of_a_process_that_ends_is_truncated(bench: Any) -> None:
    function = bootstrap(bench, STREAM + "os._exit(3)\n")
    outcome = bench.run(asyncio.wait_for(bench.start(function), BOUND))
    assert outcome.function_error == "Unhandled"


def test_a_worker_that_never_asks_again_is_ended(bench: Any) -> None:
    answer = 'api.request("POST", base + request_id + "/response", str(os.getpid()))\n'
    function = bootstrap(bench, answer + "time.sleep(60)\n", timeout=1)
    pid = int(bench.invoke(function).payload)

    async def gone() -> bool:
        until = time.monotonic() + 1 + BOUND
        while time.monotonic() < until and Path(f"/proc/{pid}").exists():
            await asyncio.sleep(0.05)
        return not Path(f"/proc/{pid}").exists()

    assert bench.run(gone())


def test_memory_is_limited_while_the_function_is_loaded_too(bench: Any) -> None:
    function = bench.function("held = b'x' * (300 << 20)\nwhile True: pass\n")
    outcome = bench.run(asyncio.wait_for(bench.start(function), 10))
    assert json.loads(outcome.payload)["errorType"] == "Runtime.OutOfMemory"


def test_the_memory_used_counts_the_interpreter(bench: Any) -> None:
    source = "held = b'x' * (40 << 20)\ndef handler(event, context):\n    return 1\n"
    assert 50 <= bench.invoke(bench.function(source)).max_memory_mb <= 90


def held() -> tuple[int, int]:
    """Open files and child processes of this one."""
    return len(os.listdir("/proc/self/fd")), len(psutil.Process().children(recursive=True))


def test_environments_leave_no_process_and_no_open_file(bench: Any) -> None:
    function = bench.function("def handler(event, context):\n    return event or 1 / 0\n")

    async def cycle(event: int) -> None:
        await bench.start(function, event)
        await bench.environments().retire(function.arn)

    async def left(before: tuple[int, int]) -> list[int]:
        until = time.monotonic() + BOUND
        while any(more := [max(0, now - then) for now, then in zip(held(), before, strict=True)]):
            if time.monotonic() > until:
                break
            await asyncio.sleep(0.02)
        return more

    bench.run(cycle(1))
    bench.run(asyncio.sleep(0.2))
    before = held()
    for number in range(50):
        bench.run(cycle(number % 2))
    assert bench.run(left(before)) == [0, 0]


def test_closing_gives_back_everything(bench: Any) -> None:
    before = held()
    bench.invoke(bench.function("def handler(event, context):\n    return 1\n"))
    bench.run(bench.environments().close())
    # A socket that was dropped is closed in the loop's next round.
    bench.run(asyncio.sleep(0.01))
    assert held() == before
