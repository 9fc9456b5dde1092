"""Polling a queue for one event source mapping.

Source: Lambda developer guide, "Using Lambda with Amazon SQS" (polling, scaling, batches,
filtering) and its examples of standard and FIFO events.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable
from typing import Any

from lcli.local.moto_services import MotoServices
from lcli.local.pollers.filters import passes, patterns_of
from lcli.local.pollers.mapping import BATCH_BYTES, Mapping, encoded
from lcli.local.pollers.partial import failures

IDLE = 0.1
"""Seconds between two looks at a queue without messages."""
CONCURRENCY = 5
"""Batches at a time, as Lambda begins, where ScalingConfig says nothing."""
_RECEIVE = 10
"""Most messages of one receive."""
_AROUND = len('{"Records":[]}')


class SqsPoller:
    """Receives, filters, invokes, deletes; what fails stays until its visibility time-out ends."""

    def __init__(self, mapping: Mapping, services: MotoServices) -> None:
        self._mapping = mapping
        self._services = services
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Poll until cancelled; batches in hand are finished by `close`."""
        while True:
            scaling = self._mapping.settings.get("ScalingConfig") or {}
            most = int(scaling.get("MaximumConcurrency") or CONCURRENCY)
            if len(self._running) >= most:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
                continue
            batch = await self._gather() if self._mapping.active else []
            if not batch:
                await asyncio.sleep(IDLE)
                continue
            for part in parts_of(batch):
                task = asyncio.create_task(self._process(part))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """Wait for the batches in hand."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _gather(self) -> list[dict[str, Any]]:
        """Records up to a batch's size, its window and about 6 MB; filtered ones are deleted."""
        size = self._mapping.number("BatchSize", 10)
        window = self._mapping.number("MaximumBatchingWindowInSeconds", 0)
        batch: list[dict[str, Any]] = []
        until = 0.0
        while len(batch) < size and len(encoded(batch)) < BATCH_BYTES:
            found = await self._receive(min(size - len(batch), _RECEIVE))
            batch += found
            now = time.monotonic()
            if batch and not until:
                until = now + self._mapping.wait(window)
            if not found:
                if not batch or now >= until:
                    break
                await asyncio.sleep(min(IDLE, until - now))
            elif not window and len(found) < _RECEIVE:
                break
        return batch

    async def _receive(self, count: int) -> list[dict[str, Any]]:
        queue = _queue(self._mapping.source)
        waiting = list(queue._messages) if queue is not None else []
        if not any(message.visible and not message.delayed for message in waiting):
            return []
        received = await self._on_queue(
            lambda backend, name: backend.receive_message(
                name,
                count,
                0,
                int(queue.visibility_timeout),
                message_attribute_names=["All"],
            )
        )
        patterns = patterns_of(self._mapping.settings)
        records = [record_of(message, self._mapping.source) for message in received]
        passing = [record for record in records if passes(patterns, record, "body")]
        await self._delete([record for record in records if record not in passing])
        return passing

    async def _process(self, batch: list[dict[str, Any]]) -> None:
        answer = await self._mapping.call({"Records": batch})
        failed = failures(self._mapping.settings, answer, {r["messageId"] for r in batch})
        if failed is not None:
            await self._delete([r for r in batch if r["messageId"] not in failed])

    async def _delete(self, records: list[dict[str, Any]]) -> None:
        handles = [record["receiptHandle"] for record in records]

        def delete(backend: Any, name: str) -> None:
            for handle in handles:
                backend.get_queue(name).delete_message(handle)

        if handles and _queue(self._mapping.source) is not None:
            await self._on_queue(delete)

    async def _on_queue(self, work: Callable[[Any, str], Any]) -> Any:
        """Run `work` with moto's backend and the queue's name in a thread."""
        return await self._services.run(lambda: _with_backend(self._mapping.source, work))


def _queue(arn: str) -> Any:
    """moto's queue, None if it is gone."""
    from moto.sqs.models import sqs_backends

    _, _, _, region, account, name = arn.split(":")
    return sqs_backends[account][region].queues.get(name)


def _with_backend(arn: str, work: Callable[[Any, str], Any]) -> Any:
    from moto.sqs.models import sqs_backends

    if _queue(arn) is None:
        return []
    _, _, _, region, account, name = arn.split(":")
    return work(sqs_backends[account][region], name)


def parts_of(batch: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The batch in parts that each fit into one invocation."""
    parts: list[list[dict[str, Any]]] = []
    room = 0
    for record in batch:
        size = len(encoded(record)) + 1
        if not parts or size > room:
            parts.append([])
            room = BATCH_BYTES - _AROUND
        parts[-1].append(record)
        room -= size
    return parts


def record_of(message: Any, arn: str) -> dict[str, Any]:
    """One message of moto's as a record of the event."""
    attributes = {
        "ApproximateReceiveCount": str(message.approximate_receive_count),
        "SentTimestamp": str(message.sent_timestamp),
        "SenderId": message.sender_id,
        "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
    }
    if arn.endswith(".fifo"):
        attributes |= {
            "SequenceNumber": str(message.sequence_number),
            "MessageGroupId": message.group_id,
            "MessageDeduplicationId": message.deduplication_id,
        }
    trace = (message.system_attributes or {}).get("AWSTraceHeader", {}).get("StringValue")
    if trace:
        attributes["AWSTraceHeader"] = trace
    record = {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": {
            name: _attribute(value) for name, value in message.message_attributes.items()
        },
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": arn.split(":")[3],
    }
    if message.message_attributes:
        record["md5OfMessageAttributes"] = message.attribute_md5
    return record


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"stringListValues": [], "binaryListValues": []}
    if "BinaryValue" in value:
        binary = value["BinaryValue"]
        encoded = base64.b64encode(binary).decode() if isinstance(binary, bytes) else binary
        shown["binaryValue"] = encoded
    else:
        shown["stringValue"] = value.get("StringValue")
    shown["dataType"] = value["DataType"]
    return shown
