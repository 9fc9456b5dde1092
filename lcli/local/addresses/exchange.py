"""HTTP requests as events, functions' results as responses: payload format 2.0.

Sources: API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs";
Lambda developer guide, "Request and response payloads" of function URLs.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from lcli.local.wire import Request, Response, Stream

PRELUDE_END = b"\0" * 8
"""Between status and headers, as JSON, and the body of a streamed HTTP response."""
PRELUDE_LIMIT = 64 * 1024
_TEXT = ("text/", "application/json", "application/javascript", "application/xml")
_TEXT_ENDS = ("+json", "+xml")
_DROPPED = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive", "date"})


class Malformed(Exception):
    """The function's result is no response."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the address adds to the event."""

    account: str
    api_id: str
    raw_path: str
    path: str
    route_key: str = "$default"
    stage: str = "$default"
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    authorizer: Mapping[str, Any] = field(default_factory=dict)


def event_of(request: Request, context: Context) -> dict[str, Any]:
    """The event; members without content are left out, as the services do."""
    host = request.headers.get("host", "")
    query = request.target.partition("?")[2]
    headers = {
        name: value
        for name, value in request.headers.items()
        if name not in {"cookie", "connection", "transfer-encoding", "expect"}
    }
    headers |= {
        "x-forwarded-for": request.peer,
        "x-forwarded-port": host.rpartition(":")[2],
        "x-forwarded-proto": "http",
        "x-amzn-trace-id": f"Root=1-{int(datetime.now(UTC).timestamp()):08x}-{uuid4().hex[:24]}",
    }
    cookies = [part.strip() for part in request.headers.get("cookie", "").split(";")]
    body, encoded = _body_of(request)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": context.route_key,
        "rawPath": context.raw_path,
        "rawQueryString": query,
        "cookies": [cookie for cookie in cookies if cookie],
        "headers": headers,
        "queryStringParameters": _parameters(query),
        "requestContext": _request_context(request, context, host),
        "pathParameters": dict(context.path_parameters),
        "stageVariables": dict(context.stage_variables),
        "body": body,
        "isBase64Encoded": encoded,
    }
    kept = {"version", "routeKey", "rawPath", "rawQueryString", "headers", "isBase64Encoded"}
    return {name: value for name, value in event.items() if value or name in kept}


def _request_context(request: Request, context: Context, host: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    shown: dict[str, Any] = {
        "accountId": context.account,
        "apiId": context.api_id,
        "domainName": host,
        "domainPrefix": context.api_id,
        "http": {
            "method": request.method,
            "path": context.path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.peer,
            "userAgent": request.headers.get("user-agent", ""),
        },
        "requestId": str(uuid4()),
        "routeKey": context.route_key,
        "stage": context.stage,
        "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(now.timestamp() * 1000),
    }
    if context.authorizer:
        shown["authorizer"] = dict(context.authorizer)
    return shown


def _parameters(query: str) -> dict[str, str]:
    """Repeated parameters are joined with commas."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _body_of(request: Request) -> tuple[str, bool]:
    """The body as text, or in base64 if it is not said to be text."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not kind or kind.startswith(_TEXT) or kind.endswith(_TEXT_ENDS):
        try:
            return request.body.decode("utf-8"), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(request.body).decode(), bool(request.body)


def response_of(payload: bytes, default_type: str) -> Response:
    """A function's result as a response: an object with statusCode, or anything else as the body.

    `default_type` is the content type of a response that names none. Raises Malformed.
    """
    prelude, separator, rest = payload.partition(PRELUDE_END)
    if separator and payload[:1] == b"{":
        return Response(*prelude_of(prelude, default_type), rest)
    try:
        result = json.loads(payload)
    except ValueError as error:
        raise Malformed(f"the result is no JSON: {error}") from error
    if not isinstance(result, dict) or "statusCode" not in result:
        whole = result.encode() if isinstance(result, str) else payload
        return Response(200, [("content-type", "application/json")], whole)
    body = result.get("body")
    if body is not None and not isinstance(body, str):
        raise Malformed("body is no string")
    return Response(
        _status(result["statusCode"]), _headers(result, default_type), _decoded(body or "", result)
    )


def prelude_of(prelude: bytes, default_type: str) -> tuple[int, list[tuple[str, str]]]:
    """Status and headers of a streamed response. Raises Malformed."""
    try:
        result = json.loads(prelude)
    except ValueError as error:
        raise Malformed(f"the prelude is no JSON: {error}") from error
    return _status(result.get("statusCode", 200)), _headers(result, default_type)


async def stream_of(
    first: bytes, chunks: Stream
) -> tuple[tuple[int, list[tuple[str, str]]], Stream]:
    """A streamed response: status and headers from its prelude, if it has one, and the rest."""
    begun = first
    head = (200, [("content-type", "application/octet-stream")])
    if not begun:
        begun = await anext(chunks, b"")
    if begun[:1] == b"{":
        while PRELUDE_END not in begun and len(begun) < PRELUDE_LIMIT:
            more = await anext(chunks, b"")
            if not more:
                break
            begun += more
        prelude, separator, rest = begun.partition(PRELUDE_END)
        if separator:
            head, begun = prelude_of(prelude, "application/octet-stream"), rest

    async def following() -> AsyncGenerator[bytes, None]:
        async with aclosing(chunks):
            yield begun
            async for chunk in chunks:
                yield chunk

    return head, following()


def _status(code: Any) -> int:
    try:
        status = int(code)
    except (TypeError, ValueError):
        raise Malformed(f"statusCode is no number: {code!r}") from None
    if not 100 <= status <= 599:
        raise Malformed(f"statusCode is no HTTP status: {status}")
    return status


def _headers(result: Mapping[str, Any], default_type: str) -> list[tuple[str, str]]:
    headers = result.get("headers") or {}
    cookies = result.get("cookies") or []
    if not isinstance(headers, dict) or not isinstance(cookies, list):
        raise Malformed("headers must be an object, cookies a list")
    pairs = [
        (str(name).lower(), _text(value))
        for name, value in headers.items()
        if str(name).lower() not in _DROPPED
    ]
    if all(name != "content-type" for name, _ in pairs):
        pairs.append(("content-type", default_type))
    return pairs + [("set-cookie", str(cookie)) for cookie in cookies]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _decoded(body: str, result: Mapping[str, Any]) -> bytes:
    if not result.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body)
    except (binascii.Error, ValueError) as error:
        raise Malformed(f"body is no base64: {error}") from error
