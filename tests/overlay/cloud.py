"""A local cloud in the process that asks it: for tests, and for the benchmarks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lcli.local.server import Cloud


@contextmanager
def running_cloud(directory: Path, **options: Any) -> Iterator[Cloud]:
    """A cloud on an event loop in a thread of its own, until the block ends.

    `options` are those of `Cloud`.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="cloud", daemon=True)
    thread.start()
    cloud = Cloud(directory, **options)
    try:
        asyncio.run_coroutine_threadsafe(cloud.start(), loop).result(30)
        yield cloud
    finally:
        asyncio.run_coroutine_threadsafe(cloud.close(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
