"""Function URLs. Source: Lambda developer guide, "Lambda function URLs"."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

from lcli.local.addresses.cors import within
from lcli.local.addresses.exchange import (
    Context,
    Malformed,
    event_of,
    response_of,
    stream_of,
)
from lcli.local.addresses.ports import Ports
from lcli.local.lambda_api import LambdaApi
from lcli.local.lambda_api.errors import ApiError
from lcli.local.lambda_api.state import Function, Url
from lcli.local.targets import Targets
from lcli.local.wire import Request, Response

LOG = logging.getLogger(__name__)

_JSON = "application/json"
_FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)
_KEY = "url"


class FunctionUrls:
    """Answers at the address of each function URL that the control plane knows."""

    def __init__(self, api: Callable[[], LambdaApi], targets: Targets, ports: Ports) -> None:
        self._api = api
        self._targets = targets
        self._ports = ports

    def url_for(
        self, account: str, region: str, function: str, qualifier: str | None, url_id: str
    ) -> str:
        """Open the address of a new function URL: ``http://127.0.0.1:PORT/``."""
        key = f"{_KEY} {account} {region} {function} {qualifier or ''}"
        handler = partial(self._handle, account, region, function, qualifier or "")
        return self._ports.open(key, handler) + "/"

    def close_stale(self) -> None:
        """Close the addresses whose URL or function is gone."""
        for key in self._ports.urls():
            kind, *parts = key.split(" ")
            if kind == _KEY and self._found(*parts) is None:
                self._ports.close(key)

    def _found(
        self, account: str, region: str, name: str, qualifier: str
    ) -> tuple[Function, Url] | None:
        function = self._api().region(account, region).functions.get(name)
        url = function.urls.get(qualifier) if function else None
        return (function, url) if function and url else None

    async def _handle(
        self, account: str, region: str, name: str, qualifier: str, request: Request
    ) -> Response:
        found = self._found(account, region, name, qualifier)
        if found is None:
            return _message(404, "Not Found")
        function, url = found
        arn = function.arn_of(qualifier)
        respond = partial(self._respond, account, arn, url, request)
        return await within(url.cors, request, respond)

    async def _respond(self, account: str, arn: str, url: Url, request: Request) -> Response:
        if not self._authorised(arn, url, request):
            return _message(403, _FORBIDDEN)
        signed = url.auth == "AWS_IAM"
        path = request.target.partition("?")[0]
        context = Context(
            account=account if signed else "anonymous",
            api_id=url.id,
            raw_path=path,
            path=unquote(path),
            authorizer={"iam": _caller(account)} if signed else {},
        )
        payload = json.dumps(event_of(request, context)).encode()
        try:
            streams = url.mode == "RESPONSE_STREAM"
            outcome = await self._targets.open(arn, payload, stream=streams)
            if outcome.function_error:
                return _failed()
            if outcome.stream is not None:
                head, body = await stream_of(outcome.payload, outcome.stream)
                return Response(*head, body)
            return response_of(outcome.payload, _JSON)
        except Malformed as error:
            LOG.warning("%s: %s", arn, error)
            return _failed()
        except ApiError as error:
            if error.status == 429:
                return _message(429, error.message, Reason=error.members.get("Reason"))
            LOG.warning("%s: %s", arn, error)
            return _failed()

    def _authorised(self, arn: str, url: Url, request: Request) -> bool:
        """NONE wants the two statements that AWS wants since October 2025, AWS_IAM a signature."""
        if url.auth == "AWS_IAM":
            return request.headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 ")
        statements = self._targets.statements(arn)
        return all(
            any(_is_public(statement, action, *condition) for statement in statements)
            for action, *condition in (
                ("lambda:InvokeFunctionUrl", "StringEquals", "lambda:FunctionUrlAuthType", "NONE"),
                ("lambda:InvokeFunction", "Bool", "lambda:InvokedViaFunctionUrl", "true"),
            )
        )


def _is_public(statement: dict[str, Any], action: str, operator: str, key: str, value: str) -> bool:
    if statement.get("Principal") not in ("*", {"AWS": "*"}) or statement["Action"] != action:
        return False
    return bool(statement.get("Condition", {}).get(operator, {}).get(key, value) == value)


def _caller(account: str) -> dict[str, Any]:
    return {
        "accessKey": account,
        "accountId": account,
        "callerId": account,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": f"arn:aws:iam::{account}:root",
        "userId": account,
    }


def _message(status: int, message: str, **more: Any) -> Response:
    body = {name: value for name, value in more.items() if value} | {"Message": message}
    return Response(status, [("content-type", _JSON)], json.dumps(body).encode())


def _failed() -> Response:
    """What callers see of a function that failed: the rest is in its log."""
    return Response(502, [("content-type", _JSON)], b"Internal Server Error")
