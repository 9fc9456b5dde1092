import io
import json
import threading
import time

import pytest

from lcli.aws.clients import AwsError
from lcli.invoke.call import FunctionError, Target
from lcli.invoke.many import Caller, Line, invoke_many, lines
from lcli.invoke.payload import SYNC_LIMIT

WHOLE = {
    "StatusCode": 200,
    "ExecutedVersion": "$LATEST",
    "ResponseMetadata": {"RequestId": "8524742e-23b6-4b18-9700-5a45127f9ad1"},
}


class Echo:
    """Answers with the payload; the first of every four answers comes last."""

    def __init__(self, **refusals):
        self.refusals = refusals
        self.lock = threading.Lock()
        self.sent = []
        self.busy = self.busiest = 0

    def once(self, service, operation, read_timeout, /, **parameters):
        payload = parameters["Payload"]
        with self.lock:
            self.sent.append(payload)
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
        time.sleep(0.02 if len(self.sent) % 4 == 1 else 0.001)
        with self.lock:
            self.busy -= 1
        code = self.refusals.get(payload.decode().strip('"'))
        if code:
            raise AwsError(code, "no", service=service, operation=operation)
        answer = WHOLE | {"Payload": io.BytesIO(payload)}
        failed = b"errorType" in payload
        return answer | ({"FunctionError": "Unhandled"} if failed else {})


def many(echo, payloads, parallel=4):
    return list(invoke_many(Caller(echo, Target("f")), map(Line, payloads), parallel=parallel))


def test_results_come_in_the_order_of_the_payloads_and_each_is_sent_once():
    payloads = [str(number).encode() for number in range(200)]
    echo = Echo()
    results = many(echo, payloads)
    assert [result.response.payload for result in results] == payloads
    assert [result.number for result in results] == list(range(1, 201))
    assert sorted(echo.sent) == sorted(payloads)
    assert echo.busiest == 4


def test_no_more_is_read_than_the_results_that_are_not_taken_allow():
    read = []

    def endless():
        while True:
            read.append(None)
            yield Line(b"1")

    results = invoke_many(Caller(Echo(), Target("f")), endless(), parallel=3)
    for _ in range(10):
        next(results)
    time.sleep(0.2)
    # two a worker in the queue, the ten taken, and the one that is to go into the queue
    assert len(read) <= 10 + 3 * 2 + 1
    results.close()
    before = len(read)
    time.sleep(0.05)
    assert len(read) <= before + 1


def test_a_result_is_given_while_the_next_payload_is_not_there_yet():
    go_on = threading.Event()

    def slow():
        yield Line(b"1")
        go_on.wait(5)
        yield Line(b"2")

    results = invoke_many(Caller(Echo(), Target("f")), slow(), parallel=2)
    began = time.monotonic()
    assert next(results).response.payload == b"1"
    assert time.monotonic() - began < 2
    go_on.set()
    assert [result.response.payload for result in results] == [b"2"]


def test_errors_are_results_and_the_rest_goes_on():
    failed = b'{"errorType": "E", "errorMessage": "m"}'
    results = many(Echo(b="TooManyRequestsException"), [b'"a"', b'"b"', b"{", failed, b'"c"'])
    assert [result.failed for result in results] == [False, True, True, True, False]
    assert (results[1].code, results[1].message) == ("TooManyRequestsException", "no")
    assert results[2].code == "payload-not-json"
    assert results[3].response.error == FunctionError("Unhandled", "E", "m", ())
    assert results[3].why == "E: m"


def test_a_refusal_that_all_would_get_ends_the_run():
    echo = Echo(**{str(number): "ResourceNotFoundException" for number in range(1000)})
    with pytest.raises(AwsError, match="ResourceNotFoundException"):
        many(echo, (str(number).encode() for number in range(1000)))
    time.sleep(0.1)
    assert len(echo.sent) < 30


def test_what_reading_raises_is_raised():
    def broken():
        yield b"1"
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        many(Echo(), broken())


def test_lines_skip_blanks_and_keep_what_shows_that_a_line_is_too_long():
    text = b'{"a": 1}\r\n\n  \n2\n"' + b"x" * (3 * SYNC_LIMIT) + b'"\n3'
    found = list(lines(io.BytesIO(text)))
    payloads = [line.payload for line in found]
    assert [len(payload) if len(payload) > 10 else payload for payload in payloads] == [
        b'{"a": 1}',
        b"2",
        SYNC_LIMIT + 1,
        b"3",
    ]
    assert [line.end for line in found] == [10, 16, len(text) - 1, len(text)]
    result = many(Echo(), [payloads[2]])[0]
    assert result.code == "payload-too-large"


def test_many_payloads_need_no_more_memory_than_a_few():
    import tracemalloc

    body = json.dumps("x" * 100_000).encode()

    class Quick:
        def once(self, service, operation, read_timeout, /, **parameters):
            return WHOLE | {"Payload": io.BytesIO(parameters["Payload"] + b" ")}

    tracemalloc.start()
    for _ in invoke_many(
        Caller(Quick(), Target("f")), (Line(body + b" ") for _ in range(500)), parallel=4
    ):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # 50 MB went through; at most 4 x 2 payloads with their answers may wait, some copied
    assert peak < 10_000_000


def test_nothing_is_sent_any_more_once_it_is_closed():
    echo, begun = Echo(), []
    payloads = (Line(str(number).encode()) for number in range(1000))
    results = invoke_many(
        Caller(echo, Target("f")),
        payloads,
        parallel=4,
        begun=lambda number, line: begun.append(number),
    )
    next(results)
    results.close()
    there = max(begun)
    time.sleep(0.1)
    assert max(begun) == there == len(begun) == len(echo.sent) < 20


@pytest.mark.parametrize("parallel", [1, 7])
def test_what_is_in_flight_ends_once_nobody_reads_and_all_of_it_comes_before_the_rest(parallel):
    echo, found = Echo(), []
    payloads = (Line(str(number).encode(), number=number) for number in range(1, 1000))
    calls = Caller(echo, Target("f"))
    for result in invoke_many(calls, payloads, parallel=parallel, unread=lambda: len(found) > 2):
        found.append(result.line)
    assert found == [*range(1, len(found) + 1)]
    assert sorted(int(sent) for sent in echo.sent) == found
    assert 3 <= len(found) <= 3 + 3 * parallel


def test_a_result_has_the_end_of_its_own_line_though_reading_is_ahead():
    text = io.BytesIO(b"1\n22\n\n333")
    results = invoke_many(Caller(Echo(), Target("f")), lines(text), parallel=4)
    assert [(result.end, result.line) for result in results] == [(2, 1), (5, 2), (9, 4)]


def test_a_lost_answer_says_that_the_function_may_have_run():
    class Silent:
        def once(self, service, operation, read_timeout, /, **parameters):
            raise AwsError(
                "Unreachable", "no answer", service=service, operation=operation, lost=True
            )

    [result] = many(Silent(), [b"1"])
    assert (result.code, result.lost) == ("Unreachable", True)
    assert result.message.endswith(
        "the function may have run, or still run; it is not called again"
    )


@pytest.mark.parametrize("code", ["ExpiredTokenException", "InvalidClientTokenId"])
def test_credentials_that_serve_no_more_end_the_run(code):
    with pytest.raises(AwsError, match=code):
        many(Echo(a=code), [b'"a"'])
