"""The bucket that zips over Lambda's direct limit go through, and the way into it."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from lcli.aws.clients import AwsError, Clients
from lcli.aws.expected import expecting
from lcli.errors import LcliError, Problem
from lcli.resources.code import Zip, zip_bytes
from lcli.resources.model import Place

_TAG = {"Key": "lcli:shared", "Value": "artifacts"}
_CLOSED = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def bucket_name(place: Place) -> str:
    """The bucket that lcli makes where the manifest names none: one an account and region."""
    return f"lcli-{place.account}-{place.region}-artifacts"


def ensure_bucket(place: Place, clients: Clients, configured: str = "") -> str:
    """The name of the artifacts bucket; makes it where it is absent and nobody configured one.

    One that lcli makes is private: public access blocked, encrypted, no ACLs. Whoever's it is,
    its owner must be `place.account`, since anybody could have taken the name. Raises LcliError
    (``artifacts-bucket-missing``, ``artifacts-bucket-not-ours``), AwsError.
    """
    bucket = configured or bucket_name(place)
    status = _status(place, clients, bucket)
    if status in (401, 403):
        raise LcliError(_not_ours(place, bucket))
    if status == 404 and configured:
        raise LcliError(missing(bucket))
    if status == 404:
        _make(place, clients, bucket)
    if not configured:
        # A run may have been killed after any call.
        _tag(place, clients, bucket)
        if not _is_private(place, clients, bucket):
            _make_private(place, clients, bucket)
    return bucket


def is_missing(place: Place, clients: Clients, bucket: str) -> bool:
    """Whether there is no such bucket, of whichever account. Raises AwsError."""
    return _status(place, clients, bucket) == 404


def missing(bucket: str) -> Problem:
    """That a bucket which the manifest names is not there."""
    return Problem(
        "artifacts-bucket-missing",
        f'the artifacts bucket "{bucket}" does not exist',
        next_step="make it, or leave artifacts.bucket out so that lcli makes one",
    )


def object_key(artifact: Zip, prefix: str = "") -> str:
    """Where `upload` puts a zip: its content's hash."""
    return f"{prefix}{b64decode(artifact.code_sha256).hex()}.zip"


def upload(
    place: Place, clients: Clients, bucket: str, artifact: Zip, prefix: str = ""
) -> tuple[str, str]:
    """Put a zip into the bucket under its content's hash, unless it is there; (bucket, key).

    S3 checks the bytes against their SHA-256. One PutObject takes 5 GB; Lambda's zips end at
    250 MB unzipped. Raises LcliError where the zip is gone, AwsError.
    """
    checksum = artifact.code_sha256
    where = {"Bucket": bucket, "ExpectedBucketOwner": place.account}
    where["Key"] = object_key(artifact, prefix)
    try:
        found = clients.call("s3", "HeadObject", **where, ChecksumMode="ENABLED")
    except AwsError as error:
        if error.status != 404:
            raise
        found = {}
    # An object that others wrote under this key may have no checksum.
    if (
        found.get("ContentLength") != artifact.size
        or found.get("ChecksumSHA256", checksum) != checksum
    ):
        # Bytes rather than an open file: a retry must begin at the beginning.
        body = zip_bytes(artifact)
        clients.call("s3", "PutObject", **where, Body=body, ChecksumSHA256=checksum)
    return bucket, where["Key"]


def _status(place: Place, clients: Clients, bucket: str) -> int:
    """What HeadBucket answers: 200, 403 (somebody else's) or 404."""
    try:
        clients.call("s3", "HeadBucket", Bucket=bucket, ExpectedBucketOwner=place.account)
    except AwsError as error:
        if error.status in (401, 403, 404):
            return error.status
        raise
    return 200


def _make(place: Place, clients: Clients, bucket: str) -> None:
    settings: dict[str, Any] = {"Bucket": bucket, "ObjectOwnership": "BucketOwnerEnforced"}
    if place.region != "us-east-1":
        # us-east-1 is the one region that CreateBucket refuses as a constraint.
        settings["CreateBucketConfiguration"] = {"LocationConstraint": place.region}
    try:
        clients.call("s3", "CreateBucket", **settings)
    except AwsError as error:
        if error.code == "BucketAlreadyExists":
            raise LcliError(_not_ours(place, bucket)) from error
        if error.code != "BucketAlreadyOwnedByYou":
            raise


def _tag(place: Place, clients: Clients, bucket: str) -> None:
    """All apps share it, so its tag names none of them.

    PutBucketTagging replaces all tags, so those that someone else added are read and written again:
    where tags may not be read, or not be written, it has none of ours.
    """
    owned = {"Bucket": bucket, "ExpectedBucketOwner": place.account}
    tags: list[dict[str, str]] = []
    with expecting("AccessDenied"):
        with expecting("NoSuchTagSet"):
            tags = clients.call("s3", "GetBucketTagging", **owned)["TagSet"]
        if _TAG not in tags:
            others = [one for one in tags if one["Key"] != _TAG["Key"]]
            clients.call("s3", "PutBucketTagging", **owned, Tagging={"TagSet": [*others, _TAG]})


def _is_private(place: Place, clients: Clients, bucket: str) -> bool:
    """Whether its access was closed: what `_make_private` writes last, lest a run was killed."""
    owned = {"Bucket": bucket, "ExpectedBucketOwner": place.account}
    with expecting("NoSuchPublicAccessBlockConfiguration"):
        found = clients.call("s3", "GetPublicAccessBlock", **owned)
        return all(found["PublicAccessBlockConfiguration"].get(name) for name in _CLOSED)
    return False


def _make_private(place: Place, clients: Clients, bucket: str) -> None:
    owned = {"Bucket": bucket, "ExpectedBucketOwner": place.account}
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    clients.call(
        "s3",
        "PutBucketEncryption",
        **owned,
        ServerSideEncryptionConfiguration={"Rules": [rule]},
    )
    clients.call(
        "s3",
        "PutPublicAccessBlock",
        **owned,
        PublicAccessBlockConfiguration=dict.fromkeys(_CLOSED, True),
    )


def _not_ours(place: Place, bucket: str) -> Problem:
    return Problem(
        "artifacts-bucket-not-ours",
        f'the artifacts bucket "{bucket}" belongs to another account than {place.account}, or '
        "these credentials may not see it",
        next_step="name a bucket of this account under artifacts: {bucket: …}, or allow "
        "s3:ListBucket on it",
    )
