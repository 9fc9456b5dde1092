"""Source → layer: what lies under /opt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from lcli.artifact.cache import Folder, NotCached, cached_folder, folder
from lcli.artifact.command import command_inputs
from lcli.artifact.dependencies import Requirements, find_requirements, installed_files
from lcli.artifact.handler import UNKNOWN, Files
from lcli.artifact.make import (
    files_of,
    given,
    merged,
    own_files,
    readable,
    refuse_size,
    zip_files,
    zipped,
)
from lcli.artifact.model import Artifact, Source, Target
from lcli.artifact.shared import Shared
from lcli.artifact.tree import Entry, refused
from lcli.errors import LcliError

ROOTS = frozenset({"python", "nodejs", "java", "ruby", "dotnet", "lib", "bin", "extensions"})
"""Folders of /opt that Lambda looks into (developer guide, "Packaging your layer content")."""
_RUNTIMES = {"python": "python", "node": "nodejs"}
"""By the kind of requirements, what the names of runtimes begin with that can use them."""
_EXAMPLES = {"python": "python3.13", "nodejs": "nodejs22.x"}
Wanted = Sequence[tuple[Target, Requirements]]


def build_layer(
    source: Source,
    runtimes: Sequence[str],
    target: Target,
    cache: Path,
    shared: Shared | None = None,
) -> Artifact:
    """The zip of a layer for `runtimes` on `target`; an unchanged one comes from `cache`.

    A directory that has one of ROOTS, and a zip, are taken as they are. Else Python modules and
    requirements go below python/ (for several versions of Python, each one's packages below its
    own python/lib/python3.X/site-packages/) and Node.js modules below nodejs/.

    Raises:
        LcliError: as `lcli.artifact.build`; USAGE also for requirements that would go nowhere.
    """
    if source.kind == "zip" and not source.build.command:
        return given(source, cache)
    wanted = _wanted(source, runtimes, target)
    own = _own_files(source, wanted, cache, shared or Shared())
    entries = _laid_out(own, source, runtimes, wanted, _installing(source, cache, folder))
    return zipped(entries, source, target, cache)


def check_layer(
    source: Source,
    runtimes: Sequence[str],
    target: Target,
    cache: Path,
    shared: Shared | None = None,
) -> Files:
    """What the layer holds, UNKNOWN where only an install or a build would tell.

    Raises:
        LcliError: (USAGE) what `build_layer` would refuse, as far as it shows.
    """
    if source.kind in ("s3", "image"):
        return UNKNOWN
    if source.build.command:
        readable(command_inputs(source))
        return UNKNOWN
    if source.kind == "zip":
        return zip_files(source.path)
    wanted = _wanted(source, runtimes, target)
    own = readable(_own_files(source, wanted, cache, shared or Shared()))
    refuse_size(own, source)
    known = _installing(source, cache, cached_folder)
    try:
        entries = _laid_out(own, source, runtimes, wanted, known)
    except NotCached:
        return UNKNOWN
    refuse_size(entries, source)
    return files_of(entries)


def _wanted(source: Source, runtimes: Sequence[str], target: Target) -> Wanted:
    """What is to be installed, each for the runtimes that can use it."""
    asked = find_requirements(source, replace(target, runtime=""))
    language = _RUNTIMES[asked.kind] if asked else ""
    if asked and not any(runtime.startswith(language) for runtime in runtimes):
        raise _unused(
            asked,
            source,
            f"without a {language} runtime",
            f"say what it is for, such as runtimes: [{_EXAMPLES[language]}], or remove build",
        )
    targets = [replace(target, runtime=runtime) for runtime in runtimes]
    found = [(each, one) for each in targets if (one := find_requirements(source, each))]
    return [(each, one) for each, one in found if each.runtime.startswith(_RUNTIMES[one.kind])]


def _unused(asked: Requirements, source: Source, whose: str, next_step: str) -> LcliError:
    return refused(
        "requirements-unused",
        f'"{asked.listed}" would not be installed for a layer {whose}',
        source.where or str(source.path),
        next_step,
    )


def _own_files(source: Source, wanted: Wanted, cache: Path, shared: Shared) -> list[Entry]:
    node = next((one for _, one in wanted if one.kind == "node"), None)
    return shared.once((source, node, "own"), lambda: own_files(source, cache, node))


Install = Callable[[Requirements, Target], list[Entry]]


def _installing(source: Source, cache: Path, store: Folder) -> Install:
    return lambda one, target: installed_files(one, source, target, cache, store)


def _laid_out(
    own: list[Entry], source: Source, runtimes: Sequence[str], wanted: Wanted, install: Install
) -> list[Entry]:
    """The files as they lie under /opt. Raises NotCached as `install` does."""
    languages = [name for name in ("python", "nodejs") if any(r.startswith(name) for r in runtimes)]
    laid_out = next((n for e in own if (n := e.name.partition("/")[0]) in ROOTS), "")
    if laid_out and wanted and (source.build.kind or source.build.requirements):
        raise _unused(
            wanted[0][1],
            source,
            f"that is laid out already, by its folder {laid_out}/",
            f"move what is in {laid_out}/ up, or remove build",
        )
    if laid_out or source.build.kind == "none" or not languages:
        return own
    parts = [_below(_prefix(one, each, runtimes), install(one, each)) for each, one in wanted]
    parts += [_below(f"{language}/", own) for language in languages]
    return merged(*parts)


def _prefix(wanted: Requirements, target: Target, runtimes: Sequence[str]) -> str:
    if wanted.kind == "node":
        return "nodejs/"
    several = sum(name.startswith("python") for name in runtimes) > 1
    if several and not target.local:
        return f"python/lib/{target.runtime}/site-packages/"
    return "python/"


def _below(prefix: str, entries: Iterable[Entry]) -> list[Entry]:
    return [entry._replace(name=prefix + entry.name) for entry in entries]
