"""Durable executions as the API shows them; the tests' own functions speak the protocol.

A scripted function gets what Lambda sends to a durable function and answers as AWS's SDK would:
checkpoints through the API, then SUCCEEDED, FAILED or PENDING.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lcli.aws.clients import AwsError

PENDING = {"Status": "PENDING"}


class Durable:
    """A durable function whose invocations `script` answers: (state, checkpoint) -> output.

    `state` maps operations' names to operations; `checkpoint(*updates)` gives the answer.
    """

    def __init__(self, cloud: Any, script: Callable[..., Any], **settings: Any) -> None:
        self.client = cloud.boto3("lambda")
        self.cloud = cloud
        config = {"ExecutionTimeout": 60, **settings.pop("config", {})}
        name = settings.pop("name", "f")
        self.function = cloud.function(
            self._answer(script), name=name, Publish=True, DurableConfig=config, **settings
        )
        self.name = f"{name}:1"

    def _answer(self, script: Callable[..., Any]) -> Callable[[Any], Any]:
        async def answer(event: Any) -> Any:
            return await asyncio.to_thread(self._turn, script, event)

        return answer

    def _turn(self, script: Callable[..., Any], event: Any) -> Any:
        operations = event["InitialExecutionState"]["Operations"]
        state = {one.get("Name", one["Type"]): one for one in operations[1:]}
        token = event["CheckpointToken"]

        def checkpoint(*updates: Any, **more: Any) -> Any:
            nonlocal token
            answer = self.client.checkpoint_durable_execution(
                DurableExecutionArn=event["DurableExecutionArn"],
                CheckpointToken=token,
                Updates=[{"Id": update["Name"], **update} for update in updates],
                **more,
            )
            token = answer.get("CheckpointToken")
            return answer

        return script(state, checkpoint)

    def start(self, payload: Any = None, **more: Any) -> str:
        """Start one that nobody waits for; its ARN."""
        answer = self.client.invoke(
            FunctionName=self.name, InvocationType="Event", Payload=json.dumps(payload), **more
        )
        return str(answer["DurableExecutionArn"])

    def call(self, payload: Any = None, **more: Any) -> Any:
        return self.client.invoke(FunctionName=self.name, Payload=json.dumps(payload), **more)

    def get(self, arn: str) -> Any:
        return self.client.get_durable_execution(DurableExecutionArn=arn)

    def until(self, arn: str, status: str = "", *, kind: str = "") -> Any:
        """The execution once it has a status, or once its history ends with a kind of event."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            found = self.get(arn)
            if status == found["Status"] or (kind and self.events(arn)[-1]["EventType"] == kind):
                return found
            time.sleep(0.01)
        raise AssertionError(f"{found['Status']}: {self.kinds(arn)}")

    def events(self, arn: str, **more: Any) -> list[Any]:
        answer = self.client.get_durable_execution_history(DurableExecutionArn=arn, **more)
        return list(answer["Events"])

    def kinds(self, arn: str) -> list[str]:
        return [event["EventType"] for event in self.events(arn)]

    def callback(self, arn: str) -> str:
        """The id of the callback that the execution has opened, once it rests."""
        self.until(arn, kind="InvocationCompleted")
        opened = [e for e in self.events(arn) if e["EventType"] == "CallbackStarted"]
        return str(opened[-1]["CallbackStartedDetails"]["CallbackId"])


def done(value: Any = None) -> Any:
    return {"Status": "SUCCEEDED", "Result": json.dumps(value)}


