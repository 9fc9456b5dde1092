"""Reading zips that others made: no unsafe names, nothing grows without bound."""

from __future__ import annotations

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from lcli.artifact.limits import UNZIPPED, largest, too_large
from lcli.artifact.tree import refused
from lcli.errors import ExitCode, LcliError

CHUNK = 1 << 20
MAX_MEMBERS = 500_000


@contextmanager
def _opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]]:
    """The zip and its files, links included, once every name and size was found to be safe."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_members(path, members)
            yield archive, [each for each in members if not each.is_dir()]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise refused(
            "zip-damaged",
            f'"{path}" is no zip that can be read: {error}',
            str(path),
            "make it again with deflate or no compression",
        ) from error
    except OSError as error:
        raise refused(
            "file-unreadable", f'"{path}" cannot be read: {error}', str(path), "make it readable"
        ) from error


def _check_members(path: Path, members: list[zipfile.ZipInfo]) -> None:
    total = sum(member.file_size for member in members)
    if total > UNZIPPED:
        sizes = largest((member.filename, member.file_size) for member in members)
        raise LcliError(too_large(total, 0, sizes, str(path)), ExitCode.USAGE)
    if len(members) > MAX_MEMBERS:
        raise _unsafe(path, f"holds {len(members):,} files")
    seen: set[str] = set()
    for member in members:
        reason = _unsafe_name(member)
        if reason:
            raise _unsafe(path, f'holds "{ascii(member.filename)[1:-1]}", {reason}')
        name = member.filename.rstrip("/")
        if name in seen and not member.is_dir():
            raise _unsafe(path, f'holds "{name}" twice')
        seen.add(name)


def _unsafe_name(member: zipfile.ZipInfo) -> str:
    name = member.orig_filename
    parts = PurePosixPath(name).parts
    if name.startswith("/") or "\\" in name or "\0" in name or name[1:2] == ":":
        return "an absolute or foreign name"
    if ".." in parts or not parts:
        return "a name that leaves the archive"
    if member.flag_bits & 0x1:
        return "which is encrypted"
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
        return "which is neither a file nor a folder nor a link"
    return ""


def _unsafe(path: Path, what: str) -> LcliError:
    return refused(
        "zip-unsafe", f'"{path}" {what}', str(path), "make it again from a folder, without it"
    )


def member_mode(member: zipfile.ZipInfo) -> int:
    """0755 for what its owner may execute, else 0644."""
    return 0o755 if (member.external_attr >> 16) & 0o100 else 0o644


class Member(NamedTuple):
    """A file of a zip, with the hex SHA-256 of its content."""

    name: str
    mode: int
    size: int
    content: str


def zip_contents(path: Path) -> list[Member]:
    """Each file of a zip, sorted by name.

    Raises:
        LcliError: (USAGE) damaged, unsafe names, or more bytes than Lambda takes.
    """
    with _opened(path) as (archive, members):
        rows = []
        for member in members:
            digest = hashlib.sha256()
            with archive.open(member) as file:
                while chunk := file.read(CHUNK):
                    digest.update(chunk)
            facts = member.filename, member_mode(member), member.file_size, digest.hexdigest()
            rows.append(Member(*facts))
    return sorted(rows, key=lambda row: row.name.encode())


def zip_members(path: Path) -> list[tuple[str, int, int]]:
    """Name, mode and size of each file of a zip that was found to be safe."""
    with _opened(path) as (_, members):
        return [(one.filename, member_mode(one), one.file_size) for one in members]


def read_member(path: Path, name: str) -> bytes:
    """The content of one file of a zip."""
    with _opened(path) as (archive, _):
        return archive.read(name)
