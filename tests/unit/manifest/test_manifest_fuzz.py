"""A quick slice of benchmarks/fuzz_manifest.py, which makes ten thousand and prints their cost."""

import importlib.util
import random
import time
from pathlib import Path

import pytest

from lcli.errors import LcliError, Problem
from lcli.manifest.document import read
from lcli.manifest.loading import load

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


@pytest.mark.parametrize(
    "printer", ["lcli.ui.problems.neutralise", "lcli.ui.neutral.neutralise_json"]
)
def test_what_would_be_printed_raw_is_found(fuzz, monkeypatch, printer):
    error = LcliError(
        Problem("unknown-key", "there is no key \u202e\x9b2J\x1b[31m", "lcli.yaml:1:1")
    )
    fuzz.look_at(*fuzz.printed(error))
    monkeypatch.setattr(printer, lambda text: text)
    with pytest.raises(ValueError, match="printed"):
        fuzz.look_at(*fuzz.printed(error))


CODE = "source: ., runtime: python3.13, handler: a.b"
VARIABLES = ", ".join(f"K{i}_: '${{env:NONE_{i}}}'" for i in range(2000))
TRIGGERS = ", ".join(["sqss: x"] * 2000)
MANY = {
    "variables on one line": f"  f: {{CODE, environment: {{{VARIABLES}}}}}",
    "triggers on one line": f"  f: {{CODE, triggers: [{TRIGGERS}]}}",
    "layers": "\n".join(f"  f{i}: {{CODE, layers: [f{i}x]}}" for i in range(300)),
    "references": "\n".join(
        f"  f{i}: {{CODE, environment: {{AA: '${{function:f{i}x.arn}}'}}}}" for i in range(300)
    ),
}


@pytest.mark.parametrize("functions", MANY.values(), ids=MANY)
def test_very_many_errors_are_told_soon(tmp_path, fuzz, functions):
    layers = "".join(f"  l{i}: {{source: src}}\n" for i in range(300))
    text = f"app: photos\nlayers:\n{layers}functions:\n{functions.replace('CODE', CODE)}\n"
    (tmp_path / "lcli.yaml").write_text(text)
    begun = time.process_time()
    with pytest.raises(LcliError) as caught:
        load(read(tmp_path / "lcli.yaml", environ={}), fuzz.PLACE)
    assert caught.value.problems[-1].code == "more-problems"
    assert time.process_time() - begun < 2


HALF = 500_000
LONG = {
    "text after a reference": "${app}" + "x" * 2 * HALF,
    "references in one text": "x${app}" * (HALF // 10),
    "escapes in one text": "$${" * (HALF // 2),
    "closed braces": "${app}" + "}" * HALF,
    "a reference that is not closed": "${" + "x" * HALF,
}


@pytest.mark.parametrize("value", LONG.values(), ids=LONG)
def test_a_very_long_text_with_references_is_read_soon(tmp_path, fuzz, value):
    one = f"{{source: ., runtime: nodejs22.x, handler: a.b, description: '{value}'}}"
    (tmp_path / "lcli.yaml").write_text(f"app: photos\nfunctions:\n  one: {one}\n")
    begun = time.process_time()
    with pytest.raises(LcliError):
        load(read(tmp_path / "lcli.yaml", environ={}), fuzz.PLACE)
    assert time.process_time() - begun < 2