def refused(call: Callable[..., Any], **parameters: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    response = caught.value.response
    error = response["Error"]
    return response["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error["Message"]


def start(name: str, kind: str, **options: Any) -> Any:
    return {"Name": name, "Type": kind, "Action": "START", **options}


def waiting(seconds: int) -> Callable[..., Any]:
    """Waits once, then is done."""

    def script(state: Any, checkpoint: Any) -> Any:
        if "w" not in state:
            checkpoint(start("w", "WAIT", WaitOptions={"WaitSeconds": seconds}))
        elif state["w"]["Status"] == "SUCCEEDED":
            return done("waited")
        return PENDING

    return script


def asking(**options: int) -> Callable[..., Any]:
    """Opens a callback; its answer is the result, its error the execution's."""

    def script(state: Any, checkpoint: Any) -> Any:
        if "c" not in state:
            checkpoint(start("c", "CALLBACK", CallbackOptions=options))
            return PENDING
        details = state["c"]["CallbackDetails"]
        if state["c"]["Status"] == "SUCCEEDED":
            return done(details.get("Result"))
        if state["c"]["Status"] == "STARTED":
            return PENDING
        return {"Status": "FAILED", "Error": details["Error"]}

    return script


@pytest.fixture
def resting(cloud: Any) -> Durable:
    """One whose executions rest for good."""
    return Durable(cloud, waiting(31_000_000), config={"ExecutionTimeout": 3600})


def test_whoever_waits_gets_the_result_the_version_and_the_execution(cloud: Any) -> None:
    durable = Durable(cloud, waiting(1))
    answer = durable.call({"n": 1})
    assert json.loads(answer["Payload"].read()) == "waited"
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "1")
    found = durable.get(answer["DurableExecutionArn"])
    assert (found["Status"], found["Version"], found["InputPayload"], found["Result"]) == (
        "SUCCEEDED",
        "1",
        '{"n": 1}',
        '"waited"',
    )
    assert found["FunctionArn"] == f"{durable.function.arn}:1"
    assert found["DurableConfig"] == {"ExecutionTimeout": 60, "RetentionPeriodInDays": 14}
    assert len(durable.function.events) == 2


def test_an_execution_that_fails_is_a_function_error(cloud: Any) -> None:
    error = {"ErrorMessage": "no stock", "ErrorType": "Stock", "StackTrace": ["at line 1"]}
    durable = Durable(cloud, lambda *_: {"Status": "FAILED", "Error": error})
    answer = durable.call()
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read()) == {
        "errorMessage": "no stock",
        "errorType": "Stock",
        "stackTrace": ["at line 1"],
    }
    assert durable.get(answer["DurableExecutionArn"])["Error"] == error


def test_a_name_stands_for_one_execution_with_one_payload(resting: Durable) -> None:
    first = resting.start({"n": 1}, DurableExecutionName="one")
    assert resting.start({"n": 1}, DurableExecutionName="one") == first
    assert resting.start({"n": 1}, DurableExecutionName="two") != first
    assert refused(resting.start, payload={"n": 2}, DurableExecutionName="one") == (
        409,
        "DurableExecutionAlreadyStartedException",
        "The durable execution with the specified name has already been started. Each durable "
        "execution name must be unique within the function. Use a different name or check the "
        "status of the existing execution.",
    )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        pytest.param(
            {"FunctionName": "f"},
            "You cannot invoke a durable function using an unqualified ARN.",
            id="unqualified",
        ),
        pytest.param(
            {"FunctionName": "f:1"},
            "You cannot synchronously invoke a durable function with an executionTimeout greater "
            "than 15 minutes.",
            id="somebody waits",
        ),
    ],
)
def test_calls_that_lambda_refuses(resting: Durable, parameters: Any, message: str) -> None:
    assert refused(resting.client.invoke, **parameters) == (
        400,
        "InvalidParameterValueException",
        message,
    )


def test_a_name_is_for_durable_functions_only(cloud: Any) -> None:
    cloud.function()
    call = cloud.boto3("lambda").invoke
    assert refused(call, FunctionName="f", DurableExecutionName="x")[:2] == (
        400,
        "InvalidParameterValueException",
    )


def test_stopping_ends_it_for_good(resting: Durable) -> None:
    arn = resting.start()
    resting.until(arn, kind="InvocationCompleted")
    stopped = resting.client.stop_durable_execution(
        DurableExecutionArn=arn, Error={"ErrorMessage": "enough"}
    )
    found = resting.get(arn)
    assert (found["Status"], found["Error"]) == ("STOPPED", {"ErrorMessage": "enough"})
    assert found["EndTimestamp"] == stopped["StopTimestamp"]
    again = resting.client.stop_durable_execution(DurableExecutionArn=arn)
    assert again["StopTimestamp"] == stopped["StopTimestamp"]
    assert resting.kinds(arn)[-1] == "ExecutionStopped"


def test_the_time_out_of_an_execution_ends_it(cloud: Any) -> None:
    durable = Durable(cloud, waiting(600), config={"ExecutionTimeout": 1})
    found = durable.until(durable.start(), "TIMED_OUT")
    assert found["Error"] == {"ErrorMessage": "Execution timed out after 1 seconds."}


