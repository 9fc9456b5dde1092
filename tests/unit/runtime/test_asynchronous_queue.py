from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lcli.local.asynchronous import AsynchronousQueue
from lcli.local.destinations import Delivery
from lcli.local.execution import Deployed, Invocation, Outcome
from lcli.local.lambda_api.errors import ApiError
from lcli.local.lambda_api.views import Asynchronous

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:f"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:q"
DONE = Outcome(b'{"ok": true}')
FAILED = Outcome(b'{"errorMessage": "no", "errorType": "E"}', "Unhandled")
THROTTLED = ApiError("TooManyRequestsException", "Rate Exceeded.", 429)
GONE = ApiError("ResourceNotFoundException", "Function not found: f", 404)


def invocation(payload: bytes = b'{"n": 1}', request_id: str = "r-1") -> Invocation:
    deployed = Deployed(
        arn=ARN,
        name="f",
        version="$LATEST",
        revision="1",
        runtime="python3.13",
        handler="app.handler",
        memory=128,
        timeout=3,
        storage=512,
        environment={},
        code=Path(),
        layers=(),
        region="eu-west-1",
        account="123456789012",
        architecture="arm64",
        log_group="/aws/lambda/f",
    )
    return Invocation(deployed, payload, request_id, ARN)


@dataclass
class Script:
    """Lambda's API with a list of what each try gives."""

    results: list[Outcome | ApiError]
    settings: Asynchronous
    tried: list[float] = field(default_factory=list)
    delivered: list[Delivery] = field(default_factory=list)

    def invocation(self, arn: str, payload: bytes, **named: Any) -> Invocation:
        return invocation(payload, named["request_id"])

    async def run(self, asked: Invocation) -> Outcome:
        self.tried.append(asyncio.get_running_loop().time())
        result = self.results.pop(0)
        if isinstance(result, ApiError):
            raise result
        return result

    def asynchronous(self, arn: str) -> Asynchronous:
        return self.settings

    async def deliver(self, delivery: Delivery) -> None:
        self.delivered.append(delivery)

    @property
    def waits(self) -> list[float]:
        return [after - before for before, after in zip(self.tried, self.tried[1:], strict=False)]


def play(*results: Outcome | ApiError, speedup: float = 2000, **settings: Any) -> Script:
    """Put one event through; gives what happened."""
    defaults = {"maximum_age": 21_600, "retries": 2}
    empty = {"on_success": "", "on_failure": "", "dead_letters": ""}
    script = Script([*results], Asynchronous(**(defaults | empty | settings)))

    async def through() -> None:
        queue = AsynchronousQueue(lambda: script, script.deliver, speedup=speedup)
        await queue.enqueue(invocation())
        while queue.pending:
            await asyncio.sleep(0.002)

    asyncio.run(asyncio.wait_for(through(), 10))
    return script


@pytest.mark.parametrize(
    ("results", "retries", "tries"),
    [
        ([DONE], 2, 1),
        ([FAILED, DONE], 2, 2),
        ([FAILED, FAILED, FAILED], 2, 3),
        ([FAILED, FAILED], 1, 2),
        ([FAILED], 0, 1),
        ([THROTTLED, THROTTLED, DONE], 0, 3),
        ([GONE], 2, 1),
    ],
    ids=["done", "second-try", "exhausted", "one-retry", "no-retry", "throttled", "gone"],
)
def test_an_event_is_tried_as_often_as_its_settings_say(
    results: list[Any], retries: int, tries: int
) -> None:
    script = play(*results, retries=retries)
    assert (len(script.tried), script.results) == (tries, [])


def test_retries_wait_one_and_two_minutes_of_the_queues_clock() -> None:
    first, second = play(FAILED, FAILED, DONE, speedup=600).waits
    assert first == pytest.approx(0.1, abs=0.06)
    assert second == pytest.approx(0.2, abs=0.06)
    assert second > first


def test_an_event_that_grows_too_old_is_given_up() -> None:
    results = [THROTTLED] * 50
    script = play(*results, maximum_age=60, on_failure=QUEUE)
    (delivery,) = script.delivered
    record = json.loads(delivery.parameters["MessageBody"])
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert "responseContext" not in record


@pytest.mark.parametrize(
    ("results", "setting", "condition", "tries", "context", "payload"),
    [
        pytest.param(
            [DONE],
            "on_success",
            "Success",
            1,
            {"statusCode": 200, "executedVersion": "$LATEST"},
            {"ok": True},
            id="success",
        ),
        pytest.param(
            [FAILED, FAILED, FAILED],
            "on_failure",
            "RetriesExhausted",
            3,
            {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            {"errorMessage": "no", "errorType": "E"},
            id="failure",
        ),
    ],
)
def test_a_destination_gets_the_invocation_record(
    results: list[Any],
    setting: str,
    condition: str,
    tries: int,
    context: dict[str, Any],
    payload: Any,
) -> None:
    (delivery,) = play(*results, **{setting: QUEUE}).delivered
    assert (delivery.service, delivery.operation) == ("sqs", "SendMessage")
    record = json.loads(delivery.parameters["MessageBody"])
    assert record.pop("timestamp").endswith("Z")
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": "r-1",
            "functionArn": f"{ARN}:$LATEST",
            "condition": condition,
            "approximateInvokeCount": tries,
        },
        "requestPayload": {"n": 1},
        "responseContext": context,
        "responsePayload": payload,
    }


def test_a_destination_hears_only_of_its_own_condition() -> None:
    assert play(DONE, on_failure=QUEUE).delivered == []
    assert play(FAILED, retries=0, on_success=QUEUE).delivered == []


@pytest.mark.parametrize(
    ("target", "service", "operation", "expected"),
    [
        (
            "arn:aws:sns:eu-west-1:123456789012:t",
            "sns",
            "Publish",
            {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:t"},
        ),
        (
            "arn:aws:lambda:eu-west-1:123456789012:function:g",
            "lambda",
            "Invoke",
            {
                "FunctionName": "arn:aws:lambda:eu-west-1:123456789012:function:g",
                "InvocationType": "Event",
            },
        ),
        ("arn:aws:s3:::failed", "s3", "PutObject", {"Bucket": "failed"}),
    ],
    ids=["sns", "lambda", "s3"],
)
def test_every_kind_of_destination_gets_a_call_of_its_service(
    target: str, service: str, operation: str, expected: dict[str, Any]
) -> None:
    (delivery,) = play(FAILED, retries=0, on_failure=target).delivered
    assert (delivery.service, delivery.operation) == (service, operation)
    assert (delivery.account, delivery.region) == ("123456789012", "eu-west-1")
    assert expected.items() <= delivery.parameters.items()


def test_an_event_bus_gets_an_event_that_tells_the_result() -> None:
    bus = "arn:aws:events:eu-west-1:123456789012:event-bus/default"
    (delivery,) = play(DONE, on_success=bus).delivered
    (entry,) = delivery.parameters["Entries"]
    assert entry["Source"] == "lambda"
    assert entry["DetailType"] == "Lambda Function Invocation Result - Success"
    assert entry["Resources"] == [f"{ARN}:$LATEST", bus]


def test_a_dead_letter_is_the_event_with_what_went_wrong() -> None:
    (delivery,) = play(FAILED, retries=0, dead_letters=QUEUE).delivered
    assert delivery.parameters == {
        "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/q",
        "MessageBody": '{"n": 1}',
        "MessageAttributes": {
            "RequestID": {"DataType": "String", "StringValue": "r-1"},
            "ErrorCode": {"DataType": "Number", "StringValue": "200"},
            "ErrorMessage": {"DataType": "String", "StringValue": "no"},
        },
    }
