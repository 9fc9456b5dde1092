"""What the streams that Lambda polls (DynamoDB, Kinesis) have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, field_validator

from lcli.resources.role_policy import Statement, destination
from lcli.triggers.polled import Polled
from lcli.triggers.scalars import Flag, Whole


class Stream(Polled):
    """Records in order, shard by shard."""

    short_names: ClassVar[dict[str, str]] = Polled.short_names | {
        "StartingPosition": "start",
        "StartingPositionTimestamp": "start",
        "ParallelizationFactor": "parallel",
        "BisectBatchOnFunctionError": "bisect",
        "MaximumRetryAttempts": "retries",
        "MaximumRecordAgeInSeconds": "max_age",
        "DestinationConfig": "on_failure",
        "TumblingWindowInSeconds": "tumbling_window",
        "FunctionResponseTypes": "partial_failures",
    }

    batch_size: Whole = Field(
        default=100, ge=1, le=10000, description="The most records in one invocation."
    )
    parallel: Whole = Field(
        default=1, ge=1, le=10, description="Batches of one shard that are worked on at once."
    )
    bisect: Flag = Field(
        default=False, description="Split a batch in two when the function fails on it."
    )
    retries: Whole = Field(
        default=-1,
        ge=-1,
        le=10000,
        description="How often a failing batch is tried again; -1: until the records expire.",
    )
    max_age: Whole = Field(
        default=-1,
        ge=-1,
        le=604800,
        description="Seconds after which a record is given up, from 60; -1: never.",
    )
    on_failure: str = Field(
        default="",
        pattern=r"^arn:[a-z0-9-]+:.+$",
        description="ARN of the queue, topic or bucket that is told of batches given up.",
    )
    tumbling_window: Whole = Field(
        default=0, ge=0, le=900, description="Seconds of an aggregation window; 0: none."
    )
    partial_failures: Flag = Field(
        default=False, description="The function answers with the records that failed."
    )

    @field_validator("max_age")
    @classmethod
    def _age(cls, value: int) -> int:
        if -1 < value < 60:
            raise ValueError("max_age is -1 (never) or at least 60 seconds")
        return value

    def settings(self) -> dict[str, Any]:
        """Those of every polled source, and those of streams."""
        failed = {"OnFailure": {"Destination": self.on_failure}} if self.on_failure else {}
        return {
            **super().settings(),
            "BatchSize": self.batch_size,
            "ParallelizationFactor": self.parallel,
            "BisectBatchOnFunctionError": self.bisect,
            "MaximumRetryAttempts": self.retries,
            "MaximumRecordAgeInSeconds": self.max_age,
            "DestinationConfig": failed,
            "TumblingWindowInSeconds": self.tumbling_window,
            "FunctionResponseTypes": self.partial_failures * ["ReportBatchItemFailures"],
        }

    def on_failure_statements(self) -> tuple[Statement, ...]:
        """What the execution role needs to tell of batches given up."""
        return destination(self.on_failure) if self.on_failure else ()
