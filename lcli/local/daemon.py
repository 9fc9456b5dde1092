"""The local cloud as a background process of this user: found, started, stopped, replaced."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lcli import __version__
from lcli.errors import LcliError, Problem
from lcli.local.running import Running
from lcli.local.runtime.interpreters import Interpreter
from lcli.local.settings import check
from lcli.local.starting import end, locked, start

ANSWERS_WITHIN = 10.0
"""Seconds."""


def directory(environ: Mapping[str, str]) -> Path:
    """State directory of the local cloud: LCLI_LOCAL_DIR, else below XDG_STATE_HOME."""
    given = environ.get("LCLI_LOCAL_DIR")
    if given:
        return Path(given).expanduser().absolute()
    base = environ.get("XDG_STATE_HOME") or Path(environ.get("HOME") or "~") / ".local" / "state"
    return Path(base).expanduser().absolute() / "lcli" / "local"


def ensure_running(
    environ: Mapping[str, str] | None = None, *, notice: Callable[[str], None] = lambda text: None
) -> Running:
    """The user's daemon, started if there is none.

    One that died or just ends is replaced, one of another version or build of lcli too, be it
    silent; `notice` is told each.
    Raises LcliError if lcli's extra "local" is not installed, if the daemon does not start or
    does not answer; (USAGE) for a setting in `environ` that cannot be meant.
    """
    environ = os.environ if environ is None else environ
    check(environ)
    home = directory(environ)
    if found := _usable(home):
        return found
    with locked(home):
        if found := _usable(home):
            return found
        old = Running.read(home)
        if old and old.process():
            notice(_replaced(old))
            end(old)
        elif old:
            notice("the local cloud had died and is started anew: it starts empty")
        return start(home, environ)


def found(environ: Mapping[str, str]) -> Running | None:
    """The user's daemon where one of this build runs and answers; none is started."""
    try:
        return _usable(directory(environ))
    except LcliError:
        return None


def status(environ: Mapping[str, str] | None = None) -> dict[str, Any] | None:
    """What the daemon tells of itself, None if none runs.

    Keys: url, pid, started, version, log, directory, uptime and idle (seconds).
    """
    home = directory(os.environ if environ is None else environ)
    found = Running.read(home)
    told = _asked(found, "GET", "/_lcli/status") if found else None
    if not found or told is None:
        return None
    shown = {name: value for name, value in asdict(found).items() if name != "token"}
    return shown | {"directory": str(home)} | told


def stop(environ: Mapping[str, str] | None = None) -> Running | None:
    """End the daemon and everything it started; the one that ran, None if none did."""
    home = directory(os.environ if environ is None else environ)
    if not Running.read(home):
        return None
    with locked(home):
        found = Running.read(home)
        alive = found is not None and found.process() is not None
        if found and alive:
            end(found)
        (home / "daemon.json").unlink(missing_ok=True)
        return found if alive else None


def reset(environ: Mapping[str, str] | None = None) -> bool:
    """Empty the running daemon: every service, function and environment; False if none runs."""
    found = Running.read(directory(os.environ if environ is None else environ))
    return found is not None and _asked(found, "POST", "/_lcli/reset") is not None


def interpreter(runtime: str, environ: Mapping[str, str] | None = None) -> Interpreter:
    """What the daemon, which is started if need be, runs ``python3.13`` or ``nodejs22.x`` with.

    It is asked, since its environment may differ from the caller's. Raises LcliError.
    """
    found = ensure_running(environ)
    return Interpreter(**_private(found, "GET", f"/_lcli/interpreter/{runtime}"))


def _usable(home: Path) -> Running | None:
    """The daemon, if it runs this build: one of another is not asked, its paths may be others.

    To be asked for its health is to be used: it does not end of idleness just now.
    """
    found = Running.read(home)
    known = found is not None and found.current
    return found if found and known and _asked(found, "GET", "/_lcli/health") else None


def _replaced(old: Running) -> str:
    if old.current:
        return "the local cloud was about to end and is started anew: it starts empty"
    if old.version == __version__:
        return f"local cloud of another build of lcli {__version__} replaced: it starts empty"
    return f"local cloud of lcli {old.version} replaced by {__version__}: it starts empty"


def _asked(found: Running, method: str, path: str) -> dict[str, Any] | None:
    """What the daemon answers; None if it is gone, or listens no more since it ends."""
    if not found.process():
        return None
    try:
        return _private(found, method, path)
    except LcliError as silent:
        if isinstance(silent.__cause__, ConnectionRefusedError):
            return None
        raise


def _private(found: Running, method: str, path: str) -> dict[str, Any]:
    address = found.url.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=ANSWERS_WITHIN)
    try:
        connection.request(method, path, headers={"X-Lcli-Token": found.token})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 200:
            known: dict[str, Any] = json.loads(body)
            return known
        cause, why = None, f"it answers with status {answer.status}"
    except (OSError, http.client.HTTPException, ValueError) as error:
        cause, why = error, f"{type(error).__name__}: {error}"
    finally:
        connection.close()
    raise LcliError(
        Problem(
            "local-cloud-silent",
            f"the local cloud (process {found.pid}) does not answer at {found.url}: {why}",
            found.log,
            "run `lcli local stop`, then try again",
        )
    ) from cause
