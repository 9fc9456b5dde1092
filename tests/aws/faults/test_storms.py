"""Deploys through throttles, errors of AWS's own, and connections that break."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from overlay.storms import live, storm

STEPS = ("first", "second", "nothing")
"""`make chaos` has more of them."""


@pytest.mark.slow
def test_a_fifth_of_all_calls_fails_and_every_run_succeeds(cloud: Any, tmp_path: Path) -> None:
    calm = live(cloud.cloud, tmp_path, steps=STEPS)
    seed = random.randrange(10**6)
    rough = live(cloud.cloud, tmp_path, storm(0.2, seed), steps=STEPS)
    assert rough.operations.asked > 300
    assert rough.operations.given_up == 0, f"seed {seed}"
    assert rough.held == calm.held, f"seed {seed}"
    assert rough.faults > 0.15 * rough.calls, f"seed {seed}"
    assert rough.ratio <= 1.4, f"seed {seed}"
