"""Routes of the app's one API Gateway HTTP API."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from lcli.triggers.base import Trigger

METHODS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
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


def _list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Strings = Annotated[tuple[str, ...], BeforeValidator(_list, json_schema_input_type=str | list[str])]


class Cors(BaseModel):
    """What browsers of other origins may do (API Gateway's and function URLs' Cors)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    origins: Strings = Field(default=("*",), description="Origins that may call.")
    methods: Strings = Field(default=("*",), description="Methods that they may use.")
    headers: Strings = Field(default=(), description="Request headers that they may send.")
    expose: Strings = Field(default=(), description="Response headers that they may read.")
    credentials: bool = Field(default=False, description="Whether cookies are sent.")
    max_age: int = Field(
        default=0, ge=0, le=86400, description="Seconds for which a preflight answer is kept."
    )


class HttpSettings(BaseModel):
    """The manifest's top-level ``http:``: what belongs to the whole API."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cors: Cors | None = Field(default=None, description="Cross-origin settings of the API.")
    domain: str = Field(
        default="", description="An existing custom domain name that leads to the API."
    )


class Jwt(BaseModel):
    """An authorizer that checks JSON Web Tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = Field(pattern=r"^https://.+$", description="The identity provider's address.")
    audience: Strings = Field(min_length=1, description="Audiences that are accepted.")
    scopes: Strings = Field(default=(), description="Scopes of which the token needs one.")


class Http(Trigger):
    """One route of the app's HTTP API."""

    kind: ClassVar[str] = "http"
    short: ClassVar[str] = "route"
    settings_model: ClassVar[type[BaseModel] | None] = HttpSettings

    route: Annotated[str, AfterValidator(_route)] = Field(
        description="Method and path: 'GET /photos/{id}', 'ANY /{proxy+}', or $default."
    )
    authorizer: Literal["none", "iam"] | Jwt = Field(
        default="none", description="Who may call it: none (anybody), iam, or a JWT's issuer."
    )


TRIGGER = Http
