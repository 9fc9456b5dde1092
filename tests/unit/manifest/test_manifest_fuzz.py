"""A quick slice of benchmarks/fuzz_manifest.py, which makes ten thousand and prints their cost."""

import importlib.util
import random
import time
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[3] / "benchmarks" / "fuzz_manifest.py"
RUNS = 60


@pytest.fixture(scope="module")
def fuzz():
    spec = importlib.util.spec_from_file_location("fuzz_manifest", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("mutation", ["mutated", "restructured"])
@pytest.mark.parametrize("seed", range(2))
def test_broken_manifests_give_an_app_or_an_error_soon(tmp_path, fuzz, seed, mutation):
    (tmp_path / "src").mkdir()
    path = tmp_path / "lcli.yaml"
    chance = random.Random(seed)
    refused = 0
    for _ in range(RUNS):
        begun = time.process_time()
        refused += fuzz.refused(path, getattr(fuzz, mutation)(fuzz.TEXT, chance))
        assert time.process_time() - begun < 2
    assert refused > RUNS // 2


def test_the_manifest_that_is_broken_is_right(tmp_path, fuzz):
    (tmp_path / "src").mkdir()
    assert not fuzz.refused(tmp_path / "lcli.yaml", fuzz.TEXT)
