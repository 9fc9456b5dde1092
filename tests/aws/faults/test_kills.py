"""A run that is killed is mended by the next one: the account ends as if nothing had happened."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from overlay.apps import LIVES
from overlay.kills import Points

SAMPLED = 2


@pytest.mark.slow
@pytest.mark.parametrize("life", LIVES)
def test_a_killed_run_is_mended_by_the_next(cloud: Any, tmp_path: Path, life: str) -> None:
    points = Points(cloud.url, tmp_path, life)
    seed = random.randrange(10**6)
    chosen = sorted(random.Random(seed).sample(range(1, points.changes + 1), SAMPLED))
    for k in chosen:
        points.check(k, told=f"seed {seed}, killed after change {k} of {points.changes}")
