"""The native half of awslambdaric in plain Python, so that every interpreter can import it.

awslambdaric's own `runtime_client` is a C++ extension built for one Python ABI; a function runs on
whichever interpreter its runtime names. Same four functions, same arguments, same errors.
"""

from __future__ import annotations

import os
import socket
import sys
import time

_ROOT = "/2018-06-01/runtime/invocation/"
_DEADLINE = "Lambda-Runtime-Deadline-Ms"
_TOO_LARGE = 413


class _Client:
    """One connection, made by the first request and kept."""

    def __init__(self) -> None:
        self.agent = "python"
        self._address = os.environ.get("AWS_LAMBDA_RUNTIME_API", "")
        self._socket: socket.socket | None = None

    def exchange(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a request and read its response: status, headers, body."""
        connection = self._socket or self._connect()
        lines = [f"{method} {_ROOT}{path} HTTP/1.1", f"Host: {self._address}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"User-Agent: {self.agent}", f"Content-Length: {len(body)}", "\r\n"]
        connection.sendall("\r\n".join(lines).encode("latin-1") + body)
        return _response(connection)

    def _connect(self) -> socket.socket:
        host, _, port = self._address.partition(":")
        self._socket = socket.create_connection((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket


_client = _Client()


def initialize_client(user_agent: str) -> None:
    """Remember how this client calls itself."""
    _client.agent = user_agent


def next() -> tuple[bytes, dict[str, str | int]]:  # noqa: A001 - the name is awslambdaric's
    """Wait for an event; gives its bytes and the response's headers, the deadline as a number."""
    status, headers, body = _client.exchange("GET", "next", {}, b"")
    if status != 200:
        raise RuntimeError(f"Failed to get next invocation. Http response code: {status}. ")
    return body, {**headers, _DEADLINE: int(headers[_DEADLINE])}


def post_invocation_result(
    invoke_id: str, result: bytes, content_type: str, invocation_id: str | None = None
) -> None:
    """Hand over what the handler returned; too large a response is a line in the log.

    Raises RuntimeError if it is refused for any other reason.
    """
    headers = {"Content-Type": content_type}
    _post("handler success response", f"{invoke_id}/response", headers, result)


def post_error(
    invoke_id: str, error: str, xray_fault: str, invocation_id: str | None = None
) -> None:
    """Report that the handler raised. Raises RuntimeError if it is refused."""
    kind = {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": "Unhandled"}
    _post("handler error", f"{invoke_id}/error", kind, error.encode())


def _post(what: str, path: str, headers: dict[str, str], body: bytes) -> None:
    status, _, _ = _client.exchange("POST", path, headers, body)
    said = f"Failed to post {what}. Http response code: {status}. "
    if status == _TOO_LARGE:
        # Lambda has made this answer an error of its own; awslambdaric would end on an exception.
        sys.stdout.write(f"[ERROR] [{int(time.time() * 1000)}] LAMBDA_RUNTIME {said.strip()}\n")
        sys.stdout.flush()
    elif status != 202:
        raise RuntimeError(said)


def _response(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _receive(connection, 65536)
    head, _, rest = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    missing = int(headers["Content-Length"]) - len(rest)
    parts = [rest]
    while missing > 0:
        part = _receive(connection, min(missing, 1 << 20))
        parts.append(part)
        missing -= len(part)
    return int(first.split(" ", 2)[1]), headers, b"".join(parts)


def _receive(connection: socket.socket, size: int) -> bytes:
    data = connection.recv(size)
    if not data:
        # The local cloud has ended: so does its worker, without a word in anybody's terminal.
        os._exit(0)
    return data
