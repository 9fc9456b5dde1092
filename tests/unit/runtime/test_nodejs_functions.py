from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

NODE = "nodejs20.x"


@pytest.mark.parametrize(
    ("files", "handler"),
    [
        pytest.param(
            {"app.mjs": "export const handler = async (e) => e.n + 1"}, "app.handler", id="module"
        ),
        pytest.param(
            {"app.js": "exports.handler = async (e) => e.n + 1"}, "app.handler", id="commonjs"
        ),
        pytest.param(
            {"app.cjs": "exports.handler = (e, c, done) => done(null, e.n + 1)"},
            "app.handler",
            id="callback",
        ),
        pytest.param(
            {
                "src/app.js": "import {add} from './add.js'; export const on = {e: add}",
                "src/add.js": "export const add = async ({n}) => n + 1",
                "package.json": '{"type": "module"}',
            },
            "src/app.on.e",
            id="type-module",
        ),
        pytest.param(
            {"app.js": "exports.handler = (e, c, f) => { setTimeout(() => f(null, e.n + 1), 5) }"},
            "app.handler",
            id="late-callback",
        ),
    ],
)
def test_handlers_of_every_form_answer(bench: Any, files: dict[str, str], handler: str) -> None:
    function = bench.function(files, NODE, handler=handler)
    first, second = bench.invoke(function, {"n": 1}), bench.invoke(function, {"n": 2})
    assert (first.payload, first.function_error) == (b"2", None)
    assert (second.payload, second.init_ms) == (b"3", None)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(
            "export const handler = async () => { throw new TypeError('no') }",
            ("TypeError", "no"),
            id="throws",
        ),
        pytest.param(
            "export const handler = (e, c, done) => done(new Error('no'))",
            ("Error", "no"),
            id="callback",
        ),
        pytest.param(
            "export const handler = () => new Promise(() => {})",
            ("Runtime.NodeJsExit", "A promise was never settled, and nothing is left to wait for."),
            id="never",
        ),
        pytest.param(
            "export const other = 1",
            ("Runtime.HandlerNotFound", "app.handler is undefined or not exported"),
            id="no-handler",
        ),
        pytest.param("throw new RangeError('at once')", ("RangeError", "at once"), id="init"),
        pytest.param(
            "const later = () => new Promise((r) => setTimeout(r, 1000));"
            "export const handler = () => { Promise.reject(new Error('lost')); return later() }",
            ("Runtime.UnhandledPromiseRejection", "Error: lost"),
            id="rejection",
        ),
    ],
)
def test_errors_have_lambdas_shape(bench: Any, source: str, expected: tuple[str, str]) -> None:
    outcome = bench.invoke(bench.function(source, NODE))
    error = json.loads(outcome.payload)
    assert outcome.function_error == "Unhandled"
    assert (error["errorType"], error["errorMessage"]) == expected
    assert isinstance(error["trace"], list)


def test_console_lines_are_single_events_with_the_request_id(bench: Any) -> None:
    function = bench.function(
        "export const handler = async () => console.log('a\\nb', {c: 1})", NODE
    )
    bench.invoke(function, request_id="r-1")
    line = next(text for text in bench.logs.messages if "INFO" in text)
    assert line.split("\t")[1:] == ["r-1", "INFO", "a\nb { c: 1 }\n"]


def test_json_logs_are_filtered_by_level(bench: Any) -> None:
    source = "export const handler = async () => { console.info('no'); console.warn({a: 1}) }"
    function = bench.function(source, NODE, log_format="JSON", application_log_level="WARN")
    bench.invoke(function, request_id="r-1")
    written = [json.loads(text) for text in bench.logs.messages]
    assert [(r["level"], r["message"], r["requestId"]) for r in written if "level" in r] == [
        ("WARN", {"a": 1}, "r-1")
    ]


def logged(bench: Any, source: str, log_format: str) -> dict[str, Any]:
    """What is logged of the error that a function ends with."""
    bench.invoke(bench.function(source, NODE, log_format=log_format), request_id="r-1")
    if log_format == "JSON":
        return next(json.loads(line) for line in bench.logs.messages if '"level":' in line)
    line = next(text for text in bench.logs.messages if "\tERROR\t" in text)
    prefix, _, error = line.partition(" \t")
    return {"what": prefix.split("\t", 1)[1], **json.loads(error)}


THROWN = """export const handler = async () => {
  throw Object.assign(new TypeError("no"), {code: 7})
}"""
LOST = """
const later = () => new Promise((r) => setTimeout(r, 1000));
export const handler = () => { Promise.reject(new Error('lost')); return later() }
"""


