"""With -o json a command that fails prints its problems as one document on stdout, too."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lcli.cli.options import Globals
from lcli.cli.run import Run
from lcli.errors import Problem

LCLI = Path(sys.executable).with_name("lcli")


def failing(directory: Path, *words: str) -> tuple[int, list[Any]]:
    done = subprocess.run(
        [LCLI, *words], cwd=directory, capture_output=True, text=True, check=False
    )
    assert done.stderr != ""
    return done.returncode, json.loads(done.stdout)["problems"]


def test_what_lcli_refuses(tmp_path: Path) -> None:
    code, problems = failing(tmp_path, "-o", "json", "-f", "none.yaml", "plan")
    assert (code, problems) == (
        2,
        [
            {
                "code": "manifest-unreadable",
                "what": "cannot read the manifest none.yaml: no such file",
                "where": "",
                "next_step": "name another one with -f",
            }
        ],
    )


@pytest.mark.parametrize("words", [("-o", "json", "plan", "--wat"), ("plan", "--wat", "-ojson")])
def test_what_typer_refuses(tmp_path: Path, words: tuple[str, ...]) -> None:
    code, problems = failing(tmp_path, *words)
    assert (code, [(one["code"], one["next_step"]) for one in problems]) == (
        2,
        [("usage", "`lcli plan --help` says what it takes")],
    )
    assert problems[0]["what"].startswith("No such option: --wat")


WRONG = Problem("denied", "AWS refused it")
TOLD = {"code": "denied", "what": "AWS refused it", "where": "", "next_step": ""}


@pytest.mark.parametrize(
    ("output", "before", "printed"),
    [
        pytest.param("json", None, [{"problems": [TOLD]}], id="alone"),
        pytest.param("json", "print_line", [{"a": 1}, {"problems": [TOLD]}], id="after-lines"),
        pytest.param("json", "print_json", [{"a": 1}], id="not-after-a-document"),
        pytest.param("table", None, [], id="not-for-people"),
    ],
)
def test_it_is_one_document_or_the_last_line(output: str, before: str | None, printed: Any) -> None:
    run = Run(Globals(output=output), stdout=io.StringIO(), environ={})
    if before:
        getattr(run, before)({"a": 1})
    run.print_failure([WRONG])
    text = run.stdout.getvalue()  # type: ignore[attr-defined]
    if before == "print_json":
        text = json.dumps(json.loads(text))
    assert [json.loads(line) for line in text.splitlines()] == printed
