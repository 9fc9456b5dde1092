"""What a log record looks like to people, to programs and as it is stored."""

import io
import json

import pytest

from lcli.invoke.price import Rate, dollars
from lcli.observe import filters
from lcli.observe.events import LogEvent
from lcli.observe.records import Reader
from lcli.ui.log_lines import Lines, Style, as_json, as_stored, content, has_many_colors
from lcli.ui.log_printer import Printer, Reading
from lcli.ui.terminal import Terminal

ID = "6c48f7f0-1bca-45d3-9797-555705dc778c"
OTHER = "7c48f7f0-1bca-45d3-9797-555705dc778c"
AT = "2026-03-01T10:00:00.000Z"
REPORT = (
    f"REPORT RequestId: {ID}\tDuration: 3.84 ms\tBilled Duration: 54 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 7 MB\tInit Duration: 49.31 ms\t"
)
UTC = Style(("f",), utc=True)
BEFORE = "10:00:00.000Z f "
MOMENT = 1_772_359_200_000


def event(message, *, stream="2026/03/01/[7]0f0e", late=False):
    return LogEvent("f", "/aws/lambda/f", stream, "1", MOMENT, MOMENT + 5, message, late)


def shown(message, style=UTC):
    return Lines(style)(Reader().read(event(message)))


@pytest.mark.parametrize(
    ("message", "line"),
    [
        pytest.param("plain\n", "plain\n", id="plain"),
        pytest.param("", "\n", id="empty"),
        pytest.param(f"[WARNING]\t{AT}\t{ID}\tbeware\n", "WARNING beware\n", id="Python"),
        pytest.param(f"{AT}\t{ID}\tINFO\thello\n", "INFO hello\n", id="Node.js"),
        pytest.param(f"START RequestId: {ID} Version: 7\n", None, id="START"),
        pytest.param(f"END RequestId: {ID}\n", None, id="END"),
        pytest.param("INIT_START Runtime Version: python:3.13\n", None, id="INIT_START"),
        pytest.param(
            REPORT,
            f"done in 3.84 ms, billed 54 ms, 7 of 128 MB, cold start 49 ms ({ID})\n",
            id="REPORT",
        ),
        pytest.param(
            REPORT + "Status: timeout\t",
            f"timed out after 3.84 ms, billed 54 ms, 7 of 128 MB, cold start 49 ms ({ID})\n",
            id="REPORT of a time-out",
        ),
        pytest.param(
            REPORT + "Status: error\tError Type: Runtime.ExitError\t",
            "failed after 3.84 ms, billed 54 ms, 7 of 128 MB, cold start 49 ms, "
            f"Runtime.ExitError ({ID})\n",
            id="REPORT of an exit",
        ),
        pytest.param(
            "INIT_REPORT Init Duration: 9.00 ms\tPhase: init\tStatus: error\n",
            "INIT_REPORT Init Duration: 9.00 ms\tPhase: init\tStatus: error\n",
            id="failed init",
        ),
        pytest.param(
            json.dumps({"level": "info", "message": "packed", "order": 7, "name": "a b", "x": {}}),
            'INFO packed  order=7 name="a b" x={}\n',
            id="JSON",
        ),
        pytest.param('{"order": 7}\n', '{"order": 7}\n', id="JSON without a message"),
        pytest.param(
            '{"level": "error", "order": 7}\n',
            'ERROR {"level": "error", "order": 7}\n',
            id="JSON with a level and no message",
        ),
        pytest.param(
            f'{AT}\t{ID}\tINFO\t{{"level":"error","msg":"declined","order":7}}\n',
            "ERROR declined  order=7\n",
            id="JSON behind Node.js's prefix",
        ),
        pytest.param(
            f'[INFO]\t{AT}\t{ID}\t{{"order": 7}}\n',
            'INFO {"order": 7}\n',
            id="JSON without a message behind Python's prefix",
        ),
        pytest.param(
            json.dumps({"level": "INFO", "message": '{"severity": "WARN", "message": "slow"}'}),
            "WARN slow\n",
            id="JSON in JSON",
        ),
        pytest.param(
            json.dumps({"level": "INFO", "message": '{"order": 7}', "logger": "root"}),
            'INFO {"order": 7}  logger=root\n',
            id="JSON without a message in JSON",
        ),
        pytest.param(
            json.dumps({"event": "declined", "level": "error", "order": 7}),
            "ERROR declined  order=7\n",
            id="structlog",
        ),
        pytest.param(
            json.dumps({"event": {"n": 1}, "message": "called", "level": "info"}),
            'INFO called  event={"n":1}\n',
            id="the event that a function was given",
        ),
        pytest.param(
            json.dumps({"level": "ERROR", "message": {"errorType": "E", "errorMessage": "no"}}),
            "ERROR E: no\n",
            id="JSON error of Node.js",
        ),
        pytest.param(
            json.dumps({"errorType": "E", "errorMessage": "no", "stackTrace": ["  a", "  b\n"]}),
            f"ERROR E: no\n{' ' * 16}  a\n{' ' * 16}  b\n",
            id="JSON error with its stack",
        ),
        pytest.param(
            f'{AT}\t{ID}\tERROR\tInvoke Error \t{{"errorType":"E","stack":["E: no","  at a"]}}\n',
            f"ERROR Invoke Error: E: no\n{' ' * 16}  at a\n",
            id="Node.js error with its stack",
        ),
        pytest.param(
            f"{AT}\t{ID}\tERROR\tUnhandled Promise Rejection \t"
            '{"errorType":"R","stack":["R: E: no"],"reason":{"stack":["E: no","  at a"]}}',
            f"ERROR Unhandled Promise Rejection: E: no\n{' ' * 16}  at a\n",
            id="Node.js rejection with the stack of its reason",
        ),
        pytest.param(
            "[ERROR] E: no\nTraceback\n  File x\n",
            f"ERROR E: no\n{' ' * 16}Traceback\n{' ' * 16}  File x\n",
            id="stack",
        ),
    ],
)
def test_a_message_reads_so(message, line):
    assert shown(message) == ("" if line is None else BEFORE + line)


