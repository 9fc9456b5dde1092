"""Fifty functions deployed by the installed command, as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

COUNT = 50


def checkout(directory: Path) -> None:
    """A manifest of fifty functions with roles, log groups, versions and aliases."""
    (directory / "code").mkdir()
    (directory / "code" / "app.py").write_text("def handler(event, context):\n    return 1\n")
    lines = [
        "app: fifty",
        "region: us-east-1",
        "defaults: {runtime: python3.13, handler: app.handler, source: code}",
        "functions:",
        *(f"  f{number}: {{}}" for number in range(COUNT)),
    ]
    (directory / "lcli.yaml").write_text("\n".join(lines) + "\n")


def start(
    directory: Path, url: str, account: str, *arguments: str, **environ: str
) -> subprocess.Popen[bytes]:
    """``lcli deploy --yes`` on its way."""
    return subprocess.Popen(
        [sys.executable, "-m", "lcli", "deploy", "--yes", "-q", *arguments],
        cwd=directory,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_EC2_METADATA_DISABLED": "true",
            **environ,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def deploy(directory: Path, url: str, account: str, *arguments: str, **environ: str) -> None:
    """The same, to its end; fails with what it said when it did not succeed."""
    with start(directory, url, account, *arguments, **environ) as process:
        _, said = process.communicate(timeout=180)
    assert process.returncode == 0, said.decode()
