"""What S3, SNS, EventBridge and log subscriptions send to functions."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import time
from threading import Event

import pytest
from botocore.exceptions import ClientError

BUCKET = "arn:aws:s3:::photos"


def notify(cloud, arn, events=("s3:ObjectCreated:*",), *, rule_id="rule", **rules):
    filters = {
        "Filter": {"Key": {"FilterRules": [{"Name": k, "Value": v} for k, v in rules.items()]}}
    }
    rule = {"Id": rule_id, "LambdaFunctionArn": arn, "Events": list(events)}
    cloud.boto3("s3").put_bucket_notification_configuration(
        Bucket="photos",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [rule | (filters if rules else {})]
        },
    )


@pytest.fixture
def photos(cloud):
    cloud.boto3("s3").create_bucket(Bucket="photos")
    return cloud.boto3("s3")


def test_an_upload_reaches_the_function_as_s3_sends_it(cloud, photos):
    function = cloud.function()
    cloud.allow("f", "s3", BUCKET, SourceAccount=cloud.account)
    notify(cloud, function.arn, prefix="in/", suffix=".jpg")
    photos.put_object(Bucket="photos", Key="out/x.jpg", Body=b"x")
    photos.put_object(Bucket="photos", Key="in/x.png", Body=b"x")
    etag = photos.put_object(Bucket="photos", Key="in/a b/ü.jpg", Body=b"12345")["ETag"]
    (event,) = function.wait()
    (record,) = event["Records"]
    now = record.pop("eventTime")
    assert now.endswith("Z")
    assert len(now) == len("2026-01-01T00:00:00.000Z")
    assert set(record.pop("responseElements")) == {"x-amz-request-id", "x-amz-id-2"}
    assert len(record["s3"]["object"].pop("sequencer")) == 18
    assert record == {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": f"AWS:{cloud.account}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "rule",
            "bucket": {
                "name": "photos",
                "ownerIdentity": {"principalId": f"A{cloud.account}"},
                "arn": BUCKET,
            },
            "object": {"key": "in/a+b/%C3%BC.jpg", "size": 5, "eTag": etag.strip('"')},
        },
    }


@pytest.mark.parametrize("names", [("prefix", "suffix"), ("Prefix", "SUFFIX")], ids=str)
def test_names_of_filters_are_taken_in_any_case_and_shown_with_a_capital(cloud, photos, names):
    function = cloud.function()
    cloud.allow("f", "s3", BUCKET)
    notify(cloud, function.arn, **dict(zip(names, ("in/", ".jpg"), strict=True)))
    (rule,) = photos.get_bucket_notification_configuration(Bucket="photos")[
        "LambdaFunctionConfigurations"
    ]
    assert rule["Filter"]["Key"]["FilterRules"] == [
        {"Name": "Prefix", "Value": "in/"},
        {"Name": "Suffix", "Value": ".jpg"},
    ]
    photos.put_object(Bucket="photos", Key="in/x.png", Body=b"x")
    photos.put_object(Bucket="photos", Key="in/x.jpg", Body=b"x")
    (event,) = function.wait()
    assert event["Records"][0]["s3"]["object"]["key"] == "in/x.jpg"


def test_removals_have_neither_size_nor_etag(cloud, photos):
    function = cloud.function()
    cloud.allow("f", "s3", BUCKET)
    notify(cloud, function.arn, ["s3:ObjectRemoved:*"])
    photos.put_object(Bucket="photos", Key="k", Body=b"x")
    photos.delete_object(Bucket="photos", Key="k")
    (event,) = function.wait()
    assert event["Records"][0]["eventName"] == "ObjectRemoved:Delete"
    assert set(event["Records"][0]["s3"]["object"]) == {"key", "sequencer"}


def test_a_delete_marker_is_a_removal_too(cloud, photos):
    function = cloud.function()
    cloud.allow("f", "s3", BUCKET)
    notify(cloud, function.arn, ["s3:ObjectRemoved:*"])
    photos.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
    photos.put_object(Bucket="photos", Key="k", Body=b"x")
    marker = photos.delete_object(Bucket="photos", Key="k")["VersionId"]
    (event,) = function.wait()
    assert event["Records"][0]["eventName"] == "ObjectRemoved:DeleteMarkerCreated"
    assert event["Records"][0]["s3"]["object"]["versionId"] == marker


def test_the_caller_does_not_wait_for_the_function(cloud, photos):
    released = Event()

    async def waits(event):
        while not released.is_set():
            await asyncio.sleep(0.01)

    function = cloud.function(waits)
    cloud.allow("f", "s3", BUCKET)
    notify(cloud, function.arn)
    for number in range(5):
        photos.put_object(Bucket="photos", Key=str(number), Body=b"x")
    released.set()
    keys = [event["Records"][0]["s3"]["object"]["key"] for event in function.wait(5)]
    assert sorted(keys) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("source", "more"),
    [
        (None, {}),
        ("arn:aws:s3:::other", {}),
        (BUCKET, {"SourceAccount": "999999999999"}),
    ],
    ids=["no permission", "another bucket", "another account"],
)
def test_s3_validates_the_destination(cloud, photos, source, more):
    function = cloud.function()
    if source:
        cloud.allow("f", "s3", source, **more)
    with pytest.raises(ClientError) as refused:
        notify(cloud, function.arn)
    assert refused.value.response["Error"] == {
        "Code": "InvalidArgument",
        "Message": "Unable to validate the following destination configurations",
    }


def test_s3_validates_that_the_function_and_its_alias_are_there(cloud, photos):
    function = cloud.function()
    cloud.allow("f", "s3", BUCKET)
    for arn in (function.arn.replace(":f", ":g"), f"{function.arn}:live"):
        with pytest.raises(ClientError, match="Unable to validate the following destination"):
            notify(cloud, arn)
    cloud.boto3("s3").put_bucket_notification_configuration(
        Bucket="photos",
        SkipDestinationValidation=True,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {"LambdaFunctionArn": f"{function.arn}:live", "Events": ["s3:ObjectCreated:*"]}
            ]
        },
    )


def test_an_alias_has_a_policy_of_its_own(cloud, photos):
    function = cloud.function(Publish=True)
    cloud.boto3("lambda").create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    cloud.allow("f:live", "s3", BUCKET)
    with pytest.raises(ClientError, match="Unable to validate the following destination"):
        notify(cloud, function.arn)
    notify(cloud, f"{function.arn}:live")
    photos.put_object(Bucket="photos", Key="k", Body=b"x")
    function.wait()
    assert function.invocations[0].invoked_arn == f"{function.arn}:live"
    assert function.invocations[0].deployed.version == "1"


@pytest.mark.parametrize(
    ("first", "second", "overlap"),
    [
        ({}, {"prefix": "a"}, True),
        ({"prefix": "a"}, {"prefix": "ab"}, True),
        ({"prefix": "a"}, {"prefix": "b"}, False),
        ({"prefix": "a", "suffix": ".jpg"}, {"prefix": "a", "suffix": ".png"}, False),
        ({"prefix": "a", "suffix": ".jpg"}, {"prefix": "ab", "suffix": "g"}, True),
    ],
)
def test_rules_must_not_overlap(cloud, photos, first, second, overlap):
    function = cloud.function()
    cloud.allow("f", "s3", BUCKET)
    rules = [
        {
            "LambdaFunctionArn": function.arn,
            "Events": [event],
            "Filter": {"Key": {"FilterRules": [{"Name": k, "Value": v} for k, v in rule.items()]}},
        }
        for rule, event in ((first, "s3:ObjectCreated:*"), (second, "s3:ObjectCreated:Put"))
    ]
    for rule in rules:
        if not rule["Filter"]["Key"]["FilterRules"]:
            del rule["Filter"]
    put = {"Bucket": "photos", "NotificationConfiguration": {"LambdaFunctionConfigurations": rules}}
    if overlap:
        with pytest.raises(ClientError, match="Configuration is ambiguously defined"):
            photos.put_bucket_notification_configuration(**put)
    else:
        photos.put_bucket_notification_configuration(**put)


def test_the_way_to_eventbridge_is_shown(cloud, photos):
    wanted = {"EventBridgeConfiguration": {}}
    photos.put_bucket_notification_configuration(Bucket="photos", NotificationConfiguration=wanted)
    shown = photos.get_bucket_notification_configuration(Bucket="photos")
    assert shown["EventBridgeConfiguration"] == {}


def test_a_topic_sends_its_message_once_it_may(cloud):
    function = cloud.function()
    sns = cloud.boto3("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    subscribed = sns.subscribe(
        TopicArn=topic,
        Protocol="lambda",
        Endpoint=function.arn,
        Attributes={"FilterPolicy": json.dumps({"kind": ["good"]})},
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    good = {"kind": {"DataType": "String", "StringValue": "good"}}
    sns.publish(TopicArn=topic, Message="too early", MessageAttributes=good)
    cloud.allow("f", "sns", topic)
    sns.publish(TopicArn=topic, Message="unwanted")
    sent = sns.publish(TopicArn=topic, Message="hello", Subject="s", MessageAttributes=good)
    (event,) = function.wait()
    record = event["Records"][0]
    assert (record["EventSource"], record["EventSubscriptionArn"]) == ("aws:sns", subscribed)
    shown = {name: record["Sns"][name] for name in ("MessageId", "Message", "Subject", "TopicArn")}
    assert shown == {
        "MessageId": sent["MessageId"],
        "Message": "hello",
        "Subject": "s",
        "TopicArn": topic,
    }
    assert record["Sns"]["MessageAttributes"] == {"kind": {"Type": "String", "Value": "good"}}
    assert record["Sns"]["Type"] == "Notification"


def rule(cloud, function, **target):
    events = cloud.boto3("events")
    pattern = json.dumps({"source": ["shop"], "detail": {"price": [{"numeric": [">", 10]}]}})
    arn = events.put_rule(Name="r", EventPattern=pattern)["RuleArn"]
    cloud.allow("f", "events", arn)
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": function.arn, **target}])
    for price in (5, 20):
        detail = {"price": price, "text": 'said "<hello>"', "items": [{"id": "a"}]}
        sent = events.put_events(
            Entries=[{"Source": "shop", "DetailType": "sold", "Detail": json.dumps(detail)}]
        )
        assert sent["FailedEntryCount"] == 0
    return function.wait()


def test_a_rule_sends_the_events_that_match(cloud):
    (event,) = rule(cloud, cloud.function())
    assert set(event) == {
        *("version", "id", "detail-type", "source", "account", "time", "region", "resources"),
        "detail",
    }
    assert (event["account"], event["detail"]["price"]) == (cloud.account, 20)
    assert len(event["time"]) == len("2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"Input": '{"fixed": true}'}, {"fixed": True}),
        ({"InputPath": "$.detail.items[0]"}, {"id": "a"}),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"p": "$.detail.price", "t": "$.detail.text"},
                    "InputTemplate": '{"price": <p>, "text": <t>, "both": "<p> and <t>"}',
                }
            },
            {"price": 20, "text": 'said "<hello>"', "both": '20 and said "<hello>"'},
        ),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"p": "$.detail.price"},
                    "InputTemplate": '"costs <p>"',
                }
            },
            "costs 20",
        ),
    ],
    ids=["input", "path", "transformer", "text"],
)
def test_a_target_shapes_its_input(cloud, target, expected):
    assert rule(cloud, cloud.function(), **target) == [expected]


def test_log_events_reach_the_subscribed_function(cloud):
    function = cloud.function()
    logs = cloud.boto3("logs")
    logs.create_log_group(logGroupName="/g")
    logs.create_log_stream(logGroupName="/g", logStreamName="s")
    subscription = {
        "logGroupName": "/g",
        "filterName": "all",
        "filterPattern": "",
        "destinationArn": function.arn,
    }
    with pytest.raises(ClientError, match="Could not execute the lambda function"):
        logs.put_subscription_filter(**subscription)
    source = f"arn:aws:logs:us-east-1:{cloud.account}:log-group:/g:*"
    cloud.allow("f", "logs", source)
    logs.put_subscription_filter(**subscription)
    at = int(time.time() * 1000)
    logs.put_log_events(
        logGroupName="/g", logStreamName="s", logEvents=[{"timestamp": at, "message": "hello"}]
    )
    (event,) = function.wait()
    data = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    assert data.pop("logEvents")[0]["message"] == "hello"
    assert data == {
        "messageType": "DATA_MESSAGE",
        "owner": cloud.account,
        "logGroup": "/g",
        "logStream": "s",
        "subscriptionFilters": ["all"],
    }


def test_a_subscription_gets_what_its_filter_lets_through(cloud):
    function = cloud.function("f")
    logs = cloud.boto3("logs")
    logs.create_log_group(logGroupName="/g")
    logs.create_log_stream(logGroupName="/g", logStreamName="s")
    cloud.allow("f", "logs", f"arn:aws:logs:us-east-1:{cloud.account}:log-group:/g:*")
    subscription = {"logGroupName": "/g", "filterName": "n", "destinationArn": function.arn}
    with pytest.raises(ClientError, match=r"InvalidParameterException.*Invalid filter pattern"):
        logs.put_subscription_filter(**subscription, filterPattern="{ broken")
    logs.put_subscription_filter(**subscription, filterPattern="{ $.n > 1 }")
    at = int(time.time() * 1000)
    for batch in (["no", '{"n": 1}'], ['{"n": 2}', '{"n": 0}']):
        logs.put_log_events(
            logGroupName="/g",
            logStreamName="s",
            logEvents=[{"timestamp": at, "message": message} for message in batch],
        )
    (event,) = function.wait()
    data = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    assert [each["message"] for each in data["logEvents"]] == ['{"n": 2}']


def test_filtered_log_events_come_in_the_order_of_time_page_by_page(cloud):
    logs = cloud.boto3("logs")
    logs.create_log_group(logGroupName="/g")
    now = int(time.time() * 1000)
    for stream in ("a", "b"):
        logs.create_log_stream(logGroupName="/g", logStreamName=stream)
        first = stream == "b"
        logs.put_log_events(
            logGroupName="/g",
            logStreamName=stream,
            logEvents=[
                {"timestamp": now + at, "message": f"{'skip' if at == 4 else 'take'} {at}"}
                for at in range(first, 10, 2)
            ],
        )
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName="/g", filterPattern="-skip", PaginationConfig={"PageSize": 4}
    )
    found = [[event["message"] for event in page["events"]] for page in pages]
    assert found == [
        ["take 0", "take 1", "take 2", "take 3"],
        ["take 5", "take 6", "take 7", "take 8"],
        ["take 9"],
    ]


def test_a_broken_filter_pattern_is_refused_where_there_are_no_events_too(cloud):
    logs = cloud.boto3("logs")
    logs.create_log_group(logGroupName="/g")
    with pytest.raises(ClientError, match=r"InvalidParameterException.*Invalid filter pattern"):
        logs.filter_log_events(logGroupName="/g", filterPattern="{ broken")
