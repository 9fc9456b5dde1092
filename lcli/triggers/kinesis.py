"""Kinesis data streams: polled by Lambda."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from lcli.resources.local_source import LocalSource
from lcli.resources.model import Place, Text
from lcli.resources.role_policy import Statement
from lcli.triggers.base import Lookup, Named, Target
from lcli.triggers.streams import Stream

KinesisStream = Annotated[
    str,
    Named(
        "a Kinesis stream or one of its consumers",
        r"[\w.-]{1,128}",
        r"kinesis:[\w-]+:\d{12}:stream/[\w.-]{1,128}(?:/consumer/[\w.:-]+)?",
    ),
]


def _start(value: object) -> object:
    if value in ("latest", "trim_horizon"):
        return value
    try:
        time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            "expected latest, trim_horizon or a time such as 2026-01-31T12:00:00Z"
        ) from None


class Kinesis(Stream):
    """Records of a Kinesis data stream."""

    kind: ClassVar[str] = "kinesis"
    short: ClassVar[str] = "stream"

    stream: KinesisStream = Field(
        description="Name or ARN of the stream, or ARN of a consumer of it (enhanced fan-out)."
    )
    start: Annotated[
        Literal["latest", "trim_horizon"] | datetime,
        BeforeValidator(_start, json_schema_input_type=str),
    ] = Field(
        default="latest",
        description="Where a new mapping begins to read: latest, trim_horizon or a time (UTC).",
    )

    def settings(self) -> dict[str, Any]:
        """Those of every stream, and where to begin."""
        if isinstance(self.start, datetime):
            where: dict[str, Any] = {
                "StartingPosition": "AT_TIMESTAMP",
                "StartingPositionTimestamp": self.start,
            }
        else:
            where = {"StartingPosition": self.start.upper()}
        return {**super().settings(), **where}

    def lookups(self, place: Place) -> tuple[Lookup, ...]:
        """Whether the stream exists, where it is this account's and no deploy makes it."""
        ours = place.arn("kinesis", "stream/")
        name = self.source(place).partition("/consumer/")[0]
        if place.local or not name.startswith(ours):
            return ()
        name = name.removeprefix(ours)
        return (
            Lookup(
                f"status of {name}",
                "kinesis",
                "DescribeStreamSummary",
                {"StreamName": name},
                "StreamDescriptionSummary.StreamStatus",
                optional=True,
                thing=f"stream {name}",
            ),
        )

    def source_arn(self, target: Target) -> str:
        """The stream's ARN, or that of its consumer."""
        return self.source(target.place)

    def source(self, place: Place) -> str:
        """The same ARN."""
        if self.stream.startswith("arn:"):
            return self.stream
        return place.arn("kinesis", f"stream/{self.stream}")

    def statements(self, source_arn: str | Text) -> tuple[Statement, ...]:
        """Read the stream ("Using Lambda with Kinesis Data Streams", execution role)."""
        actions = (
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
        )
        stream, consumer, _ = str(source_arn).partition("/consumer/")
        read: Statement = {"Effect": "Allow", "Action": actions, "Resource": stream}
        pushed: Statement = {
            "Effect": "Allow",
            "Action": "kinesis:SubscribeToShard",
            "Resource": source_arn,
        }
        return (read, *((pushed,) if consumer else ()), *self.on_failure_statements())

    def local_sources(
        self, place: Place, settings: Mapping[str, Any], timeout: int
    ) -> tuple[LocalSource, ...]:
        """The stream, with one shard."""
        name = self.stream.partition("/consumer/")[0].rpartition("/")[2]
        return (
            LocalSource(
                f"stream {name}",
                ("kinesis", "DescribeStreamSummary", {"StreamName": name}),
                frozenset({"ResourceNotFoundException"}),
                (("kinesis", "CreateStream", {"StreamName": name, "ShardCount": 1}),),
            ),
        )


TRIGGER = Kinesis