STACK = ["TypeError: no", "    at f (a.js:1)"]
FRAMES = 'Traceback (most recent call last):\n  File "a.py", line 3, in f\nValueError: no'


@pytest.mark.parametrize(
    ("document", "lines"),
    [
        pytest.param(
            {
                "message": "failed",
                "exception": FRAMES,
                "exception_name": "ValueError",
                "stack_trace": {"type": "ValueError", "value": "no", "frames": [{"line": 3}]},
            },
            ["failed  exception_name=ValueError", *FRAMES.splitlines()],
            id="Powertools for Python",
        ),
        pytest.param(
            {"message": "failed", "stack_trace": {"frames": [1]}},
            ['failed  stack_trace={"frames":[1]}'],
            id="what is no text",
        ),
        pytest.param(
            {
                "message": "failed TypeError: no\n    at f (a.js:1)",
                "errorType": "TypeError",
                "errorMessage": "no",
                "stackTrace": STACK,
            },
            ["ERROR failed TypeError: no", STACK[1]],
            id="an error beside a message in Node.js",
        ),
        pytest.param(
            {"message": {"errorType": "TypeError", "errorMessage": "no", "stackTrace": STACK}},
            STACK,
            id="an error alone in Node.js",
        ),
        pytest.param(
            {
                "message": {
                    "errorType": "E",
                    "errorMessage": "a\nb",
                    "stackTrace": ["E: a", "b", "    at f"],
                }
            },
            ["E: a", "b", "    at f"],
            id="of two lines",
        ),
        pytest.param(
            {
                "message": {
                    "errorType": "UnhandledPromiseRejection",
                    "errorMessage": "TypeError: no",
                    "reason": {"errorType": "TypeError", "stackTrace": STACK},
                    "stackTrace": ["Runtime.UnhandledPromiseRejection: TypeError: no", "    at x"],
                }
            },
            ["UnhandledPromiseRejection: TypeError: no", STACK[1]],
            id="a rejection in Node.js",
        ),
        pytest.param(
            {"message": "failed: TypeError: no", "stack": "\n".join(STACK)},
            ["failed: TypeError: no", STACK[1]],
            id="winston",
        ),
        pytest.param(
            {"msg": "no", "err": {"type": "TypeError", "code": 7, "stack": "\n".join(STACK)}},
            ['TypeError: no  err={"type":"TypeError","code":7}', STACK[1]],
            id="pino",
        ),
        pytest.param(
            {"message": "m", "errorType": "E", "errorMessage": "no", "stackTrace": ["  f\n", ""]},
            ["ERROR m: E: no", "  f"],
            id="Python",
        ),
    ],
)
def test_a_stack_is_shown_once_and_below_its_message(document, lines):
    style = Style(timestamps=False)
    assert shown(json.dumps(document), style).splitlines() == lines


def test_lines_that_carry_on_a_stack_keep_their_indentation():
    reader, lines = Reader(), Lines(Style(timestamps=False))
    rows = ["Traceback (most recent call last):", '  File "a.py"', "    g()", "E: no"]
    assert [lines(reader.read(event(row))) for row in rows] == [f"{row}\n" for row in rows]


