"""A log group on loopback that answers FilterLogEvents, for the benchmarks of `lcli logs`.

What it says is prepared beforehand, so that the clients are timed and not the server; or it is the
group that the tests simulate.
"""

from __future__ import annotations

import asyncio
import bisect
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from overlay.log_group import SimulatedGroup

from lcli.aws.clients import AwsError
from lcli.local.http import Server
from lcli.local.wire import Request, Response

PAGE = 10_000
Answer = Callable[[dict[str, Any]], bytes]


def event(number: int, count: int, timestamp: int, ingestion: int) -> dict[str, Any]:
    """One of `count` events, in one of twenty streams."""
    stream = number % 20
    return {
        "logStreamName": f"2026/03/01/[1]{stream:032x}",
        "timestamp": timestamp,
        "message": f"[INFO]\t2026-03-01T10:00:00.000Z\t{stream:08x}-0000-4000-8000-{number:012x}\t"
        f"order {number} of {count} was packed, weighed and sent\n",
        "ingestionTime": ingestion,
        "eventId": f"{timestamp:020}{number:036}",
    }


class Stored:
    """Groups that do not change; their answers are kept once they were given."""

    def __init__(self) -> None:
        self._groups: dict[str, list[dict[str, Any]]] = {}
        self._times: dict[str, list[int]] = {}
        self._answers: dict[tuple[str, int, int], bytes] = {}

    def add(self, name: str, count: int, start: int, end: int) -> None:
        """A group of `count` events spread evenly."""
        times = [start + number * (end - start) // max(count, 1) for number in range(count)]
        self._times[name] = times
        self._groups[name] = [event(n, count, at, at + 500) for n, at in enumerate(times)]

    def __call__(self, asked: dict[str, Any]) -> bytes:
        """The answer to FilterLogEvents."""
        name, token = asked["logGroupName"], asked.get("nextToken", "")
        times = self._times[name]
        lower = int(token or bisect.bisect_left(times, asked.get("startTime", 0)))
        upper = bisect.bisect_right(times, asked.get("endTime", 1 << 60))
        until = min(upper, lower + PAGE)
        key = (name, lower, until)
        if key not in self._answers:
            more = f',"nextToken":"{until}"' if until < upper else ""
            page = json.dumps(self._groups[name][lower:until])
            self._answers[key] = f'{{"events":{page},"searchedLogStreams":[]{more}}}'.encode()
        return self._answers[key]


class Faster:
    """Seconds and milliseconds since 1970 that pass `speed` times as fast from now on."""

    def __init__(self, speed: float) -> None:
        self._began = time.time()
        self._speed = speed

    def __call__(self) -> float:
        return self._began + (time.time() - self._began) * self._speed

    def wall(self) -> int:
        """Milliseconds."""
        return int(self() * 1000)


def simulated(group: SimulatedGroup) -> Answer:
    """What the tests' simulated group answers: lag, empty and repeated pages, tokens that expire,
    throttling, 5xx, streams that rotate."""

    def answer(asked: dict[str, Any]) -> bytes:
        found = group.call("logs", "FilterLogEvents", **asked)
        return json.dumps(found | {"searchedLogStreams": []}).encode()

    return answer


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """The URL under which `answer` is given, until the block ends."""

    async def handle(request: Request) -> Response:
        operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
        if operation != "FilterLogEvents":
            return Response(400, [], b'{"__type": "UnknownOperationException"}')
        kind = [("content-type", "application/x-amz-json-1.1")]
        try:
            return Response(200, kind, answer(json.loads(request.body)))
        except AwsError as error:
            said = {"__type": error.code, "message": error.message}
            return Response(error.status or 400, kind, json.dumps(said).encode())

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = Server(handle)
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
    try:
        yield server.url
    finally:
        asyncio.run_coroutine_threadsafe(server.close(0.1), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
