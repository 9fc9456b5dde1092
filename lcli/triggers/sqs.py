"""SQS queues: polled by Lambda."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from lcli.errors import ExitCode, LcliError, Problem
from lcli.resources.local_source import LocalSource
from lcli.resources.model import Place, Text
from lcli.resources.role_policy import Statement
from lcli.triggers.base import Lookup, Named, Target
from lcli.triggers.polled import Polled
from lcli.triggers.scalars import Flag, Whole

Queue = Annotated[
    str,
    Named("an SQS queue", r"[\w-]{1,75}\.fifo|[\w-]{1,80}", r"sqs:[\w-]+:\d{12}:[\w.-]+"),
]


_ABSENT = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})
_LONGEST = 43_200
"""Seconds that a queue may hide a message (SetQueueAttributes, VisibilityTimeout)."""


class Sqs(Polled):
    """Messages of an SQS queue."""

    kind: ClassVar[str] = "sqs"
    short: ClassVar[str] = "queue"
    short_names: ClassVar[dict[str, str]] = Polled.short_names | {
        "ScalingConfig": "max_concurrency",
        "FunctionResponseTypes": "partial_failures",
    }

    queue: Queue = Field(description="Name or ARN of the queue.")
    batch_size: Whole = Field(
        default=10, ge=1, le=10000, description="The most messages in one invocation."
    )
    max_concurrency: Whole | None = Field(
        default=None, ge=2, le=1000, description="The most invocations at once for this queue."
    )
    partial_failures: Flag = Field(
        default=False, description="The function answers with the messages that failed."
    )

    def contradictions(self) -> Iterator[str]:
        """Those of every polled source, and what a queue's batches need."""
        yield from super().contradictions()
        if self.queue.endswith(".fifo"):
            if self.batch_size > 10 or self.batch_window:
                yield "a FIFO queue takes a batch_size of 10 at most and no batch_window"
        elif self.batch_size > 10 and not self.batch_window:
            yield "a batch_size over 10 needs a batch_window of at least 1 second"

    def settings(self) -> dict[str, Any]:
        """Those of every polled source, and those of queues."""
        most = self.max_concurrency
        return {
            **super().settings(),
            "BatchSize": self.batch_size,
            "ScalingConfig": {"MaximumConcurrency": most} if most else {},
            "FunctionResponseTypes": self.partial_failures * ["ReportBatchItemFailures"],
        }

    def source_arn(self, target: Target) -> str:
        """The queue's ARN."""
        return self.source(target.place)

    def source(self, place: Place) -> str:
        """The queue's ARN."""
        return self.queue if self.queue.startswith("arn:") else place.arn("sqs", self.queue)

    def statements(self, source_arn: str | Text) -> tuple[Statement, ...]:
        """Receive, hide and delete messages ("Using Lambda with Amazon SQS", permissions)."""
        actions = (
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
        )
        return ({"Effect": "Allow", "Action": actions, "Resource": source_arn},)

    def lookups(self, place: Place) -> tuple[Lookup, ...]:
        """The queue's visibility time-out, where the queue is this account's."""
        *_, region, account, name = self.source(place).split(":")
        if (region, account) != (place.region, place.account):
            return ()
        dns = "amazonaws.com.cn" if place.partition == "aws-cn" else "amazonaws.com"
        url = f"https://sqs.{region}.{dns}/{account}/{name}"
        return (
            Lookup(
                f"visibility of {name}",
                "sqs",
                "GetQueueAttributes",
                {"QueueUrl": url, "AttributeNames": ["VisibilityTimeout"]},
                "Attributes.VisibilityTimeout",
                optional=True,
                thing="" if place.local else f"queue {name}",
                absent=_ABSENT,
            ),
        )

    def notices(self, target: Target) -> tuple[str, ...]:
        """A message that comes back while it is worked on is worked on twice.

        Raises LcliError (USAGE) where Lambda would refuse the mapping.
        """
        name = self.source(target.place).rpartition(":")[2]
        seconds = str(target.lookups.get(f"visibility of {name}", ""))
        if not seconds or int(seconds) >= 6 * target.timeout:
            return ()
        told = (
            f"the queue {name} hides a message for {seconds} s, while the function "
            f"{target.function} may work on it for {target.timeout} s"
        )
        if int(seconds) < target.timeout:
            raise LcliError(
                Problem(
                    "queue-visibility-too-short",
                    told,
                    target.where,
                    f"set the queue's VisibilityTimeout to {6 * target.timeout}, six times the "
                    f"function's timeout, as AWS advises{self._anew(target.place)}",
                ),
                ExitCode.USAGE,
            )
        return (
            f"{told}; AWS advises a VisibilityTimeout of six times that, {6 * target.timeout}, "
            f"lest messages of throttled batches come twice{self._anew(target.place)}",
        )

    @staticmethod
    def _anew(place: Place) -> str:
        return " (after `lcli local reset` a deploy makes the queue so)" if place.local else ""

    def local_sources(
        self, place: Place, settings: Mapping[str, Any], timeout: int
    ) -> tuple[LocalSource, ...]:
        """The queue, as AWS advises for its functions; a FIFO queue where the name says so."""
        name = self.source(place).rpartition(":")[2]
        fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        hidden = {"VisibilityTimeout": str(min(6 * timeout, _LONGEST))}
        attributes = hidden | (fifo if name.endswith(".fifo") else {})
        return (
            LocalSource(
                f"queue {name}",
                ("sqs", "GetQueueUrl", {"QueueName": name}),
                _ABSENT,
                (("sqs", "CreateQueue", {"QueueName": name, "Attributes": attributes}),),
            ),
        )


TRIGGER = Sqs