def test_where_another_day_begins_its_date_stands_once():
    lines = Lines(Style(utc=True))
    midnight = MOMENT + 14 * 3_600_000
    events = [event("x")._replace(timestamp=midnight + ms) for ms in (-2_000, -1, 0, 1, 1_000)]
    assert "".join(lines(Reader().read(one)) for one in events).splitlines() == [
        "23:59:58.000Z x",
        "23:59:59.999Z x",
        "2026-03-02",
        "00:00:00.000Z x",
        "00:00:00.001Z x",
        "00:00:01.000Z x",
    ]


@pytest.mark.parametrize(
    ("environ", "different"),
    [({"TERM": "xterm"}, 7), ({"TERM": "xterm-256color"}, 23), ({"COLORTERM": "truecolor"}, 23)],
)
def test_as_many_functions_differ_in_colour_as_the_terminal_can_show(environ, different):
    names = tuple(f"f{number:02}" for number in range(30))
    style = Style(names, timestamps=False, color=True, many_colors=has_many_colors(environ))
    lines = Lines(style)
    shown = [lines(Reader().read(event("x")._replace(function=name))) for name in names]
    codes = [line.partition("m")[0] for line in shown]
    assert len(set(codes)) == different
    assert "\x1b[31" not in codes


def test_an_invocation_is_closed_with_what_it_cost():
    style = Style(("f",), timestamps=False)
    lines = Lines(style, {"f": Rate("eu-west-1", "arm64")})
    assert lines(Reader().read(event(REPORT))) == (
        "f done in 3.84 ms, billed 54 ms, 7 of 128 MB, cold start 49 ms, "
        f"{dollars(0.0000002 + 0.054 * 0.125 * 0.0000133334)} ({ID})\n"
    )


def test_platform_records_in_json_are_folded_like_text():
    start = {"type": "platform.start", "record": {"requestId": ID}}
    metrics = {"durationMs": 1, "billedDurationMs": 2, "memorySizeMB": 128, "maxMemoryUsedMB": 7}
    record = {"requestId": ID, "status": "timeout", "metrics": metrics}
    assert shown(json.dumps(start)) == ""
    assert shown(json.dumps({"type": "platform.report", "record": record})) == (
        f"{BEFORE}timed out after 1.00 ms, billed 2 ms, 7 of 128 MB ({ID})\n"
    )


@pytest.mark.parametrize(
    ("style", "before"),
    [
        (Style(("f",), timestamps=False), "f "),
        (Style(("f", "longer"), timestamps=False), "f      "),
        (Style(("f",), utc=True, dates=True), "2026-03-01 10:00:00.000Z f "),
    ],
    ids=["no time", "aligned", "dates"],
)
def test_what_stands_before_a_line_can_be_chosen(style, before):
    assert shown("a\nb\n", style) == f"{before}a\n{' ' * len(before)}b\n"


def test_a_terminal_gets_colours_and_no_control_characters_of_others():
    style = Style(("f",), timestamps=False, color=True, neutral=True)
    line = shown(json.dumps({"level": "ERROR", "message": "a\x1b[2J", "k": "\x07"}), style)
    assert line == "\x1b[36mf\x1b[0m \x1b[31mERROR\x1b[0m a\\x1b[2J  \x1b[2mk=\\x07\x1b[0m\n"


def test_an_unhandled_error_of_python_is_red():
    style = Style(timestamps=False, color=True)
    assert shown("[ERROR] E: no\n", style) == "\x1b[31mERROR\x1b[0m E: no\n"


def test_late_events_are_marked():
    line = Lines(UTC)(Reader().read(event("x\n", late=True)))
    assert line == f"{BEFORE}(late) x\n"


def test_late_events_are_marked_for_programs():
    assert json.loads(as_json(Reader().read(event("x\n", late=True))))["late"] is True


def test_raw_is_what_is_stored():
    assert as_stored(Reader().read(event("a\x1b[1m\nb"))) == "a\x1b[1m\nb\n"


def test_json_has_everything_on_one_line():
    record = Reader().read(event(f"END RequestId: {ID}\n"))
    assert json.loads(as_json(record)) == {
        "eventId": "1",
        "timestamp": "2026-03-01T10:00:00.000Z",
        "ingestionTime": "2026-03-01T10:00:00.005Z",
        "function": "f",
        "version": "7",
        "requestId": ID,
        "late": False,
        "group": "/aws/lambda/f",
        "stream": "2026/03/01/[7]0f0e",
        "message": f"END RequestId: {ID}\n",
    }


def printed(messages, write=None, **options):
    stream = io.StringIO()
    printer = Printer(stream, write or Lines(Style(timestamps=False)), **options)
    printer.events(event(message, stream=where) for where, message in messages)
    printer.finish()
    return stream.getvalue(), printer


TWO_AT_ONCE = [
    ("a", "loading a\n"),
    ("a", f"START RequestId: {ID} Version: 7\n"),
    ("b", f"START RequestId: {OTHER} Version: 7\n"),
    ("a", "one\n"),
    ("b", "two\n"),
    ("a", "three\n"),
    ("a", REPORT),
]


