"""Completion as a shell asks for it: the kept script in a real bash, the others' protocols."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "completions" / "lcli.bash"
MANIFEST = """\
app: shop
functions:
  orders: {source: src}
  order_mail: {source: src}
  page: {source: src}
"""
ASK = 'source "$SCRIPT"; COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _lcli_completion lcli; '
SHOW = 'printf "%s\\n" "${COMPREPLY[@]}"'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lcli.yaml").write_text(MANIFEST)
    (tmp_path / "other.yaml").write_text(MANIFEST.replace("page", "orphan"))
    return tmp_path


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(("lcli", "de"), ["deploy", "delete"], id="commands"),
        pytest.param(("lcli", "deploy", "--par"), ["--parallel"], id="options"),
        pytest.param(("lcli", "invoke", "ord"), ["orders", "order_mail"], id="functions"),
        pytest.param(("lcli", "deploy", "--adopt", "pa"), ["page"], id="values"),
        pytest.param(("lcli", "--local", "logs", "p"), ["page"], id="after-a-global-option"),
        pytest.param(("lcli", "-f", "other.yaml", "plan", "orp"), ["orphan"], id="other-manifest"),
        pytest.param(("lcli", "-o", ""), ["table", "json"], id="choices"),
        pytest.param(("lcli", "-f", "absent.yaml", "plan", "o"), [], id="no-manifest"),
        pytest.param(("lcli", "plan", "zz"), [], id="nothing-of-that-name"),
    ],
)
def test_bash_completes(folder: Path, words: tuple[str, ...], expected: list[str]) -> None:
    bash = shutil.which("bash")
    assert bash
    done = subprocess.run(
        [bash, "-c", 'COMP_WORDS=("$@"); ' + ASK + SHOW, "bash", *words],
        cwd=folder,
        env=_environ() | {"SCRIPT": str(SCRIPT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.split(), done.stderr) == (expected, "")


@pytest.mark.parametrize(
    ("shell", "asked"),
    [
        pytest.param("zsh", {"_TYPER_COMPLETE_ARGS": "lcli invoke pa"}, id="zsh"),
        pytest.param(
            "fish",
            {"_TYPER_COMPLETE_ARGS": "lcli invoke pa", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
            id="fish",
        ),
    ],
)
def test_other_shells_are_answered(folder: Path, shell: str, asked: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lcli"],
        cwd=folder,
        env=_environ() | asked | {"_LCLI_COMPLETE": f"complete_{shell}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert "page" in done.stdout


def _environ() -> dict[str, str]:
    beside = str(Path(sys.executable).parent)
    return {"PATH": f"{beside}{os.pathsep}{os.environ['PATH']}", "HOME": os.environ["HOME"]}
