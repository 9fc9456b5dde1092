from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import Any

import pytest

from lcli.local.execution import Outcome

HERE = f"python3.{sys.version_info[1]}"
ECHO = "def handler(event, context):\n    return event\n"


def error_of(outcome: Outcome) -> dict[str, Any]:
    assert outcome.function_error == "Unhandled"
    error: dict[str, Any] = json.loads(outcome.payload)
    return error


def test_an_environment_is_started_once_and_used_again(bench: Any) -> None:
    function = bench.function("import os\ndef handler(event, context):\n    return os.getpid()\n")
    first, second = bench.invoke(function), bench.invoke(function)
    assert first.payload == second.payload
    assert first.init_ms
    assert second.init_ms is None


CONTEXT = """
import os
def handler(event, context):
    return {
        "id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "name": context.function_name,
        "version": context.function_version,
        "memory": context.memory_limit_in_mb,
        "group": context.log_group_name,
        "client": context.client_context.custom if context.client_context else None,
        "left": 9000 < context.get_remaining_time_in_millis() <= 10000,
        "trace": os.environ["_X_AMZN_TRACE_ID"],
    }
"""


def test_the_context_object_tells_what_lambdas_tells(bench: Any) -> None:
    outcome = bench.invoke(
        bench.function(CONTEXT, version="7"),
        request_id="r-1",
        invoked_arn="arn:aws:lambda:eu-west-1:123456789012:function:f:live",
        client_context='{"custom": {"key": "v\\u00e4lue"}}',
        headers={"x-amzn-trace-id": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"},
    )
    assert json.loads(outcome.payload) == {
        "id": "r-1",
        "arn": "arn:aws:lambda:eu-west-1:123456789012:function:f:live",
        "name": "f",
        "version": "7",
        "memory": "128",
        "group": "/aws/lambda/f",
        "client": {"key": "välue"},
        "left": True,
        "trace": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
    }


def test_the_environment_is_lambdas_and_nothing_of_the_users(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_SECRET", "no")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    source = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
    function = bench.function(source, environment={"SIZE": "3"}, runtime=HERE)
    seen = json.loads(bench.invoke(function).payload)
    assert {"MY_SECRET", "AWS_PROFILE"}.isdisjoint(seen)
    assert seen["HOME"] == seen["TMPDIR"]
    assert {
        "SIZE": "3",
        "AWS_ACCESS_KEY_ID": "123456789012",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{HERE}",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "LAMBDA_TASK_ROOT": str(function.code),
        "TZ": ":UTC",
        "LANG": "en_US.UTF-8",
        "_HANDLER": "app.handler",
    }.items() <= seen.items()


def test_boto3_is_there_and_lclis_own_packages_are_not(bench: Any) -> None:
    source = (
        "import boto3, importlib.util\n"
        "def handler(event, context):\n"
        "    names = ('moto', 'yaml', 'pydantic', 'lcli')\n"
        "    return [bool(importlib.util.find_spec(name)) for name in names]\n"
    )
    assert json.loads(bench.invoke(bench.function(source)).payload) == [False] * 4


def test_a_functions_own_package_comes_before_the_runtimes(bench: Any) -> None:
    files = {
        "app.py": "import boto3\ndef handler(event, context):\n    return boto3.MINE\n",
        "boto3.py": "MINE = 1\n",
    }
    assert bench.invoke(bench.function(files)).payload == b"1"


def test_layers_lie_over_one_another(bench: Any) -> None:
    layers = []
    for number, files in enumerate(({"one": "1", "both": "1"}, {"two": "2", "both": "2"})):
        folder = bench.directory / f"layer{number}" / "python"
        folder.mkdir(parents=True)
        for name, value in files.items():
            (folder / f"{name}.py").write_text(f"VALUE = {value}\n")
        layers.append(folder.parent)
    source = (
        "import one, two, both\n"
        "def handler(event, context):\n    return [one.VALUE, two.VALUE, both.VALUE]\n"
    )
    function = bench.function(source, layers=tuple(layers))
    assert json.loads(bench.invoke(function).payload) == [1, 2, 2]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(
            "def handler(e, c):\n    raise KeyError('gone')\n", ("KeyError", "'gone'"), id="raises"
        ),
        pytest.param(
            "import nothing_here\n",
            ("Runtime.ImportModuleError", "Unable to import module 'app': No module named "),
            id="import",
        ),
        pytest.param("1 +\n", ("Runtime.UserCodeSyntaxError", "Syntax error in"), id="syntax"),
        pytest.param(
            "x = 1\n",
            ("Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
            id="no-handler",
        ),
        pytest.param(
            "import os\nos._exit(4)\n",
            ("Runtime.ExitError", "RequestId: r Error: Runtime exited with error: exit status 4"),
            id="exit-in-init",
        ),
        pytest.param(
            "import os\ndef handler(e, c):\n    os._exit(0)\n",
            ("Runtime.ExitError", "RequestId: r Error: Runtime exited without providing a reason"),
            id="exit",
        ),
        pytest.param(
            "import os\ndef handler(e, c):\n    os.kill(os.getpid(), 11)\n",
            (
                "Runtime.ExitError",
                "RequestId: r Error: Runtime exited with error: signal: segmentation fault",
            ),
            id="signal",
        ),
        pytest.param(
            "def handler(e, c):\n    return 'x' * 6291556\n",
            (
                "Function.ResponseSizeTooLarge",
                "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
            ),
            id="too-large",
        ),
        pytest.param(
            "def handler(e, c):\n    held = bytearray(300 << 20)\n    while True: pass\n",
            ("Runtime.OutOfMemory", "RequestId: r Error: Runtime exited with error: signal: kill"),
            id="memory",
        ),
    ],
)
def test_failures_are_told_in_lambdas_words(
    bench: Any, source: str, expected: tuple[str, str]
) -> None:
    error = error_of(bench.invoke(bench.function(source), request_id="r"))
    assert error["errorType"] == expected[0]
    assert error["errorMessage"].startswith(expected[1])


@pytest.mark.parametrize(
    ("runtime", "source"),
    [
        (
            HERE,
            "import os\ndef handler(event, context):\n"
            "    return 'x' * 7_000_000 if event else os.getpid()\n",
        ),
        (
            "nodejs20.x",
            "export const handler = async (e) => e ? 'x'.repeat(7_000_000) : process.pid",
        ),
    ],
    ids=["python", "nodejs"],
)
def test_too_large_a_response_is_one_line_of_log_and_the_environment_lives_on(
    bench: Any, runtime: str, source: str
) -> None:
    function = bench.function(source, runtime)
    before = bench.invoke(function)
    assert error_of(bench.invoke(function, True)) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        "(6291556 bytes).",
    }
    after = bench.invoke(function)
    assert (after.payload, after.init_ms) == (before.payload, None)
    said = (
        r"\[ERROR\] \[\d+\] LAMBDA_RUNTIME Failed to post handler success response. Http resp.* 413"
    )
    assert [line for line in bench.logs.messages if re.match(said, line)]
    assert not [line for line in bench.logs.messages if "Traceback" in line]


