"""Records of asynchronous invocations and dead letters, as calls to the services that take them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import uuid4

from lcli.aws.clients import Clients
from lcli.local.execution import Invocation

_ERROR_BYTES = 1024
"""Of the message in a dead letter's attribute."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One call to a service of the local cloud."""

    account: str
    region: str
    service: str
    operation: str
    parameters: Mapping[str, Any]


class Sender:
    """Makes deliveries to the local cloud, as any SDK would."""

    def __init__(self, endpoint: Callable[[], str]) -> None:
        self._endpoint = endpoint
        self._clients = lru_cache(maxsize=16)(self._connect)

    async def __call__(self, delivery: Delivery) -> None:
        """Make the call in a thread; raises AwsError if it is refused."""
        clients = self._clients(delivery.account, delivery.region)
        await asyncio.to_thread(
            clients.call, delivery.service, delivery.operation, **delivery.parameters
        )

    def _connect(self, account: str, region: str) -> Clients:
        from lcli.aws.session import connect

        return connect(
            region=region,
            endpoint_url=self._endpoint(),
            local_account=account,
            environ={"LCLI_RATE": "off"},
        )


def destination(target: str, record: Mapping[str, Any], invocation: Invocation) -> Delivery:
    """Send an invocation record to a destination, each kind in its own envelope.

    Raises ValueError for an ARN of a service that takes none.
    """
    service = target.split(":")[2]
    body = json.dumps(record)
    if service == "events":
        return _put_events(target, body, record)
    if service == "s3":
        return _put_object(target, body, invocation)
    if service == "lambda":
        parameters = {"FunctionName": target, "InvocationType": "Event", "Payload": body.encode()}
        return _call(target, "lambda", "Invoke", parameters)
    return _send(target, body, {})


def dead_letter(target: str, invocation: Invocation, status: str, message: str) -> Delivery:
    """Send the event itself, with what went wrong in its attributes.

    `target` is a queue's or a topic's ARN (developer guide, "Adding a dead-letter queue").
    """
    cut = message.encode()[:_ERROR_BYTES].decode("utf-8", "ignore")
    attributes = {
        "RequestID": {"DataType": "String", "StringValue": invocation.request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": status},
        "ErrorMessage": {"DataType": "String", "StringValue": cut or "Unknown"},
    }
    return _send(target, invocation.payload.decode("utf-8", "replace"), attributes)


def _send(target: str, body: str, attributes: Mapping[str, Any]) -> Delivery:
    """A message to a queue or a topic."""
    _, _, service, region, account, name = target.split(":", 5)
    if service == "sqs":
        # Queues of the local cloud are found by the path of their address, whatever its host.
        url = f"https://sqs.{region}.amazonaws.com/{account}/{name}"
        message = {"QueueUrl": url, "MessageBody": body, "MessageAttributes": attributes}
        return _call(target, "sqs", "SendMessage", message)
    if service == "sns":
        message = {"TopicArn": target, "Message": body, "MessageAttributes": attributes}
        return _call(target, "sns", "Publish", message)
    raise ValueError(f"{target} takes no messages")


def _put_events(target: str, body: str, record: Mapping[str, Any]) -> Delivery:
    context = record["requestContext"]
    result = "Success" if context["condition"] == "Success" else "Failure"
    entry = {
        "Source": "lambda",
        "DetailType": f"Lambda Function Invocation Result - {result}",
        "Detail": body,
        "Resources": [context["functionArn"], target],
        "EventBusName": target,
    }
    return _call(target, "events", "PutEvents", {"Entries": [entry]})


def _put_object(target: str, body: str, invocation: Invocation) -> Delivery:
    bucket = target.split(":::")[1]
    now = datetime.now(UTC)
    name = f"{now:%Y-%m-%dT%H.%M.%S}-{uuid4()}"
    deployed = invocation.deployed
    key = f"aws/lambda/async/{deployed.name}/{now:%Y/%m/%d}/{name}"
    parameters = {"Bucket": bucket, "Key": key, "Body": body.encode()}
    return Delivery(deployed.account, deployed.region, "s3", "PutObject", parameters)


def _call(target: str, service: str, operation: str, parameters: Mapping[str, Any]) -> Delivery:
    parts = target.split(":")
    return Delivery(parts[4], parts[3], service, operation, parameters)
