"""The files of a source: which ones belong to it, and what makes them impossible to pack."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lcli.errors import ExitCode, LcliError, Problem

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".lcliignore"


class Ignored(NamedTuple):
    """Names that are left out, folders with a slash at the end; plain, since it sees every file."""

    anywhere: re.Pattern[str]
    """Matches the last part of a name."""
    whole: frozenset[str]
    """Names from the root on."""


IGNORED = Ignored(
    re.compile(
        r"\.(?:git|hg|svn|venv|mypy_cache|pytest_cache|ruff_cache|tox|nox|idea|vscode)/"
        r"|venv/|__pycache__/"
        r"|(?:.*\.py[cod]|\.env(?:\..*)?|\.DS_Store|\.lcliignore)/?",
        re.DOTALL,
    ),
    frozenset({"lcli.yaml"}),
)
"""What is never code. Any pattern of the user's goes before it: ``!.env`` in an ignore file takes
that back."""

MAX_DEPTH = 100


class Entry(NamedTuple):
    """One regular file of an artifact. There are thousands, and a tuple is made fastest."""

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
    ignored: Ignored = IGNORED,
) -> list[Entry]:
    """The selected files below `root`, sorted by name as bytes.

    A file is selected if it matches `include` (gitignore patterns; everything when empty) and the
    first of these that says something of it does not ignore it: `exclude`, the .lcliignore of its
    folder, those of the folders above, and `ignored`. Links within the tree are followed; what is
    in an ignored folder is never looked at.

    Raises:
        LcliError: a link that leaves the tree or loops, something that is no regular file,
            a file that cannot be read, a name that is not UTF-8, a pattern that is none.
    """
    wanted = tuple(pattern for pattern in include if pattern != "**")
    excluded = tuple(exclude)
    walk = _Walk(
        root=os.path.realpath(root),
        exclude=(("", _spec(excluded, root)),) if excluded else (),
        include=_spec(wanted, root) if wanted else None,
        ignored=ignored,
    )
    found: list[Entry] = []
    walk.below(_Folder(str(root), "", (walk.root,), ()), found)
    return sorted(found, key=lambda entry: entry.name.encode())


def _ignore_file(path: str) -> GitIgnoreSpec:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise refused(
            "ignore-file-unreadable",
            f"{path} cannot be read: {error}",
            path,
            "save it as UTF-8 text that you may read",
        ) from error
    return _spec(lines, Path(path))


def _spec(patterns: Iterable[str], where: Path) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise refused(
            "pattern-invalid",
            f"a pattern of the source is no gitignore pattern: {error}",
            str(where),
            "correct it, or put a backslash before a leading ! or #",
        ) from error


Rules = tuple[tuple[str, "GitIgnoreSpec"], ...]
"""Patterns, each with the folder that they are relative to ("" or with a slash at its end)."""


@dataclass(frozen=True, slots=True)
class _Folder:
    path: str
    prefix: str
    """Its name inside the artifact, with a slash at its end; "" for the root."""
    above: tuple[str, ...]
    """The real paths down to itself."""
    rules: Rules
    """Of the ignore files above it, the nearest first."""


@dataclass(frozen=True, slots=True)
class _Walk:
    root: str
    exclude: Rules
    include: GitIgnoreSpec | None
    ignored: Ignored

    def below(self, folder: _Folder, into: list[Entry]) -> None:
        """Adds what is selected below `folder`."""
        if len(folder.above) > MAX_DEPTH:
            raise _loops(folder.path, folder.prefix)
        with _readable(folder.path):
            found = list(os.scandir(folder.path))
        if any(item.name == IGNORE_FILE for item in found):
            own = _ignore_file(f"{folder.path}/{IGNORE_FILE}")
            folder = replace(folder, rules=((folder.prefix, own), *folder.rules))
        for item in found:
            self._item(item, folder, into)

    def _item(self, item: os.DirEntry[str], folder: _Folder, into: list[Entry]) -> None:
        name = folder.prefix + item.name
        if not name.isascii():
            _check_name(name, item.path)
        is_link = item.is_symlink()
        is_folder = item.is_dir(follow_symlinks=False) or (is_link and os.path.isdir(item.path))
        if self._ignores(folder, item.name + "/" if is_folder else item.name):
            return
        if is_folder:
            real = self._target(item.path, name) if is_link else f"{folder.above[-1]}/{item.name}"
            if real in folder.above:
                raise _loops(item.path, name + "/")
            inside = _Folder(item.path, name + "/", (*folder.above, real), folder.rules)
            self.below(inside, into)
        elif self.include is None or self.include.match_file(name):
            if is_link:
                self._target(item.path, name)
            into.append(file_entry(item.path, name))

    def _ignores(self, folder: _Folder, last: str) -> bool:
        name = folder.prefix + last
        for prefix, spec in (*self.exclude, *folder.rules):
            said = spec.check_file(name.removeprefix(prefix)).include
            if said is not None:
                return said
        return bool(self.ignored.anywhere.fullmatch(last)) or name in self.ignored.whole

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
        if os.path.islink(path) and error.errno == errno.ENOENT:
            raise refused(
                "link-broken",
                f'"{path}" is a link to {os.readlink(path)}, which is not there',
                path,
                f"remove it or add {name} to {IGNORE_FILE}",
            ) from error
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
