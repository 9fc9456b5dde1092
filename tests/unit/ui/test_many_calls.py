import io
import json

import pytest

from lcli.invoke.call import Response
from lcli.invoke.latency import Measurements
from lcli.invoke.many import Line, Result
from lcli.invoke.price import Bill, Rate
from lcli.ui.many_calls import Count, as_document, as_line, latency_table
from lcli.ui.response import ran
from lcli.ui.terminal import Terminal


class Screen(io.StringIO):
    def isatty(self):
        return True


RATE = Rate("us-east-1", "x86_64")
REPORT = (
    "REPORT RequestId: r-1\tDuration: 990 ms\tBilled Duration: 1000 ms\tMemory Size: 1024 MB\t"
    "Max Memory Used: 61 MB"
)


def answered(payload, status=200, log="", *, version="7", end=0):
    return Result(1, 0.5, Response(status, payload, "r-1", version, log, None), end=end)


REFUSED = Result(2, 0.1, None, "TooManyRequestsException", "slow down")


@pytest.mark.parametrize(
    ("result", "line"),
    [
        pytest.param(answered(b'{"a":1}'), b'{"a":1}\n', id="as it came"),
        pytest.param(answered(b'{\n "a": 1\n}'), b'{"a": 1}\n', id="laid out"),
        pytest.param(answered(b"not\nJSON"), b'"not\\nJSON"\n', id="not JSON"),
        pytest.param(answered(b"text"), b'"text"\n', id="text"),
        pytest.param(answered(b'{"a": NaN}'), b'"{\\"a\\": NaN}"\n', id="NaN"),
        pytest.param(answered(b"1\0"), b'"1\\u0000"\n', id="not UTF-8"),
        pytest.param(answered(b"[" * 9999), b'"' + b"[" * 9999 + b'"\n', id="too deep"),
        pytest.param(answered(b'"\\ud800"\n'), b'"\\ud800"\n', id="half a pair"),
        pytest.param(answered(b""), b"null\n", id="nothing"),
        pytest.param(answered(b"", 202), b'"r-1"\n', id="queued"),
        pytest.param(
            REFUSED,
            b'{"errorType": "TooManyRequestsException", "errorMessage": "slow down"}\n',
            id="refused",
        ),
    ],
)
def test_a_result_is_one_line(result, line):
    assert as_line(result) == line


def test_a_raw_result_stays_as_it_came():
    assert as_line(answered(b"text"), raw=True) == b"text\n"


def test_a_refusal_as_a_document_has_the_shape_of_an_answer():
    refused, fine = (json.loads(as_document(one, RATE)) for one in (REFUSED, answered(b"1")))
    assert refused.keys() == fine.keys()
    assert refused["error"]["type"] == "TooManyRequestsException"


def test_progress_is_drawn_on_a_terminal_and_gone_at_the_end():
    stderr = Screen()
    count = Count(Terminal(io.StringIO(), stderr), RATE)
    assert len(list(count.watch([answered(b"1"), REFUSED]))) == 2
    drawn = stderr.getvalue()
    assert drawn.startswith("\r\x1b[K[===                 ] 1 done, ")
    assert drawn.endswith(" a second\r\x1b[K2: TooManyRequestsException: slow down\n")


@pytest.mark.parametrize(
    ("known", "drawn"),
    [
        pytest.param({"total": 4}, "[=====               ] 1 of 4 done, ", id="so many calls"),
        pytest.param({"size": 20}, "[==========          ] 1 done, ", id="a file"),
        pytest.param({"size": 5}, "[====================] 1 done, ", id="a file that grows"),
        pytest.param({"size": 0}, "[===                 ] 1 done, ", id="an empty file"),
    ],
)
def test_a_bar_says_how_far_it_is_where_that_is_known(known, drawn):
    stderr = Screen()
    count = Count(Terminal(io.StringIO(), stderr), RATE, **known)
    list(count.watch([answered(b"1", end=10)]))
    assert stderr.getvalue().startswith(f"\r\x1b[K{drawn}")


