"""Ctrl-C while AWS does not answer: what is in flight gets ten seconds, the second ends at once."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from overlay.faults import Delay, Rule
from overlay.operations import Call
from overlay.outages import LCLI, Said, project
from overlay.server import overlay

from lcli.aws.threads import DRAIN

AT_ONCE = 5.0
"""Seconds that Python and a busy machine may take; half of what is in flight gets."""


def interrupted(
    cloud: Any, directory: Path, words: tuple[str, ...], hangs: str, signals: int
) -> Said:
    """The command, interrupted so many times while an operation hangs; its seconds from then."""
    asked: list[Call] = []

    def note(call: Call) -> bool:
        asked.append(call)
        return True

    operations = frozenset({hangs} if hangs else ())
    with overlay(cloud.url, Rule(Delay(seconds=600), note, operations)) as between:
        command = subprocess.Popen(
            [LCLI, *words],
            cwd=directory,
            env=environment(cloud, directory) | {"AWS_ENDPOINT_URL": between.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        until = time.monotonic() + 60
        while not asked and command.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.5)
        began = time.monotonic()
        for _ in range(signals):
            command.send_signal(signal.SIGINT)
            time.sleep(0.3)
        stdout, stderr = command.communicate(timeout=60)
        assert asked, stderr
    return Said(command.returncode, stdout, stderr, time.monotonic() - began)


def environment(cloud: Any, directory: Path) -> Mapping[str, str]:
    home = {"PATH": os.environ["PATH"], "HOME": str(directory.parent / "home")}
    return home | cloud.environ | {"LCLI_CACHE_DIR": str(directory.parent / "home" / "cache")}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return project(tmp_path)


def deploy(cloud: Any, app: Path) -> None:
    environ = environment(cloud, app)
    done = subprocess.run(
        [LCLI, "deploy", "--yes"], cwd=app, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("words", "hangs", "told"),
    [
        pytest.param(("plan",), "", "", id="plan, all hangs"),
        pytest.param(("plan",), "lambda:GetFunction", "", id="plan, reading"),
        pytest.param(
            ("deploy", "--yes"), "iam:ListRoles", "nothing was touched", id="deploy, reading"
        ),
        pytest.param(("list",), "lambda:GetFunction", "", id="list"),
        pytest.param(("status",), "lambda:GetFunction", "", id="status"),
        pytest.param(("logs",), "logs:FilterLogEvents", "", id="logs"),
    ],
)
def test_who_only_reads_is_let_go_at_once(
    cloud: Any, app: Path, words: tuple[str, ...], hangs: str, told: str
) -> None:
    if words == ("logs",):
        deploy(cloud, app)
    said = interrupted(cloud, app, words, hangs, 1)
    assert said.code == 130, said
    assert said.seconds < AT_ONCE
    assert said.stdout == ""
    assert told in said.stderr
    assert "Traceback" not in said.stderr
    assert "Exception ignored" not in said.stderr


@pytest.mark.parametrize(
    ("words", "hangs", "signals", "told"),
    [
        pytest.param(
            ("deploy", "--yes"),
            "lambda:CreateFunction",
            1,
            "not tried",
            id="in flight",
            marks=pytest.mark.slow,
        ),
        pytest.param(("deploy", "--yes"), "lambda:CreateFunction", 2, "not tried", id="twice"),
        pytest.param(
            ("logs", "-F"), "logs:FilterLogEvents", 1, "", id="logs -F", marks=pytest.mark.slow
        ),
        pytest.param(("logs", "-F"), "logs:FilterLogEvents", 2, "", id="logs -F, twice"),
    ],
)
def test_what_is_in_flight_gets_ten_seconds_and_no_more(
    cloud: Any, app: Path, words: tuple[str, ...], hangs: str, signals: int, told: str
) -> None:
    if "logs" in words:
        deploy(cloud, app)
    said = interrupted(cloud, app, words, hangs, signals)
    assert said.code == 130, said
    assert said.seconds < (DRAIN + 1 if signals == 1 else AT_ONCE)
    assert told in said.stderr
    assert "Traceback" not in said.stderr
    assert "Exception ignored" not in said.stderr


@pytest.mark.parametrize(
    ("changed", "hangs", "shown"),
    [
        pytest.param(False, "lambda:TagResource", "created", id="the tag is written"),
        pytest.param(True, "lambda:UntagResource", "", id="the tag is taken away"),
    ],
)
def test_a_digest_that_hangs_is_not_waited_for(
    cloud: Any, app: Path, changed: bool, hangs: str, shown: str
) -> None:
    if changed:
        deploy(cloud, app)
        (app / "code" / "app.py").write_text("def handler(event, context):\n    return 2\n")
    said = interrupted(cloud, app, ("deploy", "--yes"), hangs, 1)
    assert said.code == 130, said
    assert said.seconds < AT_ONCE
    assert shown in said.stdout
    assert "interrupted: run the same command again to go on" in said.stderr
    assert "Traceback" not in said.stderr
    assert "Exception ignored" not in said.stderr


@pytest.mark.slow
def test_a_rollback_tells_what_it_has_not_moved(cloud: Any, app: Path) -> None:
    deploy(cloud, app)
    (app / "code" / "app.py").write_text("def handler(event, context):\n    return 2\n")
    deploy(cloud, app)
    said = interrupted(cloud, app, ("rollback",), "lambda:UpdateAlias", 1)
    assert said.code == 130, said
    assert said.seconds < DRAIN + 1
    assert "one was not moved, or not to the end: interrupted [interrupted]" in said.stderr


BUILDING = """
app: photos
region: us-east-1
functions:
  one:
    runtime: python3.13
    handler: app.handler
    source: code
    build:
      command: [sh, -c, "COMMAND"]
      output: out
