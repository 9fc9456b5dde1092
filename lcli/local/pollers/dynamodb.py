"""DynamoDB streams of moto's as a source of records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lcli.local.pollers.lane import StreamRecord
from lcli.local.pollers.mapping import encoded

INFO = "DDBStreamBatchInfo"


class DynamoDbSource:
    """A table's stream; positions count its records."""

    text_key = ""

    def __init__(self, arn: str) -> None:
        self._arn = arn

    def shards(self) -> list[str]:
        """The one shard's id, none if the table or this stream of it is gone."""
        shard = self._shard()
        return [] if shard is None else [shard.id]

    def end(self, shard: str) -> int:
        """How many records there are."""
        found = self._shard()
        return len(found.items) if found else 0

    def at(self, shard: str, when: float) -> int:
        """How many records came before `when`."""
        found = self._shard()
        items = found.items if found else []
        return sum(1 for item in items if _arrived(item.record) < when)

    def read(self, shard: str, position: Any, limit: int) -> tuple[list[StreamRecord], Any]:
        """Records behind a position, and the position behind them."""
        found, start = self._shard(), position or 0
        items = found.items[start : start + limit] if found else []
        return [self._record(item.record) for item in items], start + len(items)

    def _shard(self) -> Any:
        from moto.dynamodb.models import dynamodb_backends

        _, _, _, region, account, rest = self._arn.split(":", 5)
        _, name, _, label = rest.split("/")
        table = dynamodb_backends[account][region].tables.get(name)
        if table is None or table.latest_stream_label != label:
            return None
        return table.stream_shard

    def _record(self, moto: dict[str, Any]) -> StreamRecord:
        arrived = _arrived(moto)
        event = {
            "eventID": moto["eventID"],
            "eventName": moto["eventName"],
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self._arn.split(":")[3],
            "dynamodb": {**moto["dynamodb"], "ApproximateCreationDateTime": int(arrived)},
            "eventSourceARN": self._arn,
        }
        sequence = moto["dynamodb"]["SequenceNumber"]
        key = encoded(moto["dynamodb"]["Keys"]).decode()
        return StreamRecord(sequence, key, arrived, event, event)


def _arrived(record: dict[str, Any]) -> float:
    when: datetime = record["dynamodb"]["ApproximateCreationDateTime"]
    return when.replace(tzinfo=UTC).timestamp()
