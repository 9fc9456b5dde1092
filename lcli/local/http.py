"""An HTTP/1.1 server for `wire.Handler`s on asyncio, parsing with httptools.

It serves loopback only, so it has no time-outs of its own and trusts nobody's addresses; it keeps
connections alive, answers pipelined requests in order, reads chunked bodies and sends streams
chunked as they come.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import time
from collections import deque
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

import httptools

from lcli.local.port import Port
from lcli.local.wire import Handler, Request, Response

LOG = logging.getLogger(__name__)

MAX_BODY = 5 * 1024**3
"""S3's own limit for one PutObject."""
MAX_HEADERS = 64 * 1024
"""Bytes of all header names and values of a request."""
WAITING = 8
"""Pipelined requests of one connection that are read ahead of their answers."""

_CONTROL = re.compile(r"[\r\n\0]+")
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_BODILESS = frozenset({204, 304})


class Refused(Exception):
    """The request cannot be read: answered with this status, then the connection ends."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _Connection(asyncio.Protocol):
    """One client's connection: parses requests, answers them one after the other."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._peer = ""
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._refused: int | None = None
        self._streaming = False
        self._begin()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._peer = (transport.get_extra_info("peername") or ("",))[0]
        connected = transport.get_extra_info("socket")
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._server.connections.add(self)
        if self._server.closing:  # it was accepted just before
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)
        self._transport = None
        self._writable.set()
        # What is being done for a client that left is done to its end, as in AWS.
        self._waiting.clear()
        if self._streaming and self._task:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Answered as if it had not asked; then the connection ends (RFC 9110, 7.8).
            return
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            self._refuse(cause.status if isinstance(cause, Refused) else 400)
        except httptools.HttpParserError:
            self._refuse(400)

    # httptools' callbacks

    def _begin(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._header_size = 0
        self._body: list[bytes] = []
        self._body_size = 0

    def on_message_begin(self) -> None:
        self._begin()

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_size += len(name) + len(value)
        if self._header_size > MAX_HEADERS:
            raise Refused(431)
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        before = self._headers.get(key)
        if before is not None:
            text = before + ("; " if key == "cookie" else ",") + text
        self._headers[key] = text

    def on_headers_complete(self) -> None:
        if int(self._headers.get("content-length") or 0) > MAX_BODY:
            raise Refused(413)
        idle = not self._waiting and self._task is None
        if self._headers.get("expect", "").lower() == "100-continue" and idle and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body_size += len(body)
        if self._body_size > MAX_BODY:
            raise Refused(413)
        self._body.append(body)

    def on_message_complete(self) -> None:
        request = Request(
            method=self._parser.get_method().decode("ascii"),
            target=self._target.decode("latin-1"),
            headers=self._headers,
            body=b"".join(self._body),
            peer=self._peer,
        )
        self._body = []
        parser = self._parser
        keep = parser.should_keep_alive() and not parser.should_upgrade()
        keep = keep and parser.get_http_version() == "1.1"
        self._waiting.append((request, keep))
        if len(self._waiting) >= WAITING and self._transport:
            self._transport.pause_reading()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._answer_all())

    # Answers

    async def _answer_all(self) -> None:
        while self._waiting and self._transport:
            request, keep = self._waiting.popleft()
            keep = keep and not self._server.closing
            try:
                response = await self._respond(request)
                keep = await self._send(request, response, keep)
            except ConnectionResetError:
                return
            except asyncio.CancelledError:
                # What answers was ended, as a reset does: the client must not wait for ever.
                if self._transport:
                    self._transport.close()
                raise
            except Exception:
                LOG.exception("the response to %s %s broke off", request.method, request.target)
                keep = False
            if not self._transport:
                return
            if not keep:
                self._transport.close()
                return
            self._transport.resume_reading()
        self._task = None
        if self._refused:
            self._refuse(self._refused)

    async def _respond(self, request: Request) -> Response:
        try:
            return await self._server.handler(request)
        except Exception:
            LOG.exception("%s %s failed", request.method, request.target)
            return Response(500, [("content-type", "text/plain")], b"Internal Server Error\n")

    async def _send(self, request: Request, response: Response, keep: bool) -> bool:
        """Write one response; says whether the connection can take another."""
        body = response.body
        silent = request.method == "HEAD" or response.status in _BODILESS
        if isinstance(body, bytes):
            # A HEAD answer tells the length that GET would have, which only the handler knows.
            length = None if silent and not body else len(body)
            self._write(_head(response, keep, length) + (b"" if silent else body))
            await self._writable.wait()
            return keep
        self._write(_head(response, keep, None, chunked=not silent))
        if silent:
            await body.aclose()
            return keep
        self._streaming = True
        try:
            async for chunk in body:
                if chunk:
                    self._write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
                    await self._writable.wait()
        finally:
            self._streaming = False
            await body.aclose()
        self._write(b"0\r\n\r\n")
        return keep

    def _write(self, data: bytes) -> None:
        if self._transport is None:
            raise ConnectionResetError
        self._transport.write(data)

    def _refuse(self, status: int) -> None:
        """Answer what cannot be read, after the requests before it, and end the connection."""
        self._refused = status
        if self._task is None and self._transport:
            self._transport.write(_head(Response(status), keep=False, length=0))
            self._transport.close()

    async def end(self, grace: float) -> None:
        """Let the request in hand finish for `grace` seconds, then close."""
        if self._task:
            await asyncio.wait({self._task}, timeout=grace)
            if self._streaming:
                # It may go on for hours, as a live tail does.
                self._task.cancel()
                await asyncio.wait({self._task}, timeout=grace)
        if self._transport:
            self._transport.close()