"""
ENDING = {
    "that Ctrl-C ends": "mkdir -p out; touch out/begun; sleep 3; touch out/done",
    "that heeds nothing": "trap '' INT; mkdir -p out; touch out/begun; sleep 13; touch out/done",
}


@pytest.mark.parametrize(
    ("build", "sent", "seconds"),
    [
        pytest.param("that Ctrl-C ends", signal.SIGINT, DRAIN - 2),
        pytest.param("that heeds nothing", signal.SIGINT, DRAIN + 2.5, marks=pytest.mark.whole),
        pytest.param("that Ctrl-C ends", signal.SIGHUP, DRAIN - 2, id="the terminal closes"),
    ],
)
def test_what_is_being_built_ends_and_leaves_nothing(
    app: Path, tmp_path: Path, build: str, sent: signal.Signals, seconds: float
) -> None:
    (app / "lcli.yaml").write_text(BUILDING.replace("COMMAND", ENDING[build]))
    cache = tmp_path / "home" / "cache"
    environ = {"PATH": os.environ["PATH"], "LCLI_CACHE_DIR": str(cache)}
    # Who runs the tests under nohup has it ignored.
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    command = subprocess.Popen(
        [LCLI, "build"], cwd=app, env=environ, stderr=subprocess.PIPE, text=True
    )
    signal.signal(signal.SIGHUP, before)
    while not list(tmp_path.rglob("begun")):
        time.sleep(0.02)
    command.send_signal(sent)
    stderr = command.communicate(timeout=seconds)[1]
    hung_up = sent == signal.SIGHUP
    assert command.returncode == (-sent if hung_up else 130)
    assert "Traceback" not in stderr
    assert hung_up or list(cache.rglob(".tmp-*")) == []
    time.sleep(4)  # by then a build that went on would be through
    assert list(app.rglob("done")) == []


SIGNALS_ITSELF = """
import os, signal, sys


class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "lcli.cli.run":
            os.kill(os.getpid(), signal.SIGINT)


sys.meta_path.insert(0, Interrupting())
"""


def test_ctrl_c_while_lcli_is_being_loaded_shows_no_traceback(app: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SIGNALS_ITSELF)
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [LCLI, "validate"], cwd=app, env=environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
