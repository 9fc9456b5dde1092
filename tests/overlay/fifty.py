"""Fifty functions deployed by the installed command, as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from lcli.aws.session import connect
from lcli.deploy import engine
from lcli.deploy.code import Workshop
from lcli.errors import ExitCode
from lcli.manifest.document import read
from lcli.manifest.loading import load
from lcli.resources.model import Place

COUNT = 50
REGION = "us-east-1"


def checkout(directory: Path) -> None:
    """A manifest of fifty functions with roles, log groups, versions and aliases."""
    (directory / "code").mkdir()
    (directory / "code" / "app.py").write_text("def handler(event, context):\n    return 1\n")
    lines = [
        "app: fifty",
        f"region: {REGION}",
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
        [sys.executable, "-m", "lcli", "deploy", "--yes", *arguments],
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


@dataclass(frozen=True)
class Deployed:
    """A deploy that came to its end; on the clock of `time.monotonic`."""

    said: str
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """Of the whole process."""
        return self.ended - self.began


def deploy(directory: Path, url: str, account: str, *arguments: str, **environ: str) -> Deployed:
    """The same, to its end; fails with what it said when it did not succeed."""
    began = time.monotonic()
    with start(directory, url, account, *arguments, **environ) as process:
        _, said = process.communicate(timeout=180)
    assert process.returncode == 0, said.decode()
    return Deployed(said.decode(), began, time.monotonic())


def again(directory: Path, url: str, account: str) -> list[str]:
    """Deploys once more, in this process; gives what a further deploy would change."""
    environ = {"LCLI_RATE": "off"}
    session = connect(region=REGION, endpoint_url=url, local_account=account, environ=environ)
    place = Place("fifty", "", REGION, account)
    app = load(read(directory / "lcli.yaml", environ={}), place, clients=session)
    workshop = Workshop(directory, directory / "cache")
    report = engine.deploy(engine.prepare(app, place, session, workshop), session)
    assert report.exit_code is ExitCode.DONE, report.every_problem
    plan = engine.prepare(app, place, session, workshop, prune=True).plan
    return [f"{a.verb} {a.resource.key} {a.changes}" for a in plan.changes]
