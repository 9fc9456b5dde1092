"""SQS queues: polled by Lambda."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, model_validator

from lcli.triggers.base import named
from lcli.triggers.polled import Polled

Queue = Annotated[
    str,
    AfterValidator(
        named("an SQS queue", r"[\w-]{1,75}\.fifo|[\w-]{1,80}", r"sqs:[\w-]+:\d{12}:[\w.-]+")
    ),
]


class Sqs(Polled):
    """Messages of an SQS queue."""

    kind: ClassVar[str] = "sqs"
    short: ClassVar[str] = "queue"
    short_names: ClassVar[dict[str, str]] = Polled.short_names | {
        "ScalingConfig": "max_concurrency",
        "FunctionResponseTypes": "partial_failures",
    }

    queue: Queue = Field(description="Name or ARN of the queue.")
    batch_size: int = Field(
        default=10, ge=1, le=10000, description="The most messages in one invocation."
    )
    max_concurrency: int | None = Field(
        default=None, ge=2, le=1000, description="The most invocations at once for this queue."
    )
    partial_failures: bool = Field(
        default=False, description="The function answers with the messages that failed."
    )

    @model_validator(mode="after")
    def _batches(self) -> Sqs:
        fifo = self.queue.endswith(".fifo")
        if fifo and (self.batch_size > 10 or self.batch_window):
            raise ValueError("a FIFO queue takes a batch_size of 10 at most and no batch_window")
        if self.batch_size > 10 and not self.batch_window:
            raise ValueError("a batch_size over 10 needs a batch_window of at least 1 second")
        return self


TRIGGER = Sqs
