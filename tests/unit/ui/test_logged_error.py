"""What a log tells of the error with which an invocation ended."""

import json

import pytest

from lcli.invoke.call import FunctionError
from lcli.observe.events import LogEvent, Source
from lcli.observe.invocation_log import records_in
from lcli.observe.levels import TRACEBACK
from lcli.observe.records import Reader
from lcli.ui.logged_error import Told, logged_error, without_error

ID = "11111111-1111-4111-8111-111111111111"
AT = "2026-11-29T12:00:00.000Z"
START = f"START RequestId: {ID} Version: 7"
REPORT = (
    f"REPORT RequestId: {ID}\tDuration: 2 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 9 MB\t"
)
PYTHON = (
    "[ERROR] ValueError: no: such\nTraceback (most recent call last):\n"
    '\u00a0\u00a0File "/var/task/app.py", line 1, in f\n\u00a0\u00a0\u00a0\u00a0raise E'
)
PYTHON_STACK = ('  File "/var/task/app.py", line 1, in f', "    raise E")
NODE = {"errorType": "TypeError", "errorMessage": "bad", "stack": ["TypeError: bad", "    at a"]}


def event(message):
    return LogEvent("f", "/aws/lambda/f", "2026/11/29/[7]0f", "1", 0, 0, message)


def told(kind, message, *stack):
    return FunctionError("Unhandled", kind, message, stack)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        pytest.param(PYTHON, told("ValueError", "no: such", *PYTHON_STACK), id="Python"),
        pytest.param(
            f"{AT}\t{ID}\tERROR\tInvoke Error \t{json.dumps(NODE)}",
            told("TypeError", "bad", "    at a"),
            id="Node.js",
        ),
        pytest.param(
            json.dumps({"level": "ERROR", "requestId": ID, "message": NODE}),
            told("TypeError", "bad", "TypeError: bad", "    at a"),
            id="Node.js, JSON",
        ),
        pytest.param(
            json.dumps({"level": "ERROR", "errorType": "E", "errorMessage": "m", "stackTrace": []}),
            told("E", "m"),
            id="Python, JSON",
        ),
        pytest.param(
            f"{AT} {ID} Task timed out after 3.00 seconds\n",
            told("", "Task timed out after 3.00 seconds"),
            id="time-out",
        ),
        pytest.param(
            f"RequestId: {ID} Error: Runtime exited with error: exit status 3",
            told("", "Runtime exited with error: exit status 3"),
            id="exit",
        ),
        pytest.param(
            f"{REPORT}Status: error\tError Type: Runtime.ExitError\t",
            told("Runtime.ExitError", ""),
            id="REPORT",
        ),
        pytest.param(f"{REPORT}Status: timeout\t", told("", "timed out"), id="REPORT, time-out"),
        pytest.param(
            json.dumps({"type": "platform.runtimeDone", "record": {"status": "error"}}),
            None,
            id="END: the REPORT says more",
        ),
        pytest.param(f"[ERROR]\t{AT}\t{ID}\tcaught", None, id="of a logger"),
        pytest.param("ValueError: printed", None, id="printed"),
        pytest.param(REPORT, None, id="success"),
    ],
)
def test_an_error_is_read_from_the_record_that_reports_it(message, error):
    assert logged_error(Reader().read(event(message))) == error


def test_the_records_of_an_invocation_tell_what_an_answer_would():
    reader, shown = Reader(), []
    gathered = Told(shown.append)
    messages = [START, "line", f"{AT} {ID} Task timed out after 3.00 seconds", REPORT]
    messages[-1] += "Status: timeout\tError Type: Sandbox.Timedout"
    for message in messages:
        gathered(reader.read(event(message + "\n")))
    assert [record.event.message for record in shown] == [f"{message}\n" for message in messages]
    assert gathered.version == "7"
    assert gathered.error == told("Sandbox.Timedout", "Task timed out after 3.00 seconds")
    assert gathered.log == "".join(f"{message}\n" for message in messages)


def test_no_more_of_a_log_is_kept_than_an_answer_brings():
    gathered = Told(lambda record: None)
    gathered(Reader().read(event("x" * 5000)))
    assert gathered.log == "x" * 4095 + "\n"


def left(log, error):
    records = records_in(log, Source("f", ""))
    return [record.event.message for record in without_error(records, error)]


LONG = (
    f"[ERROR] ValueError: first\nsecond\n  third\n{TRACEBACK}\n"
    '\u00a0\u00a0File "/var/task/app.py", line 2, in handler\n'
    "\u00a0\u00a0\u00a0\u00a0raise ValueError(TEXT)"
)
"""As awslambdaric writes an error whose message has several lines."""
ASKED = FunctionError("Unhandled", "ValueError", "first\nsecond\n  third", ())
LATE = f"RequestId: {ID} Error: Task timed out after 3.00 seconds"
NO_MODULE = "Unable to import module 'app': No module named 'x'"


@pytest.mark.parametrize(
    ("lines", "error", "gone"),
    [
        pytest.param(["got", PYTHON, "END"], told("ValueError", "no: such"), [PYTHON], id="Python"),
        pytest.param(
            ["got", LONG, "END"],
            ASKED,
            [LONG],
            id="a message of several lines",
        ),
        pytest.param(
            ["second", LONG],
            ASKED,
            [LONG],
            id="what stands before it stays",
        ),
        pytest.param(
            [f"{AT} {ID} Task timed out after 3.00 seconds"],
            told("Sandbox.Timedout", LATE),
            [f"{AT} {ID} Task timed out after 3.00 seconds"],
            id="time-out",
        ),
        pytest.param(
            [
                f"{AT}\t{ID}\tERROR\tTypeError: bad\n    at a",
                f"{AT}\t{ID}\tERROR\tInvoke Error \t{json.dumps(NODE)}",
            ],
            told("TypeError", "bad"),
            [f"{AT}\t{ID}\tERROR\tInvoke Error \t{json.dumps(NODE)}"],
            id="what the function logged of it stays",
        ),
        pytest.param(
            [
                f"[ERROR] Runtime.ImportModuleError: {NO_MODULE}\n{TRACEBACK}",
                START,
                f"[ERROR] Runtime.ImportModuleError: {NO_MODULE}\n{TRACEBACK}",
            ],
            told("Runtime.ImportModuleError", NO_MODULE),
            [f"[ERROR] Runtime.ImportModuleError: {NO_MODULE}\n{TRACEBACK}"] * 2,
            id="of an init phase that was repeated",
        ),
        pytest.param([PYTHON, "END"], told("KeyError", "other"), [], id="another error"),
        pytest.param([PYTHON, "END"], None, [], id="no error"),
    ],
)
def test_the_runtimes_own_record_of_the_error_is_left_out(lines, error, gone):
    expected = list(lines)
    for message in gone:
        expected.remove(message)
    assert left("\n".join(lines), error) == expected
