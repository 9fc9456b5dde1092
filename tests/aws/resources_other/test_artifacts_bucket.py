from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import pytest

from lcli.aws.clients import AwsError
from lcli.errors import LcliError, Problem
from lcli.resources.artifacts_bucket import ensure_bucket, upload


@dataclass(frozen=True)
class BuiltZip:
    path: Path
    digest: str = "unused"

    @property
    def size(self):
        return self.path.stat().st_size

    @property
    def code_sha256(self):
        return b64encode(sha256(self.path.read_bytes()).digest()).decode()


@pytest.fixture
def built(tmp_path):
    path = tmp_path / "code.zip"
    path.write_bytes(b"PK content of a zip")
    return BuiltZip(path)


def test_made_private_and_made_once(world):
    bucket = ensure_bucket(world.place, world.clients)
    assert bucket == f"lcli-{world.place.account}-us-east-1-artifacts"
    s3 = world.boto3("s3")
    access = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert access == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    (owned,) = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert owned == {"ObjectOwnership": "BucketOwnerEnforced"}
    world.mutations()
    (tag,) = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    assert tag == {"Key": "lcli:shared", "Value": "artifacts"}
    assert ensure_bucket(world.place, world.clients) == bucket
    assert world.mutations() == []


def test_one_that_a_killed_run_left_open_is_closed(world):
    s3 = world.boto3("s3")
    bucket = f"lcli-{world.place.account}-us-east-1-artifacts"
    s3.create_bucket(Bucket=bucket)
    assert ensure_bucket(world.place, world.clients) == bucket
    access = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert {*access.values()} == {True}


def test_one_that_a_killed_run_left_without_its_tag_gets_it_beside_those_of_others(world):
    """S3 blocks public access of every new bucket by itself: that tells nothing of the tag."""
    s3 = world.boto3("s3")
    bucket = f"lcli-{world.place.account}-us-east-1-artifacts"
    s3.create_bucket(Bucket=bucket)
    closed = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=closed)
    theirs = {"Key": "cost", "Value": "42"}
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [theirs]})
    ensure_bucket(world.place, world.clients)
    tags = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    assert tags == [theirs, {"Key": "lcli:shared", "Value": "artifacts"}]


def test_made_where_the_app_is(world):
    from lcli.aws.session import connect

    place = replace(world.place, region="eu-west-1")
    clients = connect(
        region="eu-west-1", endpoint_url=world.clients.endpoint_url, local_account=place.account
    )
    bucket = ensure_bucket(place, clients)
    where = world.boto3("s3").get_bucket_location(Bucket=bucket)["LocationConstraint"]
    assert where == "eu-west-1"


def test_a_configured_bucket_is_used_as_it_is_and_never_made(world):
    name = f"configured-{world.place.account}"
    with pytest.raises(LcliError) as caught:
        ensure_bucket(world.place, world.clients, name)
    (problem,) = caught.value.problems
    assert (problem.code, problem.what) == (
        "artifacts-bucket-missing",
        f'the artifacts bucket "{name}" does not exist',
    )
    world.boto3("s3").create_bucket(Bucket=name)
    world.mutations()
    assert ensure_bucket(world.place, world.clients, name) == name
    assert world.mutations() == []


class Denying:
    """What S3 answers to HeadBucket for another owner's bucket."""

    region = "us-east-1"

    def call(self, service, operation, /, **parameters):
        assert (service, operation) == ("s3", "HeadBucket")
        assert parameters == {"Bucket": "theirs", "ExpectedBucketOwner": "123456789012"}
        raise AwsError("403", "Forbidden", service=service, operation=operation, status=403)


def test_a_bucket_of_somebody_else_is_refused(world):
    place = replace(world.place, account="123456789012")
    with pytest.raises(LcliError) as caught:
        ensure_bucket(place, Denying(), "theirs")
    assert caught.value.problems == (
        Problem(
            "artifacts-bucket-not-ours",
            'the artifacts bucket "theirs" belongs to another account than 123456789012, or '
            "these credentials may not see it",
            next_step="name a bucket of this account under artifacts: {bucket: …}, or allow "
            "s3:ListBucket on it",
        ),
    )


def test_uploaded_once_under_the_hash_of_its_content(world, built):
    bucket = ensure_bucket(world.place, world.clients)
    key = f"photos/{sha256(built.path.read_bytes()).hexdigest()}.zip"
    world.mutations()
    assert upload(world.place, world.clients, bucket, built, "photos/") == (bucket, key)
    assert world.mutations() == ["s3:PutObject"]
    body = world.boto3("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert body == built.path.read_bytes()
    upload(world.place, world.clients, bucket, built, "photos/")
    assert world.mutations() == []
