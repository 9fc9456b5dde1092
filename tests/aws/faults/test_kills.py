"""A run that is killed is mended by the next one: the account ends as if nothing had happened."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from overlay.apps import LIVES
from overlay.kills import Tally, all_points

SAMPLED = 2


@pytest.mark.slow
def test_a_killed_run_is_mended_by_the_next(cloud: Any, tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    drawn, tally = random.Random(seed), Tally("sampled")
    with all_points(cloud, tmp_path) as points:
        for life in drawn.sample(list(LIVES), SAMPLED):
            found = points(life)
            for point in drawn.sample(found.all, SAMPLED):
                found.check(point, tally)
    assert tally.failures == [], f"seed {seed}"
