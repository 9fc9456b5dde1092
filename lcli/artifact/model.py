"""What a build takes and what it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

SourceKind = Literal["directory", "file", "zip", "s3", "image"]


@dataclass(frozen=True, slots=True)
class Build:
    """The manifest's ``build:`` of a function or layer; `kind` "" means: found from the source."""

    kind: Literal["", "python", "node", "none"] = ""
    requirements: str = ""
    """For python: a requirements file or pyproject.toml, relative to the source."""
    command: tuple[str, ...] = ()
    """A program with its arguments that makes `output`, run in the source; replaces `kind`."""
    output: str = ""
    """With `command`: the folder that it fills, relative to the source."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where code comes from, as `parse_source` reads it from the manifest."""

    kind: SourceKind
    path: Path = Path()
    """The directory, file or zip; empty for s3 and image."""
    uri: str = ""
    """``s3://bucket/key`` or the image's URI."""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    build: Build = field(default_factory=Build)
    handler: str = ""
    """Checked inside the artifact when given."""
    where: str = ""
    """The manifest's place, for problems: ``lcli.yaml:31:11``."""
    handler_where: str = ""
    """The handler's place there, where it is known."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the artifact will run on."""

    runtime: str = ""
    """Lambda's name of it, ``python3.13``; "" for a layer that names none."""
    architecture: str = "x86_64"
    """``x86_64`` or ``arm64``."""
    local: bool = False
    """Dependencies are for this machine instead of Lambda's."""
    local_python: str = ""
    """With `local`: the version ("3.11") or path of the interpreter that will run it."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A zip that Lambda takes, as function code or layer content."""

    path: Path
    digest: str
    """Hex SHA-256 over path, mode and content of every file: the same whatever compressed it."""
    code_sha256: str
    """Base64 SHA-256 of the zip's bytes: Lambda's CodeSha256."""
    size: int
    """Bytes of the zip."""
    unzipped: int
    """Bytes of its files."""
    files: int
    largest: tuple[tuple[str, int], ...] = ()
    """The biggest top-level names with the bytes below them, biggest first (ten at most)."""
