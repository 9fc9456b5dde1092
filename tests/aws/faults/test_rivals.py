"""Two deploys of different manifests at once: no function ends as a mixture of the two."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from overlay.rivals import judged, race


@pytest.mark.slow
def test_the_last_word_on_a_function_is_one_persons(cloud: Any, tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    ended = race(cloud.url, tmp_path, seed)
    assert judged(ended) == [], f"seed {seed}: {ended}"