def test_a_paused_execution_is_invoked_again_when_it_is_resumed(cloud: Any) -> None:
    durable = Durable(cloud, asking())
    arn = durable.start()
    callback = durable.callback(arn)
    durable.client.pause_durable_execution(DurableExecutionArn=arn, Reason="lunch")
    paused = durable.get(arn)
    assert (paused["Status"], paused["PauseDetails"]["Reason"]) == ("PAUSED", "lunch")
    assert paused["ExpectedExecutionTimeoutTimestamp"] == paused["StartTimestamp"] + timedelta(366)
    durable.client.send_durable_execution_callback_success(CallbackId=callback, Result=b"yes")
    time.sleep(0.1)
    assert durable.get(arn)["Status"] == "PAUSED"
    durable.client.resume_durable_execution(DurableExecutionArn=arn)
    durable.until(arn, "SUCCEEDED")
    kinds = durable.kinds(arn)
    assert kinds[3:6] == ["ExecutionPaused", "CallbackSucceeded", "ExecutionResumed"]
    call = durable.client.resume_durable_execution
    assert refused(call, DurableExecutionArn=arn)[:2] == (409, "ResourceConflictException")


def test_an_invocation_that_is_paused_can_only_end(cloud: Any) -> None:
    turns: list[Any] = []

    def script(state: Any, checkpoint: Any) -> Any:
        if not turns:
            arn = durable.client.list_durable_executions_by_function(FunctionName="f")
            arn = arn["DurableExecutions"][0]["DurableExecutionArn"]
            durable.client.pause_durable_execution(DurableExecutionArn=arn)
            turns.append(durable.get(arn)["Status"])
            turns.append(checkpoint(start("s", "STEP")).get("CheckpointToken"))
            return PENDING
        return done(sorted(state))

    durable = Durable(cloud, script)
    arn = durable.start()
    durable.until(arn, "PAUSED")
    assert turns == ["PAUSING", None]
    durable.client.resume_durable_execution(DurableExecutionArn=arn)
    assert durable.until(arn, "SUCCEEDED")["Result"] == '["s"]'


def test_only_what_has_ended_can_be_deleted(resting: Durable) -> None:
    arn = resting.start()
    delete = resting.client.delete_durable_execution
    assert refused(delete, DurableExecutionArn=arn)[:2] == (409, "ResourceConflictException")
    resting.client.stop_durable_execution(DurableExecutionArn=arn)
    assert delete(DurableExecutionArn=arn)["DeletionRequestTimestamp"]
    assert refused(resting.get, arn=arn) == (
        404,
        "ResourceNotFoundException",
        "Durable Execution does not exist",
    )


def test_executions_are_listed_by_name_status_time_and_version(resting: Durable) -> None:
    arns = [resting.start(DurableExecutionName=f"n{number}") for number in range(3)]
    resting.client.stop_durable_execution(DurableExecutionArn=arns[1])

    def names(**parameters: Any) -> list[str]:
        parameters = {"FunctionName": "f", **parameters}
        answer = resting.client.list_durable_executions_by_function(**parameters)
        return [one["DurableExecutionName"] for one in answer["DurableExecutions"]]

    soon = datetime.now(UTC) + timedelta(minutes=1)
    assert names() == ["n2", "n1", "n0"]
    assert names(ReverseOrder=True) == ["n0", "n1", "n2"]
    assert names(Statuses=["STOPPED", "FAILED"]) == ["n1"]
    assert names(DurableExecutionName="n2") == ["n2"]
    assert names(StartedAfter=soon) == []
    assert names(StartedBefore=soon, MaxItems=1) == ["n2"]
    assert names(Qualifier="1", FunctionName=resting.function.arn) == ["n2", "n1", "n0"]
    assert names(Qualifier="$LATEST") == []
    pages = resting.client.get_paginator("list_durable_executions_by_function")
    paged = pages.paginate(FunctionName="f", PaginationConfig={"PageSize": 2})
    assert [len(page["DurableExecutions"]) for page in paged] == [2, 1]
    call = resting.client.list_durable_executions_by_function
    assert refused(call, FunctionName="gone")[:2] == (404, "ResourceNotFoundException")


