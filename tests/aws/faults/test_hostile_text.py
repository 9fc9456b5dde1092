"""What AWS, functions and manifests say cannot drive the terminal, nor be taken for markup."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from overlay.faults import Refuse, Rule
from overlay.hostile import ALL, PIECES, line, raw
from overlay.inside import lcli
from overlay.outages import project
from overlay.served_logs import serving
from overlay.server import overlay

MARKUP = ("[red]", "[/]", "[/red]", ":warning:", "[bold")
COMMANDS = {
    "plan": ("plan",),
    "deploy": ("deploy", "--yes", "-v"),
    "status": ("status",),
    "status of one": ("status", "one"),
    "status as JSON": ("status", "one", "-o", "json"),
    "list": ("list", "--all"),
    "versions": ("versions", "one"),
    "invoke": ("invoke", "one", "--tail"),
    "invoke --each": ("invoke", "one", "--repeat", "2"),
    "logs": ("logs",),
    "logs as JSON": ("logs", "-o", "json"),
    "logs --insights": ("logs", "--insights", "fields @timestamp, @message"),
    "events": ("events", "list", "one"),
    "executions": ("executions", "list", "one"),
    "rollback": ("rollback", "one", "--to", "1"),
    "delete": ("delete", "--yes"),
}


def quoted(text: str) -> str:
    """As YAML writes it."""
    safe = (c if c.isalnum() or c in " []/:" else f"\\U{ord(c):08x}" for c in text)
    return f'"{"".join(safe)}"'


@pytest.fixture
def hostile(cloud: Any, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A project whose every free text is hostile, and so is what its function says."""
    made = project(tmp_path)
    text = quoted(ALL.replace("\x00", ""))
    (made / "lcli.yaml").write_text(
        "app: photos\nregion: us-east-1\nfunctions:\n  one:\n"
        "    {runtime: python3.13, handler: app.handler, source: code, "
        f"description: {quoted(''.join(PIECES[2:5] + PIECES[10:16]))}, "
        f"environment: {{EVIL: {text}}}}}\n"
    )
    (made / "code" / "app.py").write_text(
        f"def handler(event, context):\n    print({ALL!r})\n    raise ValueError({ALL!r})\n"
    )
    return made, {**cloud.environ, "LCLI_CACHE_DIR": str(tmp_path / "cache")}


@pytest.mark.slow
def test_no_command_passes_hostile_text_on(
    cloud: Any, hostile: tuple[Path, dict[str, str]]
) -> None:
    directory, environ = hostile
    for name, words in COMMANDS.items():
        said = lcli(directory, environ, *words, terminal=True)
        assert said.code == (4 if "invoke" in name else 0), (name, said)
        assert "invoke" in name or "Traceback" not in said.stderr, (name, said)
        assert raw(said.stdout + said.stderr) == [], name
        if name in ("invoke", "logs"):
            text = said.stdout + said.stderr
            assert [one for one in MARKUP if one not in text] == [], (name, text)


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_no_refusal_passes_hostile_text_on(
    cloud: Any, hostile: tuple[Path, dict[str, str]], words: tuple[str, ...]
) -> None:
    directory, environ = hostile
    refusal = Refuse(status=400, code="InvalidRequestException", message=ALL)
    with overlay(cloud.url, Rule(refusal, lambda call: call.service != "sts")) as between:
        said = lcli(directory, {**environ, "AWS_ENDPOINT_URL": between.url}, *words, terminal=True)
    assert said.code in (1, 4), said
    assert raw(said.stdout + said.stderr) == []
    assert [one for one in MARKUP if one not in said.stderr] == []


def test_the_name_of_a_file_passes_nothing_on(tmp_path: Path) -> None:
    made = project(tmp_path)
    (made / "events").mkdir()
    (made / "events" / f"{PIECES[0]}{PIECES[10]}.json").write_text("{}")
    said = lcli(made, {}, "event", terminal=True)
    assert (said.code, raw(said.stdout)) == (0, [])
    assert r"\x1b]52;c;ZXZpbA==" in said.stdout


FORMS: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "python": lambda text: f"[ERROR]\t2026-11-23T22:00:00.000Z\tid\t{text}",
    "json": lambda text: json.dumps(
        {"level": "ERROR", "message": text, "key": text, "stack": [text]}
    ),
    "report": lambda text: (
        f"REPORT RequestId: {''.join(text.split()) or 'x'}\tDuration: 1 ms\tBilled Duration: 1 ms"
        "\tMemory Size: 1 MB\tMax Memory Used: 1 MB\t"
    ),
}
LINES = 10_000
MEASURED = """
import atexit, os, time
from pathlib import Path
from lcli.__main__ import main

def measured():
    peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
    Path(os.environ["MEASURED"]).write_text(f"{time.process_time()} {peak}")

atexit.register(measured)
main()
"""


def on_a_terminal(url: str, directory: Path, *words: str) -> tuple[str, float, float]:
    """What the command prints onto one, seconds of processor time and MB, with its start."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)  # the terminal changes nothing of what is written
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "TERM": "xterm-256color",
        "MEASURED": str(directory / "measured"),
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }
    command = [sys.executable, "-c", MEASURED, *words]
    with subprocess.Popen(
        command, cwd=directory, env=environ, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        printed = bytearray()
        with suppress(OSError):  # EIO: nobody writes any more
            while some := os.read(ours, 2**16):
                printed += some
        os.close(ours)
    assert process.returncode == 0, printed[-2000:]
    seconds, kib = (directory / "measured").read_text().split()
    return printed.decode(), float(seconds), int(kib) / 1024


@pytest.mark.parametrize("form", FORMS)
def test_ten_thousand_hostile_log_lines(tmp_path: Path, form: str) -> None:
    seed = random.randrange(10**6)
    chance, began = random.Random(seed), int(time.time() * 1000) - 600_000
    events = [
        {
            "eventId": f"{number:056}",
            "logStreamName": "2026/03/01/[1]x",
            "timestamp": began + number,
            "ingestionTime": began + number,
            "message": FORMS[form](line(chance)),
        }
        for number in range(LINES)
    ]

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        within = range(asked["startTime"], asked["endTime"] + 1)
        return {"events": [one for one in events if one["timestamp"] in within]}

    with serving(answer) as url:
        text, seconds, megabytes = on_a_terminal(url, tmp_path, "logs", "f", "--since", "20m")
    assert text.count("\n") >= LINES, f"seed {seed}"
    assert raw(text) == [], f"seed {seed}"
    assert seconds <= 2, f"seed {seed}: {seconds:.1f} s"
    assert megabytes <= 300, f"seed {seed}: {megabytes:.0f} MB"


def test_the_check_finds_what_is_raw() -> None:
    assert [one for one in PIECES[:13] if not raw(one)] == []
    assert raw("\x1b[31mred\x1b[0m plain\n") == []
