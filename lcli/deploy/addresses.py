"""Code that the manifest gives by address: what the object, or the image's tag, is now.

An address that stays while its content changes is a change of code: an object is told by its ETag
(and sent by its version, where the bucket has versions), an image by the digest behind its tag.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lcli.aws.clients import AwsError, Clients
from lcli.aws.threads import Threads
from lcli.errors import ExitCode, LcliError, Problem
from lcli.resources.code import Code

_ABSENT = frozenset(
    {"404", "NoSuchKey", "NoSuchBucket", "ImageNotFoundException", "RepositoryNotFoundException"}
)
_UNREADABLE = frozenset({301, 400, 403})
"""Statuses of what is elsewhere or not allowed."""
_S3 = "s3://"
_ACTIONS = {"s3": "GetObject", "ecr": "DescribeImages"}
"""What must be allowed, by service."""


@dataclass(frozen=True, slots=True)
class Addressed:
    """What the addresses lead to."""

    codes: Mapping[str, Code]
    """By the manifest's ``source``."""
    notices: tuple[str, ...] = ()


def look_up(sources: Mapping[str, str], clients: Clients) -> Addressed:
    """One call an address (HeadObject, DescribeImages); `sources` are addresses with their places.

    Where that is not allowed the address alone tells the code, which is said. Raises LcliError
    (USAGE) for what does not exist, AwsError.
    """
    if not sources:
        return Addressed({})
    with Threads(min(8, len(sources)), "address") as pool:
        answers = dict(zip(sources, pool.map(lambda one: _ask(one, clients), sources), strict=True))
    codes: dict[str, Code] = {}
    notices, absent = [], []
    for source, answer in answers.items():
        codes[source] = answer if isinstance(answer, Code) else address(source)
        if isinstance(answer, AwsError):
            if answer.code in _ABSENT:
                absent.append(_absent(source, sources[source]))
            else:
                notices.append(
                    f"{source} cannot be read ({answer.code}): that its content changed is not "
                    f"noticed; allow {answer.service}:{_ACTIONS[answer.service]} to the credentials"
                )
    if absent:
        raise LcliError(absent, ExitCode.USAGE)
    return Addressed(codes, tuple(notices))


def address(source: str) -> Code:
    """The code by its address alone."""
    if not source.startswith(_S3):
        return Code(image_uri=source)
    bucket, _, key = source.removeprefix(_S3).partition("/")
    return Code(s3_bucket=bucket, s3_key=key)


def _ask(source: str, clients: Clients) -> Code | AwsError:
    code = address(source)
    try:
        return _image(code, clients) if code.image_uri else _object(code, clients)
    except AwsError as error:
        if error.code in _ABSENT or error.status in _UNREADABLE:
            return error
        raise


def _object(code: Code, clients: Clients) -> Code:
    seen = clients.call("s3", "HeadObject", Bucket=code.s3_bucket, Key=code.s3_key)
    version = seen.get("VersionId", "null")
    return Code(
        s3_bucket=code.s3_bucket,
        s3_key=code.s3_key,
        s3_version="" if version == "null" else version,
        mark=seen["ETag"].strip('"'),
    )


def _image(code: Code, clients: Clients) -> Code:
    """``ACCOUNT.dkr.ecr.REGION.…/REPOSITORY:TAG``; one with a digest is not asked for."""
    host, _, rest = code.image_uri.partition("/")
    if "@" in rest:
        return code
    repository, _, tag = rest.partition(":")
    (seen,) = clients.call(
        "ecr",
        "DescribeImages",
        registryId=host.partition(".")[0],
        repositoryName=repository,
        imageIds=[{"imageTag": tag or "latest"}],
    )["imageDetails"]
    return Code(image_uri=code.image_uri, mark=seen["imageDigest"])


def _absent(source: str, where: str) -> Problem:
    what = "object" if source.startswith(_S3) else "image"
    return Problem(
        "code-not-found",
        f"there is no {what} {source}",
        where,
        f"upload the {what} first, or correct source",
    )
