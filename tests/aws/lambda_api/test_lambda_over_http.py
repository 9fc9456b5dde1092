"""The local Lambda API as a real client meets it: over HTTP, in the whole local cloud."""

from __future__ import annotations

import urllib.request
from typing import Any

from stage import ECHO


def create(cloud: Any, client: Any) -> None:
    client.create_function(
        FunctionName="fn",
        Runtime="python3.12",
        Handler="index.handler",
        Role=f"arn:aws:iam::{cloud.account}:role/r",
        Code={"ZipFile": ECHO},
    )
    waiter = client.get_waiter("function_active_v2")
    waiter.wait(FunctionName="fn", WaiterConfig={"Delay": 0.02, "MaxAttempts": 100})


def test_a_function_is_made_updated_and_published(cloud: Any) -> None:
    client = cloud.boto3("lambda")
    create(cloud, client)
    client.update_function_configuration(FunctionName="fn", MemorySize=256)
    waiter = client.get_waiter("function_updated_v2")
    waiter.wait(FunctionName="fn", WaiterConfig={"Delay": 0.02, "MaxAttempts": 100})
    published = client.publish_version(FunctionName="fn")
    assert (published["Version"], published["MemorySize"]) == ("1", 256)


def test_the_codes_location_is_an_address_that_answers(cloud: Any) -> None:
    client = cloud.boto3("lambda")
    create(cloud, client)
    location = client.get_function(FunctionName="fn")["Code"]["Location"]
    assert location.startswith(f"{cloud.url}/")
    with urllib.request.urlopen(location, timeout=5) as response:
        assert response.read() == ECHO


def test_code_is_read_from_the_local_s3(cloud: Any) -> None:
    s3 = cloud.boto3("s3")
    bucket = f"code-{cloud.account}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="code.zip", Body=ECHO)
    client = cloud.boto3("lambda")
    create(cloud, client)
    updated = client.update_function_code(FunctionName="fn", S3Bucket=bucket, S3Key="code.zip")
    assert updated["CodeSize"] == len(ECHO)
