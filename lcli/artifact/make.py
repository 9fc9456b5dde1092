"""Source → artifact, through the cache."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

import isal

import lcli
from lcli.artifact.cache import (
    Folder,
    NotCached,
    alone,
    cached_folder,
    find_zip,
    folder,
    remember_zip,
)
from lcli.artifact.command import command_inputs, command_output
from lcli.artifact.dependencies import Requirements, find_requirements, installed_files
from lcli.artifact.handler import UNKNOWN, Files, Layers, check_handler
from lcli.artifact.index import content_hashes, tree_digest
from lcli.artifact.limits import UNZIPPED, largest, too_large
from lcli.artifact.model import Artifact, Source, Target
from lcli.artifact.pack import Packed, atomic, pack, read_entry, zip_hashes
from lcli.artifact.shared import Shared
from lcli.artifact.tree import Entry, file_entry, read_tree, refused, unreadable
from lcli.artifact.zip_reading import read_member, zip_contents, zip_members
from lcli.errors import ExitCode, LcliError


def default_cache() -> Path:
    """LCLI_CACHE_DIR, else lcli's folder in the user's cache directory."""
    named = os.environ.get("LCLI_CACHE_DIR")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "lcli"


def build(
    source: Source,
    target: Target,
    cache: Path,
    shared: Shared | None = None,
    layers: Layers = tuple,
) -> Artifact:
    """The deployable zip of a directory, a file or a zip; an unchanged one comes from `cache`.

    With `shared`, other functions of the same source and target find what this one made. The
    handler may be in one of `layers`.

    Raises:
        LcliError: USAGE for sources that no artifact can be made of (links that leave it, names
            that are not UTF-8, too large, no handler), FAILED for a build that failed.
        ValueError: the source is an object in S3 or an image: nothing is built of them.
    """
    if source.kind == "zip" and not source.build.command:
        made = given(source, cache)
        check_handler(zip_files(made.path), source, target, layers)
        return made
    shared = shared or Shared()
    entries, held = _files(source, target, cache, shared, folder)
    check_handler(held, source, target, layers)
    return shared.once(
        (_code(source), target, "zip"), lambda: zipped(entries, source, target, cache)
    )


def _code(source: Source) -> Source:
    """What of a source decides about its files."""
    return replace(source, handler="", where="", handler_where="")


def check(
    source: Source,
    target: Target,
    cache: Path,
    shared: Shared | None = None,
    layers: Layers = tuple,
) -> Files:
    """What an artifact will hold, UNKNOWN where only a build would tell.

    Refuses what `build` would refuse, as far as it shows without installing or building. What an
    earlier build has installed is in `cache`, and is looked into.

    Raises:
        LcliError: (USAGE) the source cannot be packed, or has no handler.
    """
    if source.kind in ("s3", "image"):
        return UNKNOWN
    shared = shared or Shared()
    if source.build.command:
        shared.once(_code(source), lambda: readable(command_inputs(source)))
        return UNKNOWN
    if source.kind == "zip":
        held = zip_files(source.path)
    else:
        key = (_code(source), target, "known")
        held = shared.once(key, lambda: _known_files(source, target, cache, shared))
    check_handler(held, source, target, layers)
    return held


def _known_files(source: Source, target: Target, cache: Path, shared: Shared) -> Files:
    """What an artifact will hold, as far as it shows without an install.

    Raises LcliError (USAGE) for what cannot be packed, or is more than Lambda takes.
    """
    requirements, own = _own(source, target, cache, shared)
    readable(own)
    try:
        entries, held = _files(source, target, cache, shared, cached_folder)
    except NotCached:
        refuse_size(own, source)
        return replace(files_of(own), may_bring=cast("Requirements", requirements).may_bring)
    refuse_size(entries, source)
    return held


def _files(
    source: Source, target: Target, cache: Path, shared: Shared, store: Folder
) -> tuple[list[Entry], Files]:
    """The files of an artifact. Raises NotCached where `store` does not install."""

    def made() -> tuple[list[Entry], Files]:
        requirements, own = _own(source, target, cache, shared)
        entries = merged(installed_files(requirements, source, target, cache, store), own)
        return entries, files_of(entries)

    return shared.once((_code(source), target, "files"), made)


def _own(
    source: Source, target: Target, cache: Path, shared: Shared
) -> tuple[Requirements | None, list[Entry]]:
    """What is to be installed, and the source's own files."""

    def made() -> tuple[Requirements | None, list[Entry]]:
        requirements = find_requirements(source, target)
        return requirements, own_files(source, cache, requirements)

    return shared.once((_code(source), target, "own"), made)


def readable(entries: list[Entry]) -> list[Entry]:
    """The same entries. Raises LcliError (USAGE) where one of them may not be read."""
    hidden = next((one.path for one in entries if not os.access(one.path, os.R_OK)), None)
    if hidden:
        raise unreadable(hidden, os.strerror(errno.EACCES))
    return entries


