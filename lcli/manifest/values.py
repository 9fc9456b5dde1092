"""Types of values that several manifest models use."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

from lcli.aws.endpoint import REGION
from lcli.resources.model import Ref, Text

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Form:
    """Text of a certain form; `meaning` completes "expected …" in the error."""

    pattern: str
    meaning: str

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        compiled = re.compile(rf"(?:{self.pattern})\Z", re.ASCII)

        def check(value: str) -> str:
            if not compiled.match(value):
                raise ValueError(f"expected {self.meaning}")
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> Json:
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$"}


@dataclass(frozen=True)
class Check:
    """A value that one function reads; `json` is its JSON Schema."""

    read: Callable[[object], object]
    json: Json

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> Json:
        return dict(self.json)


def _late(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str | Ref | Text):
        return value
    raise ValueError("expected text")


Late: TypeAlias = Annotated[
    str | Ref | Text, Check(_late, {"type": ["string", "number", "boolean"]})
]
"""Text that AWS may have yet to choose (``${function:X.url}``, ``${layer:X.arn}``)."""

_ALIAS = r"(?![0-9]+$)[a-zA-Z0-9_-]{1,128}"


def _alias(value: object) -> object:
    if value is False:
        return value
    if isinstance(value, str) and re.fullmatch(_ALIAS, value):
        return value
    raise ValueError(
        "expected an alias's name (letters, digits, - and _; not digits alone) or false"
    )


Alias: TypeAlias = Annotated[
    str | Literal[False],
    Check(_alias, {"anyOf": [{"type": "string", "pattern": f"^{_ALIAS}$"}, {"const": False}]}),
]
"""An alias's name, or False where nothing is published."""


def _one(value: object) -> object:
    return [value] if isinstance(value, str) else value


Strings: TypeAlias = Annotated[
    tuple[str, ...], BeforeValidator(_one, json_schema_input_type=str | list[str])
]
"""Several texts; one alone may be written without a list."""

Tags: TypeAlias = dict[
    Annotated[
        str,
        Form(
            r"(?![aA][wW][sS]:|lcli:)[^\n]{1,128}",
            "a tag's key of 128 characters at most (aws: is AWS's and lcli: is lcli's)",
        ),
    ],
    Annotated[
        str,
        Field(max_length=256),
        WithJsonSchema({"type": ["string", "number", "boolean"], "maxLength": 256}),
    ],
]
"""Tags by name; their values are text whatever they look like.

The limits are AWS's for tags of any resource ("Tag naming limits and requirements").
"""

Region: TypeAlias = Annotated[str, Form(REGION, "a region such as eu-west-1")]

Account: TypeAlias = Annotated[
    str,
    Form(r"[0-9]{12}", "an account's twelve digits"),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": "^[0-9]{12}$"}, {"type": "integer"}]}),
]

Arn: TypeAlias = Annotated[
    str, Form(r"arn:[a-z0-9-]+:[a-z0-9-]+:[a-z0-9-]*:(?:[0-9]{12}|aws)?:\S+", "an ARN (arn:…)")
]
Name: TypeAlias = Annotated[
    str,
    Form(
        r"[a-zA-Z][a-zA-Z0-9_-]{0,63}",
        "a name of letters, digits, - and _ that begins with a letter (64 characters at most)",
    ),
]
"""A key of ``functions:`` or ``layers:``."""