def test_a_history_comes_in_pages_backwards_and_without_data(cloud: Any) -> None:
    durable = Durable(cloud, waiting(1))
    arn = durable.call({"secret": 1})["DurableExecutionArn"]
    events = durable.events(arn)
    assert [event["EventId"] for event in events] == [1, 2, 3, 4, 5, 6]
    assert durable.events(arn, ReverseOrder=True) == events[::-1]
    pages = durable.client.get_paginator("get_durable_execution_history")
    paged = pages.paginate(DurableExecutionArn=arn, PaginationConfig={"PageSize": 4})
    assert [event for page in paged for event in page["Events"]] == events
    bare = durable.events(arn, IncludeExecutionData=False)
    assert bare[0]["ExecutionStartedDetails"]["Input"] == {"Truncated": True}
    assert bare[-1]["ExecutionSucceededDetails"]["Result"] == {"Truncated": True}
    assert "secret" not in json.dumps(bare, default=str)
    plain = durable.client.get_durable_execution(
        DurableExecutionArn=arn, IncludeExecutionData=False
    )
    assert not {"InputPayload", "Result", "Error"} & plain.keys()


def test_a_callback_brings_its_answer(cloud: Any) -> None:
    durable = Durable(cloud, asking(TimeoutSeconds=600))
    arn = durable.start()
    callback = durable.callback(arn)
    durable.client.send_durable_execution_callback_success(CallbackId=callback, Result=b"fine")
    assert durable.until(arn, "SUCCEEDED")["Result"] == '"fine"'
    call = durable.client.send_durable_execution_callback_heartbeat
    assert refused(call, CallbackId=callback) == (
        400,
        "CallbackTimeoutException",
        "The callback ID token has either expired or the callback associated with the token has "
        "already been closed.",
    )


def test_a_callback_brings_its_error(cloud: Any) -> None:
    durable = Durable(cloud, asking())
    arn = durable.start()
    error = {"ErrorMessage": "denied", "ErrorType": "Denied"}
    durable.client.send_durable_execution_callback_failure(
        CallbackId=durable.callback(arn), Error=error
    )
    assert durable.until(arn, "FAILED")["Error"] == error


def test_a_callback_times_out(cloud: Any) -> None:
    # The test cloud's waits are twenty times as short.
    durable = Durable(cloud, asking(TimeoutSeconds=4))
    assert durable.until(durable.start(), "FAILED")["Error"] == {
        "ErrorMessage": "Callback timed out",
        "ErrorType": "Callback.Timeout",
    }


def test_heartbeats_keep_a_callback_open(cloud: Any) -> None:
    durable = Durable(cloud, asking(HeartbeatTimeoutSeconds=10))
    arn = durable.start()
    callback = durable.callback(arn)
    for _ in range(6):
        time.sleep(0.15)
        durable.client.send_durable_execution_callback_heartbeat(CallbackId=callback)
    assert durable.get(arn)["Status"] == "RUNNING"
    assert durable.until(arn, "FAILED")["Error"] == {
        "ErrorMessage": "Callback timed out on heartbeat",
        "ErrorType": "Callback.Heartbeat",
    }


@pytest.mark.parametrize(
    ("callback", "expected"),
    [
        pytest.param("bm9wZQ==", "InvalidParameterValueException", id="no id of ours"),
        pytest.param("eyJhcm4iOiAieCIsICJvcCI6ICJ5In0=", "ResourceNotFoundException", id="gone"),
    ],
)
def test_callbacks_that_are_not_there(cloud: Any, callback: str, expected: str) -> None:
    call = cloud.boto3("lambda").send_durable_execution_callback_success
    assert refused(call, CallbackId=callback)[1] == expected


FAIL = {"Name": "s", "Type": "STEP", "Action": "FAIL"}


@pytest.mark.parametrize(
    ("updates", "message"),
    [
        pytest.param(
            [start("s", "STEP"), start("s", "STEP")],
            "Cannot checkpoint multiple operations with the same ID.",
            id="twice",
        ),
        pytest.param(
            [start("s", "STEP", ParentId="nobody")],
            "Invalid parent operation id.",
            id="parent",
        ),
        pytest.param(
            [start("w", "WAIT"), start("s", "STEP", ParentId="w")],
            "Invalid parent operation id.",
            id="a parent that is no context",
        ),
        pytest.param(
            [{"Name": "w", "Type": "WAIT", "Action": "SUCCEED"}],
            "Invalid action for the given operation type.",
            id="action",
        ),
        pytest.param(
            [{"Name": "w", "Type": "WAIT", "Action": "CANCEL"}],
            "Cannot cancel a WAIT that does not exist or has already completed.",
            id="cancel",
        ),
        pytest.param(
            [{**FAIL, "Payload": "x"}],
            "Cannot provide a Payload for FAIL action.",
            id="payload of a failure",
        ),
        pytest.param(
            [{**FAIL, "Action": "RETRY"}],
            "Invalid StepOptions for the given action.",
            id="retry without delay",
        ),
        pytest.param(
            [{"Name": "e", "Type": "EXECUTION", "Action": "SUCCEED"}, start("s", "STEP")],
            "EXECUTION checkpoint must be the last update.",
            id="after the end",
        ),
        pytest.param(
            [{**FAIL, "Error": {"ErrorMessage": "x" * 40_000}}],
            "Error object size must be less than 32768 bytes.",
            id="large error",
        ),
    ],
)
def test_checkpoints_that_lambda_refuses(cloud: Any, updates: Any, message: str) -> None:
    said: list[Any] = []

    def script(state: Any, checkpoint: Any) -> Any:
        with pytest.raises(ClientError) as caught:
            checkpoint(*updates)
        said.append(caught.value.response["Error"]["Message"])
        # nothing of it was kept
        return done([one["Id"] for one in checkpoint()["NewExecutionState"]["Operations"]])

    durable = Durable(cloud, script)
    assert json.loads(durable.call()["Payload"].read()) == []
    assert said == [message]


