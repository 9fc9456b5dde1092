"""DynamoDB tables: their streams, polled by Lambda."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from lcli.triggers.base import named
from lcli.triggers.streams import Stream

Table = Annotated[
    str,
    AfterValidator(
        named(
            "a DynamoDB table or its stream",
            r"[\w.-]{3,255}",
            r"dynamodb:[\w-]+:\d{12}:table/[\w.-]{3,255}(?:/stream/[\w:.-]+)?",
        )
    ),
]


class Dynamodb(Stream):
    """Changes of a DynamoDB table's items, through the table's stream."""

    kind: ClassVar[str] = "dynamodb"
    short: ClassVar[str] = "table"

    table: Table = Field(description="Name or ARN of the table, or ARN of its stream.")
    start: Literal["latest", "trim_horizon"] = Field(
        default="latest", description="Where a new mapping begins to read."
    )


TRIGGER = Dynamodb