def test_after_a_failure_the_next_event_gets_a_new_environment(bench: Any) -> None:
    source = "import os\ndef handler(event, context):\n    return event or os._exit(1)\n"
    function = bench.function(source)
    assert bench.invoke(function, 0).function_error == "Unhandled"
    assert bench.invoke(function, 5).payload == b"5"


def test_a_time_out_ends_the_whole_process_group(bench: Any) -> None:
    marker = bench.directory / "alive"
    source = (
        "import subprocess, time\n"
        "def handler(event, context):\n"
        f"    subprocess.Popen(['sh', '-c', 'sleep 1.3; touch {marker}'])\n"
        "    time.sleep(60)\n"
    )
    outcome = bench.invoke(bench.function(source, timeout=1), request_id="r-1")
    assert json.loads(outcome.payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: r-1 Error: Task timed out after 1.00 seconds",
    }
    bench.run(asyncio.sleep(0.6))
    assert not marker.exists()
    assert re.search(rb"Z r-1 Task timed out after 1.00 seconds\n", outcome.log_tail)
    assert b"\tStatus: timeout\t\n" in outcome.log_tail


def test_the_log_has_lambdas_lines_around_the_functions(bench: Any) -> None:
    source = (
        "import logging\nprint('init')\n"
        "def handler(event, context):\n"
        "    print('plain')\n    logging.warning('two\\nlines')\n    print('no end', end='')\n"
    )
    bench.invoke(bench.function(source), request_id="r")
    start, *rest = bench.logs.messages
    assert start.startswith(f"INIT_START Runtime Version: python:3.{sys.version_info[1]}.")
    assert rest[:3] == ["init\n", "START RequestId: r Version: $LATEST\n", "plain\n"]
    assert re.fullmatch(r"\[WARNING\]\t[-\dT:.]+Z\tr\ttwo\nlines\n", rest[3])
    assert rest[4:6] == ["no end", "END RequestId: r\n"]
    assert re.fullmatch(
        r"REPORT RequestId: r\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t"
        r"Max Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\t\n",
        rest[6],
    )
    stream = bench.logs.events[0][0]
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)


