"""Two deploys of different manifests at once: no function ends as a mixture of the two."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from overlay.rivals import Rivals, judged


@pytest.mark.slow
def test_the_last_word_on_a_function_is_one_persons(cloud: Any, tmp_path: Path) -> None:
    rivals = Rivals(cloud, tmp_path)
    for start in rivals.starts:
        seed = random.randrange(10**6)
        ended = rivals.race(seed, start)
        assert judged(ended, start) == [], f"{start}, seed {seed}: {ended}"
