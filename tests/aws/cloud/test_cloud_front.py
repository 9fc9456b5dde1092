"""Plain boto3 against the local cloud's front: every service where an SDK looks for it."""

from __future__ import annotations

import io
import urllib.error
import urllib.request
import zipfile

import pytest
from botocore.exceptions import ClientError


def test_the_access_key_id_is_the_account(cloud):
    identity = cloud.boto3("sts").get_caller_identity()
    assert identity["Account"] == cloud.account


def test_an_object_comes_back_with_its_metadata(cloud):
    s3 = cloud.boto3("s3")
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="a b/ü+%.jpg", Body=b"x" * 3_000_000, Metadata={"a": "1"})
    head = s3.head_object(Bucket="photos", Key="a b/ü+%.jpg")
    assert (head["ContentLength"], head["Metadata"]) == (3_000_000, {"a": "1"})
    assert s3.get_object(Bucket="photos", Key="a b/ü+%.jpg")["Body"].read() == b"x" * 3_000_000
    listed = s3.list_objects_v2(Bucket="photos")["Contents"]
    assert [found["Key"] for found in listed] == ["a b/ü+%.jpg"]


def test_a_bucket_of_an_earlier_test_is_gone(cloud):
    s3 = cloud.boto3("s3")
    s3.create_bucket(Bucket="photos")
    assert "Contents" not in s3.list_objects_v2(Bucket="photos")


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_presigned_addresses_work_without_credentials(cloud, region):
    s3 = cloud.boto3("s3", region)
    where = {} if region == "us-east-1" else {"LocationConstraint": region}
    s3.create_bucket(Bucket="given", **({"CreateBucketConfiguration": where} if where else {}))
    put = s3.generate_presigned_url("put_object", {"Bucket": "given", "Key": "k"})
    with urllib.request.urlopen(urllib.request.Request(put, b"hello", method="PUT")) as answer:
        assert answer.status == 200
    got = s3.generate_presigned_url("get_object", {"Bucket": "given", "Key": "k"})
    with urllib.request.urlopen(got) as answer:
        assert answer.read() == b"hello"


def test_queue_addresses_lead_back_to_the_front(cloud):
    sqs = cloud.boto3("sqs", "eu-west-1")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    assert url == f"{cloud.url}/{cloud.account}/orders"
    sqs.send_message(QueueUrl=url, MessageBody="one")
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "one"
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    assert arn == {"QueueArn": f"arn:aws:sqs:eu-west-1:{cloud.account}:orders"}


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "key"),
    [
        ("iam", "list_roles", {}, "Roles"),
        ("logs", "describe_log_groups", {}, "logGroups"),
        ("dynamodb", "list_tables", {}, "TableNames"),
        ("dynamodbstreams", "list_streams", {}, "Streams"),
        ("kinesis", "list_streams", {}, "StreamNames"),
        ("sns", "list_topics", {}, "Topics"),
        ("events", "list_rules", {}, "Rules"),
        ("scheduler", "list_schedules", {}, "Schedules"),
        ("ssm", "describe_parameters", {}, "Parameters"),
        ("secretsmanager", "list_secrets", {}, "SecretList"),
        ("apigatewayv2", "get_apis", {}, "Items"),
        ("cloudformation", "list_stacks", {}, "StackSummaries"),
        ("resourcegroupstaggingapi", "get_resources", {}, "ResourceTagMappingList"),
    ],
)
def test_a_fresh_account_is_empty(cloud, service, operation, parameters, key):
    assert getattr(cloud.boto3(service), operation)(**parameters)[key] == []


def test_services_that_nobody_has_are_refused(cloud):
    scope = "Credential=1/20260101/us-east-1/nonesuch/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"}
    request = urllib.request.Request(f"{cloud.url}/x", headers=headers)
    with pytest.raises(urllib.error.HTTPError, match="501"):
        urllib.request.urlopen(request)


@pytest.mark.parametrize("path", ["/moto-api/reset", "/"])
@pytest.mark.parametrize("headers", [{"Host": "evil.test"}, {"Origin": "https://evil.test"}])
def test_pages_of_the_web_are_refused(cloud, path, headers):
    request = urllib.request.Request(cloud.url + path, b"", headers)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)


def test_moto_s_own_reset_is_out_of_reach(cloud):
    cloud.boto3("sns").create_topic(Name="kept")
    with pytest.raises(urllib.error.HTTPError, match="501"):
        urllib.request.urlopen(urllib.request.Request(f"{cloud.url}/moto-api/reset", b""))
    assert len(cloud.boto3("sns").list_topics()["Topics"]) == 1


def zipped(source: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", source)
    return packed.getvalue()


def test_functions_are_lcli_s_own(cloud):
    code = zipped("def handler(event, context): return event")
    cloud.boto3("s3").create_bucket(Bucket="code")
    cloud.boto3("s3").put_object(Bucket="code", Key="app.zip", Body=code)
    role = f"arn:aws:iam::{cloud.account}:role/known-elsewhere"
    made = cloud.clients("eu-west-1").call(
        "lambda",
        "CreateFunction",
        FunctionName="f",
        Runtime="python3.12",
        Handler="app.handler",
        Role=role,
        Code={"S3Bucket": "code", "S3Key": "app.zip"},
    )
    assert made["FunctionArn"] == f"arn:aws:lambda:eu-west-1:{cloud.account}:function:f"
    location = cloud.boto3("lambda", "eu-west-1").get_function(FunctionName="f")["Code"]["Location"]
    with urllib.request.urlopen(location) as answer:
        assert answer.read() == code


def test_a_role_that_does_not_trust_lambda_cannot_be_assumed(cloud):
    trust = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"'
    trust += ', "Principal": {"Service": "ec2.amazonaws.com"}}]}'
    role = cloud.boto3("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]
    with pytest.raises(ClientError, match="The role defined for the function cannot be assumed"):
        cloud.boto3("lambda").create_function(
            FunctionName="f",
            Runtime="python3.12",
            Handler="app.handler",
            Role=role["Arn"],
            Code={"ZipFile": zipped("")},
        )


@pytest.mark.parametrize(
    "host", ["given.localhost", "given.s3.localhost:1", "127.0.0.1", "localhost"]
)
def test_a_bucket_may_be_in_the_host(cloud, host):
    s3 = cloud.boto3("s3")
    s3.create_bucket(Bucket="given")
    s3.put_object(Bucket="given", Key="k/1", Body=b"hello")
    path = "/k/1" if host.startswith("given") else "/given/k/1"
    scope = f"Credential={cloud.account}/20260101/us-east-1/s3/aws4_request"
    headers = {"Host": host, "Authorization": f"AWS4-HMAC-SHA256 {scope}, Signature=0"}
    request = urllib.request.Request(f"{cloud.url}{path}", headers=headers)
    with urllib.request.urlopen(request) as answer:
        assert answer.read() == b"hello"


def test_aws_s_managed_policies_are_known(cloud):
    iam = cloud.boto3("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    attached = iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [arn]
    with pytest.raises(ClientError, match="does not exist"):
        iam.attach_role_policy(RoleName="r", PolicyArn=arn.replace("Basic", "Nonesuch"))