@pytest.mark.parametrize(
    ("source", "what", "kind", "text"),
    [
        pytest.param(THROWN, "r-1\tERROR\tInvoke Error", "TypeError", "no", id="handler"),
        pytest.param(
            LOST,
            "r-1\tERROR\tUnhandled Promise Rejection",
            "Runtime.UnhandledPromiseRejection",
            "Error: lost",
            id="rejection",
        ),
        pytest.param(
            "throw new RangeError('at once')",
            "undefined\tERROR\tUncaught Exception",
            "RangeError",
            "at once",
            id="init",
        ),
        pytest.param(
            "export const other = 1",
            "undefined\tERROR\tUncaught Exception",
            "Runtime.HandlerNotFound",
            "app.handler is undefined or not exported",
            id="no handler",
        ),
    ],
)
def test_an_unhandled_error_is_logged_as_lambda_does(
    bench: Any, source: str, what: str, kind: str, text: str
) -> None:
    error = logged(bench, source, "Text")
    assert (error["what"], error["errorType"], error["errorMessage"]) == (what, kind, text)
    assert error["stack"][0] == f"{kind}: {text}"
    record = logged(bench, source, "JSON")
    named = {"errorType": kind.removeprefix("Runtime."), "errorMessage": text}
    assert record["level"] == "ERROR"
    assert record["message"].items() >= named.items()
    assert record["message"]["stackTrace"][0] == f"{kind}: {text}"
    assert record.get("requestId") == ("r-1" if "r-1" in what else None)


def test_an_errors_own_fields_are_logged_with_it(bench: Any) -> None:
    assert logged(bench, THROWN, "Text")["code"] == 7
    assert logged(bench, THROWN, "JSON")["message"]["code"] == 7


def test_an_error_that_is_logged_stands_beside_its_message(bench: Any) -> None:
    source = """export const handler = async () => console.error("failed", new TypeError("no"))"""
    record = logged(bench, source, "JSON")
    assert record["message"].startswith("failed TypeError: no\n    at ")
    assert (record["errorType"], record["errorMessage"]) == ("TypeError", "no")
    assert record["stackTrace"][0] == "TypeError: no"


STREAM = """
export const handler = awslambda.streamifyResponse(async (event, out) => {
  out = awslambda.HttpResponseStream.from(out, {statusCode: 201});
  out.write("one ");
  if (event.fail) { await new Promise((r) => setTimeout(r, 20)); throw new Error("late") }
  out.write("two");
  out.end();
});
"""


def test_a_stream_arrives_piece_by_piece_after_its_prelude(bench: Any) -> None:
    async def streamed() -> tuple[bytes, str, Any]:
        outcome = await bench.start(bench.function(STREAM, NODE), {}, stream=True)
        body = b"".join([piece async for piece in outcome.stream])
        return body, outcome.content_type, await outcome.completion

    body, kind, last = bench.run(streamed())
    assert body == b'{"statusCode":201}' + bytes(8) + b"one two"
    assert kind == "application/vnd.awslambda.http-integration-response"
    assert last.function_error is None
    assert b"REPORT" in last.log_tail


def test_an_error_in_a_stream_arrives_in_its_completion(bench: Any) -> None:
    outcome = bench.invoke(bench.function(STREAM, NODE), {"fail": True})
    error = json.loads(outcome.payload)
    assert (error["errorType"], error["errorMessage"]) == ("Error", "late")
    assert outcome.function_error == "Unhandled"
    assert any("\tERROR\tInvoke Error \t{" in text for text in bench.logs.messages)


def test_a_stream_is_gathered_for_a_caller_that_takes_none(bench: Any) -> None:
    outcome = bench.invoke(bench.function(STREAM, NODE), {})
    assert outcome.payload.endswith(b"one two")


def test_streams_of_several_environments_run_at_the_same_time(bench: Any) -> None:
    function = bench.function(STREAM, NODE)

    async def both() -> list[bytes]:
        outcomes = await asyncio.gather(*(bench.start(function, {}) for _ in range(2)))
        return [outcome.payload[-3:] for outcome in outcomes]

    assert bench.run(both()) == [b"two", b"two"]


def test_the_orders_example_reports_only_what_it_could_not_read(bench: Any) -> None:
    examples = Path(__file__).parents[3] / "examples"
    event = json.loads((examples / "events" / "orders.json").read_text())
    function = bench.function((examples / "orders" / "app.mjs").read_text(), NODE)
    assert json.loads(bench.invoke(function, event).payload) == {
        "batchItemFailures": [{"itemIdentifier": "2e1424d4-f796-459a-8184-9c92662be6da"}]
    }
    assert any("order A-1001: 54.00 for 2 items" in text for text in bench.logs.messages)
