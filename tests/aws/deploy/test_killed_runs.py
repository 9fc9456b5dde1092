"""A run that is killed after any change: the next one ends where an undisturbed one does."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import DyingClients, Killed, OnCloud, everything_in, problems

FIRST = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
  thumb:
    concurrency: {reserved: 2}
    url: {auth: none}
    triggers:
      - s3: {bucket: photos-ACCOUNT, prefix: in/}
      - http: GET /
  orders:
    triggers:
      - sqs: orders
"""
SECOND = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code, memory: 256, alias: blue}
functions:
  thumb:
    environment: {SIZE: "1"}
    async: {retries: 0}
    triggers:
      - s3: {bucket: photos-ACCOUNT, prefix: other/}
"""


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> OnCloud:
    return OnCloud(tmp_path, cloud.url, cloud.account)


def first(app: OnCloud) -> None:
    app.code("1")
    app.manifest(FIRST.replace("ACCOUNT", app.account))
    assert problems(app.deploy()) == []


def second(app: OnCloud) -> None:
    app.code("2")
    app.manifest(SECOND.replace("ACCOUNT", app.account))
    assert problems(app.deploy(prune=True)) == []


def nothing(app: OnCloud) -> None:
    assert problems(app.delete()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "step"),
    [
        pytest.param(nothing, first, id="create"),
        pytest.param(first, second, id="change"),
        pytest.param(first, nothing, id="delete"),
    ],
)
def test_a_killed_run_is_mended_by_the_next(
    app: OnCloud, before: Callable[[OnCloud], None], step: Callable[[OnCloud], None]
) -> None:
    first(app)
    step(app)
    undisturbed = everything_in(app.session())
    nothing(app)
    for survives in itertools.count(step=2):
        before(app)
        app.clients = dying = DyingClients(app.session(), survives)
        killed = True
        try:
            step(app)
        except Killed:
            pass
        else:
            killed = False
        app.clients = None
        if killed:
            step(app)
        held = everything_in(app.session())
        assert held == undisturbed, f"killed after change {survives + 1}"
        nothing(app)
        if not killed:
            break
    assert dying.changes >= 8
