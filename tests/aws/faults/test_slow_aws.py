"""AWS that lets few calls through, and AWS that learns of a role late."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud, problems
from overlay.faults import Refuse, Rule, over, throttled
from overlay.operations import Call
from overlay.server import overlay

from lcli.aws.session import connect
from lcli.deploy.events import Doing, Event

CALLS = 60
LATE = 2.0
NOT_YET = Refuse(
    status=400,
    code="InvalidParameterValueException",
    message="The role defined for the function cannot be assumed by Lambda.",
)


@pytest.mark.slow
def test_paced_calls_are_hardly_ever_throttled_and_lose_little_time(cloud: Any) -> None:
    with overlay(cloud.url, Rule(throttled, over(15, burst=15))) as between:
        session = connect(
            region="us-east-1",
            endpoint_url=between.url,
            local_account=cloud.account,
            environ={"LCLI_RATE": "14"},
        )
        began = time.monotonic()
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda _: session.call("lambda", "ListFunctions"), range(CALLS)))
        seconds = time.monotonic() - began
    assert between.faults().total() <= CALLS / 100
    assert seconds <= 1.15 * CALLS / 15


@pytest.mark.slow
def test_a_role_that_lambda_learns_of_late_is_waited_for(cloud: Any, tmp_path: Path) -> None:
    asked: list[float] = []

    def too_early(call: Call) -> bool:
        asked.append(call.at)
        return call.at < asked[0] + LATE

    events: list[Event] = []
    create = frozenset({"lambda:CreateFunction"})
    with overlay(cloud.url, Rule(NOT_YET, too_early, create)) as between:
        app = OnCloud(tmp_path, between.url, cloud.account)
        app.manifest(
            "app: photos\n"
            "defaults: {runtime: python3.13, handler: app.handler, source: code}\n"
            "functions: {one: {}}\n"
        )
        assert problems(app.deploy(listener=events.append)) == []
        assert app.plan() == []
    said = {event.doing for event in events if isinstance(event, Doing)}
    assert "waiting for IAM: the role cannot be used yet" in said
    assert between.counts()["lambda:CreateFunction"] > 1