def test_a_bar_goes_to_and_fro_where_nobody_knows_how_far_it_is():
    count = Count(Terminal(io.StringIO(), Screen()), RATE)
    drawn = [count._bar for _ in range(35)]
    assert {len(one) for one in drawn} == {23}
    starts = [one.index("=") for one in drawn]
    assert starts == [*range(1, 18), *range(18, 0, -1)]


def test_nothing_is_drawn_into_a_pipe():
    stderr = io.StringIO()
    list(Count(Terminal(io.StringIO(), stderr), RATE).watch([answered(b"1")]))
    assert stderr.getvalue() == ""


def test_a_document_and_the_closing_count_say_what_was_spent():
    one = answered(b"1", log=REPORT)
    assert json.loads(as_document(one, RATE))["cost"] == {
        "usd": 0.0000168667,
        "at_most": False,
        "region": "us-east-1",
        "prices": "2026-09-19",
        "table": "2026-11-24",
        "uncounted": [],
    }
    count = Count(Terminal(io.StringIO(), io.StringIO()), RATE)
    list(count.watch([one, one, REFUSED]))
    assert str(count).endswith(" a second, 1 failed, $0.000034")


def test_a_sum_says_which_calls_are_not_in_it():
    count = Count(Terminal(io.StringIO(), io.StringIO()), RATE)
    lost = Result(2, 0.1, None, "Unreachable", "no answer", lost=True)
    list(count.watch([answered(b"1", log=REPORT), answered(b"1"), lost, REFUSED]))
    said = "$0.000017 (2 calls without a REPORT not counted)"
    assert str(count).endswith(f" a second, 2 failed, {said}")


def test_the_versions_that_ran_are_counted():
    count = Count(Terminal(io.StringIO(), io.StringIO()), RATE)
    list(count.watch([answered(b"1", version="10"), answered(b"1", version="9"), REFUSED]))
    assert ran(*count.versions) == " versions 9, 10"


@pytest.mark.parametrize(
    ("begun", "said"),
    [
        pytest.param([1, 2], "nothing else was sent", id="all told"),
        pytest.param(
            [1, 3, 2],
            "call 3 may have been sent, and the function run; nothing after that was sent",
            id="one",
        ),
        pytest.param(
            [1, 2, 3, 5, 4],
            "calls 3 to 5 may have been sent, and the function run; nothing after that was sent",
            id="some",
        ),
    ],
)
def test_an_interruption_tells_which_calls_are_open(begun, said):
    count = Count(Terminal(io.StringIO(), io.StringIO()), RATE)
    for number in begun:
        count.begin(number, Line(b""))
    list(count.watch([answered(b"1"), REFUSED]))
    assert (count.open(), count.failed, count.unanswered) == (said, 1, 1)


def test_a_table_of_no_answers_has_no_latencies():
    measured = Measurements()
    measured.add(REFUSED)
    table = latency_table(measured.latency, Bill(RATE))
    assert str(table) == "1 call, 0 cold starts, 1 error"


def test_cold_starts_are_unknown_where_an_answer_does_not_tell():
    measured = Measurements()
    for one in (answered(b"1", log=REPORT), answered(b"1")):
        measured.add(one)
    shown = io.StringIO()
    Terminal(shown, io.StringIO()).show(latency_table(measured.latency, Bill(RATE)))
    assert "\n2 calls, cold starts unknown, 0 errors\n" in shown.getvalue()


@pytest.mark.parametrize(("lost", "kind"), [(True, "Lost"), (False, "Refused")])
def test_a_document_tells_a_lost_answer_from_a_refusal(lost, kind):
    result = Result(1, 0.1, None, "Unreachable", "no answer", lost)
    assert json.loads(as_document(result, RATE))["error"]["kind"] == kind
