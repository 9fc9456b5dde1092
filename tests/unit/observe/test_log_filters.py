"""What the client-side filters let through, over messages as the runtimes write them."""

import json
import re
import time

import pytest

from lcli.errors import ExitCode, LcliError
from lcli.observe import filters
from lcli.observe.events import LogEvent, Source
from lcli.observe.records import Kind, Reader

ID = "6c48f7f0-1bca-45d3-9797-555705dc778c"
AT = "2026-03-01T10:00:00.000Z"
STREAM = "2026/03/01/[7]0f0e"


def event(message, number=0, stream=STREAM):
    return LogEvent("f", "/aws/lambda/f", stream, str(number), number, number, message)


def read(*messages):
    reader = Reader()
    return [reader.read(event(message, number)) for number, message in enumerate(messages)]


def kept(predicate, *messages):
    return [record.event.message for record in read(*messages) if predicate(record)]


PYTHON = f"[WARNING]\t{AT}\t{ID}\tbeware\n"
NODE = f"{AT}\t{ID}\tERROR\tbad thing\n"
NODE_INIT = f"{AT}\tundefined\tINFO\tloading\n"
LOG4J = f"2026-03-01 10:00:00 {ID} INFO  Handler:18 - made\n"
LOGBACK = "10:00:00.123 [main] DEBUG com.example.Handler - made\n"
STRUCTURED = json.dumps({"timestamp": AT, "level": "WARN", "message": "m", "requestId": ID})
PINO = json.dumps({"level": 50, "msg": "m"})
PYTHON_INIT = f"[INFO]\t{AT}\t\tloading\n"
PYTHON_ERROR = "[ERROR] ValueError: no\nTraceback (most recent call last):\n  File x\n"
TIMEOUT = f"{AT} {ID} Task timed out after 3.00 seconds\n\n"
EXIT = f"RequestId: {ID} Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n"
JAVA_ERROR = (
    "no: java.lang.RuntimeException\njava.lang.RuntimeException: no\n\tat a.B.c(B.java:1)\n"
)
NODE_ERROR = f'{AT}\t{ID}\tERROR\tInvoke Error \t{{"errorType":"E","stack":["E: no"]}}\n'
NODE_JSON = json.dumps(
    {"timestamp": AT, "level": "ERROR", "message": {"errorType": "E", "stackTrace": ["a"]}}
)
PYTHON_JSON = json.dumps({"log_level": "ERROR", "errorType": "E", "errorMessage": "m"})
HANDLED = json.dumps({"level": "ERROR", "errorType": "E", "errorMessage": "m", "stackTrace": []})
INNER = json.dumps({"level": "error", "message": "card declined", "order": 7})
JAVA_JSON = json.dumps({"level": "ERROR", "message": JAVA_ERROR, "AWSRequestId": ID})
JUL = "Mar 01, 2026 12:00:00 PM com.example.Foo handle\nSEVERE: no\n"
TRACEBACK = "Traceback (most recent call last):\n  File x\nValueError: no\n"
REPORT = (
    f"REPORT RequestId: {ID}\tDuration: 3.84 ms\tBilled Duration: 54 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 7 MB\t"
)
TIMED_OUT = REPORT + "Status: timeout\t"
PLATFORM = json.dumps({"type": "platform.report", "record": {"requestId": ID, "status": "error"}})


def test_of_ten_thousand_streams_the_last_line_is_known_for_a_stack_that_follows():
    reader = Reader()
    for number in range(10_001):
        reader.read(event("no such size", stream=f"s{number}"))
    assert reader.read(event("  at f", stream="s0")).head is None
    last = reader.read(event("  at f", stream="s10000")).head
    assert getattr(last, "event", None) == event("no such size", stream="s10000")


