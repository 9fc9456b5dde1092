"""Commands in a fresh directory, with an empty home and a local cloud of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from overlay.inside import lcli

from lcli.local import daemon

LCLI = Path(sys.executable).with_name("lcli")


@dataclass
class Project:
    """A directory with a manifest, and the command run in it."""

    directory: Path
    environ: dict[str, str] = field(default_factory=dict)
    installed: bool = False
    """Every command is the console script, in a process of its own."""

    def write(self, path: str, text: str) -> None:
        target = self.directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(text))

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """In this process, unless it reads standard input or the installed command is meant."""
        if stdin or self.installed:
            return self._run_installed(arguments, stdin)
        said = lcli(self.directory, self.environ, *arguments)
        return subprocess.CompletedProcess(arguments, said.code, said.stdout, said.stderr)

    def _run_installed(
        self, arguments: tuple[str, ...], stdin: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [LCLI, *arguments],
            cwd=self.directory,
            env=self.environ,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def ok(self, *arguments: str, stdin: str = "") -> str:
        """stdout of a run that must succeed."""
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self.ok(*arguments, "-o", "json"))


@pytest.fixture(scope="session")
def local_environ(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    home = tmp_path_factory.mktemp("home")
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "LCLI_", "XDG_"))
    }
    environ |= {
        "HOME": str(home),
        "LCLI_LOCAL_DIR": str(home / "local"),
        "LCLI_CACHE_DIR": str(home / "cache"),
        "LCLI_LOCAL": "1",
    }
    yield environ
    daemon.stop(environ)


@pytest.fixture
def project(tmp_path: Path, local_environ: dict[str, str]) -> Project:
    return Project(tmp_path, dict(local_environ))
