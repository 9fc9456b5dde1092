"""What lcli makes of the API's answers about durable executions."""

from __future__ import annotations

from typing import Any

import pytest

from lcli.aws.clients import AwsError
from lcli.errors import LcliError
from lcli.invoke import execution_history, executions
from lcli.invoke.call import Target
from lcli.invoke.refusals import refused


@pytest.fixture
def resting(cloud: Any) -> Any:
    """A durable function whose executions end at once, 3 of them by name."""
    done = {"Status": "SUCCEEDED", "Result": "1"}
    cloud.function(lambda _: done, Publish=True, DurableConfig={"ExecutionTimeout": 60})
    for number in range(3):
        cloud.boto3("lambda").invoke(FunctionName="f:1", DurableExecutionName=f"n{number}")
    return cloud.clients()


def test_all_pages_are_read(resting: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executions, "PAGE", 2)
    monkeypatch.setattr(execution_history, "PAGE", 2)
    found = list(executions.executions(resting, "f"))
    assert [one["DurableExecutionName"] for one in found] == ["n2", "n1", "n0"]
    arn = found[0]["DurableExecutionArn"]
    kinds = ["ExecutionStarted", "InvocationCompleted", "ExecutionSucceeded"]
    assert [event["EventType"] for event in execution_history.history(resting, arn)] == kinds
    backwards = execution_history.history(resting, arn, reverse=True)
    assert [event["EventType"] for event in backwards] == kinds[::-1]


def test_the_newest_of_a_name_is_found(resting: Any) -> None:
    arn = executions.newest(resting, "f", "n1")
    assert executions.read(resting, arn)["DurableExecutionName"] == "n1"
    assert executions.newest(resting, "f").split("/")[2] == "n2"


def all_events(clients: Any, arn: str) -> list[Any]:
    return list(execution_history.history(clients, arn))


def told(call: Any) -> tuple[str, str]:
    with pytest.raises(LcliError) as caught:
        call()
    problem = caught.value.problems[0]
    return problem.what, problem.next_step


def test_what_is_not_there_has_a_next_step(cloud: Any, resting: Any) -> None:
    assert told(lambda: executions.newest(resting, "f", "nobody")) == (
        "f has no durable execution named 'nobody' in us-east-1",
        "see `lcli executions list f`; they are forgotten after their retention",
    )
    gone = executions.newest(resting, "f", "n1").rpartition("/")[0] + "/gone"
    for call in (
        executions.read,
        executions.delete,
        lambda *given: list(execution_history.history(*given)),
    ):
        what, step = told(lambda call=call: call(resting, gone))
        assert what == f"there is no durable execution {gone}"
        assert step == "see `lcli executions list f`; they are forgotten after their retention"
    assert told(lambda: executions.resume(resting, executions.newest(resting, "f"), ""))[0] == (
        "the execution does not allow that now: The durable execution is in the SUCCEEDED status."
    )
    missing = "eyJhcm4iOiAieCIsICJvcCI6ICJ5In0="
    regions = [resting, cloud.clients("eu-west-1")]
    assert told(lambda: executions.heartbeat(regions, missing))[0] == (
        "there is no such callback in us-east-1 or eu-west-1"
    )


@pytest.mark.parametrize(
    ("parameters", "what"),
    [
        pytest.param(
            {"FunctionName": "f"},
            "f: a durable function is invoked by a version or an alias",
            id="unqualified",
        ),
        pytest.param(
            {"FunctionName": "f:1", "DurableExecutionName": "n0", "Payload": b"2"},
            "f has an execution of that name with another payload",
            id="name",
        ),
    ],
)
def test_refusals_of_an_invocation(resting: Any, parameters: Any, what: str) -> None:
    with pytest.raises(AwsError) as caught:
        resting.call("lambda", "Invoke", **parameters)
    problem = refused(caught.value, Target("f"))
    assert isinstance(problem, LcliError)
    assert problem.problems[0].what == what
