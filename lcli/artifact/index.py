"""Content hashes of files, remembered by what stat says of them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from lcli.artifact.pack import atomic, by_batches, read_entry
from lcli.artifact.tree import Entry
from lcli.artifact.zip_reading import Member

SETTLED_NS = 2_000_000_000
"""A file changed within the coarsest tick of a file system's clock (FAT: 2 s) before it was read
may change again without looking different; it is not remembered, as in git's index."""
HASH = 64
"""Characters of a hash, the last of what is remembered of a file; its fingerprint is before it."""


Hash = Callable[[Sequence[Entry]], Iterable[str]]
"""Reads files and gives the hex SHA-256 of each one's content."""


def content_hashes(
    entries: Sequence[Entry], remembered: Path, *, first: Hash | None = None
) -> list[str]:
    """Hex SHA-256 of each entry's content; files that `remembered` knows are not read.

    `first` reads them all where it knows none.

    Raises:
        LcliError: a file changed while it was read.
    """
    known = _load(remembered)
    fingerprints = [_fingerprint(entry) for entry in entries]
    missing = [
        entry
        for entry, seen in zip(entries, fingerprints, strict=True)
        if not known.get(entry.path, "").startswith(seen)
    ]
    before = time.time_ns() - SETTLED_NS
    hashed = first(missing) if first and not known else _read(missing)
    fresh = dict(zip((entry.path for entry in missing), hashed, strict=True))
    hashes = [fresh.get(entry.path) or known[entry.path][-HASH:] for entry in entries]
    if missing or len(known) != len(entries):
        rows = zip(entries, fingerprints, hashes, strict=True)
        _save(
            remembered,
            {e.path: f + h for e, f, h in rows if max(e.mtime_ns, e.ctime_ns) < before},
        )
    return hashes


def known_hashes(entries: Sequence[Entry], remembered: Path, most: int) -> list[str] | None:
    """The same, where `remembered` knows the files but for `most` bytes of them, else None.

    Remembers nothing. Raises LcliError where a file changed while it was read.
    """
    known = _load(remembered)
    found = {e.path: known[e.path][-HASH:] for e in entries if _is_known(e, known)}
    missing = [entry for entry in entries if entry.path not in found]
    if sum(entry.size for entry in missing) > most:
        return None
    fresh = dict(zip((entry.path for entry in missing), _read(missing), strict=True))
    return [found.get(entry.path) or fresh[entry.path] for entry in entries]


def _is_known(entry: Entry, known: dict[str, str]) -> bool:
    return known.get(entry.path, "").startswith(_fingerprint(entry))


def tree_digest(files: Iterable[Entry | Member], hashes: Iterable[str]) -> str:
    """Hex SHA-256 over name, mode and content hash of each file, in the zip's order."""
    digest = hashlib.sha256()
    for file, content in zip(files, hashes, strict=True):
        digest.update(f"{file.name}\0{file.mode:o}\0{content}\n".encode())
    return digest.hexdigest()


def _fingerprint(entry: Entry) -> str:
    return f"{entry.size} {entry.mtime_ns} {entry.ctime_ns} {entry.inode} "


def _read(entries: Sequence[Entry]) -> list[str]:
    return [digest for batch in by_batches(_hash, entries) for digest in batch]


def _hash(entries: Sequence[Entry]) -> list[str]:
    return [hashlib.sha256(read_entry(entry)).hexdigest() for entry in entries]


def _load(path: Path) -> dict[str, str]:
    try:
        known = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {path: seen for path, seen in known.items() if isinstance(seen, str)}


def _save(path: Path, known: dict[str, str]) -> None:
    with atomic(path) as file:
        file.write(json.dumps(known, separators=(",", ":")).encode())
