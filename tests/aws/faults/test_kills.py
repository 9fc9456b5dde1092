"""A run that is killed is mended by the next one: the account ends as if nothing had happened."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud
from overlay.account import keep
from overlay.apps import FIRST, LIVES, NEAR, SECOND, app_on, left_to_do, planned, take
from overlay.kills import Tally, all_points
from overlay.sources import DOMAIN, sources

from lcli.resources import kinds

POINTS = 3
"""Of one life: what makes a sample dear is what comes before it."""


@pytest.mark.slow
def test_a_killed_run_is_mended_by_the_next(cloud: Any, tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    drawn, tally = random.Random(seed), Tally("sampled", seed=str(seed))
    with all_points(cloud, tmp_path) as points:
        found = points(drawn.choice(list(LIVES)))
        for point in drawn.sample(found.all, POINTS):
            found.check(point, tally)
    tally.check()


@pytest.mark.slow
def test_the_lives_have_every_kind_of_resource(cloud: Any, tmp_path: Path) -> None:
    sources(cloud.cloud, cloud.account)
    empty, seen = keep(cloud.cloud, cloud.account), set()
    app = app_on(cloud.url, cloud.account, tmp_path)
    for text, step in ((FIRST, "first"), (SECOND, "second"), (NEAR, "near")):
        if text == NEAR:
            empty.restore()
        seen |= {one.resource.key.kind for one in planned(app, text, "1").plan.changes}
        take(step, app)
    assert seen == set(kinds())


def test_the_tags_of_a_mapping_that_a_killed_run_did_not_come_to(
    cloud: Any, tmp_path: Path
) -> None:
    """It had changed those of the function, by which the next run does not see a difference."""
    app, call = OnCloud(tmp_path, cloud.url, cloud.account), cloud.clients().call
    manifest = (
        "app: photos\ntags: {{team: {}}}\ndefaults: {{runtime: python3.13, handler: app.handler}}\n"
        "functions: {{one: {{source: code, triggers: [{{sqs: orders}}]}}}}\n"
    )
    app.manifest(manifest.format("before"))
    app.deploy()
    function = f"arn:aws:lambda:us-east-1:{cloud.account}:function:photos-one"
    call("lambda", "UntagResource", Resource=function, TagKeys=["lcli:digest"])
    call("lambda", "TagResource", Resource=function, Tags={"team": "after"})
    app.manifest(manifest.format("after"))
    app.deploy()
    mapping = call("lambda", "ListEventSourceMappings")["EventSourceMappings"][0]
    tags = call("lambda", "ListTags", Resource=mapping["EventSourceMappingArn"])["Tags"]
    assert tags["team"] == "after"


def test_a_domain_whose_deletion_was_cut_short_leaves_the_tag_of_the_api(
    cloud: Any, tmp_path: Path
) -> None:
    sources(cloud.cloud, cloud.account)
    app, call = app_on(cloud.url, cloud.account, tmp_path), cloud.clients().call
    take("first", app)
    domain = {"DomainName": DOMAIN}
    mapping = call("apigatewayv2", "GetApiMappings", **domain)["Items"][0]["ApiMappingId"]
    call("apigatewayv2", "DeleteApiMapping", **domain, ApiMappingId=mapping)
    assert "lcli:domain" in call("apigatewayv2", "GetApis")["Items"][0]["Tags"]
    take("second", app)
    assert "lcli:domain" not in call("apigatewayv2", "GetApis")["Items"][0]["Tags"]
    assert left_to_do(app, "second") == []


def test_a_run_that_was_not_killed_shows_nothing() -> None:
    tally = Tally("none")
    tally.points = 1
    with pytest.raises(AssertionError, match="0 of 1 were killed"):
        tally.check()
