"""What the cache tells of a source's code: nothing is built, installed or run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from lcli.artifact.cache import NotCached, cached_digests, cached_folder, find_zip
from lcli.artifact.dependencies import find_requirements, installed_files
from lcli.artifact.index import known_hashes, tree_digest
from lcli.artifact.limits import DIRECT_ZIP
from lcli.artifact.make import index_of, merged, own_files
from lcli.artifact.model import Source, Target
from lcli.artifact.pack import zip_hashes
from lcli.artifact.shared import Shared
from lcli.errors import LcliError

READ_AT_MOST = 1 << 20
"""Bytes of changed files that are read; more, and the code is not compared."""


class KnownCode:
    """Compares sources with what Lambda holds, by what earlier builds left in the cache."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self._shared = Shared()

    def is_same(self, source: Source, target: Target, code_sha256: str) -> bool | None:
        """Whether zips with this CodeSha256 have the source's content.

        None where only a build would tell: the source was not built here, needs an install or a
        command, or that zip was made elsewhere.
        """
        digest = self._shared.once((source, target), lambda: self._digest(source, target))
        deployed = self._digests.get(code_sha256, "")
        return digest == deployed if digest and deployed else None

    @cached_property
    def _digests(self) -> Mapping[str, str]:
        return cached_digests(self.cache)

    def _digest(self, source: Source, target: Target) -> str:
        """Empty where only a build would tell."""
        if source.kind in ("s3", "image") or source.build.command:
            return ""
        try:
            return self._of_zip(source) if source.kind == "zip" else self._of_files(source, target)
        except (LcliError, NotCached, OSError):
            return ""

    def _of_zip(self, source: Source) -> str:
        if source.path.stat().st_size > DIRECT_ZIP:
            return ""
        found = find_zip(self.cache, zip_hashes(source.path)[0])
        return found.digest if found else ""

    def _of_files(self, source: Source, target: Target) -> str:
        index = index_of(source, target, self.cache)
        if not index.exists():
            return ""
        requirements = find_requirements(source, target)
        installed = installed_files(requirements, source, target, self.cache, cached_folder)
        entries = merged(installed, own_files(source, self.cache, requirements))
        hashes = known_hashes(entries, index, READ_AT_MOST)
        return "" if hashes is None else tree_digest(entries, hashes)
