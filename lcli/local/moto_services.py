"""Every AWS service but Lambda: moto's backends behind the local cloud's own front.

moto's own server is a Flask application a service. This calls the same handlers directly, by the
service and region of the request's signature: less to install, to import and to do for a call.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import unquote
from xml.sax.saxutils import escape

from lcli.local.wire import Request, Response

LOG = logging.getLogger(__name__)

# Read by moto when its modules are imported, so they stand before any import of it.
SETTINGS = {
    "S3_IGNORE_SUBDOMAIN_BUCKETNAME": "true",
    "MOTO_ALLOW_NONEXISTENT_REGION": "true",
}

_THREADS = 32
_LONG_POLLS = 1000
"""At a time: each holds a thread of its own, and nobody else waits for it."""
_ALIASES = {"eventbridge": "events", "execute-api": "apigatewaymanagementapi"}
"""Signing names that are not the service's own name in its host."""
_GLOBAL = frozenset({"budgets", "cloudfront"})
_KNOWN_REGION = re.compile(r"[a-z]{2}-[a-z]+-\d")

_Urls = tuple[tuple[re.Pattern[str], Callable[..., Any]], ...]


class UnknownService(Exception):
    """moto has no such service."""


class MotoServices:
    """Answers AWS's API for all services that moto knows; state lives in moto's backends."""

    def __init__(self) -> None:
        for name, value in SETTINGS.items():
            os.environ.setdefault(name, value)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="moto")
        self._polls = ThreadPoolExecutor(_LONG_POLLS, thread_name_prefix="moto-poll")
        self._ready: asyncio.Future[None] | None = None

    def prepare(self, work: Callable[[], None]) -> None:
        """Begin `work` in a thread; requests wait for its end (moto's imports take 0.3 s)."""
        self._ready = asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def handle(self, request: Request, service: str, region: str, account: str) -> Response:
        """Answer one request, in a thread: moto blocks."""
        answer: Response = await self._run(
            self._polls if _may_wait(request, service) else self._pool,
            lambda: _answer(request, service.lower(), region, account),
        )
        return answer

    async def run(self, work: Callable[[], Any]) -> Any:
        """Run something that touches moto's backends in the same threads as its requests."""
        return await self._run(self._pool, work)

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[[], Any]) -> Any:
        if self._ready:
            await asyncio.shield(self._ready)
        return await asyncio.get_running_loop().run_in_executor(pool, work)

    def reset(self) -> None:
        """Forget everything in every account."""
        from moto.core.base_backend import BackendDict
        from moto.core.model_instances import reset_model_data

        BackendDict.reset()
        reset_model_data()

    def forget(self, account: str) -> None:
        """Forget everything in one account, bucket names (which are global) included."""
        from moto.core.base_backend import BackendDict, backend_lock

        with backend_lock:
            for backends in list(BackendDict._instances):
                buckets = getattr(backends, "bucket_accounts", {})
                for name in [n for n, (_, owner) in buckets.items() if owner == account]:
                    del buckets[name]
                backends.pop(account, None)

    def close(self) -> None:
        """Let go of the threads; calls that wait (long polls) are not waited for."""
        for pool in (self._pool, self._polls):
            pool.shutdown(wait=False, cancel_futures=True)


def _may_wait(request: Request, service: str) -> bool:
    """It is a receive, which may wait 20 seconds for a message."""
    if service.lower() != "sqs":
        return False
    target = request.headers.get("x-amz-target", "")
    return target.endswith(".ReceiveMessage") or b"Action=ReceiveMessage" in request.body


def _answer(request: Request, service: str, region: str, account: str) -> Response:
    from botocore.exceptions import ClientError
    from werkzeug.exceptions import HTTPException

    if service == "s3":
        request = path_style(request)
    raw_path = request.target.partition("?")[0]
    host = _host(service, region, request)
    try:
        handler = _handler(_urls(host), f"https://{host}{raw_path}")
        moto_request = _moto_request(request, raw_path, region, account)
        result = handler(moto_request, moto_request.raw_url, dict(moto_request.headers))
    except UnknownService:
        message = f"the local cloud has no service {service!r}, or no such operation of it"
        return refusal(request, service, 501, "NotImplemented", message)
    except HTTPException as error:
        body = error.get_body()
        return Response(error.code or 500, list(error.get_headers()), body.encode())
    except ClientError as error:
        failure = error.response["Error"]
        return refusal(request, service, 400, failure["Code"], failure["Message"])
    except Exception as error:
        # Not 500, which the SDKs would repeat: moto fails the same way each time.
        LOG.exception("moto failed on %s %s (%s)", request.method, request.target, service)
        message = f"the local cloud cannot do this ({type(error).__name__}: {error})"
        return refusal(request, service, 501, "NotImplemented", message)
    return _response(result)


