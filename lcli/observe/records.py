"""What an event says: an invocation's start or end, or a line with its level and request."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lcli.observe.events import LogEvent


class Kind(StrEnum):
    """What an event is for."""

    LINE = "line"
    """What the function wrote, or an error that Lambda did."""
    INIT = "init"
    START = "start"
    END = "end"
    REPORT = "report"


LEVELS = {
    "TRACE": 0,
    "DEBUG": 1,
    "INFO": 2,
    "NOTICE": 2,
    "WARN": 3,
    "WARNING": 3,
    "ERROR": 4,
    "SEVERE": 4,
    "CRITICAL": 5,
    "FATAL": 5,
}
"""Every name of a level that is understood, with its rank."""

_NUMBERED = {10: "TRACE", 20: "DEBUG", 30: "INFO", 40: "WARN", 50: "ERROR", 60: "FATAL"}
"""pino's and bunyan's levels."""
_LEVEL_KEYS = ("level", "log_level", "levelname", "severity", "log.level")
_REQUEST_KEYS = (
    "requestId",
    "AWSRequestId",
    "aws_request_id",
    "awsRequestId",
    "function_request_id",
)
_PLATFORM = {
    "platform.initStart": Kind.INIT,
    "platform.initRuntimeDone": Kind.INIT,
    "platform.initReport": Kind.INIT,
    "platform.restoreStart": Kind.INIT,
    "platform.restoreRuntimeDone": Kind.INIT,
    "platform.restoreReport": Kind.INIT,
    "platform.start": Kind.START,
    "platform.runtimeDone": Kind.END,
    "platform.report": Kind.REPORT,
}
"""Lambda guide, "Log level filtering", table "System log level event mapping"."""

_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_NAMES = "|".join(sorted(LEVELS, key=len, reverse=True))
_TEXT = {"START": Kind.START, "END": Kind.END, "REPORT": Kind.REPORT}
_MARK = re.compile(
    r"(START|END|REPORT) RequestId: (\S+)|(?:INIT_START|INIT_REPORT|RESTORE_START|RESTORE_REPORT) "
)
_MARKS = frozenset("SERI")
_CONTINUES = re.compile(r"[ \t]+\S|Caused by: |Traceback \(most recent")
_CARRY_ON = frozenset(" \tCT")
"""With what messages begin that may match the two patterns."""

# What the runtimes put before a line: [INFO]⇥time⇥id⇥ (Python), time⇥id⇥INFO⇥ (Node.js).
RUNTIME_PREFIX = re.compile(
    rf"\[(?P<python>{_NAMES})\]\t\S+\t(?P<python_id>{_ID})\t"
    rf"|\S+Z\t(?P<node_id>{_ID}|undefined)\t(?P<node>{_NAMES})\t"
)
_LEVELLED = re.compile(
    rf"""
    [\[(]?[\d\-/:.,TZ+\ ]*[\])]?\s*         # a time
    (?:\|\s*)?
    (?:{_ID}\s+)?                           # log4j2 for Lambda: time id LEVEL
    (?:\[(?!(?:{_NAMES})\])[^\]\n]{{1,60}}\]\s+)?   # logback: time [thread] LEVEL
    (?:-?\s*[\w.$]{{1,80}}\s-\s)?           # logging: time - name - LEVEL
    [\[(]?(?P<level>{_NAMES})(?=[\s:|\])\-]|$)
    """,
    re.VERBOSE,
)
_NAMED = re.compile(rf"(?:\S+\s){{0,2}}(?:RequestId: )?({_ID})\s|\[\w+\]\t\S+\t({_ID})\t")
_FAILED_TEXT = re.compile(
    rf"""
    \S+\ {_ID}\ Task\ timed\ out\ after
    |RequestId:\ {_ID}\ (?:Error:|Process\ exited)
    |\[ERROR\]\ \S                          # Python: unhandled; its logger writes tabs
    |\S+Z\t\S+\tERROR\t(?:Invoke|Init|Uncaught|Unhandled|\w+Error\b)
    |Error\ raised\ from\ handler           # Ruby
    """,
    re.VERBOSE,
)
_STACK = re.compile(r"\n\s+at \S")
_BAD_STATUS = re.compile(r"\tStatus: (?:timeout|error|failure)")
_BAD = frozenset({"timeout", "error", "failure"})


@dataclass(slots=True)
class Record:
    """An event, and what was read out of it."""

    event: LogEvent
    kind: Kind
    request: str
    """The invocation's request id; empty where it is not known."""
    document: dict[str, Any] | None = None
    """The message, where it is a JSON object."""
    head: Record | None = field(default=None, repr=False)
    """The record whose stack this one carries on."""

    @property
    def level(self) -> str:
        """One of `LEVELS`, or empty where the line has none.

        Read from structured logs and from the text conventions of Python's, Node.js's and
        Java's loggers.
        """
        if self.document is not None:
            return _document_level(self.document)
        message = self.event.message
        prefix = RUNTIME_PREFIX.match(message)
        if prefix:
            return prefix["python"] or prefix["node"]
        if _FAILED_TEXT.match(message):
            return "ERROR"
        found = _LEVELLED.match(message)
        return found["level"] if found else ""

    @property
    def failure(self) -> bool:
        """Whether Lambda reports here that an invocation failed: a time-out, an unhandled
        error, an exit of the runtime."""
        if self.document is not None:
            return _document_failure(self.document)
        message = self.event.message
        if self.kind in (Kind.REPORT, Kind.INIT):
            return _BAD_STATUS.search(message) is not None
        return (
            _FAILED_TEXT.match(message) is not None
            # Java and .NET: an exception with its stack, written by no logger
            or (_STACK.search(message) is not None and not self.level)
        )


