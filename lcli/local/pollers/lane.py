"""Records of one shard (or of one of its parallel parts), invoked strictly in order.

Source: Lambda developer guide, error handling and tumbling windows of Kinesis and DynamoDB
event source mappings.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from lcli.local.pollers.destinations import failure_record, send
from lcli.local.pollers.mapping import BATCH_BYTES, Mapping, encoded
from lcli.local.pollers.partial import failures
from lcli.local.targets import Answer

_PAUSE = 0.1
_LONGEST_BACKOFF = 60.0


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """A record of a stream."""

    sequence: str
    """Its place in the shard."""
    key: str
    """Records of one key stay in order when a shard is processed in parallel."""
    arrived: float
    """Seconds since 1970."""
    event: dict[str, Any]
    """As it stands in the event."""
    filtered: dict[str, Any]
    """What filter patterns are applied to."""


@dataclass(slots=True)
class Window:
    """A tumbling window and what the function made of it so far."""

    start: float
    end: float
    state: dict[str, Any] = field(default_factory=dict)


class Lane:
    """Invokes the function with batch after batch; a batch that fails holds up the next."""

    def __init__(self, mapping: Mapping, shard: str, info: str) -> None:
        self._mapping = mapping
        self._shard = shard
        self._info = info
        self._waiting: deque[StreamRecord] = deque()
        self._filled = asyncio.Event()
        self._window: Window | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, record: StreamRecord) -> None:
        """Put a record at the end."""
        self._waiting.append(record)
        self._filled.set()

    async def run(self) -> None:
        """Invoke until cancelled."""
        while True:
            if not self._mapping.active:
                await asyncio.sleep(_PAUSE)
            elif self._window and self._is_over(self._window):
                await self._finish(self._window)
            elif self._waiting:
                await self._deliver(await self._gather())
            else:
                self._filled.clear()
                await self._until_filled()

    async def _until_filled(self) -> None:
        left = self._window.end - time.time() + 0.01 if self._window else None
        try:
            await asyncio.wait_for(self._filled.wait(), left)
        except TimeoutError:
            return

    async def _gather(self) -> list[StreamRecord]:
        """A batch: as many as there are, up to size and 6 MB, once its window has passed."""
        size = self._mapping.number("BatchSize", 100)
        window = self._mapping.number("MaximumBatchingWindowInSeconds", 0)
        until = time.monotonic() + self._mapping.wait(window)
        while window and len(self._waiting) < size and time.monotonic() < until:
            self._filled.clear()
            try:
                await asyncio.wait_for(self._filled.wait(), until - time.monotonic())
            except TimeoutError:
                break
        batch: list[StreamRecord] = []
        room = BATCH_BYTES
        tumbling = self._mapping.number("TumblingWindowInSeconds", 0)
        while self._waiting and len(batch) < size:
            record = self._waiting[0]
            room -= len(encoded(record.event)) + 1
            if batch and (room < 0 or (tumbling and not _together(batch[0], record, tumbling))):
                break
            batch.append(self._waiting.popleft())
        if tumbling:
            start = batch[0].arrived // tumbling * tumbling
            if self._window is None or self._window.start != start:
                self._window = Window(start, start + tumbling)
        return batch

    def _is_over(self, window: Window) -> bool:
        return time.time() >= window.end and not (
            self._waiting and self._waiting[0].arrived < window.end
        )

    async def _finish(self, window: Window) -> None:
        """The window's last invocation, without records."""
        answer = await self._mapping.call(self._event([], final=True))
        if answer.failed:
            await asyncio.sleep(self._mapping.wait(1))
            return
        self._window = None

    async def _deliver(self, batch: list[StreamRecord]) -> None:
        """Invoke with a batch until all of it is done or given up."""
        parts = deque([(batch, 0)])
        while parts:
            records, tries = parts.popleft()
            records = await self._without_aged(records, tries)
            if not records:
                continue
            while not self._mapping.active:
                await asyncio.sleep(_PAUSE)
            answer = await self._mapping.call(self._event(records))
            left = self._left(records, answer)
            if not left:
                self._keep_state(answer)
                continue
            if answer.status != 200:
                # Throttled or refused before it ran: no attempt was made.
                parts.appendleft((left, tries))
                await self._back_off(tries + 1)
                continue
            if self._bisects(left, records):
                middle = len(left) // 2
                parts.extendleft([(left[middle:], tries), (left[:middle], tries)])
                continue
            most = self._mapping.number("MaximumRetryAttempts", -1)
            if 0 <= most <= tries:
                await self._give_up(left, answer, tries + 1, "RetryAttemptsExhausted")
                continue
            parts.appendleft((left, tries + 1))
            await self._back_off(tries + 1)

    def _left(self, records: list[StreamRecord], answer: Answer) -> list[StreamRecord]:
        """What is still to be done: all from the lowest failed record on."""
        sent = [record.sequence for record in records]
        failed = failures(self._mapping.settings, answer, sent)
        if failed is None:
            return records
        first = next((at for at, sequence in enumerate(sent) if sequence in failed), len(sent))
        return records[first:]

    def _bisects(self, left: list[StreamRecord], records: list[StreamRecord]) -> bool:
        """Split where the whole part failed; a partial response has said where to go on."""
        wanted = bool(self._mapping.settings.get("BisectBatchOnFunctionError"))
        return wanted and len(left) > 1 and len(left) == len(records)

    async def _without_aged(self, records: list[StreamRecord], tries: int) -> list[StreamRecord]:
        oldest = self._mapping.number("MaximumRecordAgeInSeconds", -1)
        if oldest < 0:
            return records
        limit = time.time() - oldest
        aged = [record for record in records if record.arrived < limit]
        if aged:
            await self._give_up(aged, None, tries, "RecordAgeExceeded")
        return records[len(aged) :]

    async def _back_off(self, tries: int) -> None:
        await asyncio.sleep(self._mapping.wait(min(2.0 ** (tries - 1), _LONGEST_BACKOFF)))

    async def _give_up(
        self, records: list[StreamRecord], answer: Answer | None, tries: int, condition: str
    ) -> None:
        """Tell the on-failure destination, if there is one, and go on behind the records."""
        target = (self._mapping.settings.get("DestinationConfig") or {}).get("OnFailure") or {}
        arn = target.get("Destination")
        if not arn:
            return
        batch = {
            "shardId": self._shard,
            "startSequenceNumber": records[0].sequence,
            "endSequenceNumber": records[-1].sequence,
            "approximateArrivalOfFirstRecord": records[0].arrived,
            "approximateArrivalOfLastRecord": records[-1].arrived,
            "batchSize": len(records),
            "streamArn": self._mapping.source,
        }
        document = failure_record(self._mapping.function, condition, tries, answer)
        await asyncio.to_thread(send, arn, document | {self._info: _shown(batch)})

    def _event(self, records: list[StreamRecord], *, final: bool = False) -> dict[str, Any]:
        event: dict[str, Any] = {"Records": [record.event for record in records]}
        if self._window is None:
            return event
        return event | {
            "window": {"start": _iso(self._window.start), "end": _iso(self._window.end)},
            "state": self._window.state,
            "shardId": self._shard,
            "eventSourceARN": self._mapping.source,
            "isFinalInvokeForWindow": final,
            "isWindowTerminatedEarly": False,
        }

    def _keep_state(self, answer: Answer) -> None:
        if self._window is None:
            return
        try:
            state = json.loads(answer.payload or b"null")
        except ValueError:
            return
        if isinstance(state, dict) and isinstance(state.get("state"), dict):
            self._window.state = state["state"]


def _together(one: StreamRecord, other: StreamRecord, tumbling: int) -> bool:
    return one.arrived // tumbling == other.arrived // tumbling


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _shown(batch: dict[str, Any]) -> dict[str, Any]:
    """Times as ISO texts with milliseconds."""
    times = {name: value for name, value in batch.items() if name.startswith("approximateArrival")}
    return batch | {
        name: _iso(at)[:-1] + f".{int(at * 1000) % 1000:03d}Z" for name, at in times.items()
    }
