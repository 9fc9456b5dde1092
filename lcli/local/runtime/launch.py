"""What to start for a runtime: its interpreter with a bootstrap, or the function's own."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lcli.local.execution import Deployed, RuntimeMissing
from lcli.local.runtime.interpreters import Interpreter, interpreter_for, own_client, remedy

_BOOTSTRAPS = Path(__file__).parent / "bootstraps"
_SHIPPED = (
    "awslambdaric",
    "aws_durable_execution_sdk_python",
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

    def __init__(self, directory: Path, *, notice: Callable[[str], None]) -> None:
        """`directory` is lcli's to write; `notice` is told once of a version that is another."""
        self._directory = directory
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
        found = self._found(deployed.runtime)
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
        found = self._found(deployed.runtime)
        heap = f"--max-old-space-size={max(64, deployed.memory * 9 // 10)}"
        script = str(_BOOTSTRAPS / "nodejs" / "bootstrap.mjs")
        argv = (found.path, heap, script)
        return Launch(argv, f"nodejs:{found.version}", _BOOTSTRAPS / "nodejs")

    def _own(self, deployed: Deployed, layers: Path) -> Launch:
        """`provided.*`, and any other runtime for which the user supplies a bootstrap."""
        for folder in (deployed.code, layers):
            path = folder / "bootstrap"
            if os.access(path, os.X_OK) and path.is_file():
                return Launch((str(path),), deployed.runtime, folder)
        if advice := own_client(deployed.runtime):
            raise RuntimeMissing(f"{deployed.runtime} cannot run here as it is: {advice}")
        raise InvalidEntrypoint(
            "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
        )

    def _found(self, runtime: str) -> Interpreter:
        """The interpreter; that it is another version than the named one is said once."""
        found = interpreter_for(runtime)
        if not found.path:
            raise RuntimeMissing(f"{found.instead(runtime)}: {remedy(runtime)}")
        if not found.exact and runtime not in self._noticed:
            self._noticed.add(runtime)
            self._notice(found.instead(runtime))
        return found


def _inside(path: str, task: Path, layers: Path) -> str:
    """A path as the function knows it, on this machine."""
    for prefix, folder in (("/opt/", layers), ("/var/task/", task)):
        if path.startswith(prefix):
            return str(folder / path.removeprefix(prefix))
    return path
