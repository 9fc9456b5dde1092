"""Which dependencies a source asks for, and the folder where they are installed."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

from lcli.artifact.model import Source, Target
from lcli.artifact.node import install_node
from lcli.artifact.python import install_python
from lcli.artifact.tree import Entry, read_tree, refused

Installer = Callable[[Path, Path, Target, Path], Path]
"""(source folder, file that lists them, target, cache) → folder laid out as the artifact is."""

INSTALLED = ("__pycache__/", "/.lock", "/node_modules/.bin/", "/node_modules/.package-lock.json")


def dependencies(source: Source, target: Target, cache: Path) -> list[Entry]:
    """The installed dependencies' files; none when the source asks for none.

    Raises:
        LcliError: the named requirements are missing, or the install failed.
    """
    found = find_requirements(source, target)
    if found is None:
        return []
    install, listed = found
    folder = install(source_folder(source), listed, target, cache)
    return read_tree(folder, ignored=INSTALLED)


def source_folder(source: Source) -> Path:
    """The directory that relative names in `build` start from."""
    return source.path if source.kind == "directory" else source.path.parent


def find_requirements(source: Source, target: Target) -> tuple[Installer, Path] | None:
    """What installs the source's dependencies and the file that lists them, if it has any.

    Found when `build` does not say: requirements.txt or the dependencies of pyproject.toml for
    Python, those of package.json for Node.js.
    """
    kind, named = source.build.kind, source.build.requirements
    root = source_folder(source)
    if kind == "none":
        return None
    if named:
        return install_python, _named(root, named, source)
    found = None
    if kind == "python" or (kind == "" and target.runtime.startswith("python")):
        found = _python(root) if source.kind == "directory" else None
        if found is None and kind == "python":
            _named(root, "requirements.txt", source)
        return (install_python, found) if found else None
    if kind == "node" or (kind == "" and target.runtime.startswith("nodejs")):
        found = root / "package.json"
        wanted = source.kind == "directory" and _node(found)
        return (install_node, found) if wanted else None
    return None


def _named(root: Path, name: str, source: Source) -> Path:
    path = root / name
    if not path.is_file():
        raise refused(
            "requirements-missing",
            f'there is no requirements file "{path}"',
            source.where or str(root),
            "create it, or correct build.requirements",
        )
    return path


def _python(root: Path) -> Path | None:
    if (root / "requirements.txt").is_file():
        return root / "requirements.txt"
    project = root / "pyproject.toml"
    if not project.is_file():
        return None
    try:
        listed = tomllib.loads(project.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(project, error) from error
    return project if listed.get("project", {}).get("dependencies") else None


def _node(package: Path) -> bool:
    if not package.is_file():
        return False
    try:
        listed = json.loads(package.read_bytes())
    except (OSError, ValueError) as error:
        raise _damaged(package, error) from error
    return isinstance(listed, dict) and bool(
        listed.get("dependencies") or listed.get("optionalDependencies")
    )


def _damaged(path: Path, error: Exception) -> Exception:
    return refused(
        "requirements-unreadable", f'"{path}" cannot be read: {error}', str(path), "correct it"
    )
