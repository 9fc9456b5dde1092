"""A tag that leaves the manifest leaves everything that has it; somebody else's stays."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import DyingClients, Killed, OnCloud
from overlay.account import keep

from lcli.aws.session import Session
from lcli.resources.model import Place

TAGGED = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code}
tags: {stays: x, leaves: x}
functions:
  a: {tags: {goes: x}, triggers: [sqs: jobs, http: GET /]}
"""
BARE = TAGGED.replace(", leaves: x", "").replace("tags: {goes: x}, ", "")
HAND = {"hand": "x"}


def _of_lambda(arn: str, session: Session, tags: dict[str, str]) -> dict[str, str]:
    if tags:
        session.call("lambda", "TagResource", Resource=arn, Tags=tags)
    return dict(session.call("lambda", "ListTags", Resource=arn)["Tags"])


def of_function(place: Place, session: Session, tags: dict[str, str]) -> dict[str, str]:
    return _of_lambda(place.arn("lambda", "function:photos-a"), session, tags)


def of_mapping(place: Place, session: Session, tags: dict[str, str]) -> dict[str, str]:
    (one,) = session.call("lambda", "ListEventSourceMappings")["EventSourceMappings"]
    return _of_lambda(one["EventSourceMappingArn"], session, tags)


def of_role(place: Place, session: Session, tags: dict[str, str]) -> dict[str, str]:
    name = "photos-a-us-east-1"
    given = [{"Key": key, "Value": value} for key, value in tags.items()]
    if given:
        session.call("iam", "TagRole", RoleName=name, Tags=given)
    listed = session.call("iam", "ListRoleTags", RoleName=name)["Tags"]
    return {one["Key"]: one["Value"] for one in listed}


def of_log_group(place: Place, session: Session, tags: dict[str, str]) -> dict[str, str]:
    arn = place.arn("logs", "log-group:/aws/lambda/photos-a")
    if tags:
        session.call("logs", "TagResource", resourceArn=arn, tags=tags)
    return dict(session.call("logs", "ListTagsForResource", resourceArn=arn)["tags"])


def of_api(place: Place, session: Session, tags: dict[str, str], below: str = "") -> dict[str, str]:
    (api,) = session.call("apigatewayv2", "GetApis")["Items"]
    arn = place.arn("apigateway", f"/apis/{api['ApiId']}{below}", account="")
    if tags:
        session.call("apigatewayv2", "TagResource", ResourceArn=arn, Tags=tags)
    return dict(session.call("apigatewayv2", "GetTags", ResourceArn=arn)["Tags"])


def of_stage(place: Place, session: Session, tags: dict[str, str]) -> dict[str, str]:
    return of_api(place, session, tags, "/stages/$default")


Tags = Callable[[Place, Session, dict[str, str]], dict[str, str]]
KINDS: list[Tags] = [of_function, of_mapping, of_role, of_log_group, of_api, of_stage]


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> OnCloud:
    made = OnCloud(tmp_path, cloud.url, cloud.account)
    made.manifest(TAGGED)
    made.deploy_well()
    return made


def plain(app: OnCloud, tags: Tags) -> dict[str, str]:
    """Those that are not lcli's own."""
    found = tags(app.place(), app.session(), {})
    return {key: one for key, one in found.items() if not key.startswith("lcli:")}


@pytest.mark.parametrize("tags", KINDS)
def test_a_tag_leaves_and_somebody_elses_stays(app: OnCloud, tags: Tags) -> None:
    # moto shows a stage no tag that it was made with; one that is written again is the same.
    tags(app.place(), app.session(), HAND | {"leaves": "x"})
    app.manifest(BARE)
    app.deploy_well()
    assert plain(app, tags) == {"stays": "x"} | HAND
    assert app.plan() == []


@pytest.mark.whole
def test_a_tag_leaves_wherever_a_run_is_killed(app: OnCloud, cloud: Any) -> None:
    first, survives, died = keep(cloud.cloud, cloud.account), 0, True
    app.manifest(BARE)
    while died:
        first.restore()
        app.clients = DyingClients(app.session(), survives)
        with suppress(Killed):
            app.deploy()
        died, app.clients = app.clients.dead, None
        app.deploy_well()
        for tags in KINDS:
            assert plain(app, tags) == {"stays": "x"}, f"killed after {survives} changes"
        survives += 1
    assert survives > 10
