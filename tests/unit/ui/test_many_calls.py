import io
import json

import pytest

from lcli.invoke.call import Response
from lcli.invoke.many import Result
from lcli.ui.many_calls import Count, as_document, as_line
from lcli.ui.terminal import Terminal


class Screen(io.StringIO):
    def isatty(self):
        return True


def answered(payload, status=200):
    return Result(1, 0.5, Response(status, payload, "r-1", "7", "", None))


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
    refused, fine = json.loads(as_document(REFUSED)), json.loads(as_document(answered(b"1")))
    assert refused.keys() == fine.keys()
    assert refused["error"]["type"] == "TooManyRequestsException"


def test_progress_is_drawn_on_a_terminal_and_gone_at_the_end():
    stderr = Screen()
    count = Count(Terminal(io.StringIO(), stderr))
    assert len(list(count.watch([answered(b"1"), REFUSED]))) == 2
    assert "\r1 done, " in stderr.getvalue()
    assert "2: TooManyRequestsException: slow down\n" in stderr.getvalue()
    assert stderr.getvalue().endswith("\r\x1b[K")


def test_nothing_is_drawn_into_a_pipe():
    stderr = io.StringIO()
    list(Count(Terminal(io.StringIO(), stderr)).watch([answered(b"1")]))
    assert stderr.getvalue() == ""
