import io
import json

import pytest

from lcli.invoke.call import Response
from lcli.invoke.many import Result
from lcli.invoke.price import Rate
from lcli.ui.many_calls import Count, as_document, as_line
from lcli.ui.terminal import Terminal


class Screen(io.StringIO):
    def isatty(self):
        return True


RATE = Rate("us-east-1", "x86_64")
REPORT = (
    "REPORT RequestId: r-1\tDuration: 990 ms\tBilled Duration: 1000 ms\tMemory Size: 1024 MB\t"
    "Max Memory Used: 61 MB"
)


def answered(payload, status=200, log=""):
    return Result(1, 0.5, Response(status, payload, "r-1", "7", log, None))


REFUSED = Result(2, 0.1, None, "TooManyRequestsException", "slow down")


@pytest.mark.parametrize(
    ("result", "line"),
    [
        pytest.param(answered(b'{"a":1}'), b'{"a":1}\n', id="as it came"),
        pytest.param(answered(b'{\n "a": 1\n}'), b'{"a": 1}\n', id="laid out"),
        pytest.param(answered(b"not\nJSON"), b'"not\\nJSON"\n', id="not JSON"),
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


def test_a_refusal_as_a_document_has_the_shape_of_an_answer():
    refused, fine = (json.loads(as_document(one, RATE)) for one in (REFUSED, answered(b"1")))
    assert refused.keys() == fine.keys()
    assert refused["error"]["type"] == "TooManyRequestsException"


def test_progress_is_drawn_on_a_terminal_and_gone_at_the_end():
    stderr = Screen()
    count = Count(Terminal(io.StringIO(), stderr), RATE)
    assert len(list(count.watch([answered(b"1"), REFUSED]))) == 2
    drawn = stderr.getvalue()
    assert drawn.startswith("\r\x1b[K1 done, ")
    assert drawn.endswith(" a second\r\x1b[K2: TooManyRequestsException: slow down\n")


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
        "prices": "2025-10-01",
    }
    count = Count(Terminal(io.StringIO(), io.StringIO()), RATE)
    list(count.watch([one, one, REFUSED]))
    assert str(count).endswith(" a second, 1 failed, $0.000034")