@pytest.mark.parametrize(
    ("message", "level"),
    [
        pytest.param(PYTHON, "WARNING", id="Python"),
        pytest.param("INFO:root:made\n", "INFO", id="Python's default"),
        pytest.param(
            "2026-03-01 10:00:00,123 - app.x - ERROR - no\n", "ERROR", id="Python's usual"
        ),
        pytest.param(
            "2026-03-01 10:00:00,123 - a-b - ERROR - no\n", "ERROR", id="a hyphen in a name"
        ),
        pytest.param("2026-03-01 10:00:00,123 app.x ERROR no\n", "ERROR", id="a name alone"),
        pytest.param("2026-03-01 10:00:00,123 - INFO - made\n", "INFO", id="no name"),
        pytest.param("ERROR - no\n", "ERROR", id="neither time nor name"),
        pytest.param("2026-03-01T10:00:00Z TRACE made\n", "TRACE", id="a level like a time's T"),
        pytest.param("01-Mar-2026 10:00:00.123 SEVERE [main] no\n", "SEVERE", id="Tomcat"),
        pytest.param("01/Mar/2026:10:00:00 +0000 WARN no\n", "WARN", id="a web server's time"),
        pytest.param("\x1b[31merror\x1b[39m: no\n", "ERROR", id="winston in colour"),
        pytest.param(
            "\x1b[2m10:00:00.1\x1b[0m \x1b[1mWARN\x1b[0m no\n", "WARN", id="all in colour"
        ),
        pytest.param("2026-03-01 10:00:00.1 | DEBUG    | a:b:1 - no\n", "DEBUG", id="loguru"),
        pytest.param(NODE, "ERROR", id="Node.js"),
        pytest.param(NODE_INIT, "INFO", id="Node.js before a request"),
        pytest.param(LOG4J, "INFO", id="log4j2"),
        pytest.param(LOGBACK, "DEBUG", id="logback"),
        pytest.param(STRUCTURED, "WARN", id="JSON"),
        pytest.param(PINO, "ERROR", id="pino"),
        pytest.param(PYTHON_INIT, "INFO", id="Python before a request"),
        pytest.param(JUL, "SEVERE", id="java.util.logging"),
        pytest.param("FINEST: made\n", "FINEST", id="java.util.logging, its second line"),
        pytest.param("error: no\n", "ERROR", id="winston"),
        pytest.param(f"{AT} [a] warn: no\n", "WARN", id="winston with a time and a label"),
        pytest.param("2026-03-01 10:00:00 [error    ] no   n=7\n", "ERROR", id="structlog"),
        pytest.param(f"{AT} [info     ] made\n", "INFO", id="structlog in ISO time"),
        pytest.param(TRACEBACK, "ERROR", id="a traceback"),
        pytest.param(TIMED_OUT, "ERROR", id="REPORT with a status"),
        pytest.param(JAVA_ERROR, "ERROR", id="unhandled in Java"),
        pytest.param(REPORT, "", id="REPORT"),
        pytest.param(f"{AT}\t{ID}\tINFO\t{INNER}\n", "ERROR", id="JSON by Node.js"),
        pytest.param(f"[INFO]\t{AT}\t{ID}\t{INNER}\n", "ERROR", id="JSON by Python"),
        pytest.param(json.dumps({"level": "INFO", "message": INNER}), "ERROR", id="JSON in JSON"),
        pytest.param(
            json.dumps({"level": "INFO", "message": {"level": "warn"}}), "WARN", id="an object"
        ),
        pytest.param(f"[WARNING]\t{AT}\t{ID}\t{{}}\n", "WARNING", id="JSON without a level"),
        pytest.param("an error: no\n", "", id="winston's in a sentence"),
        pytest.param(PYTHON_ERROR, "ERROR", id="unhandled"),
        pytest.param(TIMEOUT, "ERROR", id="time-out"),
        pytest.param("the ERROR count is 0\n", "", id="a word in a sentence"),
        pytest.param("3 things ERROR no\n", "", id="a number is no time"),
        pytest.param("Information\n", "", id="a word that begins so"),
        pytest.param('{"level": true}', "", id="nonsense"),
        pytest.param("[1, 2]\n", "", id="a list"),
    ],
)
def test_a_level_is_read_from_every_convention(message, level):
    assert read(message)[0].level == level


@pytest.mark.parametrize(
    "piece",
    [
        " ",
        "1 ",
        "-",
        "- ",
        "[",
        "1:1 ",
        "1:",
        "a",
        "a.",
        "\t",
        "\n",
        "\r",
        "\x1b[1m",
        "Z\t",
        "{",
        ": a\n",
    ],
)
@pytest.mark.parametrize("before", ["", "1", "[ERROR] X: ", "[ERROR] X", "{"])
def test_a_line_of_any_kind_and_length_is_read_at_once(before, piece):
    began = time.process_time()
    record = Reader().read(event(before + piece * 50_000 + "x"))
    assert record.level in ("", "ERROR")
    assert record.request == ""
    assert time.process_time() - began < 0.5


def test_level_keeps_that_level_and_higher_ones():
    assert kept(filters.level("warn"), PYTHON, NODE, LOG4J, STRUCTURED, "plain\n", PINO) == [
        PYTHON,
        NODE,
        STRUCTURED,
        PINO,
    ]


def test_level_keeps_a_stack_that_was_written_as_events_of_its_own():
    stack = ["  at a (b.js:1)\n", "Caused by: x\n"]
    assert kept(filters.level("ERROR"), NODE, *stack, "next\n", "  indented\n") == [NODE, *stack]


