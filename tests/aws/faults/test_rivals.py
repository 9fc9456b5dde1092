"""Two deploys of different manifests at once: no function ends as a mixture of the two."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from overlay.rivals import Rivals, judged


@pytest.mark.slow
def test_the_last_word_on_a_function_is_one_persons(cloud: Any, tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    rivals = Rivals(cloud, tmp_path)
    assert judged(ended := rivals.race(seed)) == [], f"seed {seed}: {ended}"
    ended = rivals.race(seed, back=True)
    assert judged(ended, ("base", "right")) == [], f"seed {seed}: {ended}"
