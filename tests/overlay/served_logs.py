"""FilterLogEvents answered by a server, and what a process that reads from it holds."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lcli.local.http import Server
from lcli.local.wire import Request, Response

Answer = Callable[[dict[str, Any]], dict[str, Any]]


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """The address of a server that answers FilterLogEvents, and nothing else."""

    async def handle(request: Request) -> Response:
        if not request.headers.get("x-amz-target", "").endswith("FilterLogEvents"):
            return Response(404, [], b"{}")
        kind = [("content-type", "application/x-amz-json-1.1")]
        return Response(200, kind, json.dumps(answer(json.loads(request.body))).encode())

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


def peak(pid: int) -> float:
    """MB of resident memory at most, so far; 0 of a process that has ended."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = [int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line]
    return sum(found) / 1024
