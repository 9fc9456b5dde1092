"""One loopback port an address, opened when it is made and closed when it goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from threading import Lock

from lcli.local.http import Server
from lcli.local.wire import Handler, Request, Response


class Ports:
    """The open addresses by their keys; an address that is made again gets its old port."""

    def __init__(self, in_use: Callable[[], AbstractContextManager[None]]) -> None:
        """`in_use` is entered while a request is answered."""
        self._in_use = in_use
        self._loop = asyncio.get_running_loop()
        self._lock = Lock()
        self._servers: dict[str, Server] = {}
        self._before: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, key: str, handler: Handler) -> str:
        """Serve `handler` at ``http://127.0.0.1:PORT`` (returned) until `close`; any thread."""
        with self._lock:
            server = self._servers.get(key)
            if server is None:
                server = self._servers[key] = Server(self._counted(handler))
                with suppress(OSError):
                    server.bind(self._before.get(key, 0))
                if not server.port:
                    server.bind()
                self._before[key] = server.port
                self._loop.call_soon_threadsafe(self._do, server, True)
            return server.url

    def _counted(self, handler: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            with self._in_use():
                return await handler(request)

        return answer

    def close(self, key: str) -> None:
        """Stop serving; any thread."""
        with self._lock:
            server = self._servers.pop(key, None)
        if server:
            self._loop.call_soon_threadsafe(self._do, server, False)

    def _do(self, server: Server, start: bool) -> None:
        task = self._loop.create_task(server.start() if start else server.close())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def urls(self) -> dict[str, str]:
        """Addresses by key."""
        with self._lock:
            return {key: server.url for key, server in self._servers.items()}

    async def close_all(self) -> None:
        """End them all, after the requests in hand."""
        with self._lock:
            servers = list(self._servers.values())
            self._servers.clear()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(server.close() for server in servers))
