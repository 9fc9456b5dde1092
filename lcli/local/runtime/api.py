"""The Runtime API on one connection of a worker.

Not `local.http`: here the request is what streams (a response may come in pieces, with trailers
that tell of a late error), each environment has a port of its own, which is its identity, and a
poll is answered when an event comes, without a task that waits for it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import Mapping
from typing import Protocol

import httptools

from lcli.local.guard import from_the_web
from lcli.local.port import Port

MAX_RESPONSE = 6 * 1024**2 + 100
"""Bytes of a buffered response (Lambda quotas: 6 MB; the error names 6,291,556)."""
_ROOT = "/2018-06-01/runtime/"
_READ_AHEAD = 1 << 20

_REASONS = {200: "OK", 202: "Accepted", 400: "Bad Request", 403: "Forbidden", 404: "Not Found"}
Reply = tuple[int, str, str]
"""Status, error type, error message."""
ACCEPTED: Reply = (202, "", "")
TOO_LARGE: Reply = (
    413,
    "RequestEntityTooLarge",
    f"Exceeded maximum allowed payload size ({MAX_RESPONSE} bytes).",
)
_FORBIDDEN: Reply = (403, "Forbidden", "The Runtime API is for the function's own process.")
_NOT_FOUND: Reply = (404, "NotFound", "There is no such Runtime API path.")


class ResponseStream:
    """The pieces of a streamed response, as the function writes them."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._pieces: list[bytes] = []
        self._held = 0
        self._wake = asyncio.Event()
        self._over = False
        self._unwanted = False

    def feed(self, piece: bytes) -> None:
        """Add a piece; the function waits while a megabyte of them is unread."""
        if self._unwanted:
            return
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held > _READ_AHEAD:
            self._transport.pause_reading()
        self._wake.set()

    def end(self) -> None:
        """There are no more pieces."""
        self._over = True
        self._wake.set()

    def __aiter__(self) -> ResponseStream:
        return self

    async def __anext__(self) -> bytes:
        while not self._pieces:
            if self._over:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        data = b"".join(self._pieces)
        self._pieces, self._held = [], 0
        self._transport.resume_reading()
        return data

    async def aclose(self) -> None:
        """Nobody reads on: what comes is dropped, so that the function can finish."""
        self._unwanted = True
        self._pieces, self._held = [], 0
        self._transport.resume_reading()


class Environment(Protocol):
    """What an execution environment does when its worker calls."""

    def polled(self, connection: Connection) -> None:
        """``/next``: the worker is ready; answered by `Connection.deliver`."""

    def answered(self, request_id: str, body: bytes, content_type: str, size: int) -> Reply:
        """``/response``: `body` is cut off where `size` exceeds MAX_RESPONSE."""

    def failed(self, request_id: str, body: bytes, error_type: str) -> Reply:
        """``/error``."""

    def init_failed(self, body: bytes, error_type: str) -> Reply:
        """``/init/error``."""

    def stream_opened(self, request_id: str, stream: ResponseStream, content_type: str) -> Reply:
        """``/response`` in streaming mode; its pieces follow."""

    def stream_ended(self, error_type: str, body: bytes) -> Reply:
        """The streamed response is complete; `error_type` from its trailers, or empty."""

    def disconnected(self, connection: Connection) -> None:
        """The worker closed this connection."""


