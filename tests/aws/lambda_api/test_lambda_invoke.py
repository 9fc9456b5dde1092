"""Invoke in its three ways, and what comes back, with an invoker that runs no processes."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from stage import Stage, refusal

from lcli.local.execution import Invocation, Outcome, RuntimeMissing, Throttled

FN = {"FunctionName": "fn"}


class Recorder:
    """An invoker that notes what it gets and answers what it was told to."""

    def __init__(self, answer: Outcome | Exception | None = None) -> None:
        self.answer = answer or Outcome(b'"done"', log_tail=b"START\nEND\n")
        self.got: list[tuple[Invocation, int | None]] = []
        self.retired: list[tuple[str, str | None]] = []

    async def invoke(self, invocation: Invocation, *, concurrency: int | None = None) -> Outcome:
        self.got.append((invocation, concurrency))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def retire(self, arn: str, version: str | None = None) -> None:
        self.retired.append((arn, version))

    async def close(self) -> None:
        """Nothing runs."""


def staged(directory: Path, answer: Outcome | Exception | None = None, **seams: Any) -> Any:
    invoker = Recorder(answer)
    stage = Stage(directory, invoker=invoker, **seams)
    stage.create(Environment={"Variables": {"ONE": "1"}}, Timeout=7, MemorySize=256)
    return stage, invoker


def test_a_call_runs_the_function_as_it_was_deployed(tmp_path: Path) -> None:
    stage, invoker = staged(tmp_path)
    answer = stage.client.invoke(**FN, Payload=b'{"x": 1}')
    assert answer["StatusCode"] == 200
    assert answer["Payload"].read() == b'"done"'
    assert answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer
    assert "LogResult" not in answer
    ((invocation, concurrency),) = invoker.got
    deployed = invocation.deployed
    assert invocation.payload == b'{"x": 1}'
    assert concurrency is None
    assert (deployed.runtime, deployed.handler) == ("python3.12", "index.handler")
    assert (deployed.memory, deployed.timeout, deployed.storage) == (256, 7, 512)
    assert deployed.environment == {"ONE": "1"}
    assert (deployed.code / "index.py").read_text().startswith("def handler")
    assert deployed.log_group == "/aws/lambda/fn"


def test_the_log_comes_only_when_asked_for(tmp_path: Path) -> None:
    stage, _ = staged(tmp_path)
    answer = stage.client.invoke(**FN, LogType="Tail")
    assert base64.b64decode(answer["LogResult"]) == b"START\nEND\n"


def test_a_function_error_is_status_200(tmp_path: Path) -> None:
    error = Outcome(b'{"errorMessage": "no"}', function_error="Unhandled")
    stage, _ = staged(tmp_path, error)
    answer = stage.client.invoke(**FN)
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")


@pytest.mark.parametrize(
    ("name", "version", "arn_end"),
    [
        pytest.param("fn", "$LATEST", "function:fn", id="unqualified"),
        pytest.param("fn:1", "1", "function:fn:1", id="version"),
        pytest.param("fn:live", "1", "function:fn:live", id="alias"),
        pytest.param("111111111111:function:fn:live", "1", "function:fn:live", id="partial-arn"),
        pytest.param(
            "arn:aws:lambda:us-east-1:111111111111:function:fn:live",
            "1",
            "function:fn:live",
            id="arn",
        ),
    ],
)
def test_qualifiers_choose_the_version(
    name: str, version: str, arn_end: str, tmp_path: Path
) -> None:
    stage, invoker = staged(tmp_path)
    stage.client.publish_version(**FN)
    stage.client.create_alias(**FN, Name="live", FunctionVersion="1")
    assert stage.client.invoke(FunctionName=name)["ExecutedVersion"] == version
    assert invoker.got[0][0].deployed.version == version
    assert invoker.got[0][0].invoked_arn.endswith(arn_end)


def test_a_weight_divides_the_traffic(tmp_path: Path) -> None:
    stage, _ = staged(tmp_path)
    stage.client.publish_version(**FN)
    stage.update(Description="2")
    stage.client.publish_version(**FN)
    weights = {"AdditionalVersionWeights": {"2": 0.5}}
    stage.client.create_alias(**FN, Name="live", FunctionVersion="1", RoutingConfig=weights)
    ran = [stage.client.invoke(**FN, Qualifier="live")["ExecutedVersion"] for _ in range(200)]
    assert 60 < ran.count("2") < 140


def test_an_update_makes_new_environments_and_a_permission_does_not(tmp_path: Path) -> None:
    stage, invoker = staged(tmp_path)
    stage.client.invoke(**FN)
    stage.client.add_permission(
        **FN, StatementId="s", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com"
    )
    stage.client.invoke(**FN)
    stage.update(Description="changed")
    stage.client.invoke(**FN)
    first, second, third = (invocation.deployed.revision for invocation, _ in invoker.got)
    assert first == second != third


def test_an_event_is_queued_and_not_run(tmp_path: Path) -> None:
    queued: list[Invocation] = []
    stage, invoker = staged(tmp_path, enqueue=queued.append)
    answer = stage.client.invoke(**FN, InvocationType="Event", Payload=b"[1]")
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    assert [invocation.payload for invocation in queued] == [b"[1]"]
    assert invoker.got == []


def test_a_dry_run_does_nothing(tmp_path: Path) -> None:
    stage, invoker = staged(tmp_path)
    assert stage.client.invoke(**FN, InvocationType="DryRun")["StatusCode"] == 204
    assert invoker.got == []


def test_no_payload_is_an_empty_object(tmp_path: Path) -> None:
    stage, invoker = staged(tmp_path)
    stage.client.invoke(**FN)
    assert invoker.got[0][0].payload == b"{}"


@pytest.mark.parametrize(
    ("parameters", "status", "code", "message"),
    [
        pytest.param(
            {"Payload": b"{"},
            400,
            "InvalidRequestContentException",
            "Could not parse request body into json: Could not parse payload into json: "
            "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
            id="no-json",
        ),
        pytest.param(
            {"Payload": b'"' + b"x" * 6_291_456 + b'"'},
            413,
            "RequestEntityTooLargeException",
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
            id="too-large",
        ),
        pytest.param(
            {"Payload": b'"' + b"x" * 1_048_576 + b'"', "InvocationType": "Event"},
            413,
            "RequestEntityTooLargeException",
            "1048578 byte payload is too large for the Event invocation type (limit 1048576 bytes)",
            id="event-too-large",
        ),
        pytest.param(
            {"ClientContext": "e30"},
            400,
            "InvalidRequestContentException",
            "Client context must be a valid Base64-encoded JSON object.",
            id="client-context",
        ),
        pytest.param(
            {"Qualifier": "7"},
            404,
            "ResourceNotFoundException",
            "Function not found: arn:aws:lambda:us-east-1:111111111111:function:fn:7",
            id="no-such-version",
        ),
        pytest.param(
            {"InvocationType": "Maybe"},
            400,
            "ValidationException",
            "1 validation error detected: Value 'Maybe' at 'invocationType' failed to satisfy "
            "constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]",
            id="no-such-type",
        ),
    ],
)
def test_refused_before_anything_runs(
    parameters: dict[str, Any], status: int, code: str, message: str, tmp_path: Path
) -> None:
    stage, invoker = staged(tmp_path)
    response = refusal(stage.client.invoke, **FN, **parameters)
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert response["Error"] == {"Code": code, "Message": message}
    assert invoker.got == []


def test_a_function_that_is_being_created_cannot_be_invoked_yet(tmp_path: Path) -> None:
    stage = Stage(tmp_path, invoker=Recorder())
    stage.create(settle=False)
    response = refusal(stage.client.invoke, **FN)
    assert response["Error"]["Message"] == (
        "The operation cannot be performed at this time. "
        "The function is currently in the following state: Pending"
    )


def test_reserved_concurrency_reaches_the_invoker(tmp_path: Path) -> None:
    stage, invoker = staged(tmp_path)
    stage.client.put_function_concurrency(**FN, ReservedConcurrentExecutions=3)
    stage.client.invoke(**FN)
    assert [concurrency for _, concurrency in invoker.got] == [3]


@pytest.mark.parametrize(
    ("reserved", "reason"),
    [
        pytest.param(0, "ReservedFunctionConcurrentInvocationLimitExceeded", id="nothing"),
        pytest.param(1, "ConcurrentInvocationLimitExceeded", id="busy"),
    ],
)
def test_throttled(reserved: int, reason: str, tmp_path: Path) -> None:
    stage, _ = staged(tmp_path, Throttled("ConcurrentInvocationLimitExceeded"))
    stage.client.put_function_concurrency(**FN, ReservedConcurrentExecutions=reserved)
    response = refusal(stage.client.invoke, **FN)
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert response["Error"]["Code"] == "TooManyRequestsException"
    assert (response["Reason"], response["message"]) == (reason, "Rate Exceeded.")


def test_a_runtime_that_is_not_here_says_what_to_install(tmp_path: Path) -> None:
    stage, _ = staged(tmp_path, RuntimeMissing("Install Java 21 to run it."))
    response = refusal(stage.client.invoke, **FN)
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert response["Error"]["Message"] == "Install Java 21 to run it."


def test_a_response_that_is_too_large_is_a_function_error(tmp_path: Path) -> None:
    stage, _ = staged(tmp_path, Outcome(b"x" * 6_291_557))
    answer = stage.client.invoke(**FN)
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read())["errorType"] == "Function.ResponseSizeTooLarge"


async def pieces() -> AsyncIterator[bytes]:
    yield b"one "
    yield b"two"


def test_a_streamed_response_comes_in_events(tmp_path: Path) -> None:
    stage, _ = staged(tmp_path, Outcome(b"", stream=pieces(), log_tail=b"END\n"))
    answer = stage.client.invoke_with_response_stream(**FN, LogType="Tail")
    events = list(answer["EventStream"])
    assert answer["ExecutedVersion"] == "$LATEST"
    assert [event["PayloadChunk"]["Payload"] for event in events[:-1]] == [b"one ", b"two"]
    assert base64.b64decode(events[-1]["InvokeComplete"]["LogResult"]) == b"END\n"


def test_a_streamed_error_ends_the_stream(tmp_path: Path) -> None:
    stage, _ = staged(tmp_path, Outcome(b'{"errorMessage": "no"}', function_error="Unhandled"))
    answer = stage.client.invoke_with_response_stream(**FN)
    (event,) = answer["EventStream"]
    assert event == {
        "InvokeComplete": {"ErrorCode": "Unhandled", "ErrorDetails": '{"errorMessage": "no"}'}
    }


def test_an_error_in_the_middle_of_a_stream_comes_at_its_end(tmp_path: Path) -> None:
    async def ended() -> Outcome:
        return Outcome(b"late", function_error="Unhandled", log_tail=b"END\n")

    stage, invoker = staged(tmp_path, Outcome(b"", stream=pieces(), completion=ended()))
    answer = stage.client.invoke_with_response_stream(**FN)
    *chunks, last = answer["EventStream"]
    assert len(chunks) == 2
    assert last == {"InvokeComplete": {"ErrorCode": "Unhandled", "ErrorDetails": "late"}}
    assert invoker.got[0][0].stream


def test_the_answer_has_the_invocations_id_and_the_invocation_the_callers_trace(
    tmp_path: Path,
) -> None:
    stage, invoker = staged(tmp_path)
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793"

    def add(request: Any, **_: Any) -> None:
        request.headers["X-Amzn-Trace-Id"] = trace

    stage.client.meta.events.register("before-sign.lambda", add)
    answer = stage.client.invoke(**FN)
    ((invocation, _),) = invoker.got
    assert answer["ResponseMetadata"]["RequestId"] == invocation.request_id
    assert invocation.headers == {"x-amzn-trace-id": trace}
    assert not invocation.stream


def test_layers_are_unpacked_too(tmp_path: Path) -> None:
    stage, invoker = staged(tmp_path)
    arn = stage.layer()["LayerVersionArn"]
    stage.update(Layers=[arn])
    stage.client.invoke(**FN)
    (layer,) = invoker.got[0][0].deployed.layers
    assert [path.name for path in layer.iterdir()] == ["index.py"]


def test_deleting_a_function_ends_its_environments(tmp_path: Path) -> None:
    stage, invoker = staged(tmp_path)
    stage.client.delete_function(**FN)
    assert invoker.retired == [("arn:aws:lambda:us-east-1:111111111111:function:fn", None)]
