"""The local cloud as a background process of this user: found, started, stopped, replaced.

Its state file (daemon.json in the state directory, 0600) tells address, process id, start time,
version and the token for the private paths. The process itself is `lcli.local.process`.
"""

from __future__ import annotations

import fcntl
import http.client
import importlib.util
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TextIO

from lcli import __version__
from lcli.errors import LcliError, Problem
from lcli.local.build import build
from lcli.local.runtime.interpreters import Interpreter

STARTS_WITHIN = 60.0
"""Seconds in which a new daemon must be ready (it takes about a quarter of a second)."""
STOPS_WITHIN = 15.0
ANSWERS_WITHIN = 10.0
_LOG_LIMIT = 5_000_000
_NEEDED = ("httptools", "moto", "psutil", "werkzeug")
_KEPT = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "VIRTUAL_ENV"),
    *("LC_", "LCLI_", "XDG_", "PYTHON", "PYENV_", "UV_", "SSL_", "NIX_", "DYLD_", "LD_"),
)
"""Names, or beginnings of names that end with an underscore, of what the daemon inherits."""


@dataclass(frozen=True, slots=True)
class Running:
    """A daemon that answers."""

    url: str
    """The endpoint URL for the SDKs: ``http://127.0.0.1:PORT``."""
    pid: int
    started: float
    """Seconds since 1970, as the system tells it."""
    version: str
    token: str
    """For the private paths; no output shows it."""
    log: str
    """Path of its log file."""
    build: str = ""
    """See `lcli.local.build`; older ones had none."""

    @property
    def current(self) -> bool:
        """It runs the code that this process has."""
        return (self.version, self.build) == (__version__, build())


_FIELDS = frozenset(each.name for each in fields(Running))


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
    does not answer.
    """
    environ = os.environ if environ is None else environ
    home = directory(environ)
    if found := _usable(home):
        return found
    with _locked(home):
        if found := _usable(home):
            return found
        old = _read(home)
        if old and _process(old):
            notice(_replaced(old))
            _end(old)
        elif old:
            notice("the local cloud had died and is started anew: it starts empty")
        return _start(home, environ)


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
    found = _read(home)
    told = _asked(found, "GET", "/_lcli/status") if found else None
    if not found or told is None:
        return None
    shown = {name: value for name, value in asdict(found).items() if name != "token"}
    return shown | {"directory": str(home)} | told


def stop(environ: Mapping[str, str] | None = None) -> Running | None:
    """End the daemon and everything it started; the one that ran, None if none did."""
    home = directory(os.environ if environ is None else environ)
    if not _read(home):
        return None
    with _locked(home):
        found = _read(home)
        alive = found is not None and _process(found) is not None
        if found and alive:
            _end(found)
        (home / "daemon.json").unlink(missing_ok=True)
        return found if alive else None


def reset(environ: Mapping[str, str] | None = None) -> bool:
    """Empty the running daemon: every service, function and environment; False if none runs."""
    found = _read(directory(os.environ if environ is None else environ))
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
    found = _read(home)
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
    if not _process(found):
        return None
    try:
        return _private(found, method, path)
    except LcliError as silent:
        if isinstance(silent.__cause__, ConnectionRefusedError):
            return None
        raise


def _read(home: Path) -> Running | None:
    """The state file, None if there is none or it makes no sense."""
    try:
        told = json.loads((home / "daemon.json").read_text())
        # Another build may tell more.
        return Running(**{name: told[name] for name in told if name in _FIELDS})
    except (OSError, ValueError, TypeError):
        return None


def _process(found: Running) -> Any:
    """The daemon's psutil.Process; None if it is gone and its id perhaps somebody else's."""
    import psutil

    try:
        process = psutil.Process(found.pid)
        # Start times move a little when the clock is set.
        same = abs(process.create_time() - found.started) < 5
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


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


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """One start or stop at a time; bounded, since whoever holds it is bounded too."""
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


def _start(home: Path, environ: Mapping[str, str]) -> Running:
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


def _end(found: Running) -> None:
    """SIGTERM, on which the daemon ends its children; after a while SIGKILL for all of them."""
    import psutil

    process = _process(found)
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
