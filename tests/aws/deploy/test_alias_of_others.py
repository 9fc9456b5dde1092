"""Others have attached something to an alias: the alias stays theirs when what is lcli's goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud, done, everything_in, problems

from lcli.deploy import engine

APP = """
app: fr
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
  a: {triggers: [{s3: {bucket: frb, prefix: a/}}]}
"""
ON_LIVE = {"FunctionName": "fr-a", "Qualifier": "live"}
ATTACHED = {
    "permission partner": (
        "AddPermission",
        {
            "StatementId": "partner",
            "Action": "lambda:InvokeFunction",
            "Principal": "444455556666",
            **ON_LIVE,
        },
    ),
    "function URL fr-a:live": ("CreateFunctionUrlConfig", {"AuthType": "AWS_IAM", **ON_LIVE}),
    "async settings fr-a:live": (
        "PutFunctionEventInvokeConfig",
        {"MaximumRetryAttempts": 1, **ON_LIVE},
    ),
    "provisioned concurrency fr-a:live": (
        "PutProvisionedConcurrencyConfig",
        {"ProvisionedConcurrentExecutions": 1, **ON_LIVE},
    ),
    "event source mapping fr-a<-arn:aws:sqs:us-east-1:{account}:theirs": (
        "CreateEventSourceMapping",
        {
            "FunctionName": "fr-a:live",
            "EventSourceArn": "arn:aws:sqs:us-east-1:{account}:theirs",
            "Enabled": False,
        },
    ),
}


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> OnCloud:
    made = OnCloud(tmp_path, cloud.url, cloud.account)
    made.manifest(APP)
    made.deploy_well()
    return made


def attach(app: OnCloud, named: str) -> None:
    """What others attach to the alias."""
    operation, given = ATTACHED[named]
    if operation == "CreateEventSourceMapping":
        app.session().call("sqs", "CreateQueue", QueueName="theirs")
    parameters = {
        key: one.replace("{account}", app.account) if isinstance(one, str) else one
        for key, one in given.items()
    }
    app.session().call("lambda", operation, **parameters)


def without_the_alias(app: OnCloud, alias: str) -> None:
    app.manifest(APP.replace("a: {", f"a: {{alias: {alias}, "))


@pytest.mark.parametrize("named", ATTACHED)
def test_an_alias_that_others_use_stays(app: OnCloud, named: str) -> None:
    attach(app, named)
    without_the_alias(app, "false")
    stays = f"alias fr-a:live stays, since others use it: {named}".replace("{account}", app.account)
    prepared = app.prepare()
    assert stays in prepared.notices
    changed = done(app.deploy())
    assert "delete alias fr-a:live" not in changed
    assert [line for line in changed if line.startswith("delete permission fr-a:live/lcli-")]
    app.calls()
    assert done(app.deploy()) == {}  # and again, quietly
    assert app.mutations() == []
    assert stays in app.prepare().notices


def test_what_others_have_stays_with_a_renamed_alias_until_it_goes(app: OnCloud) -> None:
    attach(app, "permission partner")
    without_the_alias(app, "blue")
    app.deploy_well()
    held = everything_in(app.session())["fr-a"]
    assert {"live=1", "blue=1", "live/partner", "alias=blue alias=live permissions=blue"} <= {*held}
    assert app.plan() == []
    app.session().call("lambda", "RemovePermission", StatementId="partner", **ON_LIVE)
    assert app.plan() == ["delete alias fr-a:live", "update parts fr-a"]
    app.deploy_well()
    assert "live=1" not in everything_in(app.session())["fr-a"]


def test_a_statement_that_others_add_after_the_plan_keeps_the_alias(app: OnCloud) -> None:
    without_the_alias(app, "blue")
    prepared = app.prepare()
    attach(app, "permission partner")
    assert problems(engine.deploy(prepared, app.session())) == [
        "the alias fr-a:live has permissions that lcli did not make: partner"
    ]
    app.deploy_well()
    assert "live/partner" in everything_in(app.session())["fr-a"]
    assert app.plan() == []


def test_a_function_that_is_deleted_takes_its_alias_along(app: OnCloud) -> None:
    attach(app, "permission partner")
    assert problems(app.delete()) == []
    assert everything_in(app.session())["functions"] == []


def test_no_call_is_made_for_aliases_that_stay_in_the_manifest(app: OnCloud) -> None:
    app.calls()
    app.prepare()
    asked = app.calls()
    assert asked["lambda:GetPolicy"] == 1
    assert not {"lambda:GetFunctionUrlConfig", "lambda:ListEventSourceMappings"} & asked.keys()
