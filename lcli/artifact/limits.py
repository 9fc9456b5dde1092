"""How big Lambda lets an artifact be (Lambda developer guide, "Lambda quotas")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from lcli.artifact.model import Artifact
from lcli.errors import Problem

DIRECT_ZIP = 52_428_800
"""Bytes of a zip inside a request; a larger one goes through S3."""
UNZIPPED = 262_144_000
"""Bytes of a function's code and all of its layers, unzipped."""


class Measured(Protocol):
    """An artifact, or what is known of one before it is built."""

    @property
    def unzipped(self) -> int:
        """Bytes of its files."""

    @property
    def largest(self) -> tuple[tuple[str, int], ...]:
        """As `largest` gives it."""


def largest(files: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """The ten biggest top-level names of (name, bytes) pairs, biggest first."""
    sums: Counter[str] = Counter()
    for name, size in files:
        top, _, rest = name.partition("/")
        sums[top + "/" if rest else top] += size
    return tuple(sorted(sums.items(), key=lambda item: (-item[1], item[0]))[:10])


def needs_bucket(artifact: Artifact) -> bool:
    """Whether the zip is too large to be sent inside a request."""
    return artifact.size > DIRECT_ZIP


def check_limits(
    code: Measured, layers: Mapping[str, Measured] | None = None, where: str = ""
) -> list[Problem]:
    """What Lambda would refuse of a function's code together with its layers, by their keys."""
    layers = layers or {}
    in_layers = sum(layer.unzipped for layer in layers.values())
    total = code.unzipped + in_layers
    if total <= UNZIPPED:
        return []
    theirs = (
        (f"{name} (layer {key})", size)
        for key, layer in layers.items()
        for name, size in layer.largest
    )
    contributors = sorted((*code.largest, *theirs), key=lambda one: -one[1])
    return [too_large(total, in_layers, contributors, where)]


def too_large(
    total: int, layers: int, contributors: Sequence[tuple[str, int]], where: str
) -> Problem:
    """The problem of `total` unzipped bytes, `layers` of them in layers."""
    named = ", ".join(f"{name} {size:,} B" for name, size in contributors[:5])
    with_layers = f", {layers:,} B of them in layers" if layers else ""
    return Problem(
        "artifact-too-large",
        f"the code is {total:,} B unzipped{with_layers}; Lambda takes {UNZIPPED:,} B. "
        f"Largest: {named}",
        where,
        "exclude what is not needed at run time, or deploy a container image",
    )
