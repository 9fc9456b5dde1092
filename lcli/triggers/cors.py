"""Cross-origin settings, as HTTP APIs and function URLs have them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

import lcli.without_plugins  # noqa: F401 (first of all models)
from lcli.triggers.scalars import Flag, Whole


def _list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Strings = Annotated[tuple[str, ...], BeforeValidator(_list, json_schema_input_type=str | list[str])]


class Cors(BaseModel):
    """What browsers of other origins may do (API Gateway's and function URLs' Cors)."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    origins: Strings = Field(default=("*",), description="Origins that may call.")
    methods: Strings = Field(default=("*",), description="Methods that they may use.")
    headers: Strings = Field(default=(), description="Request headers that they may send.")
    expose: Strings = Field(default=(), description="Response headers that they may read.")
    credentials: Flag = Field(default=False, description="Whether cookies are sent.")
    max_age: Whole = Field(
        default=0, ge=0, le=86400, description="Seconds for which a preflight answer is kept."
    )

    def api_form(self) -> dict[str, Any]:
        """As API Gateway's CorsConfiguration and Lambda's Cors have it."""
        return {
            "AllowCredentials": self.credentials,
            "AllowHeaders": self.headers,
            "AllowMethods": self.methods,
            "AllowOrigins": self.origins,
            "ExposeHeaders": self.expose,
            "MaxAge": self.max_age,
        }