_STREAMS = 10_000
"""Streams whose last record is kept: those of functions that log no START and no REPORT go on and
on."""


class Reader:
    """Reads events in the order of time, and attributes each to its invocation.

    An execution environment has a stream of its own and works on one request at a time, so what
    stands between START and REPORT in a stream belongs to that request.
    """

    def __init__(self) -> None:
        self._requests: dict[tuple[str, str], str] = {}
        self._last: dict[tuple[str, str], Record] = {}

    def read(self, event: LogEvent) -> Record:
        """The record of an event."""
        where = (event.group, event.stream)
        message = event.message
        first = message[:1]
        if first == "{" and (document := _document(message)) is not None:
            kind = _PLATFORM.get(str(document.get("type")), Kind.LINE)
            request = _document_request(document) or self._requests.get(where, "")
            record = Record(event, kind, request, document)
        elif first in _MARKS and (mark := _MARK.match(message)):
            record = Record(event, _TEXT.get(mark[1], Kind.INIT), mark[2] or "")
        else:
            request = self._requests.get(where, "")
            if not request and (named := _NAMED.match(message)):
                request = named[1] or named[2]
            record = Record(event, Kind.LINE, request)
        if record.kind is not Kind.LINE:
            self._mark(record, where)
        elif continues(message) and (last := self._last.get(where)):
            record.head = last
        else:
            if len(self._last) >= _STREAMS:
                self._last.pop(next(iter(self._last)))
            self._last[where] = record
        return record

    def _mark(self, record: Record, where: tuple[str, str]) -> None:
        """An invocation begins or ends in this stream."""
        if record.kind is Kind.START:
            self._requests[where] = record.request
        elif record.kind is Kind.REPORT:
            self._requests.pop(where, None)
        self._last.pop(where, None)


def continues(line: str) -> bool:
    """Whether a line carries a stack on."""
    return line[:1] in _CARRY_ON and _CONTINUES.match(line) is not None


def _document(message: str) -> dict[str, Any] | None:
    try:
        read = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _document_request(document: dict[str, Any]) -> str:
    record = document.get("record")
    if isinstance(record, dict) and isinstance(record.get("requestId"), str):
        return str(record["requestId"])
    found = (document.get(key) for key in _REQUEST_KEYS)
    return next((value for value in found if isinstance(value, str)), "")


def _document_level(document: dict[str, Any]) -> str:
    for key in _LEVEL_KEYS:
        value = document.get(key)
        if isinstance(value, int):
            return _NUMBERED.get(value, "")
        if isinstance(value, str) and value.upper() in LEVELS:
            return value.upper()
    return "ERROR" if "errorType" in document and "errorMessage" in document else ""


def _document_failure(document: dict[str, Any]) -> bool:
    record = document.get("record")
    if isinstance(record, dict) and str(document.get("type")).startswith("platform."):
        return record.get("status") in _BAD
    message = document.get("message")
    carrier = message if isinstance(message, dict) else document
    return LEVELS.get(_document_level(document), 0) >= LEVELS["ERROR"] and (
        "errorType" in carrier or "stackTrace" in carrier
    )
