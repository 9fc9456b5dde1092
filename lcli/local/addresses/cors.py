"""CORS as function URLs and HTTP APIs answer it themselves, from one shape of settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from lcli.local.guard import is_loopback, refusal
from lcli.local.wire import Request, Response


@dataclass(frozen=True, slots=True)
class Cors:
    """The settings; origins and headers may be or contain ``*``."""

    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    credentials: bool = False
    max_age: int = 0

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Cors | None:
        """From the API's form, ``AllowOrigins`` or ``allowOrigins`` …; None if there are none."""
        if not settings:
            return None
        found = {name[0].upper() + name[1:]: value for name, value in settings.items()}
        return cls(
            tuple(found.get("AllowOrigins") or ()),
            tuple(found.get("AllowMethods") or ()),
            tuple(found.get("AllowHeaders") or ()),
            tuple(found.get("ExposeHeaders") or ()),
            bool(found.get("AllowCredentials")),
            int(found.get("MaxAge") or 0),
        )

    def allows(self, origin: str) -> bool:
        """Whether pages of this origin may read responses."""
        return any(fnmatchcase(origin, allowed) for allowed in self.origins)

    def preflight(self, request: Request) -> Response | None:
        """The answer to a browser's question beforehand; None if this is none."""
        headers = request.headers
        asks = "origin" in headers and "access-control-request-method" in headers
        if request.method != "OPTIONS" or not asks:
            return None
        answer = self.headers_for(request)
        if answer:
            answer += [
                ("access-control-allow-methods", ",".join(self.methods)),
                ("access-control-allow-headers", self._headers_for(headers)),
                ("access-control-max-age", str(self.max_age)),
            ]
        return Response(204, [(name, value) for name, value in answer if value])

    def _headers_for(self, headers: Mapping[str, str]) -> str:
        if "*" in self.headers and self.credentials:
            return headers.get("access-control-request-headers", "")
        return ",".join(self.headers)

    def headers_for(self, request: Request) -> list[tuple[str, str]]:
        """What a response to this request gets in addition; nothing for other origins."""
        origin = request.headers.get("origin", "")
        if not origin or not self.allows(origin):
            return []
        anybody = "*" in self.origins and not self.credentials
        answer = [("access-control-allow-origin", "*" if anybody else origin)]
        if not anybody:
            answer.append(("vary", "Origin"))
        if self.credentials:
            answer.append(("access-control-allow-credentials", "true"))
        if self.exposed:
            answer.append(("access-control-expose-headers", ",".join(self.exposed)))
        return answer


async def within(
    settings: Mapping[str, Any], request: Request, respond: Callable[[], Awaitable[Response]]
) -> Response:
    """What `respond` gives, as far as an address's CORS settings let the request's page have it.

    Pages of this machine may visit any address; a preflight never reaches the function.
    """
    cors = Cors.read(settings)
    allows = cors.allows if cors else is_loopback
    if refused := refusal(request, lambda o: is_loopback(o) or allows(o), visits=True):
        return refused
    if preflight := cors.preflight(request) if cors else None:
        return preflight
    return _applied(await respond(), cors, request)


def _applied(response: Response, cors: Cors | None, request: Request) -> Response:
    """The response with the address's CORS headers in place of the function's."""
    if cors is None:
        return response
    own = [
        (name, value)
        for name, value in response.headers
        if not name.lower().startswith("access-control-")
    ]
    response.headers = own + cors.headers_for(request)
    return response
