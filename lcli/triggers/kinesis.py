"""Kinesis data streams: polled by Lambda."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from lcli.triggers.base import named
from lcli.triggers.streams import Stream

KinesisStream = Annotated[
    str,
    AfterValidator(
        named(
            "a Kinesis stream or one of its consumers",
            r"[\w.-]{1,128}",
            r"kinesis:[\w-]+:\d{12}:stream/[\w.-]{1,128}(?:/consumer/[\w.:-]+)?",
        )
    ),
]


def _in_utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Kinesis(Stream):
    """Records of a Kinesis data stream."""

    kind: ClassVar[str] = "kinesis"
    short: ClassVar[str] = "stream"

    stream: KinesisStream = Field(
        description="Name or ARN of the stream, or ARN of a consumer of it (enhanced fan-out)."
    )
    start: Literal["latest", "trim_horizon"] | Annotated[datetime, AfterValidator(_in_utc)] = Field(
        default="latest",
        description="Where a new mapping begins to read: latest, trim_horizon or a time (UTC).",
    )


TRIGGER = Kinesis
