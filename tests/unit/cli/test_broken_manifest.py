"""A manifest that is broken as YAML is told with all that is wrong with the rest of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lcli.cli.options import Globals
from lcli.cli.run import Run
from lcli.errors import ExitCode, LcliError
from lcli.manifest.nodes import MAX_BROKEN


def told(tmp_path: Path, text: str) -> list[tuple[str, str]]:
    manifest = tmp_path / "lcli.yaml"
    manifest.write_text(text)
    with pytest.raises(LcliError) as caught:
        _ = Run(Globals(file=str(manifest)), environ={}).document
    assert caught.value.exit_code is ExitCode.USAGE
    return [(one.where.rpartition("lcli.yaml:")[2], one.what) for one in caught.value.problems]


def test_duplicate_keys_and_tags_hide_nothing(tmp_path: Path) -> None:
    assert told(
        tmp_path,
        """\
app: photos
region: us-east-1
region: eu-west-1
functions:
  one: {source: !Ref ., runtime: python3.13, handler: a.b, memory: 256, memory: 512}
  two: {source: ., runtime: python3.13, handler: a.b, timeout: 6000}
""",
    ) == [
        ("3:1", "region is already set on line 2"),
        ("5:17", "the tag !Ref is not allowed in a manifest"),
        ("5:73", "memory is already set on line 5"),
        ("6:64", "timeout: expected at most 5400, not 6000"),
    ]


@pytest.mark.parametrize(
    ("end", "last"),
    [
        pytest.param("b: *x", ("3:4", "the alias *x stands for nothing"), id="alias"),
        pytest.param("b: ]", ("3:4", "this is not YAML"), id="no YAML"),
    ],
)
def test_what_ends_the_reading_comes_last(tmp_path: Path, end: str, last: tuple[str, str]) -> None:
    twice, (where, what) = told(tmp_path, f"app: x\napp: y\n{end}\n")
    assert twice == ("2:1", "app is already set on line 1")
    assert (where, what[: len(last[1])]) == last


def test_a_hundred_are_enough(tmp_path: Path) -> None:
    found = told(tmp_path, "app: x\n" * 3 * MAX_BROKEN)
    assert len(found) == MAX_BROKEN + 1
    assert found[-1][1] == "there may be more"
