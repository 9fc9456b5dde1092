"""boto3 against a LambdaApi in this process: no socket, so thousands of calls a second."""

from __future__ import annotations

import asyncio
import atexit
import io
import zipfile
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from lcli.local.lambda_api import LambdaApi
from lcli.local.wire import Request, Response

ACCOUNT = "111111111111"
REGION = "us-east-1"
LOOP = asyncio.new_event_loop()
"""Where all APIs of this process answer."""
atexit.register(LOOP.close)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lambda"


class Clock:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.now = 1_795_460_400.0

    def __call__(self) -> float:
        return self.now


class Raw(io.BytesIO):
    """What urllib3's response is to botocore."""

    def stream(self, amount: int = 65536, decode_content: bool = False) -> Any:
        while piece := self.read(amount):
            yield piece


def zipped(
    source: str = "def handler(event, context): return event\n", name: str = "index.py"
) -> bytes:
    """A deterministic zip with one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), source)
    return buffer.getvalue()


def request_of(prepared: Any) -> Request:
    """botocore's signed request as the local cloud's front would pass it on."""
    body = prepared.body or b""
    if hasattr(body, "read"):
        body = body.read()
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else value
        for name, value in prepared.headers.items()
    }
    _, _, target = prepared.url.split("/", 2)[2].partition("/")
    return Request(prepared.method, f"/{target}", headers | {"host": "127.0.0.1:4566"}, bytes(body))


async def _exchange(api: LambdaApi, request: Request) -> tuple[Response, bytes]:
    response = await api.handle(request)
    if isinstance(response.body, AsyncIterator):
        return response, b"".join([piece async for piece in response.body])
    return response, response.body


@cache
def _session(account: str, region: str) -> boto3.Session:
    return boto3.Session(aws_access_key_id=account, aws_secret_access_key="x", region_name=region)


def client_of(
    api: LambdaApi, *, region: str = REGION, account: str = ACCOUNT, validate: bool = False
) -> Any:
    """A boto3 Lambda client whose requests go straight to `api`."""
    client = _session(account, region).client(
        "lambda",
        endpoint_url="http://127.0.0.1:4566",
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=validate),
    )

    def send(request: Any, **_: Any) -> AWSResponse:
        response, body = LOOP.run_until_complete(_exchange(api, request_of(request)))
        return AWSResponse(request.url, response.status, dict(response.headers), Raw(body))

    client.meta.events.register("before-send.lambda", send)
    return client
