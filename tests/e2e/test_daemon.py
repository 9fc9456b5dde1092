"""The daemon as a real process: one of it, detached, private, noticed when it dies."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import psutil
import pytest

from lcli import __version__
from lcli.errors import LcliError
from lcli.local import daemon
from lcli.local.build import build

START = "import os; from lcli.local import daemon; print(daemon.ensure_running(os.environ).pid)"


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LCLI_LOCAL_DIR": str(tmp_path / "local"),
        "AWS_SECRET_ACCESS_KEY": "the user's own",
        "GITHUB_TOKEN": "the user's own",
    }
    yield environ
    daemon.stop(environ)


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def gone(pid: int, within: float = 5.0) -> bool:
    until = time.monotonic() + within
    while runs(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not runs(pid)


def test_its_life(environ):
    notices: list[str] = []
    assert daemon.status(environ) is None
    first = daemon.ensure_running(environ, notice=notices.append)
    assert daemon.ensure_running(environ, notice=notices.append) == first
    shown = daemon.status(environ)
    assert shown is not None
    assert (shown["pid"], shown["url"], shown["version"]) == (first.pid, first.url, __version__)
    assert "token" not in shown
    assert daemon.reset(environ)
    assert daemon.stop(environ) == first
    assert gone(first.pid)
    assert not (daemon.directory(environ) / "daemon.json").exists()
    assert (daemon.stop(environ), daemon.reset(environ)) == (None, False)
    assert notices == []


def test_what_it_keeps_is_private_and_nothing_of_the_users_reaches_it(environ):
    running = daemon.ensure_running(environ)
    home = daemon.directory(environ)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in [home, home / "daemon.json"]}
    assert modes == {"local": 0o700, "daemon.json": 0o600}
    assert stat.S_IMODE(Path(running.log).stat().st_mode) == 0o600
    inherited = psutil.Process(running.pid).environ()
    assert "the user's own" not in inherited.values()
    listening = psutil.Process(running.pid).net_connections()
    assert {entry.laddr.ip for entry in listening} == {"127.0.0.1"}


def test_it_holds_no_pipe_of_its_starter_open(environ):
    piped = subprocess.run(
        [sys.executable, "-c", START],
        env=environ,
        capture_output=True,
        timeout=20,
        check=True,
    )
    running = daemon.status(environ)
    assert running is not None
    assert int(piped.stdout) == running["pid"]
    assert os.getsid(running["pid"]) == running["pid"] != os.getsid(0)


def test_starts_at_once_give_one_daemon(environ):
    def start(_: int) -> str:
        command = [sys.executable, "-c", START]
        return subprocess.run(command, env=environ, capture_output=True, check=True).stdout.decode()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(start, range(4)))) == 1


@pytest.mark.parametrize("left", [signal.SIGKILL, signal.SIGTERM])
def test_a_dead_one_is_replaced(environ, left):
    notices: list[str] = []
    first = daemon.ensure_running(environ)
    os.kill(first.pid, left)
    assert gone(first.pid)
    second = daemon.ensure_running(environ, notice=notices.append)
    assert (second.pid != first.pid, second.url) == (True, first.url)
    killed = left == signal.SIGKILL
    told = ["the local cloud had died and is started anew: it starts empty"]
    assert notices == (told if killed else [])


def test_another_processes_id_is_left_alone(environ):
    home = daemon.directory(environ)
    home.mkdir(parents=True)
    state = {"url": "http://127.0.0.1:9", "pid": os.getpid(), "started": 1.0}
    state |= {"version": __version__, "token": "t", "log": "l"}
    (home / "daemon.json").write_text(json.dumps(state))
    assert daemon.status(environ) is None
    assert daemon.stop(environ) is None
    assert daemon.ensure_running(environ).pid != os.getpid()


def test_another_port_serves_where_the_last_one_is_taken(environ):
    home = daemon.directory(environ)
    home.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        known = str(taken.getsockname()[1])
        (home / "daemon.port").write_text(known)
        running = daemon.ensure_running(environ)
    found = (home / "daemon.port").read_text()
    assert (found != known, running.url) == (True, f"http://127.0.0.1:{found}")


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"pid": 1'])
def test_a_spoilt_state_file_is_no_daemon(environ, content):
    home = daemon.directory(environ)
    home.mkdir(parents=True)
    (home / "daemon.json").write_text(content)
    assert daemon.status(environ) is None


OTHERS = {
    "version": (
        {"version": "0.0.1"},
        f"local cloud of lcli 0.0.1 replaced by {__version__}: it starts empty",
    ),
    "build": (
        {"build": "0123456789abcdef"},
        f"local cloud of another build of lcli {__version__} replaced: it starts empty",
    ),
    "ending": (
        {"url": "http://127.0.0.1:9"},
        "the local cloud was about to end and is started anew: it starts empty",
    ),
    "silent": (
        {"build": "", "token": "its paths are others", "more": 1},
        f"local cloud of another build of lcli {__version__} replaced: it starts empty",
    ),
}


@pytest.mark.parametrize(("told", "said"), OTHERS.values(), ids=OTHERS)
def test_one_of_other_code_is_replaced_and_that_is_said(environ, told, said):
    notices: list[str] = []
    first = daemon.ensure_running(environ)
    state = daemon.directory(environ) / "daemon.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | told))
    second = daemon.ensure_running(environ, notice=notices.append)
    assert second.pid != first.pid
    assert gone(first.pid)
    assert notices == [said]
    assert daemon.ensure_running(environ, notice=notices.append) == second


def test_one_of_other_code_can_be_asked_emptied_and_stopped(environ):
    first = daemon.ensure_running(environ)
    state = daemon.directory(environ) / "daemon.json"
    told = {k: v for k, v in json.loads(state.read_text()).items() if k != "build"}
    state.write_text(json.dumps(told))
    shown = daemon.status(environ)
    assert shown is not None
    assert (shown["pid"], shown["build"]) == (first.pid, "")
    assert daemon.reset(environ)
    state.write_text(json.dumps(told | {"token": "its paths are others"}))
    stopped = daemon.stop(environ)
    assert stopped is not None
    assert gone(first.pid)


def test_a_build_is_its_files_names_sizes_and_times(tmp_path):
    def write(name: str, text: str, at: int) -> str:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        os.utime(path, (at, at))
        return build(tmp_path)

    first = write("below/a.py", "1", 1)
    assert write("below/a.pyc", "1", 1) == first
    seen = [first, write("below/a.py", "1", 2), write("below/a.py", "12", 2), write("b.mjs", "", 2)]
    assert len(set(seen)) == 4


def test_an_idle_one_ends(environ):
    running = daemon.ensure_running(environ | {"LCLI_LOCAL_IDLE": "0.3"})
    assert gone(running.pid)
    assert not (daemon.directory(environ) / "daemon.json").exists()


def test_who_finds_it_is_about_to_use_it(environ):
    def idle() -> float:
        shown = daemon.status(environ)
        assert shown is not None
        return float(shown["idle"])

    daemon.ensure_running(environ)
    time.sleep(0.3)
    before = idle()
    daemon.ensure_running(environ)
    assert idle() < before


def test_one_that_cannot_start_says_why(environ, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "httptools.py").write_text("raise OSError('no httptools today')")
    with pytest.raises(LcliError) as failure:
        daemon.ensure_running(environ | {"PYTHONPATH": str(tmp_path / "broken")})
    (problem,) = failure.value.problems
    assert problem.what == "the local cloud did not start: OSError: no httptools today"
    assert problem.where == str(daemon.directory(environ) / "daemon.log")


@pytest.mark.parametrize("headers", [{}, {"X-Lcli-Token": "guessed"}])
def test_private_paths_want_the_token(environ, headers):
    running = daemon.ensure_running(environ)
    request = urllib.request.Request(f"{running.url}/_lcli/reset", b"", headers)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)


@pytest.mark.parametrize("signalled", [signal.SIGTERM, signal.SIGKILL])
def test_functions_end_with_it(environ, signalled):
    running = daemon.ensure_running(environ)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return 1")
    functions = boto3.client(
        "lambda",
        endpoint_url=running.url,
        region_name="us-east-1",
        aws_access_key_id="123456789012",
        aws_secret_access_key="local",
    )
    functions.create_function(
        FunctionName="f",
        Runtime="python3.11",
        Handler="app.handler",
        Role="arn:aws:iam::123456789012:role/r",
        Code={"ZipFile": packed.getvalue()},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.02})
    assert functions.invoke(FunctionName="f")["Payload"].read() == b"1"
    family = psutil.Process(running.pid).children(recursive=True)
    assert family
    os.kill(running.pid, signalled)
    assert gone(running.pid)
    assert all(gone(each.pid) for each in family)
    kept = (daemon.directory(environ) / "code").exists()
    assert kept == (signalled is signal.SIGKILL)  # then the next one removes it
