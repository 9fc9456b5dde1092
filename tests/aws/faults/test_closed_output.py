"""Nobody reads stdout any more, or it has no room: what changes or sends something goes on."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from overlay.faults import Refuse, Rule, first
from overlay.outages import LCLI
from overlay.server import overlay

MANIFEST = """
app: photos
regions: [us-east-1, eu-west-1]
functions:
  one: {runtime: python3.13, handler: app.handler, source: code}
"""
REGIONS = ("us-east-1", "eu-west-1")
INVALID = Refuse(status=400, code="InvalidParameterValueException", message="no such thing")
FULL = "error: the output cannot be written: No space left on device [output-not-written]"
DEPLOY = "lcli deploy --yes -o json"
WHOLE = pytest.mark.whole
FAILS = """-p '{"raise": "x"}'"""


def shell(
    directory: Path, environ: Mapping[str, str], line: str, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """The exit code is that of the lcli in the line, and what is left of stderr is lcli's."""
    home = {"PATH": f"{LCLI.parent}:{os.environ['PATH']}", "HOME": str(directory)}
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=directory,
        env=home | {"LCLI_CACHE_DIR": str(directory / "cache")} | dict(environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context):\n    return 1\n")
    (tmp_path / "lcli.yaml").write_text(MANIFEST)
    return tmp_path


def deployed(cloud: Any) -> list[str]:
    return [
        region
        for region in REGIONS
        if cloud.clients(region).call("lambda", "ListFunctions")["Functions"]
    ]


def test_a_deploy_and_a_delete_are_ended_and_judged(cloud: Any, app: Path) -> None:
    environ = {name: one for name, one in cloud.environ.items() if "REGION" not in name}

    with overlay(cloud.url, Rule(INVALID, first(1), frozenset({"lambda:CreateFunction"}))) as at:
        failed = shell(app, environ | {"AWS_ENDPOINT_URL": at.url}, f"{DEPLOY} | true")
    assert (failed.returncode, deployed(cloud)) == (1, ["eu-west-1"]), failed.stderr
    assert failed.stderr.count("error: ") == 1

    assert shell(app, environ, "lcli plan --exit-code | true").returncode == 3

    events = shell(app, environ, f"{DEPLOY} --events | head -1")
    assert (events.returncode, deployed(cloud)) == (0, [*REGIONS]), events.stderr
    assert json.loads(events.stdout)["event"] == "started"

    full = shell(app, environ, "lcli delete --yes > /dev/full")
    assert (full.returncode, deployed(cloud)) == (1, []), full.stderr
    assert full.stderr.count("error: ") == full.stderr.count(FULL) == 1


@pytest.fixture
def talk(cloud: Any) -> Any:
    def answer(event: Any) -> Any:
        if isinstance(event, dict) and "raise" in event:
            raise ValueError(event["raise"])
        return event

    return cloud.function(answer, name="talk")


@pytest.mark.parametrize(
    ("line", "code", "calls"),
    [
        pytest.param(f"{FAILS} | true", 4, 1, id="one"),
        pytest.param(f"{FAILS} -o json | true", 4, 1, id="a document", marks=WHOLE),
        pytest.param(f"{FAILS} --stream | true", 4, 1, id="streamed", marks=WHOLE),
        pytest.param(f"{FAILS} --repeat 3 | true", 4, 3, id="many"),
        pytest.param("-p 1 | true", 0, 1, id="no failure", marks=WHOLE),
        pytest.param("-p 1 > /dev/full", 1, 1, id="full"),
        pytest.param(f"{FAILS} 2> /dev/full", 4, 1, id="full stderr"),
        pytest.param(f"{FAILS} > /dev/full", 4, 1, id="full, and a failure", marks=WHOLE),
    ],
)
def test_a_call_that_nobody_reads_has_its_own_exit_code(
    cloud: Any, talk: Any, tmp_path: Path, line: str, code: int, calls: int
) -> None:
    said = shell(tmp_path, cloud.environ, f"lcli invoke talk {line}")
    assert (said.returncode, len(talk.invocations)) == (code, calls), said
    assert (FULL in said.stderr) is ("> /dev/full" in line and "2>" not in line)
    assert "again" not in said.stderr


@pytest.mark.parametrize(
    ("payloads", "options", "code"),
    [
        pytest.param("seq 400", "--parallel 3", 1, id="all well"),
        pytest.param(
            """yes '{"raise": 1}' | head -400""", "--parallel 1", 4, id="failures", marks=WHOLE
        ),
        pytest.param("yes 1", "--parallel 1", 1, id="without an end"),
    ],
)
def test_nothing_more_is_sent_once_nobody_reads_the_results(
    cloud: Any, talk: Any, tmp_path: Path, payloads: str, options: str, code: int
) -> None:
    calls = f"lcli invoke talk --each -q {options}; echo $? > code"
    said = shell(tmp_path, cloud.environ, f"({payloads}) 2>/dev/null | ({calls}) | head -1")
    assert (tmp_path / "code").read_text() == f"{code}\n", said.stderr
    assert len(said.stdout.splitlines()) == 1
    found = re.search(r"(at least )?([\d,]+) lines were not sent.*after line (\d+)", said.stderr)
    assert found, said.stderr
    unsent, sent = int(found[2].replace(",", "")), int(found[3])
    assert sent == len(talk.invocations) < 30
    assert (unsent + sent == 400) is not (payloads == "yes 1")
