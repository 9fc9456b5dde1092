"""Words of `ignore:`: what somebody else changes stays, and everything else is kept up."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud, problems

HEAD = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
"""
AT = {"FunctionName": "photos-a", "Qualifier": "live"}
ROLE = {"RoleName": "photos-a-us-east-1"}
GROUP = "/aws/lambda/photos-a"
Call = Callable[..., dict[str, Any]]


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> OnCloud:
    return OnCloud(tmp_path, cloud.url, cloud.account)


def configure(**settings: Any) -> Callable[[Call], object]:
    return lambda call: call(
        "lambda", "UpdateFunctionConfiguration", FunctionName="photos-a", **settings
    )


def configured(name: str) -> Callable[[Call], object]:
    return lambda call: call("lambda", "GetFunctionConfiguration", FunctionName="photos-a")[name]


def tag_all(call: Call) -> None:
    arn = call("lambda", "GetFunction", FunctionName="photos-a")["Configuration"]["FunctionArn"]
    call("lambda", "TagResource", Resource=arn, Tags={"team": "theirs"})
    call("iam", "TagRole", **ROLE, Tags=[{"Key": "team", "Value": "theirs"}])
    (mapping,) = call("lambda", "ListEventSourceMappings")["EventSourceMappings"]
    call(
        "lambda",
        "TagResource",
        Resource=mapping["EventSourceMappingArn"],
        Tags={"team": "theirs"},
    )


def tags(call: Call) -> list[str]:
    function = call("lambda", "GetFunction", FunctionName="photos-a")["Tags"]["team"]
    role = {one["Key"]: one["Value"] for one in call("iam", "GetRole", **ROLE)["Role"]["Tags"]}
    (mapping,) = call("lambda", "ListEventSourceMappings")["EventSourceMappings"]
    tagged = call("lambda", "ListTags", Resource=mapping["EventSourceMappingArn"])["Tags"]
    return [function, role["team"], tagged["team"]]


def allow_all(call: Call) -> object:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return call("iam", "PutRolePolicy", **ROLE, PolicyName="lcli", PolicyDocument=document)


def retention(call: Call) -> object:
    listed = call("logs", "DescribeLogGroups", logGroupNamePrefix=GROUP)["logGroups"]
    return listed[0]["retentionInDays"]


def retry_never(call: Call) -> object:
    return call("lambda", "UpdateFunctionEventInvokeConfig", **AT, MaximumRetryAttempts=0)


def reserve(call: Call) -> object:
    return call(
        "lambda",
        "PutFunctionConcurrency",
        FunctionName="photos-a",
        ReservedConcurrentExecutions=7,
    )