def _head(response: Response, keep: bool, length: int | None, chunked: bool = False) -> bytes:
    """Status line and headers; framing headers of the handler give way to the true ones."""
    ours = {"transfer-encoding", "connection", "keep-alive"}
    if length is not None or chunked:
        ours.add("content-length")
    reason = _REASONS.get(response.status, "Unknown")
    lines = [f"HTTP/1.1 {response.status} {reason}"]
    for name, value in response.headers:
        if name.lower() not in ours:
            lines.append(f"{_CONTROL.sub(' ', name)}: {_CONTROL.sub(' ', value)}")
    present = {name.lower() for name, _ in response.headers}
    if "date" not in present:
        lines.append(f"date: {_date(int(time.time()))}")
    if chunked:
        lines.append("transfer-encoding: chunked")
    elif length is not None and response.status not in _BODILESS:
        lines.append(f"content-length: {length}")
    elif "content-length" not in present and response.status not in _BODILESS:
        lines.append("content-length: 0")
    if not keep:
        lines.append("connection: close")
    return "\r\n".join([*lines, "\r\n"]).encode("latin-1", "replace")


@lru_cache(maxsize=1)
def _date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


class Server:
    """Listens on one loopback port and hands every request to `handler`."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.connections: set[_Connection] = set()
        self.closing = False
        self._port: Port | None = None

    @property
    def port(self) -> int:
        """The port's number; 0 before it is bound."""
        return self._port.number if self._port else 0

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    def bind(self, port: int = 0) -> None:
        """Take a port of 127.0.0.1, a free one for 0; who connects from now on is answered later.

        Raises OSError if `port` is taken.
        """
        self._port = Port(port)

    async def start(self, port: int = 0) -> None:
        """Answer requests, at the port that is bound or else at `port`."""
        if self._port is None:
            self.bind(port)
        assert self._port
        self._port.serve(lambda: _Connection(self))

    async def close(self, grace: float = 2.0) -> None:
        """Stop listening; requests in hand get `grace` seconds to finish."""
        self.closing = True
        if self._port:
            self._port.close()
        await asyncio.gather(*(connection.end(grace) for connection in list(self.connections)))
