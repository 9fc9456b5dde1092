import base64
import io
import json

import pytest
from botocore.exceptions import ResponseStreamingError
from botocore.session import get_session
from urllib3.exceptions import IncompleteRead, ProtocolError

from lcli.aws.clients import AwsError
from lcli.invoke.call import FunctionError, Mode, Target, cut, invoke
from lcli.invoke.stream import invoke_stream

ID = "8524742e-23b6-4b18-9700-5a45127f9ad1"
METADATA = {"RequestId": ID}
WHOLE = {"StatusCode": 200, "ExecutedVersion": "$LATEST", "ResponseMetadata": METADATA}


class OneAnswer:
    def __init__(self, **answer):
        self.answer = WHOLE | answer
        self.requests = []

    def once(self, service, operation, read_timeout, /, **parameters):
        assert read_timeout > (900 if parameters["InvocationType"] == "RequestResponse" else 30)
        self.requests.append((service, operation, parameters))
        return self.answer


def test_one_request_is_sent_and_its_answer_returned():
    single = OneAnswer(
        Payload=io.BytesIO(b'{"ok":true}'),
        ExecutedVersion="7",
        LogResult=base64.b64encode(b"hello\n").decode(),
    )
    response = invoke(single, Target("f", "live"), b"{}")
    assert single.requests == [
        (
            "lambda",
            "Invoke",
            {
                "FunctionName": "f",
                "InvocationType": "RequestResponse",
                "Qualifier": "live",
                "Payload": b"{}",
                "LogType": "Tail",
            },
        )
    ]
    assert (response.payload, response.version, response.log) == (b'{"ok":true}', "7", "hello\n")
    assert (response.request_id, response.error, response.report) == (ID, None, None)


def test_all_that_a_call_takes_is_sent():
    single = OneAnswer(Payload=io.BytesIO(b""))
    invoke(single, Target("f", "live", "blue", "order-1", b'{"a":1}'), b"1")
    sent = single.requests[0][2]
    assert sent == {
        "FunctionName": "f",
        "InvocationType": "RequestResponse",
        "LogType": "Tail",
        "Qualifier": "live",
        "TenantId": "blue",
        "DurableExecutionName": "order-1",
        "ClientContext": "eyJhIjoxfQ==",
        "Payload": b"1",
    }
    model = get_session().get_service_model("lambda").operation_model("Invoke")
    assert sent.keys() == model.input_shape.members.keys()


def test_an_asynchronous_call_asks_for_no_log():
    single = OneAnswer(StatusCode=202)
    assert invoke(single, Target("f"), b"", mode=Mode.ASYNC).status == 202
    assert single.requests[0][2] == {"FunctionName": "f", "InvocationType": "Event"}


@pytest.mark.parametrize(
    ("mode", "answer"),
    [
        (mode, {"StatusCode": status} | lacks)
        for mode, status in ((Mode.SYNC, 200), (Mode.ASYNC, 202), (Mode.DRY_RUN, 204))
        for lacks in (
            {"ResponseMetadata": {"HTTPHeaders": {"content-type": "text/html; charset=utf-8"}}},
            {"ResponseMetadata": {"RequestId": ID[:-1]}},
            {"StatusCode": 202 if status == 200 else 200},
        )
    ],
)
def test_a_success_that_is_not_lambdas_own_is_an_answer_that_was_lost(mode, answer):
    single = OneAnswer(Payload=io.BytesIO(b"<html>log in</html>"), **answer)
    with pytest.raises(AwsError) as caught:
        invoke(single, Target("f"), b"", mode=mode)
    assert (caught.value.code, caught.value.lost) == ("Unreachable", True)
    assert len(single.requests) == 1


@pytest.mark.parametrize("mode", Mode)
def test_what_stands_in_for_lambda_may_have_no_request_ids(mode):
    headers = {"content-type": "application/json"}
    status = {Mode.SYNC: 200, Mode.ASYNC: 202, Mode.DRY_RUN: 204}[mode]
    single = OneAnswer(StatusCode=status, ResponseMetadata={"HTTPHeaders": headers})
    assert invoke(single, Target("f"), b"", mode=mode).request_id == ""


def test_a_page_that_takes_the_place_of_a_stream_is_an_answer_that_was_lost():
    page = {"HTTPHeaders": {"content-type": "text/html"}}
    single, written = OneAnswer(EventStream=iter([]), ResponseMetadata=page), []
    with pytest.raises(AwsError, match="it is a page without a request id") as caught:
        invoke_stream(single, Target("f"), b"", written.append)
    assert (caught.value.lost, written) == (True, [])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            {"errorType": "KeyError", "errorMessage": "'a'", "stackTrace": ["  File x\n"]},
            FunctionError("Unhandled", "KeyError", "'a'", ("  File x",)),
            id="Python",
        ),
        pytest.param(
            {"errorType": "Error", "errorMessage": "no", "trace": ["Error: no", "    at f"]},
            FunctionError("Unhandled", "Error", "no", ("Error: no", "    at f")),
            id="Node.js",
        ),
        pytest.param("text", FunctionError("Unhandled", "", "text", ()), id="a string"),
        pytest.param(
            {"errorType": None, "errorMessage": None},
            FunctionError("Unhandled", "", "", ()),
            id="nothing",
        ),
        pytest.param(b"[" * 100_000, FunctionError("Unhandled", "", "", ()), id="deep"),
        pytest.param(b"no JSON", FunctionError("Unhandled", "", "", ()), id="no JSON"),
    ],
)
def test_a_function_error_is_a_value(body, expected):
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    single = OneAnswer(FunctionError="Unhandled", Payload=io.BytesIO(payload))
    assert invoke(single, Target("f"), b"").error == expected


@pytest.mark.parametrize(
    ("error", "message"),
    [
        pytest.param(
            ResponseStreamingError(
                error=ProtocolError("Connection broken", IncompleteRead(1442, 18560))
            ),
            "the response was cut short, after 1,442 of 20,002 bytes",
            id="a length was promised",
        ),
        pytest.param(ProtocolError("reset"), "the response was cut short", id="reset"),
    ],
)
def test_a_response_that_is_cut_says_how_much_came(error, message):
    lost = cut(error, "Invoke")
    assert (lost.message, lost.lost) == (message, True)
