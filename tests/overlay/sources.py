"""What the manifests of overlay/apps.py name, and somebody else than lcli has made."""

from __future__ import annotations

import json

from lcli.aws.session import connect
from lcli.local.server import Cloud

REGION = "us-east-1"
DOMAIN = "photos.example.com"
ALLOWED = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def signing_of(account: str) -> str:
    """The ARN of the account's code signing configuration."""
    return f"arn:aws:lambda:{REGION}:{account}:code-signing-config:csc-0123456789abcdefg"


def sources(cloud: Cloud, account: str) -> None:
    """Buckets, queues, a table, a stream, policies, a domain, a code signing configuration."""
    call = connect(region=REGION, endpoint_url=cloud.url, local_account=account, environ={}).call
    call("s3", "CreateBucket", Bucket=f"photos-{account}")
    call("sqs", "CreateQueue", QueueName="orders", Attributes={"VisibilityTimeout": "60"})
    call("sqs", "CreateQueue", QueueName="failed")
    call("kinesis", "CreateStream", StreamName="clicks", ShardCount=1)
    call(
        "dynamodb",
        "CreateTable",
        TableName="users",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    call("apigatewayv2", "CreateDomainName", DomainName=DOMAIN)
    for name in ("boundary", "reading"):
        call("iam", "CreatePolicy", PolicyName=name, PolicyDocument=json.dumps(ALLOWED))
    signing = signing_of(account)
    # By hand, since the id of one that is asked for is chosen by chance.
    cloud.functions.region(account, REGION).signing[signing] = {
        "CodeSigningConfigId": signing.rpartition(":")[2],
        "CodeSigningConfigArn": signing,
        "AllowedPublishers": {"SigningProfileVersionArns": []},
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Warn"},
    }
