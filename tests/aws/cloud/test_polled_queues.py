"""Queues reach functions as Lambda's pollers bring them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass
class Queue:
    client: Any
    url: str
    arn: str

    def send(self, *bodies, **more):
        for body in bodies:
            self.client.send_message(QueueUrl=self.url, MessageBody=body, **more)

    def count(self):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return tuple(int(found["Attributes"][name]) for name in names)

    def settles(self, visible, hidden, within=5.0):
        until = time.monotonic() + within
        while self.count() != (visible, hidden) and time.monotonic() < until:
            time.sleep(0.02)
        return self.count() == (visible, hidden)


def make(cloud, name="orders", **attributes):
    client = cloud.boto3("sqs")
    texts = {key: str(value) for key, value in attributes.items()}
    url = client.create_queue(QueueName=name, Attributes=texts)["QueueUrl"]
    return Queue(client, url, f"arn:aws:sqs:us-east-1:{cloud.account}:{name}")


def bodies(event):
    return [record["body"] for record in event["Records"]]


def test_a_message_arrives_as_lambda_sends_it_and_is_deleted(cloud):
    queue = make(cloud)
    function = cloud.function()
    cloud.mapping(function, queue.arn)
    queue.send(
        "hello",
        MessageAttributes={
            "a": {"DataType": "String", "StringValue": "text"},
            "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
    )
    (event,) = function.wait()
    (record,) = event["Records"]
    assert set(record.pop("attributes")) == {
        *("ApproximateReceiveCount", "SentTimestamp", "SenderId"),
        "ApproximateFirstReceiveTimestamp",
    }
    assert len(record.pop("messageId")) == 36
    assert record.pop("receiptHandle")
    assert len(record.pop("md5OfMessageAttributes")) == 32
    assert record == {
        "body": "hello",
        "messageAttributes": {
            "a": {
                "stringValue": "text",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            },
            "b": {
                "binaryValue": "AP8=",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "Binary",
            },
        },
        "md5OfBody": hashlib.md5(b"hello").hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.arn,
        "awsRegion": "us-east-1",
    }
    assert queue.settles(0, 0)


def test_what_waits_already_comes_in_batches(cloud):
    queue = make(cloud)
    function = cloud.function()
    queue.send(*map(str, range(7)))
    cloud.mapping(function, queue.arn, BatchSize=5)
    events = function.wait(2)
    assert sorted(len(event["Records"]) for event in events) == [2, 5]
    assert sorted(body for event in events for body in bodies(event)) == list("0123456")


def test_a_window_collects(cloud):
    queue = make(cloud)
    function = cloud.function()
    cloud.mapping(function, queue.arn, BatchSize=100, MaximumBatchingWindowInSeconds=20)
    for number in range(30):
        queue.send(str(number))
    events = function.wait()
    assert queue.settles(0, 0)
    assert sum(len(event["Records"]) for event in events) == 30


def test_a_batch_that_fails_comes_again_and_then_goes_to_the_dead_letter_queue(cloud):
    dead = make(cloud, "dead")
    policy = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 2})
    queue = make(cloud, VisibilityTimeout=1, RedrivePolicy=policy)

    def fails(event):
        raise ValueError("on purpose")

    function = cloud.function(fails)
    cloud.mapping(function, queue.arn)
    queue.send("poison")
    function.wait(2)
    assert dead.settles(1, 0)
    assert queue.count() == (0, 0)
    counts = [
        event["Records"][0]["attributes"]["ApproximateReceiveCount"] for event in function.events
    ]
    assert counts == ["1", "2"]


def test_only_the_messages_that_failed_come_again(cloud):
    queue = make(cloud, VisibilityTimeout=1)

    def odd_ones_fail(event):
        failed = [r["messageId"] for r in event["Records"] if int(r["body"]) % 2]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

    function = cloud.function(odd_ones_fail)
    queue.send("1", "2", "3", "4")
    mapping = cloud.mapping(function, queue.arn, FunctionResponseTypes=["ReportBatchItemFailures"])
    first, second = function.wait(2)[:2]
    assert sorted(bodies(first)) == ["1", "2", "3", "4"]
    assert sorted(bodies(second)) == ["1", "3"]
    cloud.boto3("lambda").delete_event_source_mapping(UUID=mapping)


def test_messages_that_no_filter_wants_are_deleted_unseen(cloud):
    queue = make(cloud)
    function = cloud.function()
    pattern = json.dumps({"body": {"kind": ["order"], "price": [{"numeric": [">", 10]}]}})
    cloud.mapping(function, queue.arn, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    wanted = '{"kind": "order", "price": 11}'
    queue.send('{"kind": "order", "price": 9}', "no json", wanted)
    function.wait()
    assert queue.settles(0, 0)
    assert [body for event in function.events for body in bodies(event)] == [wanted]


def test_a_group_of_a_fifo_queue_stays_in_order(cloud):
    queue = make(
        cloud, "o.fifo", FifoQueue="true", ContentBasedDeduplication="true", VisibilityTimeout=1
    )
    tried = set()

    def fails_once(event):
        body = event["Records"][0]["body"]
        if body == "a1" and body not in tried:
            tried.add(body)
            raise ValueError("on purpose")

    function = cloud.function(fails_once)
    cloud.mapping(function, queue.arn, BatchSize=1)
    for number in (1, 2, 3):
        queue.send(f"a{number}", MessageGroupId="a")
        queue.send(f"b{number}", MessageGroupId="b")
    events = function.wait(7)
    seen = [bodies(event)[0] for event in events]
    assert [body for body in seen if body[0] == "a"] == ["a1", "a1", "a2", "a3"]
    assert [body for body in seen if body[0] == "b"] == ["b1", "b2", "b3"]
    assert seen.index("b3") < seen.index("a2")
    attributes = events[0]["Records"][0]["attributes"]
    assert attributes["MessageGroupId"] in "ab"
    assert {"SequenceNumber", "MessageDeduplicationId"} < set(attributes)


@pytest.mark.parametrize(("most", "expected"), [(2, 2), (None, 5)])
def test_no_more_batches_at_a_time_than_allowed(cloud, most, expected):
    running, highest = [0], [0]

    async def slow(event):
        running[0] += 1
        highest[0] = max(highest[0], running[0])
        await asyncio.sleep(0.05)
        running[0] -= 1

    queue = make(cloud)
    function = cloud.function(slow)
    queue.send(*map(str, range(12)))
    scaling = {"ScalingConfig": {"MaximumConcurrency": most}} if most else {}
    cloud.mapping(function, queue.arn, BatchSize=1, **scaling)
    function.wait(12)
    assert queue.settles(0, 0)
    assert highest[0] == expected


def test_a_disabled_mapping_waits_and_a_deleted_one_is_gone(cloud):
    functions = cloud.boto3("lambda")
    queue = make(cloud)
    function = cloud.function()
    mapping = cloud.mapping(function, queue.arn, Enabled=False)
    queue.send("one")
    time.sleep(0.3)
    assert function.events == []
    functions.update_event_source_mapping(UUID=mapping, Enabled=True)
    assert bodies(function.wait()[0]) == ["one"]
    assert queue.settles(0, 0)
    time.sleep(0.05)
    functions.delete_event_source_mapping(UUID=mapping)
    queue.send("two")
    time.sleep(0.3)
    assert (len(function.events), queue.count()) == (1, (1, 0))


def test_the_mapping_s_alias_decides_what_runs(cloud):
    queue = make(cloud)
    function = cloud.function(Publish=True)
    cloud.boto3("lambda").create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    cloud.boto3("lambda").create_event_source_mapping(
        FunctionName="f:live", EventSourceArn=queue.arn
    )
    queue.send("one")
    function.wait()
    invocation = function.invocations[0]
    assert (invocation.deployed.version, invocation.invoked_arn) == ("1", f"{function.arn}:live")


def test_nothing_is_lost_while_others_send(cloud):
    queue = make(cloud)
    function = cloud.function()
    cloud.mapping(function, queue.arn)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(queue.send, map(str, range(200))))
    assert queue.settles(0, 0)
    seen = [body for event in function.events for body in bodies(event)]
    assert sorted(seen, key=int) == [str(number) for number in range(200)]


def test_nobody_waits_for_who_waits_for_messages(cloud):
    queue = make(cloud)
    asked = {"QueueUrl": queue.url, "WaitTimeSeconds": 5}
    with ThreadPoolExecutor(33) as pool:
        polls = [pool.submit(queue.client.receive_message, **asked) for _ in range(33)]
        time.sleep(0.2)
        began = time.monotonic()
        cloud.boto3("s3").list_buckets()
        took = time.monotonic() - began
        for first in range(0, 33, 10):
            entries = [{"Id": str(n), "MessageBody": "x"} for n in range(first, first + 10)]
            queue.client.send_message_batch(QueueUrl=queue.url, Entries=entries)
    assert took < 3
    assert all(poll.result()["Messages"] for poll in polls)


def test_sending_counts_no_messages(cloud):
    # Not above: moto reads the cloud's settings when it is imported first.
    from moto.sqs.models import sqs_backends

    queue = make(cloud)
    kept = sqs_backends[cloud.account][cloud.region].queues[queue.arn.rpartition(":")[2]]
    kept._messages = [None]  # who looks at it fails
    queue.send("x")
    assert [each.body for each in kept._messages[1:]] == ["x"]


def test_large_messages_come_in_as_many_batches_as_they_need(cloud):
    queue = make(cloud)
    function = cloud.function()
    queue.send(*["x" * 262_000] * 30)
    cloud.mapping(function, queue.arn, BatchSize=100, MaximumBatchingWindowInSeconds=20)
    assert queue.settles(0, 0)
    assert sum(len(event["Records"]) for event in function.events) == 30
    assert max(len(invocation.payload) for invocation in function.invocations) <= 6 * 1024**2
