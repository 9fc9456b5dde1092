"""The form of a container image's URI in Amazon ECR; pure."""

from __future__ import annotations

import re

_REGISTRY = re.compile(r"[0-9]{12}\.dkr\.ecr(?:\.[a-z0-9-]+){2,}\Z")
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"(?=.{{2,256}}\Z){_PART}(?:/{_PART})*\Z")
"""RepositoryName (ECR, API reference, CreateRepository)."""
_TAG = re.compile(r"\w[\w.-]{0,299}\Z", re.ASCII)
"""ImageTag (ECR, API reference, ImageIdentifier); the characters are those of Docker's tags."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")


def wrong_part(uri: str) -> tuple[str, str]:
    """What of ``ACCOUNT.dkr.ecr.REGION.…/REPOSITORY[:TAG][@DIGEST]`` cannot be, and what is
    expected there; both empty where all of it can."""
    registry, _, rest = uri.partition("/")
    rest, at, digest = rest.partition("@")
    repository, colon, tag = rest.partition(":")
    if not _REGISTRY.match(registry):
        return f"registry {registry!r}", "write ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG"
    if not _REPOSITORY.match(repository):
        return (
            f"repository {repository!r}",
            "a repository's name has 2 to 256 small letters and digits, between them . _ __ - or /",
        )
    if colon and not _TAG.match(tag):
        return f"tag {tag!r}", "a tag has at most 300 letters, digits, _ . and -, none of . - first"
    if at and not _DIGEST.match(digest):
        return f"digest {digest!r}", "a digest is sha256: and 64 digits of 0-9 a-f"
    return "", ""
