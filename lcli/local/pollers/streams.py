"""Polling a stream for one event source mapping: per shard, in order.

Source: Lambda developer guide, "Process Amazon Kinesis Data Streams records with Lambda" and
"Process DynamoDB records with Lambda".
"""

from __future__ import annotations

import asyncio
import zlib
from typing import Any, Protocol

from lcli.local.pollers.filters import passes, patterns_of
from lcli.local.pollers.lane import Lane, StreamRecord
from lcli.local.pollers.mapping import Mapping

IDLE = 0.1
"""Seconds between two looks at a shard without new records."""
_AHEAD = 2_000
"""Records of a shard that are read ahead of their invocations."""


class Source(Protocol):
    """A stream; positions are whatever it understands, None is the beginning."""

    text_key: str
    """The member of `StreamRecord.filtered` with the sender's content."""

    def shards(self) -> list[str]:
        """Ids of the shards, none if the stream is gone."""

    def end(self, shard: str) -> Any:
        """The position behind the newest record."""

    def at(self, shard: str, when: float) -> Any:
        """The position before the first record that came at `when` or later."""

    def read(self, shard: str, position: Any, limit: int) -> tuple[list[StreamRecord], Any]:
        """Records behind a position, and the position behind them."""


class StreamPoller:
    """Reads each shard and hands its records to lanes, which invoke in order."""

    def __init__(self, mapping: Mapping, source: Source, info: str) -> None:
        """Shards that exist now begin at the mapping's StartingPosition.

        `info` names the member of failure records that tells of the batch.
        """
        self._mapping = mapping
        self._source = source
        self._info = info
        self._positions = {shard: self._start(shard) for shard in source.shards()}
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._tasks: dict[tuple[str, int], asyncio.Task[None]] = {}

    def _start(self, shard: str) -> Any:
        settings = self._mapping.settings
        match settings.get("StartingPosition"):
            case "LATEST":
                return self._source.end(shard)
            case "AT_TIMESTAMP":
                return self._source.at(shard, _seconds(settings["StartingPositionTimestamp"]))
        return None

    async def run(self) -> None:
        """Poll until cancelled."""
        try:
            while True:
                if not (self._mapping.active and self._read_all()):
                    await asyncio.sleep(IDLE)
                else:
                    await asyncio.sleep(0)
        finally:
            for task in self._tasks.values():
                task.cancel()

    async def close(self) -> None:
        """Wait for the lanes, which end with `run`."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _read_all(self) -> int:
        """Hand on what is new in all shards; how many records that were."""
        read = 0
        patterns = patterns_of(self._mapping.settings)
        for shard in self._source.shards():
            waiting = sum(len(lane) for (name, _), lane in self._lanes.items() if name == shard)
            if waiting >= _AHEAD:
                continue
            # A shard that came later, by a split, is read from its beginning.
            position = self._positions.get(shard)
            records, self._positions[shard] = self._source.read(shard, position, 1000)
            read += len(records)
            for record in records:
                if passes(patterns, record.filtered, self._source.text_key):
                    self._lane(shard, record.key).add(record)
        return read

    def _lane(self, shard: str, key: str) -> Lane:
        factor = self._mapping.number("ParallelizationFactor", 1)
        place = (shard, zlib.crc32(key.encode()) % factor)
        lane = self._lanes.get(place)
        if lane is None:
            lane = self._lanes[place] = Lane(self._mapping, shard, self._info)
            self._tasks[place] = asyncio.create_task(lane.run())
        return lane


def _seconds(when: Any) -> float:
    return float(when.timestamp()) if hasattr(when, "timestamp") else float(when)
