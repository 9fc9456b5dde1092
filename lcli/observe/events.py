"""Log events and reading them page by page."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from operator import attrgetter
from sys import intern
from typing import NamedTuple

from lcli.aws.clients import Clients

_VERSION = re.compile(r"\[([^\]]+)\]")


class LogEvent(NamedTuple):
    """One event of CloudWatch Logs; times in milliseconds since 1970.

    A tuple, since there are a million of them.
    """

    function: str
    """How the user named the function."""
    group: str
    stream: str
    id: str
    timestamp: int
    ingestion: int
    message: str
    late: bool = False
    """Printed only after newer events had been printed."""

    @property
    def version(self) -> str:
        """The function's version, from the stream's name ``2026/03/01/[7]0f…``; else empty."""
        found = _VERSION.search(self.stream)
        return found[1] if found else ""


by_time: Callable[[LogEvent], tuple[int, int]] = attrgetter("timestamp", "ingestion")
"""Sort key: by time, then by arrival.

Sorting with it is stable, so events of one millisecond stay in the order of the pages, which
is CloudWatch's own (FilterLogEvents, API reference); their ids say nothing about it.
"""


@dataclass(frozen=True, slots=True)
class Source:
    """One function's log group."""

    function: str
    group: str


def read_pages(
    clients: Clients,
    source: Source,
    start: int,
    end: int,
    known: Container[str] = (),
    *,
    pattern: str = "",
    before_call: Callable[[], None] = lambda: None,
) -> Iterator[list[LogEvent]]:
    """The events of a group with ``start <= timestamp < end``, page by page, but for those whose
    ids are `known`.

    Follows nextToken to its end, since pages may be empty while a token remains
    (FilterLogEvents, API reference). Pages need not be in the order of time, and may repeat
    events. Raises AwsError.
    """
    # endTime is inclusive in practice although the reference says "later than": end - 1
    parameters = {"logGroupName": source.group, "startTime": start, "endTime": end - 1}
    if pattern:
        parameters["filterPattern"] = pattern
    token = ""
    while True:
        before_call()
        page = clients.call("logs", "FilterLogEvents", **parameters)
        yield [
            LogEvent(
                source.function,
                source.group,
                intern(event.get("logStreamName", "")),
                event["eventId"],
                event["timestamp"],
                event.get("ingestionTime", event["timestamp"]),
                event["message"],
            )
            for event in page.get("events", ())
            if event["eventId"] not in known
        ]
        following = page.get("nextToken", "")
        if not following or following == token:
            return
        token = parameters["nextToken"] = following
