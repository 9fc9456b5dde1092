"""Functions that isolate tenants: environments of their own, the id in the context and the log."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from test_real_functions import deploy, until

SOURCE = """
import json

seen = []

def handler(event, context):
    seen.append(event)
    return [context.tenant_id, seen]
"""
ISOLATED = {"TenantIsolationMode": "PER_TENANT"}
JSON_LOG = {"LogFormat": "JSON"}
MISSING = (
    "The invoked function is enabled with tenancy configuration. "
    "Add a valid tenant ID in your request and try again."
)


def invoke(cloud: Any, event: Any, **parameters: Any) -> Any:
    client = cloud.boto3("lambda")
    return client.invoke(FunctionName="real", Payload=json.dumps(event), **parameters)


def test_no_environment_serves_two_tenants(cloud: Any) -> None:
    deploy(cloud, SOURCE, TenancyConfig=ISOLATED)
    answers = [
        json.loads(invoke(cloud, number, TenantId=tenant)["Payload"].read())
        for number, tenant in enumerate(["blue", "green", "blue", "a:b/c=d+e@f g"])
    ]
    assert answers == [
        ["blue", [0]],
        ["green", [1]],
        ["blue", [0, 2]],
        ["a:b/c=d+e@f g", [3]],
    ]


def test_records_of_an_invocation_name_the_tenant(cloud: Any) -> None:
    deploy(cloud, SOURCE, TenancyConfig=ISOLATED, LoggingConfig=JSON_LOG)
    answer = invoke(cloud, 1, TenantId="blue", LogType="Tail")
    lines = base64.b64decode(answer["LogResult"]).decode().splitlines()
    records = {document["type"]: document["record"] for document in map(json.loads, lines)}
    assert records["platform.start"]["tenantId"] == "blue"
    assert records["platform.report"]["tenantId"] == "blue"


@pytest.mark.parametrize("kind", ["RequestResponse", "Event", "DryRun"])
def test_a_tenant_must_be_named_where_they_are_isolated(cloud: Any, kind: str) -> None:
    deploy(cloud, SOURCE, TenancyConfig=ISOLATED)
    with pytest.raises(cloud.boto3("lambda").exceptions.InvalidParameterValueException) as raised:
        invoke(cloud, 1, InvocationType=kind)
    assert raised.value.response["Error"]["Message"] == MISSING


def test_a_tenant_is_refused_where_they_are_not_isolated(cloud: Any) -> None:
    deploy(cloud, SOURCE)
    with pytest.raises(cloud.boto3("lambda").exceptions.InvalidParameterValueException) as raised:
        invoke(cloud, 1, TenantId="blue")
    assert "not enabled with tenancy" in raised.value.response["Error"]["Message"]


def test_an_event_in_the_queue_keeps_its_tenant(cloud: Any) -> None:
    told = "def handler(event, context):\n    print('tenant', context.tenant_id)\n"
    deploy(cloud, told, TenancyConfig=ISOLATED)
    assert invoke(cloud, 1, InvocationType="Event", TenantId="green")["StatusCode"] == 202
    logs = cloud.boto3("logs")

    def printed() -> Any:
        events = logs.filter_log_events(logGroupName="/aws/lambda/real")["events"]
        return [e["message"] for e in events if e["message"].startswith("tenant")]

    assert until(lambda: found_or_none(logs, printed)) == ["tenant green\n"]


def found_or_none(logs: Any, look: Any) -> Any:
    try:
        return look()
    except logs.exceptions.ResourceNotFoundException:
        return None
