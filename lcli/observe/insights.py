"""Queries of CloudWatch Logs Insights over log groups."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from lcli.aws.clients import AwsError, Clients
from lcli.errors import ExitCode, LcliError, Problem

GROUPS = 50
"""Log groups that one query takes at most (StartQuery, API reference)."""
_FIRST, _LAST = 0.5, 5.0
"""Seconds between two looks at a query: short at first, longer for one that takes its time."""
_UNDER_WAY = frozenset({"Scheduled", "Running", "Unknown"})
_PAGE = 10_000
_ENDED = {
    "Timeout": ("took longer than the 60 minutes that AWS gives it", "ask for a shorter time"),
    "Failed": ("failed in AWS", "try it again, or for a shorter time"),
    "Cancelled": ("was stopped by someone else", "ask again"),
}


@dataclass(slots=True)
class Result:
    """What queries gave: rows by their fields' names, and what was read for them."""

    rows: list[dict[str, str]] = field(default_factory=list)
    matched: float = 0
    scanned: float = 0
    bytes_scanned: float = 0
    told: bool = True
    """Whether AWS said what it has read."""

    @property
    def fields(self) -> list[str]:
        """The fields' names in the order in which they appear."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def add(self, other: Result) -> None:
        """Append another query's rows and statistics."""
        self.rows += other.rows
        self.matched += other.matched
        self.scanned += other.scanned
        self.bytes_scanned += other.bytes_scanned
        self.told = self.told and other.told


def ask(
    clients: Clients,
    groups: Sequence[str],
    query: str,
    start: int,
    end: int,
    *,
    limit: int | None = None,
    sleep: Callable[[float], object] = time.sleep,
    running: Callable[[Result], None] = lambda result: None,
) -> Result:
    """One query's result over at most `GROUPS` groups, ``start <= timestamp < end`` in ms.

    `running` is told how far it is, at every look. If it is interrupted, the query is stopped in
    AWS too. Raises LcliError for a query that AWS does not understand or end well, AwsError.
    """
    parameters: dict[str, Any] = {
        "logGroupNames": list(groups),
        "queryString": query,
        # Whole seconds, both inclusive.
        "startTime": start // 1000,
        "endTime": (end - 1) // 1000,
    }
    if limit:
        parameters["limit"] = limit
    try:
        identity = clients.call("logs", "StartQuery", **parameters)["queryId"]
    except AwsError as error:
        if error.code != "MalformedQueryException":
            raise
        raise LcliError(_malformed(query, error), ExitCode.USAGE) from error
    try:
        return _finished(clients, identity, sleep, running)
    except (KeyboardInterrupt, SystemExit):
        with suppress(AwsError):  # it may have ended meanwhile
            clients.call("logs", "StopQuery", queryId=identity)
        raise


def _finished(
    clients: Clients,
    identity: str,
    sleep: Callable[[float], object],
    running: Callable[[Result], None],
) -> Result:
    pause = _FIRST
    while True:
        answer = clients.call("logs", "GetQueryResults", queryId=identity)
        status = answer.get("status", "Unknown")
        if status not in _UNDER_WAY:
            break
        running(_result(answer))
        sleep(pause)
        pause = min(pause * 1.5, _LAST)
    if status != "Complete":
        what, next_step = _ENDED.get(status, (f"ended as {status}", "ask again"))
        raise LcliError(Problem("insights", f"the query {what}", "--insights", next_step))
    result = _result(answer)
    while token := answer.get("nextToken"):
        answer = clients.call(
            "logs", "GetQueryResults", queryId=identity, nextToken=token, maxItems=_PAGE
        )
        result.rows += _rows(answer)
    return result


def _result(answer: dict[str, Any]) -> Result:
    told = answer.get("statistics", {})
    return Result(
        _rows(answer),
        told.get("recordsMatched", 0),
        told.get("recordsScanned", 0),
        told.get("bytesScanned", 0),
        bool(told),
    )


def _rows(answer: dict[str, Any]) -> list[dict[str, str]]:
    """Without ``@ptr``, with which GetLogRecord would find the record again."""
    return [
        {one["field"]: one.get("value", "") for one in row if one["field"] != "@ptr"}
        for row in answer.get("results", ())
    ]


def _malformed(query: str, error: AwsError) -> Problem:
    """Where AWS stopped understanding the query: it tells the offsets of the part it means."""
    response = getattr(error.__cause__, "response", {})
    compile_error = response.get("queryCompileError", {})
    place = compile_error.get("location", {})
    begin = place.get("startCharOffset")
    where, excerpt = "--insights", ""
    if begin is not None:
        where += f", character {begin + 1}"
        if "\n" not in query:
            wide = max(1, min(place.get("endCharOffset", begin), len(query) - 1) - begin + 1)
            excerpt = f"{query}\n{' ' * begin}{'^' * wide}"
    return Problem(
        "bad-query",
        f"AWS does not understand the query: {compile_error.get('message') or error.message}",
        where,
        'a query reads like "filter @message like /timeout/ | stats count(*) by bin(5m)"',
        excerpt,
    )