@pytest.mark.parametrize(
    ("word", "settings", "changed_settings", "change", "shown"),
    [
        pytest.param(
            "log.retention_days",
            "log: {retention_days: 7}",
            "log: {retention_days: 30}",
            lambda call: call(
                "logs", "PutRetentionPolicy", logGroupName=GROUP, retentionInDays=365
            ),
            retention,
            id="retention",
        ),
        pytest.param(
            "log",
            "log: {retention_days: 7}",
            "log: {retention_days: 30, format: json}",
            configure(LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"}),
            configured("LoggingConfig"),
            id="log",
        ),
        pytest.param(
            "log.format",
            "memory: 128",
            "log: {format: json, level: warn}",
            configure(LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"}),
            configured("LoggingConfig"),
            id="log format",
        ),
        pytest.param(
            "concurrency",
            "concurrency: {reserved: 5}",
            "concurrency: {reserved: 6}",
            reserve,
            lambda call: call("lambda", "GetFunctionConcurrency", FunctionName="photos-a")[
                "ReservedConcurrentExecutions"
            ],
            id="concurrency",
        ),
        pytest.param(
            "async.retries",
            "async: {retries: 1, max_age: 60}",
            "async: {retries: 2, max_age: 90}",
            retry_never,
            lambda call: call("lambda", "GetFunctionEventInvokeConfig", **AT)[
                "MaximumRetryAttempts"
            ],
            id="retries",
        ),
        pytest.param(
            "url.cors",
            "url: {auth: iam, cors: {origins: ['https://a.example']}}",
            "url: {auth: iam, stream: true}",
            lambda call: call(
                "lambda",
                "UpdateFunctionUrlConfig",
                **AT,
                Cors={"AllowOrigins": ["https://b.example"]},
            ),
            lambda call: call("lambda", "GetFunctionUrlConfig", **AT)["Cors"]["AllowOrigins"],
            id="cors",
        ),
        pytest.param(
            "vpc.subnets",
            "vpc: {subnets: [subnet-1], security_groups: [sg-1]}",
            "vpc: {subnets: [subnet-1], security_groups: [sg-2]}",
            configure(VpcConfig={"SubnetIds": ["subnet-9"], "SecurityGroupIds": ["sg-1"]}),
            lambda call: configured("VpcConfig")(call)["SubnetIds"],  # type: ignore[index]
            id="subnets",
        ),
        pytest.param(
            "role.statements",
            "role: {statements: [{actions: 's3:GetObject', resources: '*'}]}",
            "role: {statements: [{actions: 's3:PutObject', resources: '*'}]}",
            allow_all,
            lambda call: call("iam", "GetRolePolicy", **ROLE, PolicyName="lcli")["PolicyDocument"],
            id="statements",
        ),
        pytest.param(
            "role",
            "role: {policies: ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess']}",
            "role: {policies: ['arn:aws:iam::aws:policy/AmazonSQSFullAccess']}",
            allow_all,
            lambda call: [
                call("iam", "GetRolePolicy", **ROLE, PolicyName="lcli")["PolicyDocument"],
                call("iam", "ListAttachedRolePolicies", **ROLE)["AttachedPolicies"],
            ],
            id="role",
        ),
        pytest.param(
            "tags",
            "tags: {team: a}, triggers: [sqs: orders]",
            "tags: {team: b}, triggers: [sqs: orders]",
            tag_all,
            tags,
            id="tags",
        ),
        pytest.param(
            "api.RecursiveLoop",
            "api: {RecursiveLoop: Terminate}",
            "memory: 128",
            lambda call: call(
                "lambda",
                "PutFunctionRecursionConfig",
                FunctionName="photos-a",
                RecursiveLoop="Allow",
            ),
            lambda call: call("lambda", "GetFunctionRecursionConfig", FunctionName="photos-a")[
                "RecursiveLoop"
            ],
            id="an operation of its own",
        ),
    ],
)
def test_what_is_left_to_others_stays_as_they_made_it(
    app: OnCloud,
    word: str,
    settings: str,
    changed_settings: str,
    change: Callable[[Call], object],
    shown: Callable[[Call], object],
) -> None:
    call = app.session().call

    def write(given: str, timeout: int) -> None:
        app.manifest(f"{HEAD}  a: {{timeout: {timeout}, ignore: [{word}], {given}}}\n")

    write(settings, 3)
    assert problems(app.deploy()) == []
    change(call)
    theirs = shown(call)
    assert app.plan() == []
    write(changed_settings, 4)
    assert problems(app.deploy()) == []
    assert shown(call) == theirs
    assert configured("Timeout")(call) == 4
    assert app.plan() == []


def test_the_other_fields_of_a_thing_are_still_kept(app: OnCloud) -> None:
    call = app.session().call
    app.manifest(f"{HEAD}  a: {{ignore: [async.retries], async: {{retries: 1, max_age: 60}}}}\n")
    assert problems(app.deploy()) == []
    retry_never(call)
    call("lambda", "UpdateFunctionEventInvokeConfig", **AT, MaximumEventAgeInSeconds=77)
    assert app.plan() == ["update event_invoke_config photos-a:live"]
    assert problems(app.deploy()) == []
    held = call("lambda", "GetFunctionEventInvokeConfig", **AT)
    assert (held["MaximumRetryAttempts"], held["MaximumEventAgeInSeconds"]) == (0, 60)
