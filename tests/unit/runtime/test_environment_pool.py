from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lcli.local.execution import RuntimeMissing, Throttled
from lcli.local.runtime.interpreters import interpreter_for

SLOW = """
import os, time
def handler(event, context):
    time.sleep(event or 0)
    return os.getpid()
"""


def pids(outcomes: list[Any]) -> list[int]:
    return [int(outcome.payload) for outcome in outcomes]


def test_events_at_the_same_time_run_in_environments_of_their_own(bench: Any) -> None:
    function = bench.function(SLOW)

    async def together(count: int) -> list[Any]:
        return await asyncio.gather(*(bench.start(function, 0.3) for _ in range(count)))

    assert len(set(pids(bench.run(together(3))))) == 3


def test_the_last_used_environment_is_used_first(bench: Any) -> None:
    function = bench.function(SLOW)

    async def staggered() -> list[Any]:
        outcomes = await asyncio.gather(bench.start(function, 0.2), bench.start(function, 0.5))
        # Until the second one has asked for its next event.
        await asyncio.sleep(0.1)
        return outcomes

    last = pids(bench.run(staggered()))[1]
    assert pids([bench.invoke(function, 0)]) == [last]


def test_reserved_concurrency_throttles_beyond_it(bench: Any) -> None:
    function = bench.function(SLOW)

    async def both() -> list[Any]:
        calls = (bench.start(function, 0.2, concurrency=1) for _ in range(2))
        return await asyncio.gather(*calls, return_exceptions=True)

    first, second = bench.run(both())
    assert first.function_error is None
    assert isinstance(second, Throttled)
    assert second.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert bench.invoke(function, 0, concurrency=1).function_error is None


def test_events_wait_where_the_machine_holds_no_more(bench: Any) -> None:
    bench.environments(most=1)
    function = bench.function(SLOW)

    async def both() -> list[Any]:
        return await asyncio.gather(*(bench.start(function, 0.1) for _ in range(3)))

    assert len(set(pids(bench.run(both())))) == 1


def test_an_event_that_no_environment_comes_free_for_is_throttled(bench: Any) -> None:
    bench.environments(most=1, patience=0)
    long, short = bench.function(SLOW), bench.function(SLOW, arn="arn:other", timeout=1)

    async def both() -> list[Any]:
        first = asyncio.ensure_future(bench.start(long, 2))
        # Until it has the only place.
        await asyncio.sleep(0.3)
        return await asyncio.gather(first, bench.start(short), return_exceptions=True)

    first, second = bench.run(both())
    assert first.function_error is None
    assert isinstance(second, Throttled)
    assert second.reason == "ConcurrentInvocationLimitExceeded"


def test_an_idle_environment_makes_room_for_another_function(bench: Any) -> None:
    bench.environments(most=1)
    one, two = bench.function(SLOW), bench.function(SLOW, arn="arn:other")
    assert pids([bench.invoke(one)]) != pids([bench.invoke(two)])


def test_a_new_revision_gets_new_environments(bench: Any) -> None:
    old = bench.function(SLOW)
    new = replace(bench.function("def handler(e, c):\n    return 'new'\n"), arn=old.arn)
    assert bench.invoke(old).payload != b'"new"'
    assert bench.invoke(new).payload == b'"new"'


def test_retired_environments_end(bench: Any) -> None:
    function = bench.function(SLOW)
    before = pids([bench.invoke(function)])
    bench.run(bench.environments().retire(function.arn))
    assert pids([bench.invoke(function)]) != before


def test_idle_environments_end_after_a_while(bench: Any) -> None:
    bench.environments(idle_seconds=0.2)
    (pid,) = pids([bench.invoke(bench.function(SLOW))])

    async def gone() -> bool:
        for _ in range(100):
            await asyncio.sleep(0.02)
            if not Path(f"/proc/{pid}").exists():
                return True
        return False

    assert bench.run(gone())


