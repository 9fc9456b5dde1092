"""Log events and reading them page by page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache, partial
from operator import attrgetter
from sys import intern
from typing import Any, NamedTuple

from lcli.aws.clients import Clients
from lcli.resources.naming import default_log_group

_STREAM = re.compile(r"\d{4}/\d\d/\d\d/([^\[\]/]*)\[([^\]]+)\]")


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
    place: tuple[int, int] | None = None
    """Of a stack's line that was moved to the first one: when that was written and arrived."""

    @property
    def version(self) -> str:
        """The function's version, from the stream's name ``2026/03/01/[7]0f…``; else empty."""
        return _stream(self.stream)[1]


_made = partial(tuple.__new__, LogEvent)
"""An event of all its members: in half the time that calling the class takes."""
by_time: Callable[[LogEvent], tuple[int, int]] = attrgetter("timestamp", "ingestion")
"""Sort key: by time, then by arrival.

Sorting with it is stable, so events of one millisecond stay in the order of the pages, which
is CloudWatch's own (FilterLogEvents, API reference); their ids say nothing about it.
"""


def by_place(event: LogEvent) -> tuple[int, int]:
    """Sort key: as `by_time`, but that the lines of a stack stand where its first one does."""
    return event.place or (event.timestamp, event.ingestion)


@dataclass(frozen=True, slots=True)
class Source:
    """One function's log group, and which of its streams are meant."""

    function: str
    """How the user named the function."""
    group: str
    name: str = ""
    """The function's AWS name: streams in a group of several functions say whose they are."""
    versions: set[str] = field(default_factory=set, compare=False)
    """Only these versions of the function; all where it is empty. It may grow."""
    region: str = ""
    hint: str = ""
    """What else the user may have meant, where there is no such log group."""

    @property
    def usual(self) -> bool:
        """Whether the group is the function's own: its streams do not say whose they are."""
        return self.group in ("", default_log_group(self.name))

    @property
    def whole(self) -> bool:
        """Whether every stream of the group is meant."""
        return not self.versions and self.usual

    def has(self, stream: str) -> bool:
        """Whether a stream is of this function and of the versions that are meant."""
        name, version = _stream(stream)
        of_others = name and self.name and name != self.name
        return not of_others and (not self.versions or version in self.versions)


@dataclass(frozen=True, slots=True)
class LogGroup:
    """A log group, and the functions whose events are read of it: it is read once for all."""

    region: str
    name: str
    sources: tuple[Source, ...] = ()

    @property
    def hint(self) -> str:
        """What else the user may have meant, where there is no such log group."""
        several = len(self.sources) > 1
        hints = [f"{s.function}: {s.hint}" if several else s.hint for s in self.sources if s.hint]
        return "; ".join(hints)

    def owner(self, stream: str) -> Source | None:
        """Of these functions the one whose a stream is; None where it is of none of them.

        One that does not say whose it is goes to the function whose own group this is, or else to
        the first that it may be of: its events are read once.
        """
        name = _stream(stream)[0]
        meant = (source for source in self.sources if source.whole or source.has(stream))
        return min(meant, key=lambda s: (s.name != name, not s.usual), default=None)


def log_groups(sources: Iterable[Source]) -> list[LogGroup]:
    """The groups of these functions, in the functions' order."""
    found: dict[tuple[str, str], list[Source]] = {}
    for source in sources:
        found.setdefault((source.region, source.group), []).append(source)
    return [LogGroup(*where, tuple(sharing)) for where, sharing in found.items()]


@lru_cache(maxsize=4096)
def _stream(name: str) -> tuple[str, str]:
    """Function and version of ``2026/03/01/[7]0f…`` or, in a log group that was chosen,
    ``2026/03/01/orders[7]0f…`` (Lambda guide, "Configuring CloudWatch log groups")."""
    found = _STREAM.match(name)
    return (found[1], found[2]) if found else ("", "")


Known = Callable[[str, int], bool]
"""Whether the event with this id and timestamp is known already."""


def read_pages(
    clients: Clients,
    group: LogGroup,
    start: int,
    end: int,
    known: Known | None = None,
    *,
    pattern: str = "",
    before_call: Callable[[], None] = lambda: None,
) -> Iterator[list[LogEvent]]:
    """The events of a group's functions with ``start <= timestamp < end``, page by page, but for
    those that are `known`.

    Follows nextToken to its end, since pages may be empty while a token remains
    (FilterLogEvents, API reference). Pages need not be in the order of time, and may repeat
    events. Raises AwsError.
    """
    # endTime is inclusive in practice although the reference says "later than": end - 1
    parameters = {"logGroupName": group.name, "startTime": start, "endTime": end - 1}
    if pattern:
        parameters["filterPattern"] = pattern
    token = ""
    while True:
        before_call()
        page = clients.call("logs", "FilterLogEvents", **parameters)
        yield _events_of(page, group, known)
        following = page.get("nextToken", "")
        if not following or following == token:
            return
        token = parameters["nextToken"] = following


def _events_of(page: dict[str, Any], group: LogGroup, known: Known | None) -> list[LogEvent]:
    """The functions' events of one answer but for those that are known."""
    events = page["events"]
    if known:
        events = [e for e in events if not known(e["eventId"], e["timestamp"])]
    streams = {event.get("logStreamName", "") for event in events}
    functions = {one: owner.function for one in streams if (owner := group.owner(one))}
    return [
        _made(
            (
                functions[stream],
                group.name,
                intern(stream),
                event["eventId"],
                event["timestamp"],
                event.get("ingestionTime", event["timestamp"]),
                event["message"],
                False,
                None,
            )
        )
        for event in events
        if (stream := event.get("logStreamName", "")) in functions
    ]


def group_arn(clients: Clients, group: str) -> str:
    """The ARN of a log group without the ``:*`` that some answers end it with; empty for none.

    Raises AwsError.
    """
    answer = clients.pages("logs", "DescribeLogGroups", logGroupNamePrefix=group)
    found = (one for page in answer for one in page["logGroups"] if one["logGroupName"] == group)
    return next((str(one["arn"]).removesuffix(":*") for one in found), "")
