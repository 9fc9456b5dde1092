"""Calls that fail, calls that are throttled, and two people at once."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from overlay.faults import Rule, over, throttled
from overlay.fifty import checkout, deploy
from overlay.rivals import judged, race
from overlay.server import overlay
from overlay.storms import live, storm

RACES, SHARES = 200, 8


@pytest.mark.parametrize(
    ("probability", "ratio", "lives"), [(0.2, 1.4, 4), (0.5, 2.3, 3)], ids=["a fifth", "half"]
)
def test_calls_that_fail(
    cloud: Any,
    tmp_path: Path,
    evidence: Callable[[str], None],
    probability: float,
    ratio: float,
    lives: int,
) -> None:
    calm = live(cloud.url, tmp_path)
    seed = random.randrange(10**6)
    for number in range(seed, seed + lives):
        rough = live(cloud.url, tmp_path, storm(probability, number))
        more = rough.calls / calm.calls
        evidence(
            f"{probability:.0%} fail, seed {number}: all of {calm.calls} calls done with "
            f"{rough.calls} ({more:.2f} x), {rough.faults} faults"
        )
        assert rough.held == calm.held, f"seed {number}"
        assert more <= ratio, f"seed {number}"


def test_fifteen_calls_a_second(
    cloud: Any, tmp_path: Path, evidence: Callable[[str], None]
) -> None:
    checkout(tmp_path)
    bucket = over(15, burst=15)
    rule = Rule(throttled, lambda call: call.service == "lambda" and bucket(call))
    with overlay(cloud.url, rule) as between:
        deploy(tmp_path, between.url, cloud.account, LCLI_RATE="14")
        calls = [call for call in between.calls if call.service == "lambda"]
        refused = between.faults().total()
    seconds = calls[-1].at - calls[0].at
    evidence(
        f"15 a second: {len(calls)} calls of Lambda, {refused} answered 429, "
        f"{seconds:.1f} s = {seconds / (len(calls) / 15):.2f} x calls / 15"
    )
    assert refused <= len(calls) / 100
    assert seconds <= 1.15 * len(calls) / 15


@pytest.mark.parametrize("share", range(SHARES))
def test_two_deploys_at_once(
    cloud: Any, tmp_path: Path, evidence: Callable[[str], None], share: int
) -> None:
    first = random.randrange(10**6)
    seeds = range(first, first + RACES // SHARES)
    evidence(f"two at once: seeds {seeds[0]} to {seeds[-1]}, no mixture")
    for seed in seeds:
        ended = race(cloud.url, tmp_path, seed)
        assert judged(ended) == [], f"seed {seed}: {ended}"
