"""DynamoDB tables: their streams, polled by Lambda."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field

from lcli.errors import ExitCode, LcliError, Problem
from lcli.resources.local_source import LocalSource
from lcli.resources.model import Key, Place, Ref, Text
from lcli.resources.role_policy import Statement
from lcli.triggers.base import Lookup, Named, Target
from lcli.triggers.streams import Stream

Table = Annotated[
    str,
    Named(
        "a DynamoDB table or its stream",
        r"[\w.-]{3,255}",
        r"dynamodb:[\w-]+:\d{12}:table/[\w.-]{3,255}(?:/stream/[\w:.-]+)?",
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

    def settings(self) -> dict[str, Any]:
        """Those of every stream, and where to begin."""
        return {**super().settings(), "StartingPosition": self.start.upper()}

    def brought_to(self, place: Place) -> Self:
        """The table there; the name of its stream is another one with every table that is made."""
        table = self.table.partition("/stream/")[0]
        return super(Dynamodb, self.model_copy(update={"table": table})).brought_to(place)

    def source(self, place: Place) -> str:
        """The ARN of the table, or of the stream where that one is named."""
        named = self.table.startswith("arn:")
        return self.table if named else place.arn("dynamodb", f"table/{self.table}")

    def lookups(self, place: Place) -> tuple[Lookup, ...]:
        """The table's stream, whose name AWS has chosen."""
        if "/stream/" in self.table:
            return ()
        ours = place.arn("dynamodb", "table/")
        name = self.table.removeprefix(ours)
        short = name.rpartition("/")[2]
        label = Ref(Key("local_source", f"table {short}"), "label")
        later = Text((place.arn("dynamodb", f"table/{short}/stream/"), label))
        return (
            Lookup(
                f"stream of {self.table}",
                "dynamodb",
                "DescribeTable",
                {"TableName": name},
                "Table.LatestStreamArn",
                later=later if place.local else None,
                thing="" if place.local else f"table {name}",
            ),
        )

    def source_arn(self, target: Target) -> str | Text:
        """The ARN of the table's stream. Raises LcliError (USAGE) where it has none."""
        if "/stream/" in self.table:
            return self.table
        found = target.lookups.get(f"stream of {self.table}")
        if not found:
            raise LcliError(
                Problem(
                    "table-without-stream",
                    f"the table {self.table} has no stream for {target.function} to read",
                    target.where,
                    "turn its stream on (StreamSpecification), with the view that the function "
                    "needs",
                ),
                ExitCode.USAGE,
            )
        return found

    def statements(self, source_arn: str | Text) -> tuple[Statement, ...]:
        """Read the stream ("Using AWS Lambda with Amazon DynamoDB", execution role)."""
        actions = (
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
        )
        listing: Statement = {
            "Effect": "Allow",
            "Action": "dynamodb:ListStreams",
            "Resource": "*",
        }
        read: Statement = {"Effect": "Allow", "Action": actions, "Resource": source_arn}
        return (read, listing, *self.on_failure_statements())

    def local_sources(
        self, place: Place, settings: Mapping[str, Any], timeout: int
    ) -> tuple[LocalSource, ...]:
        """The table with its stream: key ``id``, a string, unless ``local: {tables: …}`` says."""
        if "/stream/" in self.table:
            return ()
        name = self.table.rpartition("/")[2]
        table = {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": {
                "StreamEnabled": True,
                "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
            **settings.get("tables", {}).get(name, {}),
            "TableName": name,
        }
        return (
            LocalSource(
                f"table {name}",
                ("dynamodb", "DescribeTable", {"TableName": name}),
                frozenset({"ResourceNotFoundException"}),
                (("dynamodb", "CreateTable", table),),
                {"label": "Table.LatestStreamLabel"},
            ),
        )


TRIGGER = Dynamodb
