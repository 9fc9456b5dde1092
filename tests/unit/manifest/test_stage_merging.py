"""How the parts of a manifest are merged: each pair of forms, at every level."""

from __future__ import annotations

from pathlib import Path

import pytest

from lcli.errors import LcliError
from lcli.manifest import loading
from lcli.manifest.document import read
from lcli.manifest.stages import refuse_many
from lcli.resources.model import Place

PLACE = Place("a", "prod", "eu-west-1", "123456789012")
LEVELS = ("defaults", "stage defaults", "function", "stage function")
"""Low to high."""


def loaded(tmp_path: Path, **settings: str) -> loading.Function:
    (tmp_path / "src").mkdir(exist_ok=True)
    said = {level.replace(" ", "_"): "" for level in LEVELS} | settings
    path = tmp_path / "lcli.yaml"
    path.write_text(
        f"""\
app: a
defaults: {{source: src, runtime: python3.13, handler: a.b, {said["defaults"]}}}
functions:
  f: {{{said["function"]}}}
stages:
  prod:
    defaults: {{{said["stage_defaults"]}}}
    functions:
      f: {{{said["stage_function"]}}}
"""
    )
    return loading.load(read(path, stage="prod", environ={}), PLACE).functions["f"]


@pytest.mark.parametrize("highest", range(len(LEVELS)))
def test_the_highest_level_that_says_something_wins(tmp_path: Path, highest: int) -> None:
    said = {
        level.replace(" ", "_"): f"memory: {200 + index}"
        for index, level in enumerate(LEVELS[: highest + 1])
    }
    assert loaded(tmp_path, **said).memory == 200 + highest


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        pytest.param(
            "environment: {A1: a, B1: b}",
            "environment: {B1: c}",
            {"environment": {"A1": "a", "B1": "c"}},
            id="maps merge",
        ),
        pytest.param(
            "environment: {A1: a, B1: b}",
            "environment: {B1: null}",
            {"environment": {"A1": "a"}},
            id="null removes a member",
        ),
        pytest.param(
            "environment: {A1: a}", "environment: null", {"environment": {}}, id="null removes all"
        ),
        pytest.param("timeout: 9", "timeout: null", {"timeout": 3}, id="null removes a scalar"),
        pytest.param("exclude: [a, b]", "exclude: [c]", {"exclude": ("c",)}, id="lists replace"),
        pytest.param("role: {path: /a/}", "role: b", {"role": "b"}, id="text replaces a map"),
        pytest.param("alias: blue", "alias: false", {"alias": False}, id="a scalar replaces one"),
    ],
)
def test_two_levels_become_one(
    tmp_path: Path, low: str, high: str, expected: dict[str, object]
) -> None:
    found = loaded(tmp_path, function=low, stage_function=high)
    assert {name: getattr(found, name) for name in expected} == expected


def test_a_map_replaces_text(tmp_path: Path) -> None:
    found = loaded(tmp_path, defaults="role: b", function="role: {path: /a/}")
    assert getattr(found.role, "path", "") == "/a/"


def test_what_defaults_multiply_is_refused_before_it_is_made(tmp_path: Path) -> None:
    variables = ", ".join(f"K{i}: v" for i in range(300))
    functions = "".join(f"  f{i}: {{}}\n" for i in range(900))
    text = f"app: a\ndefaults: {{environment: {{{variables}}}}}\nfunctions:\n{functions}"
    (tmp_path / "lcli.yaml").write_text(text)
    with pytest.raises(LcliError) as caught:
        read(tmp_path / "lcli.yaml", environ={})
    (problem,) = caught.value.problems
    assert problem.what == (
        "with its defaults in every function the manifest has more than 200,000 parts"
    )
    assert problem.where.endswith("lcli.yaml:2:1")


def test_what_stages_multiply_is_refused_where_all_are_checked(tmp_path: Path) -> None:
    functions = "".join(f"  f{i}: {{environment: {{AA: 1, BB: 2}}}}\n" for i in range(3000))
    stages = "".join(f"  s{i}: {{}}\n" for i in range(40))
    (tmp_path / "lcli.yaml").write_text(f"app: a\nfunctions:\n{functions}stages:\n{stages}")
    document = read(tmp_path / "lcli.yaml", environ={})
    with pytest.raises(LcliError) as caught:
        refuse_many(document.whole, document.root, document.source)
    (problem,) = caught.value.problems
    assert problem.what == "the 40 stages of the manifest have more than 1,000,000 parts"
    assert problem.next_step == "check one at a time with --stage NAME"
    assert problem.where.endswith("lcli.yaml:3003:1")
