"""Source → layer: what lies under /opt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from lcli.artifact.dependencies import Requirements, find_requirements, installed_files
from lcli.artifact.make import given, merged, own_files, zipped
from lcli.artifact.model import Artifact, Source, Target
from lcli.artifact.tree import Entry

ROOTS = frozenset({"python", "nodejs", "java", "ruby", "dotnet", "lib", "bin", "extensions"})
"""Folders of /opt that Lambda looks into (developer guide, "Packaging your layer content")."""


def build_layer(source: Source, runtimes: Sequence[str], target: Target, cache: Path) -> Artifact:
    """The zip of a layer for `runtimes` on `target`; an unchanged one comes from `cache`.

    A directory that has one of ROOTS, and a zip, are taken as they are. Else Python modules and
    requirements go below python/ (for several versions of Python, each one's packages below its
    own python/lib/python3.X/site-packages/) and Node.js modules below nodejs/.

    Raises:
        LcliError: as `lcli.artifact.build`.
    """
    if source.kind == "zip" and not source.build.command:
        return given(source, replace(target, runtime=""), cache)
    targets = [replace(target, runtime=runtime) for runtime in runtimes]
    wanted = [find_requirements(source, each) for each in targets]
    node = next((found for found in wanted if found and found.kind == "node"), None)
    own = own_files(source, cache, node)
    languages = [name for name in ("python", "nodejs") if any(r.startswith(name) for r in runtimes)]
    laid_out = any(entry.name.partition("/")[0] in ROOTS for entry in own)
    if laid_out or source.build.kind == "none" or not languages:
        return zipped(own, source, target, cache)
    parts = [
        _below(_prefix(found, each, runtimes), installed_files(found, source, each, cache))
        for each, found in zip(targets, wanted, strict=True)
        if found
    ]
    parts += [_below(f"{language}/", own) for language in languages]
    return zipped(merged(*parts), source, target, cache)


def _prefix(wanted: Requirements, target: Target, runtimes: Sequence[str]) -> str:
    if wanted.kind == "node":
        return "nodejs/"
    several = sum(name.startswith("python") for name in runtimes) > 1
    if several and not target.local:
        return f"python/lib/{target.runtime}/site-packages/"
    return "python/"


def _below(prefix: str, entries: Iterable[Entry]) -> list[Entry]:
    return [entry._replace(name=prefix + entry.name) for entry in entries]
