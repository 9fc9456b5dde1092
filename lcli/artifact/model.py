"""What a build gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
