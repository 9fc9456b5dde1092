"""lcli logs over what functions really write, with the runtimes' own log records."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from lcli.observe.events import LogEvent
from lcli.observe.records import Kind, Reader, Record
from lcli.ui.log_lines import content

NODE = "nodejs20.x"
PYTHON = f"python3.{sys.version_info[1]}"
SOURCES = {
    NODE: """
console.log(JSON.stringify({level: "warn", message: "loading"}));
export const handler = async () => {
  console.log(JSON.stringify({level: "error", message: "declined", order: 7}));
  console.error("Unhandled item type, ignoring");
  console.error("failed:", new TypeError("handled"));
  throw new RangeError("asked to fail");
};
""",
    PYTHON: """
import json, logging, traceback
log = logging.getLogger()
log.setLevel("INFO")
log.info(json.dumps({"level": "warn", "message": "loading"}))

def handler(event, context):
    log.info(json.dumps({"level": "error", "message": "declined", "order": 7}))
    print("[ERROR] card declined")
    try:
        int("x")
    except ValueError:
        log.exception("handled")
        traceback.print_exc()
    raise LookupError("asked\\nto fail")
""",
}


def records(bench: Any, runtime: str, log_format: str) -> list[Record]:
    bench.invoke(bench.function(SOURCES[runtime], runtime, log_format=log_format))
    reader = Reader()
    events = (LogEvent("f", "g", s, "", at, at, text) for s, at, text in bench.logs.events)
    return [reader.read(event) for event in events]


@pytest.mark.parametrize("log_format", ["Text", "JSON"])
@pytest.mark.parametrize("runtime", [NODE, PYTHON])
def test_the_unhandled_error_is_told_from_those_that_are_logged(
    bench: Any, runtime: str, log_format: str
) -> None:
    read = records(bench, runtime, log_format)
    failed = [r for r in read if (r.head or r).failure and r.kind is not Kind.END]
    assert [record.kind for record in failed] == [Kind.LINE, Kind.REPORT]
    assert ("RangeError: asked to fail" if runtime == NODE else "LookupError: asked\n") in (
        content(failed[0])[1]
    )
    assert failed[0].level == failed[1].level == "ERROR"
    assert content(failed[0])[1].count("Error: asked") == 1


@pytest.mark.parametrize("log_format", ["Text", "JSON"])
@pytest.mark.parametrize("runtime", [NODE, PYTHON])
def test_json_that_is_logged_through_the_runtime_is_read_as_json(
    bench: Any, runtime: str, log_format: str
) -> None:
    read = records(bench, runtime, log_format)
    told = [content(record)[:2] for record in read if record.kind is Kind.LINE]
    assert ("WARN", "loading") in told
    assert ("ERROR", "declined") in told