def test_invocations_are_printed_whole_and_unfinished_ones_last():
    text, _ = printed(TWO_AT_ONCE, grouped=True)
    closing = f"done in 3.84 ms, billed 54 ms, 7 of 128 MB, cold start 49 ms ({ID})\n"
    assert text == f"loading a\none\nthree\n{closing}\ntwo\n"


def test_late_lines_of_an_invocation_that_was_printed_say_whose_they_are():
    stream = io.StringIO()
    printer = Printer(stream, Lines(Style(timestamps=False)), grouped=True, late=1_000)
    marks = [(10, f"START RequestId: {ID} Version: 7"), (20, REPORT)]
    marks += [(30, f"START RequestId: {OTHER} Version: 7"), (31, "of the other")]
    late = [(12, "one"), (13, "two")]
    for at, message in marks + late:
        moment = event(message)._replace(timestamp=at, late=(at, message) in late)
        printer.events([moment])
    printer.finish()
    shown = stream.getvalue().partition("\n")[2]
    assert shown == f"\nmore of {ID}:\n(late) one\n(late) two\n\nof the other\n"


def test_invocations_have_nothing_between_them_for_programs():
    documents, _ = printed(TWO_AT_ONCE, as_json, grouped=True)
    assert len([json.loads(line) for line in documents.splitlines()]) == len(TWO_AT_ONCE)
    raw, _ = printed(TWO_AT_ONCE, as_stored, grouped=True)
    assert raw.count("\n\n") == 0


def test_a_filter_keeps_whole_invocations_when_they_are_grouped():
    text, _ = printed(TWO_AT_ONCE, grouped=True, wanted=filters.grep("two"))
    assert text == "two\n"


def test_the_limit_counts_what_is_printed():
    text, printer = printed(TWO_AT_ONCE, limit=2)
    assert (text, printer.enough, printer.count) == ("loading a\none\n", True, 2)


STACK = [
    ("a", "ERROR in a\n"),
    ("a", "\tat a.one\n"),
    ("a", "\tat a.two\n"),
    ("b", "ERROR in b\n"),
    ("b", "\tat b.one\n"),
]
SHOWN = "ERROR in a\n\tat a.one\n\tat a.two\n"


def test_a_stack_of_several_events_counts_as_one_where_there_is_a_limit():
    text, printer = printed(STACK, limit=1)
    assert (text, printer.enough, printer.count) == (SHOWN, True, 3)


def test_a_filter_keeps_the_stack_of_what_it_keeps():
    assert printed(STACK, wanted=filters.grep("in a"))[0] == SHOWN
    assert printed(STACK, wanted=filters.grep("in b", invert=True))[0] == SHOWN
    assert printed(STACK, wanted=filters.grep("b.one"))[0] == "\tat b.one\n"


def test_the_last_ones_are_given_with_their_stacks():
    printer = Printer(io.StringIO(), Lines(Style(timestamps=False)), wanted=filters.grep("in"))
    events = [event(message, stream=where) for where, message in STACK]
    assert [len(stack) for stack in printer.visible(events)] == [3, 2]


def test_progress_is_shown_after_a_second_and_taken_away():
    stream = io.StringIO()
    stream.isatty = lambda: True
    terminal = Terminal(io.StringIO(), stream)
    reading = Reading(terminal, 0, 200, clock=iter([0.0, 0.5, 1.0, 1.1, 1.2]).__next__)
    for at in (10, 20, 50, 100):
        reading.reached(at, 1_000)
    terminal.end_progress()
    terminal.end_progress()
    assert stream.getvalue() == (
        "\r\x1b[Kreading: 10 % of the time, 2,000 events"
        "\r\x1b[Kreading: 50 % of the time, 4,000 events\r\x1b[K"
    )


@pytest.mark.parametrize("depth", [200, 201, 900, 50_000])
def test_a_document_is_printed_however_deep_it_is(depth):
    message = '{"message": "made", "tree": ' + "[" * (depth - 1) + "]" * (depth - 1) + "}"
    record = Reader().read(LogEvent("f", "/aws/lambda/f", "s", "1", 1, 1, message))
    assert "made" in "".join(content(record))
    assert json.loads(as_json(record))["message"] == message


def test_carriage_returns_end_lines():
    event = LogEvent("f", "/aws/lambda/f", "s", "1", 1, 1, "[ERROR] E: no\rTraceback\r  File x\r\n")
    lines = Lines(Style(("f",), timestamps=False))(Reader().read(event))
    assert [line.strip() for line in lines.splitlines()] == ["f ERROR E: no", "Traceback", "File x"]
