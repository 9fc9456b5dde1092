"""Which Python runs a function here: the exact version if this machine has it, else the nearest.

Light: the artifact builder asks too, because under `--local` it builds for the version that runs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

OLDEST = 9
"""awslambdaric needs Python 3.9."""
_NAME = re.compile(r"^python3\.(\d+)$")
_FOLDER = re.compile(r"^(?:cpython-)?3\.(\d+)\.(\d+)")
_PROBE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that was seen to run."""

    path: str
    version: str
    """``3.13.1``."""
    exact: bool
    """Whether it is the version that the runtime names."""


@lru_cache(maxsize=32)
def interpreter_for(runtime: str) -> Interpreter:
    """The interpreter for ``python3.13``: that version, else the nearest that this machine has.

    Looked for on PATH, among pyenv's and uv's versions, and lcli's own; it is run once, since a
    pyenv shim can stand for a version that is not there.
    """
    wanted = int(runtime.removeprefix("python3."))
    found = sorted(_candidates(), key=lambda each: (abs(each[0] - wanted), -each[0]))
    for minor, path in found:
        version = _version(path)
        if version.startswith(f"3.{minor}."):
            return Interpreter(path, version, exact=minor == wanted)
    own = ".".join(str(part) for part in sys.version_info[:3])
    return Interpreter(sys.executable, own, exact=False)


def _candidates() -> Iterator[tuple[int, str]]:
    """Minor version and path of everything that looks like a Python; likely ones first."""
    yield sys.version_info[1], sys.executable
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        yield from _matching(Path(folder or "."), _NAME, "")
    home = Path.home()
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv")
    yield from _matching(pyenv / "versions", _FOLDER, "bin/python")
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    yield from _matching(uv, _FOLDER, "bin/python3")


def _matching(folder: Path, name: re.Pattern[str], inside: str) -> Iterator[tuple[int, str]]:
    try:
        entries = sorted(os.listdir(folder), reverse=True)
    except OSError:
        return
    for entry in entries:
        match = name.match(entry)
        path = folder / entry / inside
        if match and int(match[1]) >= OLDEST and os.access(path, os.X_OK):
            yield int(match[1]), str(path)


def _version(path: str) -> str:
    """``3.13.1``, or empty if it does not run."""
    if path == sys.executable:
        return ".".join(str(part) for part in sys.version_info[:3])
    try:
        done = subprocess.run(
            [path, "-I", "-S", "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"],
            capture_output=True,
            timeout=_PROBE_SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("ascii", "replace").strip() if done.returncode == 0 else ""
