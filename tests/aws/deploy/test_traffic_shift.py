"""A shift of traffic between two versions is shown by a plan, and is no difference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud, problems

from lcli.resources.model import Change

MANIFEST = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
  one: {}
"""
SHIFT = "a shift of traffic is in flight: 10% to 2, the rest to 1"


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> OnCloud:
    """Version 2 is deployed and has a tenth of the traffic."""
    made = OnCloud(tmp_path, cloud.url, cloud.account)
    made.manifest(MANIFEST)
    for text in "12":
        made.code(text)
        assert problems(made.deploy()) == []
    shift(made, "1", {"2": 0.1})
    made.calls()
    return made


def shift(app: OnCloud, number: str, weights: dict[str, float]) -> dict[str, Any]:
    return app.session().call(
        "lambda",
        "UpdateAlias",
        FunctionName="photos-one",
        Name="live",
        FunctionVersion=number,
        RoutingConfig={"AdditionalVersionWeights": weights},
    )


def alias(app: OnCloud) -> dict[str, Any]:
    return app.session().call("lambda", "GetAlias", FunctionName="photos-one", Name="live")


def test_a_shift_to_what_the_manifest_says_is_told_and_left_alone(app: OnCloud) -> None:
    plan = app.prepare().plan
    assert plan.changes == ()
    assert plan.notices == (f"alias photos-one:live: {SHIFT}",)
    before = alias(app)
    app.calls()
    assert problems(app.deploy()) == []
    assert app.mutations() == []
    assert alias(app) == before


def test_new_code_ends_it_and_the_plan_says_so(app: OnCloud) -> None:
    app.code("3")
    moving = app.prepare().plan.changes[-1]
    assert (str(moving.resource.key), moving.reason) == ("alias photos-one:live", SHIFT)
    assert [(one.path, one.before, str(one.after)) for one in moving.changes] == [
        ("FunctionVersion", "1", "(new)")
    ]
    assert problems(app.deploy()) == []
    now = alias(app)
    assert (now["FunctionVersion"], now.get("RoutingConfig")) == ("3", None)


def test_a_shift_to_something_else_does_not_hide_a_difference(app: OnCloud) -> None:
    app.session().call(
        "lambda", "UpdateFunctionConfiguration", FunctionName="photos-one", Timeout=9
    )
    published = app.session().call("lambda", "PublishVersion", FunctionName="photos-one")
    shift(app, "1", {published["Version"]: 0.25})
    found = {str(one.resource.key): one for one in app.prepare().plan.changes}
    assert Change("Timeout", 9, 3) in found["function photos-one"].changes
    assert found["alias photos-one:live"].reason == (
        "a shift of traffic is in flight: 25% to 3, the rest to 1"
    )


def test_what_runs_everywhere_costs_no_call_more(app: OnCloud) -> None:
    shift(app, "2", {})
    app.calls()
    assert app.prepare().plan.changes == ()
    assert "lambda:GetAlias" not in app.calls()