def test_a_token_is_good_once_and_a_repeated_request_gets_its_answer_again(cloud: Any) -> None:
    said: list[Any] = []

    def script(state: Any, checkpoint: Any) -> Any:
        event = durable.function.events[-1]
        given = {
            "DurableExecutionArn": event["DurableExecutionArn"],
            "CheckpointToken": event["CheckpointToken"],
            "Updates": [start("s", "STEP", Id="s")],
        }
        call = durable.client.checkpoint_durable_execution
        first = call(**given, ClientToken="a")
        said.append(call(**given, ClientToken="a")["CheckpointToken"] == first["CheckpointToken"])
        said.append(refused(call, **given, ClientToken="b"))
        state = durable.client.get_durable_execution_state(
            DurableExecutionArn=given["DurableExecutionArn"],
            CheckpointToken=first["CheckpointToken"],
            MaxItems=1,
        )
        said.append((state["Operations"][0]["Type"], state["NextMarker"]))
        return done()

    durable = Durable(cloud, script)
    arn = durable.call()["DurableExecutionArn"]
    refusal = (400, "InvalidParameterValueException", "Invalid checkpoint token")
    assert said == [True, refusal, ("EXECUTION", "1:1")]
    call = durable.client.checkpoint_durable_execution
    assert refused(call, DurableExecutionArn=arn, CheckpointToken="bm8=") == refusal


def test_a_large_result_is_checkpointed(cloud: Any) -> None:
    def script(state: Any, checkpoint: Any) -> Any:
        checkpoint({"Name": "e", "Type": "EXECUTION", "Action": "SUCCEED", "Payload": '"large"'})
        return {"Status": "SUCCEEDED", "Result": ""}

    assert Durable(cloud, script).call()["Payload"].read() == b'"large"'


def calling(target: str, payload: str = '"in"') -> Callable[..., Any]:
    def script(state: Any, checkpoint: Any) -> Any:
        if "i" not in state:
            options = {"FunctionName": target}
            update = start("i", "CHAINED_INVOKE", ChainedInvokeOptions=options, Payload=payload)
            answer = checkpoint(update)["NewExecutionState"]["Operations"]
            if answer[0]["Status"] == "STARTED":
                return PENDING
            state["i"] = answer[0]
        if state["i"]["Status"] == "STARTED":
            return PENDING
        return done([state["i"]["Status"], state["i"]["ChainedInvokeDetails"]])

    return script


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param("plain", ["SUCCEEDED", {"Result": '"in"'}], id="a plain function"),
        pytest.param("child:1", ["SUCCEEDED", {"Result": '"waited"'}], id="a durable one"),
        pytest.param(
            "broken",
            ["FAILED", {"Error": {"ErrorMessage": "no", "ErrorType": "ValueError"}}],
            id="one that fails",
        ),
        pytest.param(
            "child",
            [
                "FAILED",
                {
                    "Error": {
                        "ErrorMessage": "You cannot invoke a durable function using an "
                        "unqualified ARN.",
                        "ErrorType": "InvalidParameterValueException",
                    }
                },
            ],
            id="a durable one without a version",
        ),
    ],
)
def test_an_execution_calls_functions(cloud: Any, target: str, expected: Any) -> None:
    def broken(event: Any) -> Any:
        raise ValueError("no")

    cloud.function(lambda event: event, name="plain")
    cloud.function(broken, name="broken")
    Durable(cloud, waiting(1), name="child")
    parent = Durable(cloud, calling(target), name="parent")
    assert json.loads(parent.call()["Payload"].read()) == expected