def test_level_keeps_the_failures_that_errors_keeps():
    failed = [TIMEOUT, EXIT, JAVA_ERROR, TIMED_OUT, PLATFORM]
    assert kept(filters.level("error"), *failed, REPORT, "plain\n") == failed


FRAMES = ["Traceback (most recent call last):\n", '  File "a.py", line 3, in f\n', "    g()\n"]


@pytest.mark.parametrize(
    ("before", "lines", "after"),
    [
        pytest.param("hello\n", [*FRAMES, "ValueError: no\n"], "a: b\n", id="after a line"),
        pytest.param("", [*FRAMES, "app.f.<locals>.Declined\n"], "next\n", id="without a message"),
        pytest.param("", [*FRAMES, "  File x\nKeyError: 1\n"], "done\n", id="of two pieces"),
        pytest.param("", ["".join(FRAMES), "KeyError: 1\n"], "done\n", id="in one"),
        pytest.param("", ["".join([*FRAMES, "KeyError: 1\n"])], "done\n", id="whole"),
        pytest.param("hello\n", [FRAMES[0]], f"[INFO]\t{AT}\t{ID}\tb\n", id="without its end"),
        pytest.param(
            "",
            [
                *(*FRAMES, "KeyError: 1\n"),
                "During handling of the above exception, another exception occurred:\n",
                *(*FRAMES, "ValueError: no\n"),
            ],
            "next\n",
            id="two in a chain",
        ),
        pytest.param(
            "INFO:root:a\n", ["ERROR:root:failed\n", *FRAMES, "E: no\n"], "b\n", id="with its error"
        ),
    ],
)
def test_a_traceback_is_an_error_up_to_the_line_that_names_it(before, lines, after):
    assert kept(filters.level("error"), before, *lines, after) == lines
    assert kept(filters.errors, before, *lines, after) == []


def test_the_parts_of_a_chain_of_tracebacks_have_empty_lines_between():
    error = [*FRAMES, "KeyError: 1\n"]
    chained = ["The above exception was the direct cause of the following exception:\n", *error]
    records = read("a\n", *error, "\n", *chained)
    heads = [getattr(record.head, "event", None) for record in records]
    first = records[1].event
    assert heads == [None, None, *[first] * 3, None, *[first] * 5]


def test_the_request_is_the_runtimes_and_not_the_one_in_a_line_of_json():
    inner = json.dumps({"level": "info", "message": "m", "requestId": "another"})
    messages = [
        f"{AT}\t{ID}\tINFO\t{inner}\n",
        json.dumps({"level": "INFO", "requestId": ID, "message": inner}),
    ]
    assert [record.request for record in read(*messages)] == [ID, ID]


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(PYTHON_ERROR, id="Python"),
        pytest.param(TIMEOUT, id="time-out"),
        pytest.param(EXIT, id="exit"),
        pytest.param(PYTHON_ERROR.replace(": no", ""), id="Python without a message"),
        pytest.param(PYTHON_ERROR.replace("no", "a\nb"), id="Python with a long one"),
        pytest.param(PYTHON_ERROR.replace("\n", "\r"), id="Python in a container"),
        pytest.param(
            "[ERROR] [1772359200000] LAMBDA_RUNTIME Failed to post handler success response.",
            id="a response that is refused",
        ),
        pytest.param(JAVA_JSON, id="Java in JSON"),
        pytest.param(f"{AT}\t{ID}\tfail\tSystem.Exception: no\n   at A.B()\n", id=".NET"),
        pytest.param('2026/03/01 10:00:00 {"errorMessage":"no","errorType":"E"}\n', id="Go"),
        pytest.param("panic: no such size\n", id="Go's panic"),
        pytest.param("fatal error: all goroutines are asleep - deadlock!\n", id="Go's deadlock"),
        pytest.param("thread 'main' panicked at src/main.rs:4:5:\nno\n", id="Rust"),
        pytest.param(
            "#<Thread:0x1 app.rb:3 run> terminated with exception (report_on_exception is true):\n",
            id="Ruby's thread",
        ),
        pytest.param("Error raised from handler method\n", id="Ruby"),
        pytest.param("Init error when loading handler app.f\n", id="Ruby's init"),
        pytest.param(JAVA_ERROR, id="Java"),
        pytest.param(NODE_ERROR, id="Node.js"),
        pytest.param(NODE_JSON, id="Node.js in JSON"),
        pytest.param(PYTHON_JSON, id="Python in JSON"),
        pytest.param(TIMED_OUT, id="REPORT with a status"),
        pytest.param(PLATFORM, id="platform.report with a status"),
        pytest.param("INIT_REPORT Init Duration: 9.00 ms\tPhase: init\tStatus: error\t", id="init"),
    ],
)
def test_errors_keeps_what_lambda_reports_as_failed(message):
    assert kept(filters.errors, message) == [message]


