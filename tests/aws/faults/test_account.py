"""What the comparison of two accounts must see: each of these is one small thing that differs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from overlay.account import everything, keep
from overlay.apps import app_on, take
from overlay.sources import sources

from lcli.aws.session import Session

THUMB, LIVE = (
    {"FunctionName": "photos-thumb"},
    {"FunctionName": "photos-thumb", "Qualifier": "live"},
)
ROLE = {"RoleName": "thumbnails"}
GROUP = "arn:aws:logs:us-east-1:ACCOUNT:log-group:/aws/lambda/photos-thumb"
FROM_ELSEWHERE = {
    "StatementId": "x",
    "Action": "lambda:InvokeFunction",
    "Principal": "events.amazonaws.com",
}
RULE = {**FROM_ELSEWHERE, "SourceArn": "arn:aws:events:us-east-1:123456789012:rule/"}
TRUSTED = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "ec2.amazonaws.com"},
            }
        ],
    }
)
CHANGES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a value": ("lambda", "UpdateFunctionConfiguration", {**THUMB, "Environment": {}}),
    "a queue": ("sqs", "CreateQueue", {"QueueName": "left"}),
    "a table": ("dynamodb", "DeleteTable", {"TableName": "users"}),
    "a stream": ("kinesis", "DeleteStream", {"StreamName": "clicks"}),
    "a bucket": ("s3", "CreateBucket", {"Bucket": "left-ACCOUNT"}),
    "an object": ("s3", "PutObject", {"Bucket": "photos-ACCOUNT", "Key": "left", "Body": b"x"}),
    "a role's tag": ("iam", "TagRole", {**ROLE, "Tags": [{"Key": "a", "Value": "b"}]}),
    "a role's trust": (
        "iam",
        "UpdateAssumeRolePolicy",
        {**ROLE, "PolicyDocument": TRUSTED},
    ),
    "a role's description": ("iam", "UpdateRole", {**ROLE, "Description": "another"}),
    "a role's boundary": ("iam", "DeleteRolePermissionsBoundary", ROLE),
    "a role's policy": (
        "iam",
        "DetachRolePolicy",
        {**ROLE, "PolicyArn": "arn:aws:iam::ACCOUNT:policy/reading"},
    ),
    "a group's tag": ("logs", "TagResource", {"resourceArn": GROUP, "tags": {"a": "b"}}),
    "recursion": ("lambda", "PutFunctionRecursionConfig", {**THUMB, "RecursiveLoop": "Terminate"}),
    "runtime management": (
        "lambda",
        "PutRuntimeManagementConfig",
        {**THUMB, "UpdateRuntimeOn": "Auto"},
    ),
    "code signing": ("lambda", "DeleteFunctionCodeSigningConfig", THUMB),
    "a statement": (
        "lambda",
        "AddPermission",
        {**LIVE, **RULE, "SourceArn": RULE["SourceArn"] + "r"},
    ),
    "a function's tag": (
        "lambda",
        "TagResource",
        {"Resource": "arn:aws:lambda:us-east-1:ACCOUNT:function:photos-thumb", "Tags": {"a": "b"}},
    ),
    "asynchronous settings": (
        "lambda",
        "UpdateFunctionEventInvokeConfig",
        {**LIVE, "MaximumRetryAttempts": 0},
    ),
}


def made(session: Session, account: str, what: str) -> None:
    service, operation, parameters = CHANGES[what]
    given = {
        name: one.replace("ACCOUNT", account) if isinstance(one, str) else one
        for name, one in parameters.items()
    }
    session.call(service, operation, **given)


@pytest.mark.whole
def test_every_small_thing_is_seen(cloud: Any, tmp_path: Path) -> None:
    sources(cloud.cloud, cloud.account)
    session, app = cloud.clients(), app_on(cloud.url, cloud.account, tmp_path)
    take("first", app)
    there, kept = everything(cloud.cloud, cloud.account), keep(cloud.cloud, cloud.account)
    for what in CHANGES:
        made(session, cloud.account, what)
        assert everything(cloud.cloud, cloud.account) != there, what
        kept.restore()
        assert everything(cloud.cloud, cloud.account) == there, f"restored after {what}"

    def api(operation: str, **parameters: Any) -> dict[str, Any]:
        return session.call("apigatewayv2", operation, **parameters)

    of = {"ApiId": api("GetApis")["Items"][0]["ApiId"]}
    route = next(one for one in api("GetRoutes", **of)["Items"] if one["RouteKey"] == "GET /")
    integration = api("GetIntegrations", **of)["Items"][0]["IntegrationId"]
    mapping = session.call("lambda", "ListEventSourceMappings")["EventSourceMappings"][0]["UUID"]
    domain = {"DomainName": "photos.example.com"}
    api_mapping = api("GetApiMappings", **domain)["Items"][0]["ApiMappingId"]
    for service, operation, parameters in (
        ("apigatewayv2", "UpdateApi", {**of, "CorsConfiguration": {"AllowOrigins": ["*"]}}),
        ("apigatewayv2", "DeleteApiMapping", {**domain, "ApiMappingId": api_mapping}),
        ("apigatewayv2", "DeleteRoute", {**of, "RouteId": route["RouteId"]}),
        (
            "apigatewayv2",
            "UpdateIntegration",
            {**of, "IntegrationId": integration, "TimeoutInMillis": 99},
        ),
        (
            "lambda",
            "UpdateEventSourceMapping",
            {"UUID": mapping, "FilterCriteria": {"Filters": [{"Pattern": "{}"}]}},
        ),
        ("lambda", "UpdateAlias", {**THUMB, "Name": "live", "Description": "another"}),
    ):
        session.call(service, operation, **parameters)
        assert everything(cloud.cloud, cloud.account) != there, operation
        kept.restore()


def test_statements_for_two_rules_do_not_look_alike(cloud: Any) -> None:
    cloud.function()
    seen = []
    for rule in ("r", "s"):
        given = {**RULE, "SourceArn": RULE["SourceArn"] + rule}
        cloud.clients().call("lambda", "AddPermission", FunctionName="f", **given)
        seen.append(everything(cloud.cloud, cloud.account))
        cloud.clients().call("lambda", "RemovePermission", FunctionName="f", StatementId="x")
    assert seen[0] != seen[1]