def test_a_function_that_is_not_there_fails_the_operation_at_once(cloud: Any) -> None:
    durable = Durable(cloud, calling("gone"))
    status, details = json.loads(durable.call()["Payload"].read())
    arn = f"arn:aws:lambda:us-east-1:{cloud.account}:function:gone"
    assert (status, details["Error"]["ErrorMessage"]) == ("FAILED", f"Function not found: {arn}")
    assert len(durable.function.events) == 1


@pytest.mark.parametrize(
    ("output", "message"),
    [
        pytest.param("text", "Invalid invocation output: None is not a valid", id="no map"),
        pytest.param({"Status": "OK"}, "Invalid invocation output: 'OK' is not", id="status"),
        pytest.param(
            {"Status": "FAILED", "Result": "x"}, "Cannot provide a Result for FAILED", id="result"
        ),
        pytest.param(
            {"Status": "SUCCEEDED", "Error": {}}, "Cannot provide an Error for SUCC", id="error"
        ),
        pytest.param(PENDING, "Cannot return PENDING status with no pending", id="nothing pending"),
    ],
)
def test_outputs_that_fail_the_execution(cloud: Any, output: Any, message: str) -> None:
    durable = Durable(cloud, lambda *_: output)
    error = json.loads(durable.call()["Payload"].read())
    assert error["errorType"] == "InvalidParameterValueException"
    assert error["errorMessage"].startswith(message)


def test_an_invocation_that_fails_is_made_again_five_times_at_most(cloud: Any) -> None:
    def script(state: Any, checkpoint: Any) -> Any:
        raise RuntimeError("boom")

    durable = Durable(cloud, script)
    answer = durable.call()
    assert json.loads(answer["Payload"].read()) == {
        "errorMessage": "boom",
        "errorType": "RuntimeError",
    }
    assert len(durable.function.events) == 5
    failed = durable.events(answer["DurableExecutionArn"])[1]["InvocationCompletedDetails"]
    assert failed["Error"]["Payload"]["ErrorMessage"] == "boom"


def test_the_event_of_one_that_fails_unattended_goes_to_the_dead_letters(cloud: Any) -> None:
    queue = cloud.boto3("sqs").create_queue(QueueName="dead")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{cloud.account}:dead"
    durable = Durable(cloud, lambda *_: {"Status": "FAILED"}, DeadLetterConfig={"TargetArn": arn})
    durable.start({"n": 5})
    received = cloud.boto3("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=10)
    assert received["Messages"][0]["Body"] == '{"n": 5}'
    assert len(durable.function.events) == 1


def test_a_function_url_waits_for_the_execution(cloud: Any) -> None:
    import urllib.request

    durable = Durable(cloud, waiting(1))
    durable.client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    url = durable.client.create_function_url_config(
        FunctionName="f", Qualifier="live", AuthType="NONE"
    )["FunctionUrl"]
    for action, more in (
        ("lambda:InvokeFunctionUrl", {"FunctionUrlAuthType": "NONE"}),
        ("lambda:InvokeFunction", {"InvokedViaFunctionUrl": True}),
    ):
        durable.client.add_permission(
            FunctionName="f",
            Qualifier="live",
            StatementId=action[7:],
            Action=action,
            Principal="*",
            **more,
        )
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == b"waited"


def test_a_durable_function_needs_a_time_out(cloud: Any) -> None:
    with pytest.raises(AwsError) as caught:
        cloud.function(DurableConfig={"RetentionPeriodInDays": 3})
    assert (caught.value.code, caught.value.message) == (
        "InvalidParameterValueException",
        "You cannot create a function with a durable configuration without an executionTimeout",
    )


def test_a_durable_function_can_be_changed_but_no_other_one_becomes_durable(cloud: Any) -> None:
    Durable(cloud, waiting(1))
    cloud.function(name="plain")
    change = cloud.boto3("lambda").update_function_configuration
    answer = change(FunctionName="f", DurableConfig={"RetentionPeriodInDays": 3})
    assert answer["DurableConfig"] == {"ExecutionTimeout": 60, "RetentionPeriodInDays": 3}
    refusal = refused(change, FunctionName="plain", DurableConfig={"ExecutionTimeout": 3})
    assert refusal[:2] == (400, "InvalidParameterValueException")
