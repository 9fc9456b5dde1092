"""Routes of the app's one API Gateway HTTP API."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from lcli.resources.http_api import api_key, http_api
from lcli.resources.http_domain import http_domain
from lcli.resources.http_route import http_authorizer, http_integration, http_route
from lcli.resources.model import Ref, Text
from lcli.resources.permission import permission
from lcli.triggers.base import Expansion, Target, Trigger
from lcli.triggers.cors import Cors, Strings

METHODS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_LONGEST = 30
"""Seconds that an HTTP API waits ("Quotas for configuring and running an HTTP API")."""
_PATH = re.compile(r"/(?:[^\s{}]|\{[\w.:-]+\+?\})*\Z")


def _route(value: str) -> str:
    if value.strip() == "$default":
        return "$default"
    method, _, path = value.strip().partition(" ")
    path = path.strip()
    if method.upper() not in METHODS:
        raise ValueError(
            f"{value!r} is not a route: write a method ({', '.join(METHODS)}) and a path, "
            "such as 'POST /orders/{id}', or $default"
        )
    if not _PATH.match(path) or "+}" in path[:-2]:
        raise ValueError(
            f"{path!r} is not a route's path: it begins with / and its parameters are {{name}}, "
            "the last one {name+} to take what remains"
        )
    return f"{method.upper()} {path}"


class HttpSettings(BaseModel):
    """Settings of the app's one HTTP API."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    cors: Cors | None = Field(default=None, description="Cross-origin settings of the API.")
    domain: str = Field(
        default="", description="An existing custom domain name that leads to the API."
    )


class Jwt(BaseModel):
    """An authorizer that checks JSON Web Tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    issuer: str = Field(pattern=r"^https://.+$", description="The identity provider's address.")
    audience: Strings = Field(min_length=1, description="Audiences that are accepted.")
    scopes: Strings = Field(default=(), description="Scopes of which the token needs one.")


class Http(Trigger):
    """One route of the app's HTTP API."""

    kind: ClassVar[str] = "http"
    short: ClassVar[str] = "route"
    once: ClassVar[Literal["", "function", "app"]] = "app"
    settings_model: ClassVar[type[BaseModel] | None] = HttpSettings

    @model_validator(mode="before")
    @classmethod
    def _cors_is_elsewhere(cls, value: Any) -> Any:
        if isinstance(value, dict) and "cors" in value:
            raise ValueError(
                "CORS belongs to the whole API: write it at the top of the manifest, "
                "http: {cors: …}"
            )
        return value

    route: Annotated[str, AfterValidator(_route)] = Field(
        description="Method and path: 'GET /photos/{id}', 'ANY /{proxy+}', or $default."
    )
    authorizer: Literal["none", "iam"] | Jwt = Field(
        default="none", description="Who may call it: none (anybody), iam, or a JWT's issuer."
    )

    def expand(self, target: Target) -> Expansion:
        """The app's API, the way to this function, its permission and this route.

        The permission is one a function and API, whatever the number of routes: fifty
        statements would not fit a policy.
        """
        place = target.place
        settings = HttpSettings.model_validate(target.settings)
        api = http_api(
            place, cors=settings.cors.api_form() if settings.cors else None, tags=target.app_tags
        )
        prefix = place.arn("execute-api", "")
        allowed = permission(
            place,
            target.name,
            target.qualifier,
            principal="apigateway.amazonaws.com",
            source_arn=Text((prefix, Ref(api_key(place), "id"), "/*")),
            function=target.function,
            where=target.where,
        )
        integration = http_integration(
            place, target.function, target.arn, needs=target.needs, where=target.where
        )
        jwt = self.authorizer if isinstance(self.authorizer, Jwt) else None
        authorizer = None
        if jwt and not place.local:  # the local cloud keeps none, but wants the header all the same
            authorizer = http_authorizer(place, issuer=jwt.issuer, audience=jwt.audience)
        route = http_route(
            place,
            self.route,
            integration.key,
            function=target.function,
            authorization="AWS_IAM" if self.authorizer == "iam" else "JWT" if jwt else "NONE",
            authorizer=authorizer.key if authorizer else None,
            scopes=jwt.scopes if jwt and authorizer else (),
            needs=(allowed.key,),
            where=target.where,
        )
        domain = None
        if settings.domain and not place.local:
            at = target.settings_where.get("domain", "")
            domain = http_domain(place, settings.domain, where=at)
        made = (api, allowed, integration, authorizer, route, domain)
        opened = {route.key: f"everybody may call {self.route} of {target.name}"}
        return Expansion(
            tuple(one for one in made if one),
            notices=self._notices(target),
            exposing=opened if self.authorizer == "none" else {},
        )

    def _notices(self, target: Target) -> tuple[str, ...]:
        notices = []
        if target.timeout > _LONGEST:
            notices.append(
                f"function {target.function} may run for {target.timeout} s, but its HTTP API "
                f"gives up after {_LONGEST} s"
            )
        if target.place.local and isinstance(self.authorizer, Jwt):
            notices.append(
                f"the local cloud wants an Authorization header for {self.route}, but lets any "
                "token pass"
            )
        return tuple(notices)


TRIGGER = Http
