"""What is sent as a function's code or a layer's content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lcli.errors import LcliError, Problem
from lcli.resources.naming import short_hash


class Zip(Protocol):
    """A built zip: `lcli.artifact.model.Artifact`."""

    @property
    def path(self) -> Path:
        """Where the zip lies."""

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the content, whatever compressed it."""

    @property
    def code_sha256(self) -> str:
        """Base64 SHA-256 of the zip's bytes: Lambda's CodeSha256."""

    @property
    def size(self) -> int:
        """Bytes of the zip."""


@dataclass(frozen=True, slots=True)
class Code:
    """A zip to be sent, a zip in S3, both (one too large to be sent), or a container image."""

    artifact: Zip | None = None
    s3_bucket: str = ""
    s3_key: str = ""
    s3_version: str = ""
    image_uri: str = ""
    mark: str = ""
    """Of what is given by address, if known: the object's ETag, the digest of the image's tag."""

    @property
    def package(self) -> str:
        """PackageType."""
        return "Image" if self.image_uri else "Zip"

    @property
    def digest(self) -> str:
        """What says whether the code changed: the content's digest, or the source's address with
        what is known of the content (``REPOSITORY:TAG@sha256:…`` for images).
        """
        if self.artifact is not None:
            return self.artifact.digest
        if self.image_uri:
            return f"{self.image_uri}@{self.mark}" if self.mark else self.image_uri
        mark = self.mark or self.s3_version
        return short_hash(self.s3_bucket, self.s3_key, mark, length=64)

    @property
    def code_sha256(self) -> str:
        """The CodeSha256 that Lambda will show; empty where only Lambda can tell."""
        return self.artifact.code_sha256 if self.artifact is not None else ""

    def parameters(self) -> dict[str, Any]:
        """The members of CreateFunction's Code, and parameters of UpdateFunctionCode."""
        if self.image_uri:
            return {"ImageUri": self.image_uri}
        return self.content()

    def content(self) -> dict[str, Any]:
        """The members of PublishLayerVersion's Content; reads the zip (`zip_bytes`)."""
        if self.s3_bucket:
            version = {"S3ObjectVersion": self.s3_version} if self.s3_version else {}
            return {"S3Bucket": self.s3_bucket, "S3Key": self.s3_key} | version
        if self.artifact is None:
            raise ValueError("code without a source")
        return {"ZipFile": zip_bytes(self.artifact)}


def zip_bytes(artifact: Zip) -> bytes:
    """What is sent. Raises LcliError where it is not there any more, OSError."""
    try:
        return artifact.path.read_bytes()
    except FileNotFoundError as error:
        raise LcliError(
            Problem(
                "zip-gone",
                "the zip was taken out of lcli's cache while it was to be sent",
                str(artifact.path),
                "run the same command again: it is built again",
            )
        ) from error
