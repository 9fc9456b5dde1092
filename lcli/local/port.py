"""A loopback port whose connections go to asyncio protocols.

Not asyncio's own server: one that closes while it accepts leaves that connection open, unread and
unanswered (CPython issue 109564), so its client waits for ever; and it cannot be closed before it
has begun.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

BACKLOG = 512
_FULL = 1.0
"""Seconds until the next try where the process has no file descriptors left."""


class Port:
    """A port of 127.0.0.1. Who connects before `serve` waits for it."""

    def __init__(self, number: int = 0) -> None:
        """Take port `number`, a free one for 0. Raises OSError if it is taken."""
        # The protocol number must be IPPROTO_TCP, or asyncio leaves Nagle's algorithm on.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            if number:  # its last connections may not have been forgotten yet
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(("127.0.0.1", number))
            self._socket.listen(BACKLOG)
            self._socket.setblocking(False)
        except BaseException:
            self._socket.close()
            raise
        self.number: int = self._socket.getsockname()[1]
        self._tasks: set[asyncio.Task[object]] = set()

    def serve(self, make: Callable[[], asyncio.Protocol]) -> None:
        """Hand every connection to a protocol of its own, unless it is closed; on the loop."""
        if self._socket.fileno() >= 0:
            asyncio.get_running_loop().add_reader(self._socket, self._accept, make)

    def close(self) -> None:
        """Take no more connections; on the loop. Those that nobody took are reset."""
        if self._socket.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()

    def _accept(self, make: Callable[[], asyncio.Protocol]) -> None:
        """Take everybody who waits."""
        loop = asyncio.get_running_loop()
        for _ in range(BACKLOG):
            try:
                connected, _peer = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                loop.remove_reader(self._socket)
                loop.call_later(_FULL, self.serve, make)
                return
            connected.setblocking(False)
            task = loop.create_task(loop.connect_accepted_socket(make, connected))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
