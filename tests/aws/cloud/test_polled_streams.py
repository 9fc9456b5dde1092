"""Kinesis and DynamoDB streams reach functions as Lambda's pollers bring them."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass
class Stream:
    client: Any
    name: str
    arn: str

    def put(self, *texts, key="k"):
        for text in texts:
            self.client.put_record(StreamName=self.name, Data=text.encode(), PartitionKey=key)


@pytest.fixture
def stream(cloud):
    client = cloud.boto3("kinesis")
    client.create_stream(StreamName="s", ShardCount=1)
    return Stream(client, "s", f"arn:aws:kinesis:us-east-1:{cloud.account}:stream/s")


def texts(event):
    return [base64.b64decode(record["kinesis"]["data"]).decode() for record in event["Records"]]


def poll(cloud, function, stream, **settings):
    return cloud.mapping(function, stream.arn, **{"StartingPosition": "TRIM_HORIZON"} | settings)


def destination(cloud):
    sqs = cloud.boto3("sqs")
    url = sqs.create_queue(QueueName="failed")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{cloud.account}:failed"

    def told():
        found = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]

    return {"OnFailure": {"Destination": arn}}, told


def failing_on(bad):
    def answer(event):
        if bad in texts(event):
            raise ValueError("on purpose")

    return answer


def test_a_record_of_kinesis_as_lambda_sends_it(cloud, stream):
    function = cloud.function()
    poll(cloud, function, stream)
    stream.put("hello")
    (event,) = function.wait()
    assert set(event) == {"Records"}
    (record,) = event["Records"]
    assert abs(record["kinesis"].pop("approximateArrivalTimestamp") - time.time()) < 60
    sequence = record["kinesis"].pop("sequenceNumber")
    assert record == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "k",
            "data": base64.b64encode(b"hello").decode(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{sequence}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:aws:iam::{cloud.account}:role/r",
        "awsRegion": "us-east-1",
        "eventSourceARN": stream.arn,
    }


def test_changes_of_a_table_as_lambda_sends_them(cloud):
    client = cloud.boto3("dynamodb")
    made = client.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]
    function = cloud.function()
    pattern = json.dumps({"dynamodb": {"Keys": {"id": {"S": ["a"]}}}})
    cloud.mapping(
        function,
        made["LatestStreamArn"],
        StartingPosition="LATEST",
        BatchSize=1,
        FilterCriteria={"Filters": [{"Pattern": pattern}]},
    )
    client.put_item(TableName="t", Item={"id": {"S": "b"}})
    client.put_item(TableName="t", Item={"id": {"S": "a"}, "n": {"N": "1"}})
    client.put_item(TableName="t", Item={"id": {"S": "a"}, "n": {"N": "2"}})
    client.delete_item(TableName="t", Key={"id": {"S": "a"}})
    records = [event["Records"][0] for event in function.wait(3)]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    changed = records[1]
    assert isinstance(changed["dynamodb"].pop("ApproximateCreationDateTime"), int)
    assert int(changed["dynamodb"].pop("SequenceNumber")) > int(
        records[0]["dynamodb"]["SequenceNumber"]
    )
    assert changed["dynamodb"].pop("SizeBytes") > 0
    assert len(changed.pop("eventID")) == 32
    assert changed == {
        "eventName": "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "Keys": {"id": {"S": "a"}},
            "NewImage": {"id": {"S": "a"}, "n": {"N": "2"}},
            "OldImage": {"id": {"S": "a"}, "n": {"N": "1"}},
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": made["LatestStreamArn"],
    }


@pytest.mark.parametrize(
    ("position", "expected"), [("TRIM_HORIZON", ["old", "new"]), ("LATEST", ["new"])]
)
def test_where_reading_begins(cloud, stream, position, expected):
    stream.put("old")
    function = cloud.function()
    poll(cloud, function, stream, StartingPosition=position, BatchSize=1)
    stream.put("new")
    events = function.wait(len(expected))
    assert [texts(event)[0] for event in events] == expected


def test_reading_from_a_point_of_time(cloud, stream):
    stream.put("old")
    time.sleep(0.05)
    now = time.time()
    stream.put("new")
    function = cloud.function()
    poll(
        cloud,
        function,
        stream,
        StartingPosition="AT_TIMESTAMP",
        StartingPositionTimestamp=now,
    )
    assert [texts(event) for event in function.wait()] == [["new"]]


def test_batches_keep_the_shard_s_order(cloud, stream):
    function = cloud.function()
    stream.put(*map(str, range(25)))
    poll(cloud, function, stream, BatchSize=10)
    events = function.wait(3)
    assert [len(event["Records"]) for event in events] == [10, 10, 5]
    assert [text for event in events for text in texts(event)] == list(map(str, range(25)))


def test_each_key_keeps_its_order_in_parallel(cloud, stream):
    function = cloud.function()
    poll(cloud, function, stream, BatchSize=1, ParallelizationFactor=4)
    for number in range(5):
        for key in "abcd":
            stream.put(f"{key}{number}", key=key)
    seen = [texts(event)[0] for event in function.wait(20)]
    for key in "abcd":
        assert [text for text in seen if text[0] == key] == [f"{key}{n}" for n in range(5)]


def test_a_batch_that_fails_holds_up_the_next_and_is_told_in_the_end(cloud, stream):
    config, told = destination(cloud)
    function = cloud.function(failing_on("bad"))
    poll(cloud, function, stream, BatchSize=1, MaximumRetryAttempts=2, DestinationConfig=config)
    stream.put("bad", "good")
    assert [texts(event)[0] for event in function.wait(4)] == ["bad", "bad", "bad", "good"]
    (record,) = told()
    batch = record.pop("KinesisBatchInfo")
    assert record.pop("timestamp").endswith("Z")
    assert len(record["requestContext"].pop("requestId")) == 36
    assert record == {
        "requestContext": {
            "functionArn": function.arn,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 3,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "version": "1.0",
    }
    assert (batch["shardId"], batch["startSequenceNumber"], batch["endSequenceNumber"]) == (
        "shardId-000000000000",
        "1",
        "1",
    )
    assert (batch["batchSize"], batch["streamArn"]) == (1, stream.arn)
    assert batch["approximateArrivalOfFirstRecord"].endswith("Z")


def test_a_batch_is_split_until_the_bad_record_is_alone(cloud, stream):
    config, told = destination(cloud)
    function = cloud.function(failing_on("bad"))
    stream.put("1", "2", "bad", "4")
    poll(
        cloud,
        function,
        stream,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=0,
        DestinationConfig=config,
    )
    events = function.wait(5)
    assert [texts(event) for event in events] == [
        ["1", "2", "bad", "4"],
        ["1", "2"],
        ["bad", "4"],
        ["bad"],
        ["4"],
    ]
    assert [record["KinesisBatchInfo"]["batchSize"] for record in told()] == [1]


def test_a_partial_response_goes_on_from_the_lowest_failure(cloud, stream):
    calls = []

    def third_fails_once(event):
        calls.append(event)
        if len(calls) > 1:
            return {"batchItemFailures": []}
        sequences = [record["kinesis"]["sequenceNumber"] for record in event["Records"]]
        return {"batchItemFailures": [{"itemIdentifier": sequences[n]} for n in (3, 2)]}

    function = cloud.function(third_fails_once)
    stream.put("0", "1", "2", "3", "4")
    poll(cloud, function, stream, FunctionResponseTypes=["ReportBatchItemFailures"])
    assert [texts(event) for event in function.wait(2)] == [
        ["0", "1", "2", "3", "4"],
        ["2", "3", "4"],
    ]


def test_records_that_are_too_old_are_given_up(cloud, stream):
    config, told = destination(cloud)
    function = cloud.function(failing_on("bad"))
    stream.put("bad")
    _age(cloud, stream)
    poll(cloud, function, stream, MaximumRecordAgeInSeconds=60, DestinationConfig=config)
    stream.put("good")
    assert [texts(event) for event in function.wait()] == [["good"]]
    (record,) = told()
    assert record["requestContext"]["condition"] == "RecordAgeExceeded"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert "responseContext" not in record


def _age(cloud, stream):
    """Make what is in the stream a hundred seconds older."""
    from moto.kinesis.models import kinesis_backends

    moto = kinesis_backends[cloud.account]["us-east-1"].streams[stream.name]
    for record in moto.shards["shardId-000000000000"].records.values():
        record.created_at -= 100


def test_records_without_the_pattern_are_passed_over(cloud, stream):
    function = cloud.function()
    pattern = json.dumps({"data": {"kind": ["order"]}, "partitionKey": [{"prefix": "k"}]})
    poll(cloud, function, stream, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    stream.put("no json", '{"kind": "other"}')
    stream.put('{"kind": "order"}', key="x")
    stream.put('{"kind": "order"}')
    (event,) = function.wait()
    assert [record["kinesis"]["partitionKey"] for record in event["Records"]] == ["k"]


def test_a_window_collects(cloud, stream):
    function = cloud.function()
    poll(cloud, function, stream, MaximumBatchingWindowInSeconds=10)
    for number in range(5):
        stream.put(str(number))
    assert [text for event in function.wait() for text in texts(event)] == list("01234")


def test_a_tumbling_window_carries_its_state(cloud, stream):
    def sums(event):
        total = event["state"].get("total", 0) + len(event["Records"])
        return {"state": {"total": total}}

    function = cloud.function(sums)
    poll(cloud, function, stream, BatchSize=2, TumblingWindowInSeconds=1)
    stream.put(*map(str, range(4)))
    counted, until = {}, time.monotonic() + 5
    while sum(counted.values()) < 4 and time.monotonic() < until:
        finals = [event for event in function.events if event["isFinalInvokeForWindow"]]
        counted = {event["window"]["start"]: event["state"]["total"] for event in finals}
        time.sleep(0.02)
    # However the records fell into windows, each window's last call knows how many it had.
    for start, total in counted.items():
        events = [event for event in function.events if event["window"]["start"] == start]
        *before, final = events
        assert [event["isFinalInvokeForWindow"] for event in before] == [False] * len(before)
        assert (final["Records"], sum(len(e["Records"]) for e in before)) == ([], total)
        assert (events[0]["state"], final["shardId"]) == ({}, "shardId-000000000000")
    assert sum(counted.values()) == 4


def test_a_disabled_mapping_goes_on_where_it_was(cloud, stream):
    functions = cloud.boto3("lambda")
    function = cloud.function()
    mapping = poll(cloud, function, stream, BatchSize=1)
    stream.put("one")
    function.wait()
    time.sleep(0.05)
    functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    stream.put("two")
    time.sleep(0.3)
    assert len(function.events) == 1
    functions.update_event_source_mapping(UUID=mapping, Enabled=True)
    assert [texts(event)[0] for event in function.wait(2)] == ["one", "two"]
    shown = functions.get_event_source_mapping(UUID=mapping)
    assert shown["LastProcessingResult"] == "OK"
