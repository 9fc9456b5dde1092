import base64
import json

import pytest
from botocore.eventstream import ChecksumMismatch
from botocore.exceptions import EventStreamError
from urllib3.exceptions import ProtocolError

from lcli.aws.clients import AwsError
from lcli.invoke.call import FunctionError, Target
from lcli.invoke.stream import invoke_stream

CHUNKS = [{"PayloadChunk": {"Payload": b"one "}}, {"PayloadChunk": {"Payload": b"\xff two"}}]


class OneStream:
    def __init__(self, *events):
        self.events = events
        self.requests = []

    def once(self, service, operation, read_timeout, /, **parameters):
        self.requests.append((service, operation, parameters))
        metadata = {"RequestId": "8524742e-23b6-4b18-9700-5a45127f9ad1"}
        return {
            "StatusCode": 200,
            "ExecutedVersion": "7",
            "EventStream": iter(self.events),
            "ResponseMetadata": metadata,
        }


def streamed(*events):
    single, written = OneStream(*events), []
    response = invoke_stream(single, Target("f", "live"), b"{}", written.append)
    assert [operation for _, operation, _ in single.requests] == ["InvokeWithResponseStream"]
    return response, written


def test_chunks_are_written_one_by_one_as_bytes():
    complete = {"InvokeComplete": {"LogResult": base64.b64encode(b"hello\n").decode()}}
    response, written = streamed(*CHUNKS, complete)
    assert written == [b"one ", b"\xff two"]
    assert (response.version, response.log, response.error) == ("7", "hello\n", None)
    assert response.payload == b""


@pytest.mark.parametrize(
    ("complete", "expected"),
    [
        pytest.param(
            {"ErrorCode": "Unhandled", "ErrorDetails": '{"errorType":"E","errorMessage":"m"}'},
            FunctionError("Unhandled", "E", "m", ()),
            id="details in JSON",
        ),
        pytest.param(
            {"ErrorCode": "Function.Timeout", "ErrorDetails": "timed out"},
            FunctionError("Function.Timeout", "Function.Timeout", "timed out", ()),
            id="details in words",
        ),
    ],
)
def test_an_error_after_some_output_is_a_value(complete, expected):
    response, written = streamed(*CHUNKS, {"InvokeComplete": complete})
    assert (response.error, len(written)) == (expected, 2)


def test_an_error_without_details_is_read_from_the_response():
    body = json.dumps({"errorType": "E", "errorMessage": "m"}).encode()
    response, _ = streamed(
        {"PayloadChunk": {"Payload": body}}, {"InvokeComplete": {"ErrorCode": "Unhandled"}}
    )
    assert response.error == FunctionError("Unhandled", "E", "m", ())


def test_a_stream_without_its_end_was_cut():
    with pytest.raises(AwsError) as caught:
        streamed(*CHUNKS)
    assert (caught.value.code, caught.value.message, caught.value.lost) == (
        "Unreachable",
        "the response ended before it was complete",
        True,
    )


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ChecksumMismatch(1, 2), id="damaged"),
        pytest.param(ProtocolError("Connection broken"), id="cut"),
        pytest.param(
            EventStreamError({"Error": {"Code": "internalError", "Message": "m"}}, "Invoke"),
            id="an error in the stream",
        ),
    ],
)
def test_a_stream_that_breaks_is_of_a_function_that_may_have_run(error):
    def events():
        yield CHUNKS[0]
        raise error

    single, written = OneStream(), []
    single.events = events()
    with pytest.raises(AwsError) as caught:
        invoke_stream(single, Target("f"), b"{}", written.append)
    assert (caught.value.lost, written) == (True, [b"one "])
