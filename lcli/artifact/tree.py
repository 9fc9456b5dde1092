"""The files of a source: which ones belong to it, and what makes them impossible to pack."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from lcli.errors import ExitCode, LcliError, Problem

IGNORE_FILE = ".lcliignore"
IGNORED = (
    ".git/",
    ".hg/",
    ".svn/",
    ".DS_Store",
    ".venv/",
    "venv/",
    "__pycache__/",
    "*.py[cod]",
    ".mypy_cache/",
    ".pytest_cache/",
    ".ruff_cache/",
    ".tox/",
    ".nox/",
    ".idea/",
    ".vscode/",
    ".env",
    ".env.*",
    "/lcli.yaml",
    IGNORE_FILE,
)
"""What is never code. Later patterns win: ``!.env`` in the ignore file takes it back."""

MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One regular file of an artifact."""

    name: str
    """Inside the artifact, with forward slashes."""
    path: str
    """On disk."""
    executable: bool
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @property
    def mode(self) -> int:
        """The normalised permission bits, so that a umask changes no artifact."""
        return 0o755 if self.executable else 0o644


def refused(code: str, what: str, where: str, next_step: str) -> LcliError:
    """A source that cannot be packed: found before any call, so USAGE."""
    return LcliError(Problem(code, what, where, next_step), ExitCode.USAGE)


def read_tree(
    root: Path,
    *,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    ignored: Iterable[str] = IGNORED,
) -> list[Entry]:
    """The selected files below `root`, sorted by name as bytes.

    A file is selected if it matches `include` (gitignore patterns; everything when empty) and the
    last pattern of `ignored`, the tree's .lcliignore and `exclude` that matches it does not
    ignore it. Links within the tree are followed; an ignored path is never looked at.

    Raises:
        LcliError: a link that leaves the tree or loops, something that is no regular file,
            a file that cannot be read, a name that is not UTF-8.
    """
    rules = (*ignored, *ignore_file(root), *exclude)
    wanted = tuple(pattern for pattern in include if pattern != "**")
    walk = _Walk(
        root=os.path.realpath(root),
        ignore=_spec(rules, root / IGNORE_FILE),
        include=_spec(wanted, root) if wanted else None,
    )
    found: list[Entry] = []
    walk.below(str(root), "", (walk.root,), found)
    return sorted(found, key=lambda entry: entry.name.encode())


def ignore_file(root: Path) -> list[str]:
    """The lines of the tree's .lcliignore; none when there is no such file."""
    path = root / IGNORE_FILE
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise refused(
            "ignore-file-unreadable",
            f"{path} cannot be read: {error}",
            str(path),
            "save it as UTF-8 text that you may read",
        ) from error


def _spec(patterns: Iterable[str], where: Path) -> GitIgnoreSpec:
    try:
        return GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise refused(
            "pattern-invalid",
            f"a pattern of the source is no gitignore pattern: {error}",
            str(where),
            "correct it, or put a backslash before a leading ! or #",
        ) from error


@dataclass(frozen=True, slots=True)
class _Walk:
    root: str
    ignore: GitIgnoreSpec
    include: GitIgnoreSpec | None

    def below(self, folder: str, prefix: str, above: tuple[str, ...], into: list[Entry]) -> None:
        """Adds what is selected below `folder`; `above` are the real paths down to itself."""
        if len(above) > MAX_DEPTH:
            raise _loops(folder, prefix)
        with _readable(folder):
            found = list(os.scandir(folder))
        for item in found:
            self._item(item, prefix + item.name, above, into)

    def _item(
        self, item: os.DirEntry[str], name: str, above: tuple[str, ...], into: list[Entry]
    ) -> None:
        _check_name(name, item.path)
        is_link = item.is_symlink()
        is_folder = item.is_dir(follow_symlinks=False) or (is_link and os.path.isdir(item.path))
        if self.ignore.match_file(name + "/" if is_folder else name):
            return
        if is_folder:
            real = self._target(item.path, name) if is_link else f"{above[-1]}/{item.name}"
            if real in above:
                raise _loops(item.path, name + "/")
            self.below(item.path, name + "/", (*above, real), into)
        elif self.include is None or self.include.match_file(name):
            if is_link:
                self._target(item.path, name)
            into.append(file_entry(item.path, name))

    def _target(self, path: str, name: str) -> str:
        real = os.path.realpath(path)
        if os.path.commonpath((real, self.root)) != self.root:
            raise refused(
                "link-leaves-source",
                f'"{path}" is a link to {real}, outside the source',
                path,
                f"copy the target into {self.root} or add {name} to {IGNORE_FILE}",
            )
        return real


def _loops(folder: str, prefix: str) -> LcliError:
    return refused(
        "link-loop",
        f'"{folder}" leads back into a folder that contains it',
        folder,
        f"remove the link or add {prefix} to {IGNORE_FILE}",
    )


def file_entry(path: str, name: str) -> Entry:
    """The regular file at `path` as `name`.

    Raises:
        LcliError: it is missing or no regular file.
    """
    try:
        found = os.stat(path)
    except OSError as error:
        raise unreadable(path, error.strerror) from error
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "something that is no file")
        raise refused(
            "not-a-file",
            f'"{path}" is {kind}; an artifact holds regular files only',
            path,
            f"remove it or add {name} to {IGNORE_FILE}",
        )
    return Entry(
        name,
        path,
        bool(found.st_mode & 0o100),
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
        found.st_ino,
    )


_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


@contextmanager
def _readable(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unreadable(path, error.strerror or str(error)) from error


def unreadable(path: str, why: str | None) -> LcliError:
    """The problem of a file or folder that may not be read."""
    return refused(
        "file-unreadable",
        f'"{path}" cannot be read: {why}',
        path,
        f"make it readable or name it in {IGNORE_FILE}",
    )


def _check_name(name: str, path: str) -> None:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        shown = os.fsencode(path).decode("utf-8", "backslashreplace")
        raise refused(
            "name-not-utf8",
            f'the name of "{shown}" is not UTF-8, which Lambda cannot unpack',
            shown,
            f"rename it or ignore its folder in {IGNORE_FILE}",
        ) from error