def test_the_last_words_of_a_process_are_kept_together():
    words = [
        "panic: no\n",
        "\n",
        "goroutine 1 [running]:\n",
        "main.f(...)\n",
        "DoesItsWork(...)\n",
        "\t/src/a.go:3 +0x1\n",
    ]
    assert kept(filters.errors, "made\n", *words, EXIT, "next\n") == [
        *(word for word in words if word.strip()),
        EXIT,
    ]
    assert kept(filters.errors, *words[:3], f"START RequestId: {ID}\n", "next\n") == [
        words[0],
        words[2],
    ]
    assert kept(filters.errors, *words[:3], PYTHON, "next\n") == [words[0], words[2]]


@pytest.mark.parametrize(
    "message",
    [
        *(PYTHON, NODE, REPORT, STRUCTURED, "plain\n", "{}", PINO, TRACEBACK),
        "[ERROR] card declined\n",
        "[ERROR] failure: card declined\n",
        f"{AT}\t{ID}\tERROR\tUnhandled item type, ignoring\n",
        f"{AT}\t{ID}\tERROR\tTypeError: handled\n    at f (a.js:1)\n",
        f"{AT}\t{ID}\tERROR\t{HANDLED}\n",
        "java.lang.RuntimeException: handled\n\tat a.B.c(B.java:1)\n",
        json.dumps({**json.loads(HANDLED), "message": "handled", "logger": "root"}),
        json.dumps({**json.loads(HANDLED), "message": "handled"}),
        json.dumps({**json.loads(HANDLED), "event": "handled"}),
        json.dumps({"level": "ERROR", "message": HANDLED}),
        json.dumps({"level": "ERROR", "message": {"errorType": "E"}, "logger": "root"}),
    ],
)
def test_errors_leaves_out_what_the_function_logs_itself(message):
    assert kept(filters.errors, message) == []


def test_request_follows_an_invocation_by_its_start_and_by_ids_in_lines():
    other = ID.replace("6", "7")
    messages = ["loading\n", f"START RequestId: {ID} Version: 7\n", "plain\n", REPORT, "after\n"]
    named = [STRUCTURED, PYTHON, NODE, LOG4J, TIMEOUT, EXIT, f"END RequestId: {ID}\n"]
    others = [f"START RequestId: {other} Version: 7\n", "plain\n"]
    predicate = filters.request(ID[:8])
    assert kept(predicate, *messages, *named, *others) == [*messages[1:4], *named]


def test_streams_have_requests_of_their_own():
    reader = Reader()
    start = f"START RequestId: {ID} Version: 7\n"
    records = [reader.read(event(start)), reader.read(event("a\n", stream="b"))]
    assert [(record.kind, record.request) for record in records] == [
        (Kind.START, ID),
        (Kind.LINE, ""),
    ]


def test_grep_and_its_inversion_share_the_events():
    assert kept(filters.grep("b.w"), PYTHON, NODE) == [PYTHON]
    assert kept(filters.grep("b.w", invert=True), PYTHON, NODE) == [NODE]


def test_every_filter_must_hold():
    both = filters.every([filters.grep("b"), filters.level("error")])
    assert kept(both, PYTHON, NODE) == [NODE]


@pytest.mark.parametrize(
    ("make", "value", "message"),
    [
        (filters.grep, "(", "--grep '(' is not a regular expression: missing )"),
        (filters.level, "loud", "--level 'loud' is not a level"),
    ],
)
def test_what_cannot_be_understood_is_refused(make, value, message):
    with pytest.raises(LcliError, match=re.escape(message)) as caught:
        make(value)
    assert caught.value.exit_code is ExitCode.USAGE


def test_the_version_is_read_from_the_stream():
    assert (event("x").version, event("x", stream="other").version) == ("7", "")


@pytest.mark.parametrize(
    ("stream", "versions", "has"),
    [
        ("2026/03/01/[7]0f", set(), True),
        ("2026/03/01/[7]0f", {"7", "8"}, True),
        ("2026/03/01/[7]0f", {"8"}, False),
        ("2026/03/01/[$LATEST]0f", {"$LATEST"}, True),
        ("2026/03/01/orders[7]0f", {"7"}, True),
        ("2026/03/01/orders[7]0f", set(), True),
        ("2026/03/01/refunds[7]0f", set(), False),
        ("other", set(), True),
        ("other", {"7"}, False),
    ],
)
def test_a_stream_says_whose_it_is_and_of_which_version(stream, versions, has):
    assert Source("o", "/shared", "orders", versions).has(stream) is has
