"""The manifest's key of a function changes: what pushes to the AWS function stays its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import DyingClients, Killed, OnCloud, everything_in, problems
from overlay.account import MAY_LACK, Kept, everything, keep

from lcli.errors import ExitCode, LcliError

HEAD = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
"""
SAME = "name: same, triggers: [s3: {bucket: pics, prefix: a/}, http: GET /, sqs: jobs]"
OTHER = "name: same, triggers: [s3: {bucket: pics, prefix: z/}, http: GET /z]"


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> OnCloud:
    return OnCloud(tmp_path, cloud.url, cloud.account)


def with_functions(app: OnCloud, **functions: str) -> None:
    written = (f"  {key}: {{{settings}}}\n" for key, settings in functions.items())
    app.manifest(HEAD + "".join(written))


def deployed(app: OnCloud, **functions: str) -> None:
    with_functions(app, **functions)
    app.deploy_well()


def rules(app: OnCloud) -> list[tuple[str, str]]:
    """Prefix and function of the rules of the bucket."""
    answer = app.session().call("s3", "GetBucketNotificationConfiguration", Bucket="pics")
    return sorted(
        (
            one["Filter"]["Key"]["FilterRules"][0]["Value"],
            one["LambdaFunctionArn"].split(":")[6],
        )
        for one in answer.get("LambdaFunctionConfigurations", [])
    )


def killed_in_turn(app: OnCloud, first: Kept, after: dict[str, str]) -> Iterator[str]:
    """After each change in turn, and not at all, each time from the beginning; then run again."""
    survives, died = 0, True
    while died:
        first.restore()
        with_functions(app, **after)
        app.clients = DyingClients(app.session(), survives)
        with suppress(Killed):
            app.deploy()
        died, app.clients = app.clients.dead, None
        assert [one for one in app.prepare().notices if "--prune" in one] == []
        app.deploy_well()
        yield f"killed after {survives} changes"
        assert app.plan(prune=True) == []
        survives += 1
    assert survives > 3


@pytest.mark.whole
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({"a": SAME}, {"b": SAME}, id="nothing else"),
        pytest.param({"a": SAME}, {"b": OTHER}, id="other triggers"),
        pytest.param({"a": SAME}, {"b": "name: same"}, id="no triggers"),
        pytest.param(
            {"a": SAME, "b": "name: more"}, {"b": OTHER, "a": "name: more"}, id="keys that swap"
        ),
    ],
)
def test_what_a_function_had_under_another_key_is_its_own(
    app: OnCloud, cloud: Any, before: dict[str, str], after: dict[str, str]
) -> None:
    def held() -> list[str]:
        lines = everything(cloud.cloud, cloud.account)
        return [one for one in lines if not one.startswith(MAY_LACK)]

    deployed(app, **before)
    first = keep(cloud.cloud, cloud.account)
    assert problems(app.delete(logs=True)) == []
    deployed(app, **after)
    made_at_once = held()
    for when in killed_in_turn(app, first, after):
        assert held() == made_at_once, when


@pytest.mark.whole
@pytest.mark.parametrize("role", ["{name: mine, path: /team/}", "{}"])
def test_a_role_made_under_another_key_goes_with_it(app: OnCloud, cloud: Any, role: str) -> None:
    deployed(app, a=f"name: same, role: {role}")
    first = keep(cloud.cloud, cloud.account)
    theirs = f"name: same, role: 'arn:aws:iam::{app.account}:role/theirs'"
    for when in killed_in_turn(app, first, {"b": theirs}):
        assert everything_in(app.session())["roles"] == [], when


def test_a_rule_is_replaced_in_one_write_and_deleted_with_what_leads_to_it(app: OnCloud) -> None:
    deployed(app, a=SAME)
    for prefix in ("z/", ""):
        with_functions(app, b=SAME.replace("a/", prefix or "a/b/"))
        app.calls()
        app.deploy_well()
        assert app.calls()["s3:PutBucketNotificationConfiguration"] == 1
        assert rules(app) == [(prefix or "a/b/", "same")]
    with_functions(app, c="name: same")
    app.deploy_well()
    assert rules(app) == []
    deployed(app, a=SAME)
    with_functions(app, b=SAME)
    assert problems(app.delete(functions={"b": "same"})) == []
    assert rules(app) == []


def test_the_log_group_of_another_time_goes_with_the_function(app: OnCloud) -> None:
    deployed(app, a="name: same")
    deployed(app, b="name: same, log: {group: /photos/b}")
    assert problems(app.delete(functions={"b": "same"}, logs=True)) == []
    assert everything_in(app.session())["log groups"] == []


OLD = {"old": "triggers: [s3: {bucket: pics, prefix: a/}]"}
NEW = {"new": "triggers: [s3: {bucket: pics, prefix: a/b/}]"}


@pytest.mark.parametrize(
    ("named", "options"),
    [((), {}), (("new",), {}), ((), {"quick": True})],
    ids=["all", "one by name", "quick"],
)
def test_a_rule_that_overlaps_with_a_leftovers_is_found_in_the_plan(
    app: OnCloud, named: tuple[str, ...], options: dict[str, bool]
) -> None:
    deployed(app, **OLD)
    with_functions(app, **NEW)
    app.calls()
    with pytest.raises(LcliError) as caught:
        app.prepare(*named, **options)
    (problem,) = caught.value.problems
    assert (problem.code, caught.value.exit_code) == ("notifications-overlap", ExitCode.USAGE)
    assert "the latter belongs to function old, which has left the manifest" in problem.what
    assert "`lcli deploy --prune`" in problem.next_step
    assert problem.where
    assert app.mutations() == []
    assert app.deploy(prune=True).exit_code is ExitCode.DONE
    assert app.calls()["s3:PutBucketNotificationConfiguration"] == 1
    assert rules(app) == [("a/b/", "photos-new")]
    assert everything_in(app.session())["functions"] == ["photos-new"]
    assert app.plan() == []


def test_a_rule_that_overlaps_with_one_of_a_function_that_is_not_named(app: OnCloud) -> None:
    deployed(app, **OLD)
    with_functions(app, **NEW, old="triggers: [s3: {bucket: pics, prefix: z/}]")
    with pytest.raises(LcliError) as caught:
        app.prepare("new")
    (problem,) = caught.value.problems
    assert (problem.code, caught.value.exit_code) == ("notifications-overlap", ExitCode.USAGE)
    assert problem.next_step.startswith("deploy old too")
    app.deploy_well()
    assert rules(app) == [("a/b/", "photos-new"), ("z/", "photos-old")]