def path_style(request: Request) -> Request:
    """A request to ``BUCKET.localhost`` or ``BUCKET.s3.localhost`` with the bucket in its path."""
    host = request.headers.get("host", "").partition(":")[0]
    bucket = host.removesuffix(".localhost").removesuffix(".s3")
    if bucket in (host, "s3"):
        return request
    return replace(request, target=f"/{bucket}{request.target}")


def refusal(request: Request, service: str, status: int, code: str, message: str) -> Response:
    """An error response in the protocol that the request's service speaks."""
    if service != "s3" and "json" in request.headers.get("content-type", "json"):
        body = json.dumps({"__type": code, "message": message})
        headers = [("content-type", "application/x-amz-json-1.1"), ("x-amzn-errortype", code)]
        return Response(status, headers, body.encode())
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    body = f"<Error>{inner}</Error>"
    if service != "s3":
        body = f"<ErrorResponse>{body}</ErrorResponse>"
    return Response(status, [("content-type", "text/xml")], f"<?xml version='1.0'?>{body}".encode())


def _host(service: str, region: str, request: Request) -> str:
    """The host that AWS would have: what moto tells its services apart by."""
    name = _ALIASES.get(service, service)
    target = request.headers.get("x-amz-target", "")
    if name == "dynamodb" and target.startswith("DynamoDBStreams"):
        name = "streams.dynamodb"
    if name == "s3" and request.target.startswith("/v20180820/"):
        name = "s3-control"
    if name in _GLOBAL:
        return f"{name}.amazonaws.com"
    return f"{name}.{region}.amazonaws.com"


@cache
def _urls(host: str) -> _Urls:
    """The URL patterns of the service at this host, with their handlers."""
    from moto import backend_index, backends
    from moto.core import DEFAULT_ACCOUNT_ID

    for name, pattern in backend_index.backend_url_patterns:
        if not pattern.match(f"https://{host}"):
            continue
        found: Any = backends.get_backend(name)
        in_account = found[DEFAULT_ACCOUNT_ID]
        region = "us-east-1" if "us-east-1" in in_account else "aws"
        return tuple((re.compile(url), call) for url, call in in_account[region].urls.items())
    raise UnknownService(host)


def _handler(urls: _Urls, url: str) -> Callable[..., Any]:
    for pattern, handler in urls:
        if pattern.match(url):
            return handler
    raise UnknownService(url)


def _moto_request(request: Request, raw_path: str, region: str, account: str) -> Any:
    """The request as moto's own server would see it, said to be of this region and account."""
    _, _, query = request.target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(raw_path).encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": request.target,
        "REQUEST_URI": request.target,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": request.peer,
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.input_terminated": True,
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    _add_headers(environ, request.headers)
    environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
    if "HTTP_AUTHORIZATION" not in environ and _KNOWN_REGION.fullmatch(region):
        # A presigned request has no header from which moto could learn the region.
        environ["HTTP_USER_AGENT"] = f"{environ.get('HTTP_USER_AGENT', '')} region/{region}"
    return _request_class()(environ)


def _add_headers(environ: dict[str, Any], headers: Any) -> None:
    from moto.core import request as names

    spelled: dict[str, str] = {}
    for name, value in headers.items():
        if name in {"content-length", "transfer-encoding", "expect"}:
            continue
        key = names.environ_key_for_header(name)
        if "_" in name:
            if key in environ or not names.should_preserve_original_header_name(name):
                continue
            spelled[key] = name
        environ[key] = value
    environ[names.PRESERVED_HEADER_NAMES_ENVIRON_KEY] = spelled


@cache
def _request_class() -> type[Any]:
    from moto.core.request import Request as MotoRequest

    class Served(MotoRequest):  # type: ignore[misc]
        # We, not moto, write the Date header.
        from_wsgi_server = True

        @property
        def want_form_data_parsed(self) -> bool:
            # curl and urllib call whatever they PUT a form; S3 stores it as it is.
            return self.method == "POST" and bool(super().want_form_data_parsed)

    return Served


def _response(result: Any) -> Response:
    """What a moto handler returns: a body, or status, headers and body."""
    status, headers, body = result if isinstance(result, tuple) else (200, {}, result)
    if isinstance(body, str):
        body = body.encode("utf-8")
    elif not isinstance(body, bytes):
        body = b"" if body is None else b"".join(body)
    pairs: list[tuple[str, str]] = []
    for name, value in dict(headers).items():
        values = value if isinstance(value, list) else [value]
        pairs.extend((str(name), str(item)) for item in values)
    return Response(int(status), pairs, body)
