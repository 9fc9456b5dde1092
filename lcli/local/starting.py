"""Starting and ending the daemon's process, one at a time."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from lcli.errors import LcliError, Problem
from lcli.local.running import Running

STARTS_WITHIN = 60.0
"""Seconds in which a new daemon must be ready (it takes about a quarter of a second)."""
STOPS_WITHIN = 15.0
_LOG_LIMIT = 5_000_000
_NEEDED = ("httptools", "moto", "psutil", "werkzeug")
_KEPT = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "VIRTUAL_ENV"),
    *("LC_", "LCLI_", "XDG_", "PYTHON", "PYENV_", "UV_", "SSL_", "NIX_", "DYLD_", "LD_"),
)
"""Names, or beginnings of names that end with an underscore, of what the daemon inherits."""


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """One start or stop at a time; bounded, since whoever holds it is bounded too.

    Raises LcliError where the state directory cannot be written, or somebody holds it for ever.
    """
    until = time.monotonic() + STARTS_WITHIN + STOPS_WITHIN
    with _lock_file(home) as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise LcliError(
                        Problem(
                            "local-cloud-locked",
                            "another process is starting or stopping the local cloud",
                            lock.name,
                            "wait for it, or end it",
                        )
                    ) from None
                time.sleep(0.02)
        yield


def _lock_file(home: Path) -> TextIO:
    """The lock in the state directory, which is made; raises LcliError where it cannot be."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o700)
        return (home / "daemon.lock").open("a")
    except OSError as error:
        raise LcliError(
            Problem(
                "local-directory-not-writable",
                f"the local cloud's folder cannot be written: {error.strerror or error}",
                str(home),
                "let LCLI_LOCAL_DIR name a folder that you may write to",
            )
        ) from error


def start(home: Path, environ: Mapping[str, str]) -> Running:
    """Start a daemon with its state in `home` and wait until it listens.

    Raises LcliError: lcli's extra "local" is not installed, or it did not start.
    """
    _check_installed()
    log = home / "daemon.log"
    with suppress(FileNotFoundError):
        if log.stat().st_size > _LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
    ready, tell = os.pipe()
    opened = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        # -P: the state directory, which it runs in, is no place to import from.
        command = [sys.executable, "-P", "-m", "lcli.local.process", str(home), str(tell)]
        begun = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=opened,
            stderr=opened,
            pass_fds=(tell,),
            env=_environment(environ),
            cwd=home,
            start_new_session=True,
        )
        os.close(tell)
        tell = -1
        begun.wait(STARTS_WITHIN)
        told = _told(ready)
    finally:
        for descriptor in (ready, tell, opened):
            if descriptor >= 0:
                os.close(descriptor)
    state = json.loads(told) if told else {"failed": _last_line(log)}
    if "failed" not in state:
        return Running(**state)
    raise LcliError(
        Problem(
            "local-cloud-start",
            f"the local cloud did not start: {state['failed']}",
            str(log),
            f"see the log, and whether there is space in {home}; then try again",
        )
    )


def _check_installed() -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise LcliError(
            Problem(
                "local-extra-missing",
                f"the local cloud needs packages that are not installed: {', '.join(missing)}",
                "",
                "install lcli with its extra: pip install 'lcli[local]'",
            )
        )


def _told(ready: int) -> bytes:
    """What the new daemon writes once it listens; nothing if it ends before, or takes too long."""
    told, until = b"", time.monotonic() + STARTS_WITHIN
    while select.select([ready], [], [], max(0.0, until - time.monotonic()))[0]:
        more = os.read(ready, 65536)
        if not more:
            return told
        told += more
    return b""


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it wrote no log"


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What the daemon inherits: nothing of AWS's, no proxies, no secrets of the user's shell."""
    kept = {
        name: value
        for name, value in environ.items()
        if any(name == k or (k[-1] == "_" and name.startswith(k)) for k in _KEPT)
        or name == "PYTHONPATH"
    }
    package = str(Path(__file__).parents[2])
    path = [package, *filter(None, kept.get("PYTHONPATH", "").split(os.pathsep))]
    return kept | {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(path)),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def end(found: Running) -> None:
    """SIGTERM, on which the daemon ends its children; after a while SIGKILL for all of them."""
    import psutil

    process = found.process()
    if process is None:
        return
    family = [*process.children(recursive=True), process]
    with suppress(psutil.NoSuchProcess):
        process.terminate()
    for left in _remaining(family, STOPS_WITHIN):
        with suppress(psutil.NoSuchProcess):
            left.kill()
    _remaining(family, 5)


def _remaining(family: list[Any], seconds: float) -> list[Any]:
    """Those that still run after at most `seconds`; init may take its time to bury the others."""
    until = time.monotonic() + seconds
    while (left := [each for each in family if _runs(each)]) and time.monotonic() < until:
        time.sleep(0.005)
    return left


def _runs(process: Any) -> bool:
    import psutil

    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
