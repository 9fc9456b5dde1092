"""The log that an answer brings, as lcli invoke prints it on stderr."""

import io

import pytest

from lcli.invoke.call import FunctionError, Response
from lcli.ui.answer_log import print_log
from lcli.ui.terminal import Terminal

ID = "11111111-1111-4111-8111-111111111111"
START = f"START RequestId: {ID} Version: 7\n"
END = (
    f"END RequestId: {ID}\n"
    f"REPORT RequestId: {ID}\tDuration: 2 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 9 MB\t\n"
    "XRAY TraceId: 1-2-3\tSegmentId: 4\tSampled: true\t\n"
)
CUT = (
    "the log begins earlier, AWS answers with its last 4,096 bytes: `lcli logs f --request 1` "
    "shows all of it, or the next time --tail\n"
)


class Screen(io.StringIO):
    def isatty(self):
        return True


def printed(log, error=None, stderr=None):
    stderr = stderr or io.StringIO()
    response = Response(200, b"1", ID, "7", log, error)
    print_log(Terminal(io.StringIO(), stderr), response, "`lcli logs f --request 1`")
    return stderr.getvalue()


@pytest.mark.parametrize(
    ("log", "lines"),
    [
        pytest.param(START + END, "", id="nothing written"),
        pytest.param(f"{START}got \x1b[31m1\n{END}", "got \\x1b[31m1\n", id="made safe"),
        pytest.param(
            f"{START}[WARNING]\t2026-11-29T12:00:00.000Z\t{ID}\tlow\n{END}", "WARNING low\n",
            id="level",
        ),
        pytest.param("x" * 4096 + "\n" + END, CUT + "x" * 4096 + "\n", id="cut"),
        pytest.param(START + "x" * 4096 + "\n" + END, "x" * 4096 + "\n", id="just whole"),
    ],
)  # fmt: skip
def test_what_the_function_wrote_is_printed(log, lines):
    assert printed(log) == lines


def test_the_error_is_left_to_the_response():
    error = FunctionError("Unhandled", "ValueError", "no", ())
    stack = "Traceback (most recent call last):\n\u00a0\u00a0File 1\n"
    assert printed(f"{START}got 1\n[ERROR] ValueError: no\n{stack}{END}", error) == "got 1\n"


def test_a_remark_is_dim_on_a_terminal():
    assert printed("x" * 4096 + "\n", stderr=Screen()).startswith(f"\x1b[2m{CUT[:-1]}\x1b[0m\n")
