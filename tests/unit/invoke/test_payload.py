import io

import pytest

from lcli.errors import ExitCode, LcliError
from lcli.invoke.payload import ASYNC_LIMIT, read_context, read_payload, value_of


@pytest.mark.parametrize(
    "given",
    ["0", '""', "false", "null", '{"a": [1]}', "1e999", pytest.param("7" * 9_000, id="long")],
)
def test_json_is_sent_as_it_is(given):
    assert read_payload(given, io.BytesIO(), asynchronous=False) == given.encode()


def test_nothing_given_is_nothing_sent():
    assert read_payload(None, io.BytesIO(b"unread"), asynchronous=False) == b""


def test_a_dash_reads_standard_input():
    assert read_payload("-", io.BytesIO(b'{"a":1}'), asynchronous=False) == b'{"a":1}'


def test_an_at_sign_reads_a_file(tmp_path):
    (tmp_path / "event.json").write_bytes(b'{"b": 2}\n')
    given = f"@{tmp_path}/event.json"
    assert read_payload(given, io.BytesIO(), asynchronous=False) == b'{"b": 2}\n'


@pytest.mark.parametrize(
    ("given", "asynchronous", "code"),
    [
        pytest.param("{", False, "payload-not-json", id="not JSON"),
        pytest.param("[" * 100_000, False, "payload-not-json", id="deep"),
        pytest.param("NaN", False, "payload-not-json", id="a constant of Python's"),
        pytest.param("\udcff", False, "payload-not-json", id="not UTF-8"),
        pytest.param("\ufeff1", False, "payload-not-json", id="a byte order mark"),
        pytest.param("", False, "payload-empty", id="nothing of a shell's variable"),
        pytest.param("-", False, "payload-empty", id="nothing through a pipe"),
        pytest.param("@/dev/null", False, "payload-empty", id="nothing in a file"),
        pytest.param("@/nowhere/event.json", False, "payload-unreadable", id="no file"),
        pytest.param('"' + "x" * ASYNC_LIMIT + '"', True, "payload-too-large", id="large"),
    ],
)
def test_a_bad_payload_is_refused_before_anything_is_sent(given, asynchronous, code):
    with pytest.raises(LcliError) as caught:
        read_payload(given, io.BytesIO(), asynchronous=asynchronous)
    assert caught.value.exit_code is ExitCode.USAGE
    assert [problem.code for problem in caught.value.problems] == [code]


@pytest.mark.parametrize("given", ['{"e": 1e400}', "[-1e999]", "[" * 201 + "]" * 201])
def test_what_would_be_written_again_as_no_json_is_refused(given):
    assert read_payload(given, io.BytesIO(), asynchronous=False) == given.encode()
    with pytest.raises(LcliError, match="cannot be read and written again") as caught:
        value_of(given.encode(), "x.json")
    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    ("use", "limited"),
    [("", "an asynchronous invocation"), ("a callback's result", "a callback's result")],
)
def test_the_size_message_names_what_the_payload_is_for(use, limited):
    with pytest.raises(LcliError) as caught:
        read_payload("-", io.BytesIO(b" " * (ASYNC_LIMIT + 1)), asynchronous=True, use=use)
    assert caught.value.problems[0].what == (
        f"the payload is over 1,048,576 bytes, Lambda's limit for {limited}"
    )


def test_raw_may_be_nothing():
    assert read_payload("-", io.BytesIO(), asynchronous=False, raw=True) == b""


def test_raw_bytes_are_not_looked_at():
    # An argument that is not UTF-8, as Python reads it.
    assert read_payload("\udcff{", io.BytesIO(), asynchronous=False, raw=True) == b"\xff{"
    assert read_payload("-", io.BytesIO(b"\xff{"), asynchronous=False, raw=True) == b"\xff{"


def test_a_client_context_is_json_that_fits():
    assert read_context('{"custom": 1}') == b'{"custom": 1}'
    most = '"' + "x" * 2683 + '"'
    assert read_context(most) == most.encode()
    for given, code in ((most + " ", "context-too-large"), ("{", "payload-not-json")):
        with pytest.raises(LcliError) as caught:
            read_context(given)
        assert caught.value.problems[0].code == code
