"""Results of functions as HTTP responses, HTTP requests as events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from lcli.local.addresses.exchange import Context, Malformed, event_of, response_of, stream_of
from lcli.local.wire import Request

JSON = [("content-type", "application/json")]
TEXT = [("content-type", "text/plain")]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("hello", (200, JSON, b"hello")),
        ({"a": 1}, (200, JSON, b'{"a": 1}')),
        ([1], (200, JSON, b"[1]")),
        (None, (200, JSON, b"null")),
        ({"statusCode": 201}, (201, TEXT, b"")),
        ({"statusCode": "404", "body": "no"}, (404, TEXT, b"no")),
        (
            {"statusCode": 200, "headers": {"Content-Type": "image/png", "X-N": 1}, "body": ""},
            (200, [("content-type", "image/png"), ("x-n", "1")], b""),
        ),
        (
            {"statusCode": 200, "cookies": ["a=1; Secure", "b=2"], "body": "x"},
            (200, [*TEXT, ("set-cookie", "a=1; Secure"), ("set-cookie", "b=2")], b"x"),
        ),
        (
            {"statusCode": 200, "body": "AP8=", "isBase64Encoded": True},
            (200, TEXT, b"\x00\xff"),
        ),
        (
            {"statusCode": 200, "headers": {"Content-Length": "9", "Connection": "close"}},
            (200, TEXT, b""),
        ),
    ],
)
def test_a_result_becomes_a_response(result, expected):
    response = response_of(json.dumps(result).encode(), "text/plain")
    assert (response.status, response.headers, response.body) == expected


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"nonsense", "the result is no JSON: "),
        (b'{"statusCode": "ok"}', "statusCode is no number: 'ok'"),
        (b'{"statusCode": 1000}', "statusCode is no HTTP status: 1000"),
        (b'{"statusCode": null}', "statusCode is no number: None"),
        (b'{"statusCode": 200, "body": {"a": 1}}', "body is no string"),
        (b'{"statusCode": 200, "headers": []}', None),
        (b'{"statusCode": 200, "headers": ["a"]}', "headers must be an object, cookies a list"),
        (b'{"statusCode": 200, "body": "a", "isBase64Encoded": true}', "body is no base64: "),
    ],
)
def test_what_is_no_response_is_said(payload, why):
    if why is None:
        assert response_of(payload, "text/plain").status == 200
        return
    with pytest.raises(Malformed) as failure:
        response_of(payload, "text/plain")
    assert str(failure.value).startswith(why)


def request(method="POST", target="/", body=b"", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, target, {"host": "127.0.0.1:4000", **named}, body)


CONTEXT = Context("123456789012", "api", "/p q", "/p q", "GET /{x}", "$default", {"x": "p q"})


def test_a_request_becomes_an_event():
    asked = request(
        "GET",
        "/p%20q?a=1&a=2&b=%C3%BC&c",
        cookie="k=v; l=w",
        user_agent="test",
        accept="*/*",
    )
    event = event_of(asked, CONTEXT)
    context = event.pop("requestContext")
    trace = event["headers"].pop("x-amzn-trace-id")
    assert trace.startswith("Root=1-")
    assert event == {
        "version": "2.0",
        "routeKey": "GET /{x}",
        "rawPath": "/p q",
        "rawQueryString": "a=1&a=2&b=%C3%BC&c",
        "cookies": ["k=v", "l=w"],
        "headers": {
            "host": "127.0.0.1:4000",
            "user-agent": "test",
            "accept": "*/*",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": "4000",
            "x-forwarded-proto": "http",
        },
        "queryStringParameters": {"a": "1,2", "b": "ü", "c": ""},
        "pathParameters": {"x": "p q"},
        "isBase64Encoded": False,
    }
    assert context["http"] == {
        "method": "GET",
        "path": "/p q",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "test",
    }
    assert (context["accountId"], context["apiId"], context["stage"]) == (
        "123456789012",
        "api",
        "$default",
    )


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("application/json; charset=utf-8", b'{"a": "\xc3\xbc"}', ('{"a": "ü"}', False)),
        ("text/plain", b"x", ("x", False)),
        ("application/problem+json", b"{}", ("{}", False)),
        ("image/png", b"\x89PNG", ("iVBORw==", True)),
        ("application/x-www-form-urlencoded", b"a=1", ("YT0x", True)),
        ("text/plain", b"\xff", ("/w==", True)),
        ("", b"x", ("x", False)),
    ],
)
def test_bodies_are_text_or_base64(kind, body, expected):
    headers = {"content_type": kind} if kind else {}
    event = event_of(request(body=body, **headers), CONTEXT)
    assert (event["body"], event["isBase64Encoded"]) == expected


@pytest.mark.parametrize(
    ("chunks", "head", "body"),
    [
        ([b"one", b"two"], (200, [("content-type", "application/octet-stream")]), b"onetwo"),
        (
            [b'{"statusCode": 201, "headers"', b': {"a": "b"}}' + b"\0" * 7, b"\0rest", b"!"],
            (201, [("a", "b"), ("content-type", "application/octet-stream")]),
            b"rest!",
        ),
        ([b'{"just": "json"}'], (200, [("content-type", "application/octet-stream")]), None),
        ([], (200, [("content-type", "application/octet-stream")]), b""),
    ],
)
def test_a_streamed_response_may_begin_with_status_and_headers(chunks, head, body):
    async def given() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def read() -> tuple[object, bytes]:
        found, rest = await stream_of(b"", given())
        return found, b"".join([chunk async for chunk in rest])

    whole = b"".join(chunks) if body is None else body
    assert asyncio.run(read()) == (head, whole)
