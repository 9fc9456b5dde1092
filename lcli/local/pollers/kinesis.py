"""Kinesis streams of moto's as a source of records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lcli.local.pollers.lane import StreamRecord

INFO = "KinesisBatchInfo"


class KinesisSource:
    """A data stream; positions are sequence numbers."""

    text_key = "data"

    def __init__(self, arn: str, role: Callable[[], str]) -> None:
        """`role` tells the function's execution role, which each record names."""
        self._arn = arn.partition("/consumer/")[0]
        self._role = role

    def shards(self) -> list[str]:
        """Ids of the shards, none if the stream is gone."""
        stream = self._stream()
        return [] if stream is None else list(stream.shards)

    def end(self, shard: str) -> int:
        """The newest record's sequence number."""
        return int(self._shard(shard).get_max_sequence_number())

    def at(self, shard: str, when: float) -> int:
        """The sequence number before the first record that came at `when` or later."""
        before = [r.sequence_number for r in self._records(shard) if r.created_at < when]
        return before[-1] if before else 0

    def read(self, shard: str, position: Any, limit: int) -> tuple[list[StreamRecord], Any]:
        """Records behind a sequence number, and the last one's."""
        last = position or 0
        if self.end(shard) <= last:
            return [], last
        found = [r for r in self._records(shard) if r.sequence_number > last][:limit]
        return [self._record(shard, r) for r in found], found[-1].sequence_number

    def _stream(self) -> Any:
        from moto.kinesis.models import kinesis_backends

        _, _, _, region, account, name = self._arn.split(":", 5)
        return kinesis_backends[account][region].streams.get(name.removeprefix("stream/"))

    def _shard(self, shard: str) -> Any:
        return self._stream().shards[shard]

    def _records(self, shard: str) -> list[Any]:
        return list(self._shard(shard).records.values())

    def _record(self, shard: str, record: Any) -> StreamRecord:
        sequence = str(record.sequence_number)
        event = {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record.partition_key,
                "sequenceNumber": sequence,
                "data": record.data,
                "approximateArrivalTimestamp": round(record.created_at, 3),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard}:{sequence}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": self._role(),
            "awsRegion": self._arn.split(":")[3],
            "eventSourceARN": self._arn,
        }
        return StreamRecord(
            sequence, record.partition_key, record.created_at, event, _filtered(event, record.data)
        )


def _filtered(event: dict[str, Any], data: str) -> dict[str, Any]:
    """Patterns name the record's data decoded, and the members of "kinesis"."""
    import base64

    try:
        text = base64.b64decode(data).decode("utf-8")
    except ValueError:
        return {**event["kinesis"], **event, "data": None}
    return {**event["kinesis"], **event, "data": text}
