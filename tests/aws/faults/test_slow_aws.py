"""AWS that lets few calls through, and AWS that learns of a role late."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from overlay.faults import Rule, over, throttled
from overlay.late_role import made_late
from overlay.server import overlay

from lcli.aws.session import connect

CALLS = 60
LATE = 2.0


@pytest.mark.slow
def test_paced_calls_are_hardly_ever_throttled_and_lose_little_time(cloud: Any) -> None:
    """The best of three counts: what else runs on the machine can only lose time."""
    ratios = []
    for _ in range(3):
        with overlay(cloud.url, Rule(throttled, over(15, burst=15))) as between:
            session = connect(
                region="us-east-1",
                endpoint_url=between.url,
                local_account=cloud.account,
                environ={"LCLI_RATE": "14"},
            )
            began = time.monotonic()
            with ThreadPoolExecutor(16) as pool:
                list(pool.map(session.call, ["lambda"] * CALLS, ["ListFunctions"] * CALLS))
            ratios.append((time.monotonic() - began) / (CALLS / 15))
        assert between.faults().total() <= CALLS / 100
        if ratios[-1] <= 1.15:
            break
    assert min(ratios) <= 1.15


@pytest.mark.slow
def test_a_role_that_lambda_learns_of_late_is_waited_for(cloud: Any, tmp_path: Path) -> None:
    late = made_late(cloud, tmp_path, LATE)
    assert late.said == "waiting for IAM: the role cannot be used yet"
    assert late.tries > 1
