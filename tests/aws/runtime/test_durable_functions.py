"""Durable functions with AWS's own SDK in real execution environments."""

from __future__ import annotations

import io
import json
import sys
import time
import zipfile
from typing import Any

RUNTIME = f"python3.{sys.version_info[1]}"

ORDER = """
from aws_durable_execution_sdk_python import DurableContext, durable_execution, durable_step
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration, StepConfig
from aws_durable_execution_sdk_python.retries import RetryStrategyConfig, create_retry_strategy

tries = []

@durable_step
def charge(step, amount):
    tries.append(amount)
    if len(tries) < 2:
        raise ValueError("declined")
    return {"charged": amount}

AGAIN = create_retry_strategy(RetryStrategyConfig(max_attempts=3))

@durable_execution
def handler(event, context: DurableContext):
    paid = context.step(charge(event["amount"]), name="charge",
                        config=StepConfig(retry_strategy=AGAIN))
    context.wait(Duration.from_seconds(10), name="cool off")
    approval = context.create_callback(name="approval",
                                       config=CallbackConfig(timeout=Duration.from_hours(1)))
    print("CALLBACK", approval.callback_id)
    return {"paid": paid, "approved": approval.result()}
"""


def deploy(cloud: Any, source: str, name: str = "order", **config: Any) -> Any:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("app.py", source)
    client = cloud.boto3("lambda")
    client.create_function(
        FunctionName=name,
        Runtime=RUNTIME,
        Handler="app.handler",
        Role=f"arn:aws:iam::{cloud.account}:role/r",
        Code={"ZipFile": out.getvalue()},
        Timeout=10,
        MemorySize=256,
        Publish=True,
        DurableConfig={"ExecutionTimeout": 60, **config},
    )
    waiter = client.get_waiter("function_active_v2")
    waiter.wait(FunctionName=name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 200})
    return client


def until(look: Any, within: float = 20.0) -> Any:
    end = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)
    return found


def history(client: Any, arn: str) -> list[Any]:
    return list(client.get_durable_execution_history(DurableExecutionArn=arn)["Events"])


def test_a_step_is_retried_a_wait_passes_and_a_callback_ends_it(cloud: Any) -> None:
    client = deploy(cloud, ORDER)
    answer = client.invoke(
        FunctionName="order:1",
        InvocationType="Event",
        Payload=json.dumps({"amount": 7}),
        DurableExecutionName="first",
    )
    arn = answer["DurableExecutionArn"]

    def opened() -> Any:
        return [e for e in history(client, arn) if e["EventType"] == "CallbackStarted"]

    callback = until(opened)[0]["CallbackStartedDetails"]["CallbackId"]
    # The invocation that asked for the callback is over before anybody answers.
    until(lambda: history(client, arn)[-1]["EventType"] == "InvocationCompleted")
    client.send_durable_execution_callback_success(CallbackId=callback, Result=b"yes")
    ended = until(
        lambda: (
            (got := client.get_durable_execution(DurableExecutionArn=arn))["Status"] != "RUNNING"
            and got
        )
    )
    assert (ended["Status"], json.loads(ended["Result"])) == (
        "SUCCEEDED",
        {"paid": {"charged": 7}, "approved": "yes"},
    )
    assert [event["EventType"] for event in history(client, arn)] == [
        "ExecutionStarted",
        *("StepStarted", "StepFailed", "InvocationCompleted"),
        *("StepStarted", "StepSucceeded", "WaitStarted", "InvocationCompleted"),
        *("WaitSucceeded", "CallbackStarted", "InvocationCompleted"),
        *("CallbackSucceeded", "InvocationCompleted", "ExecutionSucceeded"),
    ]