def files_of(entries: Iterable[Entry]) -> Files:
    """The files as they will be in an artifact."""
    by_name = {entry.name: entry for entry in entries}
    modes = {name: entry.mode for name, entry in by_name.items()}
    sizes = [(name, entry.size) for name, entry in by_name.items()]
    return Files(
        modes,
        lambda name: read_entry(by_name[name]),
        unzipped=sum(size for _, size in sizes),
        largest=largest(sizes),
    )


def zip_files(path: Path) -> Files:
    """The files of a zip. Raises LcliError (USAGE) where it is not safe to unpack."""
    members = zip_members(path)
    sizes = [(name, size) for name, _, size in members]
    return Files(
        {name: mode for name, mode, _ in members},
        partial(read_member, path),
        unzipped=sum(size for _, size in sizes),
        largest=largest(sizes),
    )


def own_files(source: Source, cache: Path, requirements: Requirements | None = None) -> list[Entry]:
    """What the source itself brings: its files, or what its build command makes of them.

    Without the node_modules that an install replaces.

    Raises:
        LcliError: see `read_tree` and `command_output`.
        ValueError: the source is no directory or file.
    """
    root, exclude = source.path, source.exclude
    if source.build.command:
        root = command_output(source, cache)
    elif source.kind == "file":
        return [file_entry(str(source.path), source.path.name)]
    elif source.kind != "directory":
        raise ValueError(f"nothing is built of {source.uri or source.path}")
    if requirements and requirements.kind == "node":
        exclude = (*exclude, "/node_modules/")
    return read_tree(root, include=source.include, exclude=exclude)


def merged(*layers: Iterable[Entry]) -> list[Entry]:
    """One entry a name, the later winning, sorted as a zip is."""
    by_name = {entry.name: entry for layer in layers for entry in layer}
    return sorted(by_name.values(), key=lambda entry: entry.name.encode())


def zipped(entries: Sequence[Entry], source: Source, target: Target, cache: Path) -> Artifact:
    """The zip of `entries`, from the cache if one of the same content is there.

    Raises:
        LcliError: there are none, or more bytes than Lambda takes.
    """
    if not entries:
        where = source.where or str(source.path)
        raise refused("source-empty", f'"{source.path}" has no files', where, "check exclude")
    unzipped = refuse_size(entries, source)
    sizes = largest((entry.name, entry.size) for entry in entries)
    index = index_of(source, target, cache)
    with alone(str(index)):
        new = _New(cache / "zips" / f"new-{os.urandom(8).hex()}.zip")
        hashes = content_hashes(entries, index, first=new.pack)
        digest = tree_digest(entries, hashes)
        key = hashlib.sha256(f"{digest} {_packer()}".encode()).hexdigest()
        found = find_zip(cache, key)
        if found:
            new.drop()
            return found
        path = cache / "zips" / f"{key}.zip"
        packed = new.take(path) or pack(entries, path)
        return remember_zip(
            Artifact(path, digest, packed.code_sha256, packed.size, unzipped, len(entries), sizes)
        )


def refuse_size(entries: Iterable[Entry], source: Source) -> int:
    """The bytes of the files. Raises LcliError (USAGE) where they are more than Lambda takes."""
    unzipped = sum(entry.size for entry in entries)
    if unzipped > UNZIPPED:
        sizes = largest((entry.name, entry.size) for entry in entries)
        where = source.where or str(source.path)
        raise LcliError(too_large(unzipped, 0, sizes, where), ExitCode.USAGE)
    return unzipped


def index_of(source: Source, target: Target, cache: Path) -> Path:
    """Where the hashes of a source's files are remembered."""
    chosen = (source.path, source.include, source.exclude, source.build, target)
    who = hashlib.sha256(repr(chosen).encode("utf-8", "surrogateescape")).hexdigest()
    return cache / "index" / f"{who}.json"


class _New:
    """The zip of a source that is seen for the first time, and so is read once: its digest, by
    which the cache knows the zip, comes of the same reading."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.packed: Packed | None = None

    def pack(self, entries: Sequence[Entry]) -> Iterable[str]:
        """Packs, and gives the hashes of the files' contents."""
        self.packed = pack(entries, self.path, hashes=True)
        return self.packed.hashes

    def take(self, to: Path) -> Packed | None:
        """Moves the zip to its place, if one was made."""
        if self.packed:
            os.replace(self.path, to)
        return self.packed

    def drop(self) -> None:
        """Removes the zip, if one was made."""
        self.path.unlink(missing_ok=True)


def _packer() -> str:
    """What decides about the zip's bytes besides the files."""
    return f"lcli {lcli.__version__} isal {isal.__version__}"


def given(source: Source, cache: Path) -> Artifact:
    """A zip that somebody else made: taken byte for byte, once it was found to be safe."""
    raw, code_sha256, size = zip_hashes(source.path)
    found = find_zip(cache, raw)
    if found is None:
        rows = zip_contents(source.path)
        path = cache / "zips" / f"{raw}.zip"
        with open(source.path, "rb") as given, atomic(path) as out:
            shutil.copyfileobj(given, out)
        digest = tree_digest(rows, (row.content for row in rows))
        sizes = largest((row.name, row.size) for row in rows)
        unzipped = sum(row.size for row in rows)
        found = remember_zip(Artifact(path, digest, code_sha256, size, unzipped, len(rows), sizes))
    return found
