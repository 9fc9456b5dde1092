"""What AWS, functions and manifests say cannot drive the terminal, nor be taken for markup."""

from __future__ import annotations

import json
import random
import resource
import time
from pathlib import Path
from typing import Any

import pytest
from overlay.faults import Refuse, Rule
from overlay.hostile import ALL, PIECES, line, raw
from overlay.inside import Screen, lcli
from overlay.outages import project
from overlay.server import overlay

from lcli.observe.events import LogEvent
from lcli.ui.log_lines import Lines, Style
from lcli.ui.log_printer import Printer

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


@pytest.mark.parametrize("form", ["python", "json", "report"])
def test_ten_thousand_hostile_log_lines(form: str) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)

    def message(text: str) -> str:
        if form == "json":
            return json.dumps({"level": "ERROR", "message": text, "key": text, "stack": [text]})
        if form == "report":
            used = "\tDuration: 1 ms\tBilled Duration: 1 ms\tMemory Size: 1 MB"
            name = "".join(text.split()) or "x"
            return f"REPORT RequestId: {name}{used}\tMax Memory Used: 1 MB\t"
        return f"[ERROR]\t2026-11-23T22:00:00.000Z\tid\t{text}" if form == "python" else text

    events = [
        LogEvent("one", "/aws/lambda/one", "1/[1]x", str(n), n, n, message(line(chance)))
        for n in range(10_000)
    ]
    screen = Screen(terminal=True)
    writer = Lines(Style(("one",), color=True, neutral=True))
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    Printer(screen, writer).events(events)
    seconds = time.process_time() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert raw(screen.text()) == [], f"seed {seed}"
    assert seconds <= 2, f"seed {seed}: {seconds:.1f} s"
    assert grown <= 300, f"seed {seed}: {grown:.0f} MB"


def test_the_check_finds_what_is_raw() -> None:
    assert [one for one in PIECES[:13] if not raw(one)] == []
    assert raw("\x1b[31mred\x1b[0m plain\n") == []
