"""A durable function through the installed command: started, watched, answered, ended."""

from __future__ import annotations

import json
import time

import pytest

SOURCE = """
from aws_durable_execution_sdk_python import durable_execution, durable_step
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration

@durable_step
def charge(step, amount):
    return {"charged": amount}

@durable_execution
def handler(event, context):
    paid = context.step(charge(event["amount"]), name="charge")
    context.wait(Duration.from_seconds(1), name="cool-off")
    if event.get("ask"):
        approval = context.create_callback(
            name="approval", config=CallbackConfig(timeout=Duration.from_hours(24)))
        paid["approved"] = approval.result()
    return paid
"""
MANIFEST = """
app: shop
region: eu-west-1
functions:
  order:
    source: src
    handler: app.handler
    runtime: python3.11
    timeout: 20
    memory: 256
    api: {DurableConfig: {ExecutionTimeout: 600}}
"""


@pytest.fixture
def shop(project):
    project.write("src/app.py", SOURCE)
    project.write("lcli.yaml", MANIFEST)
    project.ok("deploy")
    return project


def waiting(shop, execution):
    """The execution once it waits for its callback and no invocation runs."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        found = shop.json("executions", "get", execution)
        kinds = [each["Kind"] for each in found["Pending"]]
        if kinds == ["callback"]:
            return found
        time.sleep(0.2)
    raise AssertionError(found)


def test_an_execution_waits_for_its_callback_and_runs_to_its_end(shop):
    started = shop.run(
        *("invoke", "order", "--async", "--execution-name", "first"),
        *("-p", '{"amount": 7, "ask": true}'),
    )
    assert started.stderr.startswith("shop-order: started, unless it was before\n")
    arn = started.stderr.splitlines()[-1].removeprefix("execution ")
    assert arn.startswith(
        "arn:aws:lambda:eu-west-1:123456789012:function:shop-order:1/durable-execution/first/"
    )
    found = waiting(shop, "order/first")
    assert (found["DurableExecutionArn"], found["Status"]) == (arn, "RUNNING")
    callback = found["Pending"][0]["CallbackId"]
    assert callback in shop.ok("executions", "get", "order/first")
    shop.ok("executions", "callback", "heartbeat", callback)
    said = shop.run("executions", "callback", "succeed", callback, "-p", "yes")
    assert said.stderr == "the callback has been told: succeed\n"
    lines = shop.ok("executions", "history", "order/first", "--follow").splitlines()
    kinds = [line.split()[2] for line in lines]
    assert [kind for kind in kinds if kind != "InvocationCompleted"] == [
        *("ExecutionStarted", "StepStarted", "StepSucceeded", "WaitStarted", "WaitSucceeded"),
        *("CallbackStarted", "CallbackSucceeded", "ExecutionSucceeded"),
    ]
    ended = shop.json("executions", "get", arn)
    assert json.loads(ended["Result"]) == {"charged": 7, "approved": "yes"}
    again = shop.run("executions", "callback", "fail", callback, "--message", "late")
    assert (again.returncode, again.stderr) == (
        1,
        "error: the callback has been answered or has timed out [callback-closed]\n"
        "  next: `lcli executions history EXECUTION` shows what became of it\n",
    )


def test_whoever_waits_gets_the_result(shop):
    done = shop.run("invoke", "order", "-p", '{"amount": 5}')
    assert (done.returncode, json.loads(done.stdout)) == (0, {"charged": 5})
    assert done.stderr.startswith("shop-order version 1: the execution has ended\nexecution arn:")
    document = shop.json("invoke", "order", "-p", '{"amount": 5}')
    assert (document["response"], document["cost"]) == ({"charged": 5}, None)
    failed = shop.run("invoke", "order", "-p", "{}", "--async", "--wait")
    assert failed.returncode == 4
    assert "ExecutionFailed" in failed.stderr
    failed = shop.run("invoke", "order", "-p", "{}", "--async", "--wait", "-o", "json")
    document = json.loads(failed.stdout)
    assert (failed.returncode, document["version"]) == (4, "1")
    assert (document["error"]["type"], document["error"]["message"]) == ("KeyError", "'amount'")


def test_executions_are_listed_paused_stopped_and_deleted(shop):
    shop.ok("invoke", "order", "--async", "--execution-name", "second", "-p",
            '{"amount": 1, "ask": true}')  # fmt: skip
    waiting(shop, "order/second")
    shop.ok("executions", "pause", "order/second", "--reason", "lunch")
    listed = shop.json("executions", "list", "order", "--status", "paused", "--since", "1h")
    assert [one["DurableExecutionName"] for one in listed["executions"]] == ["second"]
    for typed in ("order:1", "shop-order:1", "order:live"):
        of_version = shop.json("executions", "list", typed, "--status", "paused")
        assert of_version["executions"] == listed["executions"]
    assert shop.json("executions", "list", "order:9")["executions"] == []
    shop.ok("executions", "resume", "order/second")
    stopped = shop.json("executions", "stop", "shop-order/second", "--message", "enough",
                        "--data", "7", "--stack", "a", "--stack", "b")  # fmt: skip
    assert stopped["done"] == "stopped"
    [one] = shop.json("executions", "list", "order", "--name", "second")["executions"]
    assert one["Status"] == "STOPPED"
    assert shop.json("executions", "list", "order", "--name", "third")["executions"] == []
    events = shop.ok("executions", "history", "order/second", "-o", "json").splitlines()
    last = json.loads(events[-1])
    assert last["EventType"] == "ExecutionStopped"
    assert last["ExecutionStoppedDetails"]["Error"]["Payload"] == {
        "ErrorMessage": "enough",
        "ErrorData": "7",
        "StackTrace": ["a", "b"],
    }
    shop.ok("executions", "delete", stopped["execution"])
    gone = shop.run("executions", "get", "order/second")
    assert gone.stderr == (
        "error: shop-order has no durable execution named 'second' in eu-west-1 [no-execution]\n"
        "  next: see `lcli executions list order`; they are forgotten after their "
        "retention\n"
    )


@pytest.mark.parametrize(
    ("arguments", "stderr"),
    [
        pytest.param(
            ("stop", "order"),
            "error: 'order' names no execution [usage]\n  next: write order/NAME or the "
            "execution's ARN; `lcli executions list order` shows them\n",
            id="no name",
        ),
        pytest.param(
            ("list", "order", "--status", "done"),
            "error: there is no status 'done' [usage]\n  next: it is one of running, pausing, "
            "paused, succeeded, failed, timed_out, stopped, deleting\n",
            id="status",
        ),
        pytest.param(
            ("callback", "fail", "abc=", "-p", "x"),
            "error: --payload is for `callback succeed` [usage]\n  next: leave it out\n",
            id="payload",
        ),
    ],
)
def test_what_was_mistyped_is_told(project, arguments, stderr):
    done = project.run("executions", *arguments)
    assert (done.returncode, done.stderr) == (2, stderr)
