"""No telemetry, no update checks: no command speaks to anything but its endpoint."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from overlay.outages import project, run
from overlay.watch import Watch

from lcli.cli.app import COMMANDS, load

EVERY: dict[str, tuple[str, ...]] = {
    "validate": (),
    "plan": (),
    "deploy": ("--yes", "-v"),
    "list": ("--all",),
    "status": (),
    "invoke": ("one",),
    "executions": ("list", "one"),
    "events": ("list", "one"),
    "event": ("s3",),
    "logs": ("-o", "json"),
    "versions": ("one",),
    "rollback": ("one", "--to", "1"),
    "cost": ("--prices",),
    "build": (),
    "package": (),
    "schema": (),
    "completion": ("bash",),
    "delete": ("--yes",),
}
"""Every command, in an order in which each can succeed; `local` has a test of its own."""
ELSEWHERE = {
    "AWS_PROFILE": "corporate",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/credentials",
    "AWS_ENDPOINT_URL": "https://aws.corporate.invalid",
    "AWS_ACCESS_KEY_ID": "AKIAUSERSOWNKEY",
    "AWS_SECRET_ACCESS_KEY": "users-own-secret",
    "AWS_SESSION_TOKEN": "users-own-token",
}


def test_the_table_has_every_command() -> None:
    assert sorted(EVERY) == sorted(set(COMMANDS) - {"local"})
    local: Any = load("local")
    assert sorted(local.commands) == ["reset", "start", "status", "stop"]


def test_the_watch_sees_a_connection(tmp_path: Path) -> None:
    watch = Watch(tmp_path / "watch")
    code = "import urllib.request as u; u.urlopen('https://updates.invalid/lcli')"
    ended = subprocess.run(
        [sys.executable, "-c", code], env=watch.environ, capture_output=True, check=False
    )
    assert ended.returncode == 1
    assert watch.seen() == {("proxy.invalid", "9")}
    direct = "import socket; socket.create_connection(('192.0.2.1', 443), 1)"
    subprocess.run(
        [sys.executable, "-c", direct], env=watch.environ, capture_output=True, check=False
    )
    assert watch.seen() == {("192.0.2.1", "443")}


@pytest.mark.slow
def test_every_command_calls_the_endpoint_alone(cloud: Any, tmp_path: Path) -> None:
    made, watch = project(tmp_path), Watch(tmp_path / "watch")
    environ = {**cloud.environ, **watch.environ, "AWS_EC2_METADATA_DISABLED": "false"}
    endpoint = ("127.0.0.1", str(urlsplit(cloud.url).port))
    reached = set()
    for command, words in EVERY.items():
        said = run(made, (command, *words), environ)
        # Of the groups one command stands for all; the local cloud lacks what `events` asks.
        assert said.code == 0 or command == "events", (command, said)
        seen = watch.seen()
        assert seen <= {endpoint}, command
        if seen:
            reached.add(command)
    asks_nobody = {"validate", "event", "cost", "build", "package", "schema", "completion"}
    assert reached == set(EVERY) - asks_nobody


@pytest.fixture
def local(tmp_path: Path) -> Iterator[tuple[Path, Watch, dict[str, str]]]:
    made, watch = project(tmp_path), Watch(tmp_path / "watch")
    config = tmp_path / "home" / ".aws"
    config.mkdir()
    (config / "config").write_text(
        "[profile corporate]\nregion = eu-north-1\n"
        "endpoint_url = https://aws.corporate.invalid\ncredential_process = /bin/false\n"
    )
    config.chmod(0o700)
    environ = {**watch.environ, **ELSEWHERE, "LCLI_LOCAL": "1"}
    yield made, watch, environ
    run(made, ("local", "stop"), environ)


@pytest.mark.slow
def test_with_local_nothing_of_the_user_s_is_read_or_sent(
    local: tuple[Path, Watch, dict[str, str]],
) -> None:
    made, watch, environ = local
    (made / "code" / "app.py").write_text(
        "import os\n\n\ndef handler(event, context):\n    return dict(os.environ)\n"
    )
    seen = set()
    for words in (("local", "start"), ("deploy", "--yes"), ("invoke", "one"), ("logs",)):
        said = run(made, words, environ)
        assert said.code == 0, (words, said)
        assert "corporate" not in said.stdout + said.stderr
        assert "users-own" not in said.stdout + said.stderr
        assert "AKIAUSERSOWNKEY" not in said.stdout + said.stderr
        seen |= watch.seen()
    assert {host for host, _ in seen} == {"127.0.0.1"}
