"""Which dependencies a source asks for, and the folder where they are installed."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lcli.artifact.cache import Folder, folder
from lcli.artifact.model import Source, Target
from lcli.artifact.node import install_node
from lcli.artifact.python import install_python
from lcli.artifact.tree import Entry, Ignored, read_tree, refused

INSTALLED = Ignored(
    re.compile("__pycache__/"),
    frozenset({".lock", "node_modules/.bin/", "node_modules/.package-lock.json"}),
)
"""What an install leaves that is not part of the packages."""
_INSTALLERS = {"python": install_python, "node": install_node}


@dataclass(frozen=True, slots=True)
class Requirements:
    """The file that lists a source's dependencies."""

    kind: Literal["python", "node"]
    listed: Path
    packages: frozenset[str] = frozenset()
    """For node: those that it names."""

    def may_bring(self, handler: str) -> bool:
        """Whether an install may bring the handler, for all that the list tells.

        A package of Python's may hold any module. Those of Node.js are below node_modules/, where
        a handler is looked for that is a package's name.
        """
        if self.kind == "python":
            return re.split(r"[./]", handler)[0].isidentifier()
        package = handler.rpartition("/")[2].partition(".")[0]
        return handler.startswith("node_modules/") or package in self.packages


def installed_files(
    requirements: Requirements | None,
    source: Source,
    target: Target,
    cache: Path,
    store: Folder = folder,
) -> list[Entry]:
    """The installed dependencies' files, laid out as the artifact is.

    Raises:
        LcliError: the install failed.
        NotCached: they are not installed and `store` does not install.
    """
    if requirements is None:
        return []
    install = _INSTALLERS[requirements.kind]
    made = install(source_folder(source), requirements.listed, target, cache, store)
    return read_tree(made, ignored=INSTALLED)


def source_folder(source: Source) -> Path:
    """The directory that relative names in `build` start from."""
    return source.path if source.kind == "directory" else source.path.parent


def find_requirements(source: Source, target: Target) -> Requirements | None:
    """The file that lists the source's dependencies, if it has any.

    Found when `build` does not say: requirements.txt or the dependencies of pyproject.toml for
    Python, those of package.json for Node.js.

    Raises:
        LcliError: (USAGE) the named file is missing, or one cannot be read.
    """
    kind, named, root = source.build.kind, source.build.requirements, source_folder(source)
    if named and kind != "none":
        return Requirements("python", _named(root, named, source))
    if source.kind != "directory" or source.build.command:
        return None
    if kind == "python" or (kind == "" and target.runtime.startswith("python")):
        found = _python(root)
        if found is None and kind == "python":
            found = _named(root, "requirements.txt", source)
        return Requirements("python", found) if found else None
    if kind == "node" or (kind == "" and target.runtime.startswith("nodejs")):
        package = root / "package.json"
        packages = _node(package)
        return Requirements("node", package, packages) if packages else None
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


def _node(package: Path) -> frozenset[str]:
    """The packages that a package.json names."""
    if not package.is_file():
        return frozenset()
    try:
        listed = json.loads(package.read_bytes())
    except (OSError, ValueError) as error:
        raise _damaged(package, error) from error
    lists = ("dependencies", "optionalDependencies") if isinstance(listed, dict) else ()
    named = [listed.get(one) for one in lists]
    return frozenset(name for one in named if isinstance(one, dict) for name in one)


def _damaged(path: Path, error: Exception) -> Exception:
    return refused(
        "requirements-unreadable", f'"{path}" cannot be read: {error}', str(path), "correct it"
    )
