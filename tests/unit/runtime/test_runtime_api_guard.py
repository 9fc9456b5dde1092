"""The Runtime API's port answers the function's process, not a page of the Web."""

from __future__ import annotations

import asyncio
import http.client
import json

import pytest

from lcli.local.runtime.api import ACCEPTED, Connection, Listener, Reply, ResponseStream


class Remembering:
    """An environment that remembers what was said to it."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def polled(self, connection: Connection) -> None:
        self.said.append("next")
        connection.deliver({"Lambda-Runtime-Aws-Request-Id": "1"}, b"{}")

    def answered(self, request_id: str, body: bytes, content_type: str, size: int) -> Reply:
        self.said.append("response")
        return ACCEPTED

    def failed(self, request_id: str, body: bytes, error_type: str) -> Reply:
        self.said.append("error")
        return ACCEPTED

    def init_failed(self, body: bytes, error_type: str) -> Reply:
        self.said.append("init error")
        return ACCEPTED

    def stream_opened(self, request_id: str, stream: ResponseStream, content_type: str) -> Reply:
        self.said.append("stream")
        return ACCEPTED

    def stream_ended(self, error_type: str, body: bytes) -> Reply:
        return ACCEPTED

    def disconnected(self, connection: Connection) -> None:
        """Of no interest here."""


STREAMED = {"Lambda-Runtime-Function-Response-Mode": "streaming"}
CALLS = [
    pytest.param("GET", "invocation/next", {}, "next", id="next"),
    pytest.param("POST", "invocation/1/response", {}, "response", id="response"),
    pytest.param("POST", "invocation/1/response", STREAMED, "stream", id="stream"),
    pytest.param("POST", "invocation/1/error", {}, "error", id="error"),
    pytest.param("POST", "init/error", {}, "init error", id="init error"),
]
WEB = [
    {"Host": "rebound.test"},
    {"Origin": "https://evil.test"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
]


async def ask(method: str, path: str, headers: dict[str, str]) -> tuple[int, bytes, list[str]]:
    environment = Remembering()
    listener = Listener(environment)
    port = listener.open()

    def blocking() -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        body = b"{}" if method == "POST" else None
        connection.request(method, f"/2018-06-01/runtime/{path}", body, headers)
        answer = connection.getresponse()
        found = answer.status, answer.read()
        connection.close()
        return found

    try:
        status, body = await asyncio.to_thread(blocking)
    finally:
        listener.close()
    return status, body, environment.said


@pytest.mark.parametrize(("method", "path", "more", "said"), CALLS)
def test_the_function_is_heard(method: str, path: str, more: dict[str, str], said: str) -> None:
    status, _, heard = asyncio.run(ask(method, path, more))
    assert status in (200, 202)
    assert heard == [said]


@pytest.mark.parametrize("web", WEB, ids=str)
@pytest.mark.parametrize(("method", "path", "more", "said"), CALLS)
def test_a_page_is_not(
    method: str, path: str, more: dict[str, str], said: str, web: dict[str, str]
) -> None:
    status, body, heard = asyncio.run(ask(method, path, more | web))
    assert (status, heard) == (403, [])
    assert json.loads(body)["errorType"] == "Forbidden"
