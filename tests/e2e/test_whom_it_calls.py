"""No telemetry, no update checks: no command speaks to anything but its endpoint."""

from __future__ import annotations

import json
import os
import re
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
    "validate": ("validate",),
    "plan": ("plan",),
    "deploy": ("deploy", "--yes", "-v"),
    "list": ("list", "--all"),
    "status": ("status",),
    "invoke": ("invoke", "one"),
    "invoke --stream": ("invoke", "one", "--stream"),
    "invoke --wait": ("invoke", "one", "--async", "--wait"),
    "invoke --repeat": ("invoke", "one", "--repeat", "2"),
    "executions list": ("executions", "list", "one"),
    "executions get": ("executions", "get", "one/order-1"),
    "executions history": ("executions", "history", "one/order-1"),
    "executions stop": ("executions", "stop", "one/order-1"),
    "executions pause": ("executions", "pause", "one/order-1"),
    "executions resume": ("executions", "resume", "one/order-1"),
    "executions delete": ("executions", "delete", "one/order-1"),
    "executions callback": ("executions", "callback", "heartbeat", "abc"),
    "events put": ("events", "put", "one", "mine", "-p", "{}"),
    "events list": ("events", "list", "one"),
    "events get": ("events", "get", "one", "mine"),
    "events delete": ("events", "delete", "one", "mine"),
    "event": ("event", "s3"),
    "logs": ("logs", "-o", "json"),
    "logs --follow": ("logs", "--follow", "--limit", "1"),
    "logs --insights": ("logs", "--insights", "fields @message"),
    "versions": ("versions", "one"),
    "rollback": ("rollback", "one", "--to", "1"),
    "cost": ("cost", "--prices"),
    "build": ("build",),
    "package": ("package",),
    "schema": ("schema",),
    "completion": ("completion", "bash"),
    "delete": ("delete", "--yes"),
}
"""Every command, in an order in which each can succeed; `local` has a test of its own."""
REFUSED = re.compile(r"executions (?!list)")
"""There is no such execution, nor that callback."""
ELSEWHERE = {
    "AWS_PROFILE": "corporate",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/credentials",
    "AWS_ENDPOINT_URL": "https://aws.corporate.invalid",
    "AWS_ACCESS_KEY_ID": "AKIAUSERSOWNKEY",
    "AWS_SECRET_ACCESS_KEY": "users-own-secret",
    "AWS_SESSION_TOKEN": "users-own-token",
}


def test_the_table_has_every_command() -> None:
    """Of groups every member, too."""
    for name in COMMANDS:
        command: Any = load(name)
        members = [f"{name} {one}" for one in getattr(command, "commands", [])] or [name]
        assert [one for one in members if one in EVERY] == (members if name != "local" else [])


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
    """All in one watched process; the installed command is watched below."""
    made, watch = project(tmp_path), Watch(tmp_path / "watch")
    environ = {
        **cloud.environ,
        "AWS_EC2_METADATA_DISABLED": "false",
        "LCLI_CACHE_DIR": str(tmp_path / "cache"),
    }
    tests, results = Path(__file__).parents[1], tmp_path / "results"
    ran = subprocess.run(
        [sys.executable, "-m", "overlay.watched", results, json.dumps(EVERY), json.dumps(environ)],
        cwd=made,
        env={
            **watch.environ,
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "home"),
            "PYTHONPATH": f"{watch.environ['PYTHONPATH']}{os.pathsep}{tests}",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    assert [name for name, *_ in lines] == list(EVERY), ran.stderr
    endpoint = ["127.0.0.1", str(urlsplit(cloud.url).port)]
    for name, code, seen, said in lines:
        assert code == (1 if REFUSED.match(name) else 0), (name, said)
        assert seen in ([], [endpoint]), name
    asks_nobody = {"validate", "event", "cost", "build", "package", "schema", "completion"}
    assert {name for name, _, seen, _ in lines if not seen} == asks_nobody


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