class Listener:
    """The port of one environment, and the connections to it."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._port: Port | None = None
        self.connections: set[Connection] = set()

    def open(self) -> int:
        """Listen on a free loopback port; gives its number."""
        self._port = Port()
        self._port.serve(lambda: Connection(self._environment, self.connections))
        return self._port.number

    def close(self) -> None:
        """Stop listening and drop the connections."""
        if self._port:
            self._port.close()
        for connection in self.connections:
            if connection.transport:
                connection.transport.abort()


class Connection(asyncio.Protocol):
    """Parses the worker's requests and writes the answers."""

    def __init__(self, environment: Environment, connections: set[Connection]) -> None:
        self._environment = environment
        self._connections = connections
        self._parser = httptools.HttpRequestParser(self)
        self.transport: asyncio.Transport | None = None
        self._begin()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send small answers at once."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._connections.add(self)
        connected = transport.get_extra_info("socket")
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, exc: Exception | None) -> None:
        """A stream that was not finished is truncated."""
        self.transport = None
        self._connections.discard(self)
        if self._stream:
            self._end_stream("Runtime.TruncatedResponse", b"")
        self._environment.disconnected(self)

    def data_received(self, data: bytes) -> None:
        """Feed the parser."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._reply((400, "BadRequest", "This is not HTTP."))
            if self.transport:
                self.transport.close()

    # httptools' callbacks

    def _begin(self) -> None:
        self._path = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0
        self._stream: ResponseStream | None = None
        self._refused: Reply | None = None

    def on_message_begin(self) -> None:
        """A new request."""
        self._begin()

    def on_url(self, url: bytes) -> None:
        """A part of the path."""
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or after the body a trailer."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """From here on a streamed response is passed on."""
        if from_the_web(self._headers):
            self._refused = _FORBIDDEN
            return
        if self._headers.get("expect", "").lower() == "100-continue" and self.transport:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._headers.get("lambda-runtime-function-response-mode") == "streaming":
            request_id, verb = self._invocation()
            if verb == "response" and self.transport:
                stream = ResponseStream(self.transport)
                reply = self._environment.stream_opened(request_id, stream, self._content_type())
                if reply is ACCEPTED:
                    self._stream = stream
                else:
                    self._refused = reply

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self._stream:
            self._stream.feed(body)
            return
        self._size += len(body)
        if self._size <= MAX_RESPONSE:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """Answer, unless it is a poll."""
        if self._stream:
            text = self._headers.get("lambda-runtime-function-error-body", "")
            error_type = self._headers.get("lambda-runtime-function-error-type", "")
            self._reply(self._end_stream(error_type, base64.b64decode(text)))
        elif self._path == b"/2018-06-01/runtime/invocation/next" and not self._refused:
            self._environment.polled(self)
        else:
            self._reply(self._refused or self._answer())

    def _end_stream(self, error_type: str, body: bytes) -> Reply:
        stream, self._stream = self._stream, None
        reply = self._environment.stream_ended(error_type, body)
        if stream:
            stream.end()
        return reply

    def _answer(self) -> Reply:
        body = b"".join(self._body)
        error_type = self._headers.get("lambda-runtime-function-error-type", "")
        if self._path == b"/2018-06-01/runtime/init/error":
            return self._environment.init_failed(body, error_type)
        request_id, verb = self._invocation()
        if verb == "response":
            kind = self._content_type()
            return self._environment.answered(request_id, body, kind, self._size)
        if verb == "error":
            return self._environment.failed(request_id, body, error_type)
        return _NOT_FOUND

    def _invocation(self) -> tuple[str, str]:
        """Request id and verb of ``…/invocation/ID/VERB``; empty for other paths."""
        path = self._path.decode("latin-1")
        before, _, rest = path.partition("/invocation/")
        request_id, _, verb = rest.partition("/")
        return (request_id, verb) if before == _ROOT.rstrip("/") else ("", "")

    def _content_type(self) -> str:
        return self._headers.get("content-type", "application/json")

    # Answers

    def deliver(self, headers: Mapping[str, str], payload: bytes) -> None:
        """Answer the poll with an event. The Content-Type is needed: clients crash without it."""
        lines = ["HTTP/1.1 200 OK", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(payload)}", "\r\n"]
        if self.transport:
            self.transport.write("\r\n".join(lines).encode("latin-1") + payload)

    def _reply(self, reply: Reply) -> None:
        status, error_type, message = reply
        answer: dict[str, str] = {"status": "OK"}
        if error_type:
            answer = {"errorMessage": message, "errorType": error_type}
        body = json.dumps(answer).encode()
        head = (
            f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        if self.transport:
            self.transport.write(head.encode() + body)
