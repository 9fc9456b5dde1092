"""Two deploys of different manifests at once: no function ends as a mixture of the two."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from overlay.rivals import Rivals, judged


@pytest.mark.slow
@pytest.mark.parametrize("start", ["base", "nothing", "rollback"])
def test_the_last_word_on_a_function_is_one_persons(cloud: Any, tmp_path: Path, start: str) -> None:
    seed = random.randrange(10**6)
    ended = Rivals(cloud, tmp_path).race(seed, start)
    assert judged(ended, start) == [], f"seed {seed}: {ended}"