def test_the_tail_is_the_last_4096_bytes_and_complete(bench: Any) -> None:
    source = (
        "def handler(event, context):\n    for i in range(1000):\n        print(f'line {i:04}')\n"
    )
    tail = bench.invoke(bench.function(source), request_id="r").log_tail
    assert len(tail) == 4096
    assert b"line 0998\nline 0999\nEND RequestId: r\nREPORT RequestId: r\t" in tail


def test_json_logs_are_records_of_the_platform_and_the_application(bench: Any) -> None:
    source = "import logging\ndef handler(e, c):\n    logging.getLogger().error('x %s', 1)\n"
    function = bench.function(source, log_format="JSON", application_log_level="ERROR")
    bench.invoke(function, request_id="r")
    records = [json.loads(text) for text in bench.logs.messages]
    kinds = [record.get("type", record.get("level")) for record in records]
    assert kinds == ["platform.initStart", "platform.start", "ERROR", "platform.report"]
    assert records[2]["message"] == "x 1"
    assert records[2]["requestId"] == "r"
    assert records[3]["record"]["status"] == "success"
    assert set(records[3]["record"]["metrics"]) == {
        "durationMs",
        "billedDurationMs",
        "memorySizeMB",
        "maxMemoryUsedMB",
        "initDurationMs",
    }


def test_a_system_level_of_warn_leaves_only_failures(bench: Any) -> None:
    source = "def handler(event, context):\n    return 1 / event\n"
    function = bench.function(source, log_format="JSON", system_log_level="WARN")
    bench.invoke(function, 1)
    assert bench.logs.messages == []
    bench.invoke(function, 0)
    kinds = [json.loads(text).get("type", "error") for text in bench.logs.messages]
    assert kinds == ["error", "platform.runtimeDone", "platform.report"]


def test_a_thread_stops_between_invocations(bench: Any) -> None:
    source = (
        "import threading, time\ncount = 0\n"
        "def tick():\n    global count\n    while True:\n        time.sleep(0.01); count += 1\n"
        "threading.Thread(target=tick, daemon=True).start()\n"
        "def handler(event, context):\n    return count\n"
    )
    function = bench.function(source)
    before = int(bench.invoke(function).payload)
    bench.run(asyncio.sleep(0.5))
    assert int(bench.invoke(function).payload) - before < 20


@pytest.mark.parametrize("text", ["ä → 🎉", "x" * 300_000], ids=["unicode", "large"])
def test_payloads_go_through_unchanged(bench: Any, text: str) -> None:
    assert json.loads(bench.invoke(bench.function(ECHO), {"text": text}).payload) == {"text": text}
