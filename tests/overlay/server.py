"""The server: every request goes on to the cloud, unless a rule says no."""

from __future__ import annotations

import asyncio
import os
import signal
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from socket import SO_LINGER, SOL_SOCKET
from urllib.parse import urlsplit

from overlay.faults import Cut, Delay, Fault, Kill, Refuse, Reset, Rewrite, Rule
from overlay.operations import Call, operation_of, service_of

NOTHING = Fault()
_BODILESS = frozenset({204, 304})


class _Cut(Exception):
    """The client gets nothing more on this connection."""


class Overlay:
    """Stands before the cloud at `upstream`; the first rule that fits a call holds."""

    def __init__(self, upstream: str, *rules: Rule) -> None:
        split = urlsplit(upstream)
        self._host, self._port = split.hostname or "127.0.0.1", split.port or 80
        self.rules: list[Rule] = list(rules)
        self.calls: list[Call] = []
        self.victim = 0
        """The process id that a Kill kills."""
        self.url = ""
        self._seen: Counter[str] = Counter()
        self._open: set[asyncio.StreamWriter] = set()
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        """Connections to the cloud that no request is under way on."""
        self._under_way = 0

    def again(self, *rules: Rule) -> None:
        """Forget all calls, and hold to these rules from now on."""
        self.rules = list(rules)
        self.calls.clear()
        self._seen.clear()

    def settle(self, within: float = 10.0) -> None:
        """Wait until no call is under way: the cloud ends those of a client that is gone."""
        until = time.monotonic() + within
        while self._under_way:
            assert time.monotonic() < until, "a call does not end"
            time.sleep(0.002)

    def counts(self) -> Counter[str]:
        """Calls by operation."""
        return Counter(call.name for call in self.calls)

    def faults(self) -> Counter[str]:
        """What was done to calls, by kind."""
        return Counter(call.fault for call in self.calls if call.fault)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's connection."""
        self._open.add(writer)
        try:
            while True:
                line, headers = await _head(reader)
                if "100-continue" in headers.get("expect", ""):
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = await _body(reader, headers, none=True)
                self._under_way += 1
                try:
                    await self._answer(line, headers, body, writer)
                finally:
                    self._under_way -= 1
        except (_Cut, asyncio.IncompleteReadError, ConnectionError):
            writer.transport.abort()
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(
        self, line: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter
    ) -> None:
        method, target, _ = line.split(" ", 2)
        call = self._note(method, target, headers, body)
        rule = next((rule for rule in self.rules if rule.fits(call)), None)
        fault = rule.of(call) if rule else NOTHING
        if rule:
            call.fault = type(fault).__name__.lower()
        if isinstance(fault, Delay):
            await asyncio.sleep(fault.seconds)
        answer = b""
        if fault.processed or isinstance(fault, Delay) or fault is NOTHING:
            status, head, content = await self._ask(line, headers, body)
            if isinstance(fault, Rewrite):
                content = fault.change(content)
            # What HEAD tells of the length is the object's, not the answer's.
            length = b"" if method == "HEAD" else b"content-length: %d\r\n" % len(content)
            answer = head + length + b"\r\n" + content
            call.status = status
        if isinstance(fault, Refuse):
            answer, call.status = fault.answer(call.service), fault.status
        elif isinstance(fault, Kill | Reset):
            if isinstance(fault, Kill) and self.victim:
                os.kill(self.victim, signal.SIGKILL)
            connected = writer.get_extra_info("socket")
            connected.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            call.status = 0
            raise _Cut
        writer.write(answer[: fault.bytes] if isinstance(fault, Cut) else answer)
        await writer.drain()
        if isinstance(fault, Cut):
            writer.close()
            await writer.wait_closed()
            raise _Cut

    def _note(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Call:
        service = service_of(headers, target)
        operation = operation_of(service, method, target, headers, body)
        call = Call(len(self.calls) + 1, service, operation, target, body, time.monotonic())
        self._seen[call.identity] += 1
        call.nth = self._seen[call.identity]
        self.calls.append(call)
        return call

    async def _ask(
        self, line: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes, bytes]:
        """What the cloud answers: status, head without framing and end, body."""
        if self._idle:
            reader, writer = self._idle.pop()
        else:
            reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            ours = {"transfer-encoding", "expect", "connection", "content-length"}
            sent = [f"{name}: {value}" for name, value in headers.items() if name not in ours]
            head = [line, *sent, f"content-length: {len(body)}", "", ""]
            writer.write("\r\n".join(head).encode("latin-1") + body)
            answered, told = await _head(reader)
            status = int(answered.split(" ", 2)[1])
            silent = line.startswith("HEAD ") or status in _BODILESS
            content = b"" if silent else await _body(reader, told)
        except BaseException:
            writer.close()
            raise
        if told.get("connection") == "close":
            writer.close()
        else:
            self._idle.append((reader, writer))
        framing = {"transfer-encoding", "connection"} | (
            set() if line.startswith("HEAD ") else {"content-length"}
        )
        kept = [f"{name}: {value}" for name, value in told.items() if name not in framing]
        return status, "\r\n".join([answered, *kept, ""]).encode("latin-1"), content

    async def end(self, server: asyncio.Server) -> None:
        """Listen no more and cut every connection; on the loop's own thread."""
        server.close()
        for writer in [*self._open, *(writer for _, writer in self._idle)]:
            writer.transport.abort()
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(left, timeout=0.2)


async def _head(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    """The first line and the headers, with names in lower case."""
    text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *rest = text.rstrip("\r\n").split("\r\n")
    pairs = (one.partition(":") for one in rest)
    return line, {name.lower(): value.strip() for name, _, value in pairs}


async def _body(
    reader: asyncio.StreamReader, headers: dict[str, str], *, none: bool = False
) -> bytes:
    """All of it; a request without a length has `none`, an answer lasts to the end."""
    if "chunked" in headers.get("transfer-encoding", ""):
        found = b""
        while size := int((await reader.readline()).split(b";")[0], 16):
            found += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
        return found
    if length := headers.get("content-length"):
        return await reader.readexactly(int(length))
    return b"" if none else await reader.read()


@contextmanager
def overlay(upstream: str, *rules: Rule) -> Iterator[Overlay]:
    """An overlay on a thread of its own, until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="overlay", daemon=True)
    thread.start()
    between = Overlay(upstream, *rules)

    async def start() -> asyncio.Server:
        return await asyncio.start_server(between.serve, "127.0.0.1", 0, limit=2**20, backlog=256)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    between.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield between
    finally:
        asyncio.run_coroutine_threadsafe(between.end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
