"""Log events and one pass over a log group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lcli.aws.clients import Clients


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event of CloudWatch Logs; times in milliseconds since 1970."""

    function: str
    """How the user named the function."""
    group: str
    stream: str
    id: str
    timestamp: int
    ingestion: int
    message: str
    late: bool = False
    """Seen only after newer events of its group had been printed."""

    @property
    def order(self) -> tuple[int, int, str]:
        """Sort key: by time, then by arrival, then by CloudWatch's own order."""
        return self.timestamp, self.ingestion, self.id


@dataclass(frozen=True, slots=True)
class Source:
    """One function's log group."""

    function: str
    group: str


def scan(
    clients: Clients, source: Source, start: int, end: int | None, pattern: str
) -> Iterator[LogEvent]:
    """Every event of a group with ``start <= timestamp < end``, in the order of the pages.

    Follows nextToken to its end, since pages may be empty while a token remains
    (FilterLogEvents, API reference). Raises AwsError.
    """
    parameters: dict[str, object] = {"logGroupName": source.group, "startTime": start}
    if end is not None:
        # endTime is inclusive in practice although the reference says "later than": end - 1
        parameters["endTime"] = end - 1
    if pattern:
        parameters["filterPattern"] = pattern
    for page in clients.pages("logs", "FilterLogEvents", **parameters):
        for event in page.get("events", []):
            yield LogEvent(
                source.function,
                source.group,
                event.get("logStreamName", ""),
                event["eventId"],
                event["timestamp"],
                event.get("ingestionTime", event["timestamp"]),
                event["message"],
            )
