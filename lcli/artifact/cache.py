"""The artifact cache: zips and installed dependencies under names made of their content."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock

from lcli.artifact.model import Artifact
from lcli.artifact.pack import UNFINISHED, atomic, writable

MAX_BYTES = 4 << 30
"""What the cache may hold; the least recently used goes first."""
KEEP_SECONDS = 3600
"""Younger entries stay: another process may be about to use them."""


class NotCached(Exception):
    """What is asked for is not in the cache, and is not to be made now."""


Folder = Callable[[Path, str, Callable[[Path], None]], Path]
"""Gives the folder of a key: `folder` makes it where it is not there, `cached_folder` does not."""

_making: dict[str, Lock] = {}


def alone(key: str) -> Lock:
    """Held while `key` is made, so that functions of one source do not all make it at once."""
    return _making.setdefault(key, Lock())


def find_zip(cache: Path, key: str) -> Artifact | None:
    """The artifact stored under `key`, if it is whole."""
    path = cache / "zips" / f"{key}.zip"
    try:
        facts = json.loads(path.with_suffix(".json").read_bytes())
        found = Artifact(
            path=path, **facts | {"largest": tuple((n, s) for n, s in facts["largest"])}
        )
        if path.stat().st_size != found.size:
            return None
        os.utime(path)
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return found


def remember_zip(artifact: Artifact) -> Artifact:
    """Stores the facts of a zip that was written into the cache, and prunes."""
    facts = {name: value for name, value in asdict(artifact).items() if name != "path"}
    with atomic(artifact.path.with_suffix(".json")) as file:
        file.write(json.dumps(facts).encode())
    prune(artifact.path.parent.parent)
    return artifact


def folder(cache: Path, key: str, fill: Callable[[Path], None]) -> Path:
    """The cached folder `key`; `fill` makes it when it is not there.

    Safe for two processes at once: each fills its own, and the first to finish wins.
    """
    target = cache / "deps" / key
    with alone(str(target)):
        if target.is_dir():
            os.utime(target)
            return target
        with writable(target.parent):
            made = Path(mkdtemp(dir=target.parent, prefix=UNFINISHED))
            try:
                fill(made)
                _move(made, target)
            finally:
                shutil.rmtree(made, ignore_errors=True)
    return target


def cached_folder(cache: Path, key: str, fill: Callable[[Path], None]) -> Path:
    """The cached folder `key`. Raises NotCached where it is not there."""
    target = cache / "deps" / key
    if not target.is_dir():
        raise NotCached(key)
    return target


def cached_digests(cache: Path) -> dict[str, str]:
    """Digests of the contents of all zips in the cache, by the zips' CodeSha256."""
    found: dict[str, str] = {}
    for path in cache.glob("zips/*.json"):
        with suppress(OSError, ValueError, TypeError, KeyError):
            facts = json.loads(path.read_bytes())
            found[facts["code_sha256"]] = facts["digest"]
    return found


def _move(made: Path, target: Path) -> None:
    try:
        made.rename(target)
    except OSError:
        if not target.is_dir():
            raise


def prune(cache: Path, limit: int = MAX_BYTES) -> None:
    """Removes what was used longest ago until the rest is within `limit` bytes.

    What killed runs left unfinished goes, too.
    """
    for left in cache.glob(f"*/{UNFINISHED}*"):
        with suppress(FileNotFoundError):  # its maker was alive and has just finished it
            if time.time() - left.stat().st_mtime > KEEP_SECONDS:
                _remove(left)
    entries: list[tuple[float, int, Path]] = []
    for path in (*cache.glob("zips/*.zip"), *cache.glob("deps/[!.]*")):
        with suppress(FileNotFoundError):  # another thread or process has just renamed it
            entries.append((path.stat().st_mtime, _bytes(path), path))
    total = 0
    for used, size, path in sorted(entries, reverse=True):
        total += size
        if total > limit and time.time() - used > KEEP_SECONDS:
            _remove(path)


def _bytes(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(each.lstat().st_size for each in path.rglob("*"))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.with_suffix(".json").unlink(missing_ok=True)
        path.unlink(missing_ok=True)