def test_an_invocation_runs_on_when_its_caller_goes_away(bench: Any) -> None:
    marker = bench.directory / "done"
    source = (
        "import time\n"
        f"def handler(e, c):\n    time.sleep(0.2); open({str(marker)!r}, 'w').close()\n"
    )

    async def abandoned() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(bench.start(bench.function(source)), 0.15)
        for _ in range(100):
            await asyncio.sleep(0.02)
            if marker.exists():
                return

    bench.run(abandoned())
    assert marker.exists()


@pytest.mark.parametrize(
    ("runtime", "message"),
    [
        ("java21", "java21 cannot run here as it is: lcli has no Java client of its own: put an"),
        ("ruby3.3", "ruby3.3 cannot run here as it is: lcli has no Ruby client of its own: put an"),
        ("dotnet8", "dotnet8 cannot run here as it is: lcli has no .NET client of its own: put an"),
    ],
)
def test_a_runtime_that_is_missing_says_what_to_supply(
    bench: Any, runtime: str, message: str
) -> None:
    with pytest.raises(RuntimeMissing) as caught:
        bench.invoke(bench.function({"App.class": ""}, runtime))
    assert str(caught.value).startswith(message)


def test_that_another_version_runs_is_said_once(bench: Any) -> None:
    function = bench.function("def handler(e, c):\n    return 1\n", "python3.99")
    assert not interpreter_for("python3.99").exact
    assert [bench.invoke(function).payload for _ in range(2)] == [b"1", b"1"]
    assert len(bench.notices) == 1
    assert bench.notices[0].startswith("this machine has no python3.99: Python 3.")


BOOTSTRAP = """#!/bin/sh
base="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while :; do
  event=$(curl -sS -D "$TMPDIR/head" "$base/next") || exit 0
  id=$(tr -d '\\r' < "$TMPDIR/head" | awk -F': ' '/Aws-Request-Id/ {print $2}')
  curl -sS -o /dev/null -d "{\\"got\\": $event}" "$base/$id/response"
done
"""


def test_a_bootstrap_of_the_functions_own_runs(bench: Any) -> None:
    function = bench.function({"bootstrap": BOOTSTRAP}, "provided.al2023")
    assert [json.loads(bench.invoke(function, n).payload) for n in (1, 2)] == [
        {"got": 1},
        {"got": 2},
    ]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param(
            {"other": ""},
            "Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
            id="absent",
        ),
        pytest.param({"bootstrap": "\x7fELF nonsense"}, "Exec format error", id="not-executable"),
    ],
)
def test_a_bootstrap_that_cannot_start_is_the_functions_error(
    bench: Any, files: dict[str, str], message: str
) -> None:
    outcome = bench.invoke(bench.function(files, "provided.al2023"))
    error = json.loads(outcome.payload)
    assert (outcome.function_error, error["errorType"]) == (
        "Unhandled",
        "Runtime.InvalidEntrypoint",
    )
    assert error["errorMessage"].endswith(message)


DAEMON = """
import asyncio, sys, uuid
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from conftest import Bench

bench = Bench(Path(sys.argv[1]))
source = "import os, subprocess, time\\ndef handler(e, c):\\n    " \\
    "child = subprocess.Popen(['sleep', '60'])\\n    " \\
    "open(e, 'w').write(f'{os.getpid()} {child.pid}')\\n    time.sleep(60)\\n"
bench.invoke(bench.function(source, timeout=60), str(Path(sys.argv[1]) / "pids"))
"""


def test_workers_and_their_children_end_with_a_killed_cloud(tmp_path: Path) -> None:
    script = tmp_path / "daemon.py"
    script.write_text(textwrap.dedent(DAEMON))
    written = tmp_path / "pids"
    here = str(Path(__file__).parent)
    daemon = subprocess.Popen([sys.executable, str(script), str(tmp_path), here])
    try:
        until = time.monotonic() + 20
        while not (written.exists() and written.read_text().count(" ") == 1):
            assert time.monotonic() < until
            time.sleep(0.02)
        workers = [int(pid) for pid in written.read_text().split()]
        assert all(_alive(pid) for pid in workers)
    finally:
        os.kill(daemon.pid, signal.SIGKILL)
        daemon.wait()
    until = time.monotonic() + 5
    while any(_alive(pid) for pid in workers) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(_alive(pid) for pid in workers)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
