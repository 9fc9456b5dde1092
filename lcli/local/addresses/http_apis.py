"""HTTP APIs: moto keeps their settings, here they answer requests.

Source: API Gateway developer guide, "API Gateway HTTP APIs".
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from functools import cache, partial
from typing import Any
from urllib.parse import unquote

from lcli.local.addresses.cors import within
from lcli.local.addresses.exchange import Context, Malformed, event_of, response_of
from lcli.local.addresses.ports import Ports
from lcli.local.addresses.routes import Match, matching
from lcli.local.targets import Targets
from lcli.local.wire import Request, Response

LOG = logging.getLogger(__name__)

PRINCIPAL = "apigateway.amazonaws.com"
TIMEOUT = 30.0
"""Seconds: the longest and default integration time-out."""
_FUNCTION = re.compile(r"arn:[a-z0-9-]+:lambda:[^/]+")


class HttpApis:
    """Answers at the address of each HTTP API."""

    def __init__(self, targets: Targets, ports: Ports) -> None:
        self._targets = targets
        self._ports = ports

    def open(self, api: Any) -> str:
        """Open the address of a new API of moto's: ``http://127.0.0.1:PORT``; any thread."""
        return self._ports.open(f"api {api.api_id}", partial(self._handle, api))

    def close(self, api_id: str) -> None:
        """Close it; any thread."""
        self._ports.close(f"api {api_id}")

    def forget(self, account: str) -> None:
        """Close the addresses of all APIs of an account."""
        from moto.apigatewayv2.models import apigatewayv2_backends

        for backend in apigatewayv2_backends[account].values():
            for api_id in list(backend.apis):
                self.close(api_id)

    async def _handle(self, api: Any, request: Request) -> Response:
        respond = partial(self._respond, api, request)
        return await within(api.cors_configuration or {}, request, respond)

    async def _respond(self, api: Any, request: Request) -> Response:
        path = request.target.partition("?")[0]
        stage, within = _stage(api, path)
        if stage is None:
            return _message(404, "Not Found")
        routes = [(route.route_key, route) for route in list(api.routes.values())]
        match = matching(routes, request.method, within)
        if match is None:
            return _message(404, "Not Found")
        signed = request.headers.get("authorization", "")
        kind = match.route.authorization_type or "NONE"
        if kind != "NONE" and not signed:
            return _message(*((403, "Forbidden") if kind == "AWS_IAM" else (401, "Unauthorized")))
        return await self._integrate(api, stage, match, path, request)

    async def _integrate(
        self, api: Any, stage: Any, match: Match, path: str, request: Request
    ) -> Response:
        integration = api.integrations.get((match.route.target or "").partition("/")[2])
        arn = _FUNCTION.search(integration.integration_uri or "") if integration else None
        if integration and (integration.payload_format_version or "1.0") != "2.0":
            LOG.warning(
                "%s of API %s wants payload format 1.0, which is not here", match.key, api.name
            )
            return _failed()
        if not arn or not self._allows(api, stage, match, arn.group()):
            LOG.warning("%s of API %s may call no function", match.key, api.name)
            return _failed()
        context = Context(
            account=api.backend.account_id,
            api_id=api.api_id,
            raw_path=unquote(path),
            path=unquote(path),
            route_key=match.key,
            stage=stage.name,
            path_parameters=match.parameters,
            stage_variables=stage.stage_variables or {},
        )
        payload = json.dumps(event_of(request, context)).encode()
        timeout = (integration.timeout_in_millis or TIMEOUT * 1000) / 1000
        try:
            answer = await asyncio.wait_for(self._targets.call(arn.group(), payload), timeout)
            if answer.failed:
                return _failed()
            return response_of(answer.payload, "text/plain; charset=utf-8")
        except TimeoutError:
            return _message(503, "Service Unavailable")
        except Malformed as error:
            LOG.warning("%s: %s", arn.group(), error)
            return _failed()

    def _allows(self, api: Any, stage: Any, match: Match, arn: str) -> bool:
        method, _, path = match.key.partition(" ")
        method = "*" if method == "ANY" else method
        region, account = api.backend.region_name, api.backend.account_id
        partition = api.arn.split(":")[1]
        source = f"arn:{partition}:execute-api:{region}:{account}:{api.api_id}/{stage.name}/"
        source += f"{method}{path}" if path else match.key
        return self._targets.allows(arn, PRINCIPAL, source_arn=source, source_account=account)


def _stage(api: Any, path: str) -> tuple[Any, str]:
    """The stage that a path names, else ``$default``, and the path within it."""
    named = path.split("/")[1]
    stage = api.stages.get(unquote(named)) if named else None
    if stage is not None and stage.name != "$default":
        return stage, path[len(named) + 1 :] or "/"
    return api.stages.get("$default"), path


def _message(status: int, message: str) -> Response:
    headers = [("content-type", "application/json")]
    return Response(
        status, headers, json.dumps({"message": message}, separators=(",", ":")).encode()
    )


def _failed() -> Response:
    return _message(500, "Internal Server Error")


RUNNING: list[HttpApis] = []
"""The APIs of this process's clouds; moto's new ones answer in the last one."""


@cache
def install() -> None:
    """Have moto's HTTP APIs answer at loopback addresses, and name those as their endpoints."""
    from moto.apigatewayv2.models import Api, ApiGatewayV2Backend

    make = Api.__init__
    delete = ApiGatewayV2Backend.delete_api

    def made(self: Any, *args: Any, **named: Any) -> None:
        make(self, *args, **named)
        if self.protocol_type == "HTTP":
            self.api_endpoint = RUNNING[-1].open(self)

    def deleted(self: Any, api_id: str) -> None:
        delete(self, api_id)
        RUNNING[-1].close(api_id)

    Api.__init__ = made
    ApiGatewayV2Backend.delete_api = deleted
