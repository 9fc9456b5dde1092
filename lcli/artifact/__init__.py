"""Source → deployable: deterministic zips, builders per language, the cache.

Light to import: what builds is loaded on first use.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lcli.artifact.model import Artifact, Build, Source, Target

if TYPE_CHECKING:
    from lcli.artifact.handler import Layers
    from lcli.artifact.shared import Shared

__all__ = ["Artifact", "Build", "Source", "Target", "build"]


def build(
    source: Source,
    target: Target,
    cache: Path,
    shared: Shared | None = None,
    layers: Layers = tuple,
) -> Artifact:
    """The deployable zip of a source: see `lcli.artifact.make.build`."""
    from lcli.artifact.make import build as build_now

    return build_now(source, target, cache, shared, layers)
