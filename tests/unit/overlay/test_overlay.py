"""The overlay does to calls what its rules say, and nothing to others."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from overlay.faults import (
    Cut,
    Delay,
    Kill,
    Refuse,
    Reset,
    Rewrite,
    Rule,
    at,
    chance,
    first,
    over,
    server_error,
    throttled,
)
from overlay.operations import Call, operation_of
from overlay.server import overlay

from lcli.aws.clients import AwsError
from lcli.aws.session import Session, connect


def called(number: int = 1, operation: str = "GetFunction", *, at: float = 0.0) -> Call:
    return Call(number, "lambda", operation, f"/functions/{number}", b"", at)


class Through:
    """One request at a time through an overlay, without retries."""

    def __init__(self, url: str, account: str) -> None:
        self.session: Session = connect(
            region="us-east-1", endpoint_url=url, local_account=account, environ={}
        )

    def once(self, operation: str, service: str = "lambda", **parameters: Any) -> dict[str, Any]:
        return self.session.once(service, operation, 10, **parameters)

    def refused(self, operation: str, service: str = "lambda", **parameters: Any) -> AwsError:
        with pytest.raises(AwsError) as raised:
            self.once(operation, service, **parameters)
        return raised.value


@pytest.fixture
def between(cloud: Any) -> Iterator[Any]:
    with overlay(cloud.url) as made:
        made.client = Through(made.url, cloud.account)
        yield made


def test_calls_pass_and_are_recorded(between: Any) -> None:
    client = between.client
    role = client.once("CreateRole", "iam", RoleName="r", AssumeRolePolicyDocument="{}")
    assert role["Role"]["RoleName"] == "r"
    client.once("CreateBucket", "s3", Bucket="bucket")
    client.once("PutObject", "s3", Bucket="bucket", Key="k/l", Body=b"x" * 100_000)
    assert client.once("HeadObject", "s3", Bucket="bucket", Key="k/l")["ContentLength"] == 100_000
    client.once("CreateLogGroup", "logs", logGroupName="g")
    client.once("ListFunctions")
    client.once("CreateApi", "apigatewayv2", Name="a", ProtocolType="HTTP")
    client.once("GetRestApis", "apigateway")
    assert [(call.name, call.status) for call in between.calls] == [
        ("iam:CreateRole", 200),
        ("s3:CreateBucket", 200),
        ("s3:PutObject", 200),
        ("s3:HeadObject", 200),
        ("logs:CreateLogGroup", 200),
        ("lambda:ListFunctions", 200),
        ("apigatewayv2:CreateApi", 200),
        ("apigateway:GetRestApis", 200),
    ]


@pytest.mark.parametrize(
    ("method", "target", "operation"),
    [
        ("PUT", "/b?notification", "PutBucketNotificationConfiguration"),
        ("PUT", "/b/k", "PutObject"),
        ("GET", "/b?list-type=2", "ListObjectsV2"),
        ("PATCH", "/b", "PATCH /b"),
    ],
)
def test_an_operation_is_known_by_its_request(method: str, target: str, operation: str) -> None:
    assert operation_of("s3", method, target, {}, b"") == operation


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code"),
    [
        ("lambda", "ListFunctions", {}, "TooManyRequestsException"),
        ("iam", "ListRoles", {}, "Throttling"),
        ("logs", "DescribeLogGroups", {}, "ThrottlingException"),
        ("s3", "ListBuckets", {}, "SlowDown"),
        ("apigatewayv2", "GetApis", {}, "TooManyRequestsException"),
    ],
)
def test_a_refusal_is_in_the_words_of_the_service(
    between: Any, service: str, operation: str, parameters: dict[str, Any], code: str
) -> None:
    between.rules = [Rule(throttled, first(1))]
    refused = between.client.refused(operation, service, **parameters)
    assert (refused.code, refused.lost) == (code, service == "s3")
    between.client.once(operation, service, **parameters)


@pytest.mark.parametrize("processed", [False, True])
@pytest.mark.parametrize("fault", [Reset, Refuse])
def test_what_was_not_answered_may_have_been_done(
    between: Any, fault: type[Reset | Refuse], processed: bool
) -> None:
    between.rules = [Rule(fault(processed), at(1))]
    refused = between.client.refused("CreateLogGroup", "logs", logGroupName="g")
    assert refused.lost
    groups = between.client.once("DescribeLogGroups", "logs")["logGroups"]
    assert len(groups) == processed


def test_an_answer_is_cut_rewritten_or_late(between: Any) -> None:
    between.rules = [
        Rule(Cut(bytes=60), at(1), frozenset({"lambda:ListFunctions"})),
        Rule(
            Rewrite(change=lambda body: b'{"Layers": []}'), at(1), frozenset({"lambda:ListLayers"})
        ),
        Rule(Delay(seconds=0.2), at(1), frozenset({"lambda:GetAccountSettings"})),
    ]
    assert between.client.refused("ListFunctions").lost
    assert between.client.once("ListLayers")["Layers"] == []
    began = time.monotonic()
    between.client.once("GetAccountSettings")
    assert time.monotonic() - began >= 0.2
    assert between.faults() == {"cut": 1, "rewrite": 1, "delay": 1}


def test_the_client_is_killed(between: Any) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as victim:
        between.victim = victim.pid
        between.rules = [Rule(Kill(processed=True), at(1))]
        between.client.refused("CreateLogGroup", "logs", logGroupName="g")
        assert victim.wait(5) == -9
    assert len(between.client.once("DescribeLogGroups", "logs")["logGroups"]) == 1


def test_chance_is_the_same_in_every_order_and_near_its_probability() -> None:
    calls = [called(number) for number in range(1000)]
    forth = {call.target: chance(0.2, seed=1)(call) for call in calls}
    back = {call.target: chance(0.2, seed=1)(call) for call in reversed(calls)}
    assert forth == back
    assert 150 < sum(forth.values()) < 250
    assert forth != {call.target: chance(0.2, seed=2)(call) for call in calls}


def test_a_bucket_lets_its_rate_through() -> None:
    beyond = over(15, burst=15)
    refused = sum(beyond(called(n, at=100 + n / 30)) for n in range(300))
    assert 130 <= refused <= 140


def test_errors_of_aws_itself_are_lost_answers(between: Any) -> None:
    between.rules = [Rule(server_error, first(1))]
    assert between.client.refused("ListRoles", "iam").code == "ServiceFailure"
