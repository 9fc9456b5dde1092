"""What an event says: an invocation's start or end, or a line with its level and request."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from sys import getsizeof
from typing import Any

from lcli.invoke.report import REQUEST_ID
from lcli.observe.documents import parsed, request_of, unwrapped
from lcli.observe.events import LogEvent
from lcli.observe.failures import document_failed, is_last_words, report_failed, text_failed
from lcli.observe.levels import (
    LEVELS,
    TRACEBACK,
    behind_prefix,
    level_of_document,
    level_of_text,
)
from lcli.observe.spans import Spans


class Kind(StrEnum):
    """What an event is for."""

    LINE = "line"
    """What the function wrote, or an error that Lambda did."""
    INIT = "init"
    START = "start"
    END = "end"
    REPORT = "report"


_LINE, _INIT, _START, _REPORT = Kind.LINE, Kind.INIT, Kind.START, Kind.REPORT
"""By these names: looking members up in their class takes a tenth of the time of a reading."""
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

_TEXT = {"START": Kind.START, "END": Kind.END, "REPORT": Kind.REPORT}
_MARK = re.compile(
    r"(START|END|REPORT) RequestId: (\S+)|(?:INIT_START|INIT_REPORT|RESTORE_START|RESTORE_REPORT) "
)
_MARKS = frozenset("SERI")
_NAMED = re.compile(
    rf"\[\w+\]\t\S+\t({REQUEST_ID})\t|(?:\S+\s){{0,2}}(?:RequestId: )?({REQUEST_ID})\s"
)

_INDENT = " \t\xa0"
"""Python's runtime indents with spaces that do not break."""
_CONTINUES = re.compile(
    rf"[{_INDENT}]+\S|Caused by: |During handling of the above |The above exception was the "
)
_CARRY_ON = frozenset(_INDENT + "CDT")
"""With what messages begin that may match it, or begin a traceback."""
_RAISED = re.compile(r"[\w.<>]+(?:: |\s*$)")
"""``ValueError: no such size``: with which a traceback ends."""


_OVERHEAD = 500
"""Bytes that a record takes beside its message."""
_OBJECT, _MEMBER = 200, 120
"""The same that an object of a JSON document takes, and a member of it with its key."""


@dataclass(slots=True)
class Record:
    """An event, and what was read out of it."""

    event: LogEvent
    kind: Kind
    known: str
    """The invocation's request id, where the stream or its document told it."""
    document: dict[str, Any] | None = None
    """The message, where it is a JSON object."""
    head: Record | None = field(default=None, repr=False)
    """The record whose stack this one carries on."""

    @property
    def request(self) -> str:
        """The invocation's request id; empty where it is not known.

        Looked for in a line only when it is asked for: most are printed without it.
        """
        is_text = self.document is None or not self.event.message.startswith("{")
        if self.known or self.kind is not _LINE or not is_text:
            return self.known
        named = _NAMED.match(self.event.message)
        return (named[1] or named[2]) if named else ""

    @property
    def weight(self) -> int:
        """Bytes in memory, about."""
        message = self.event.message
        size = _OVERHEAD + getsizeof(message)
        if self.document is not None:
            members = _OBJECT * message.count("{") + _MEMBER * message.count(",")
            size += getsizeof(message) + members
        return size

    @property
    def level(self) -> str:
        """One of `LEVELS`, or empty where the line has none; a failure is an ERROR.

        Read from structured logs and from the text conventions of the usual loggers.
        """
        if self.document is not None:
            level = level_of_document(self.document)
        else:
            level = level_of_text(self.event.message)
        return level or ("ERROR" if self.failure else "")

    @property
    def failure(self) -> bool:
        """Whether Lambda reports here that an invocation failed: a time-out, an unhandled
        error, an exit of the runtime."""
        if self.document is not None:
            return document_failed(self.document)
        if self.kind in (Kind.REPORT, Kind.INIT):
            return report_failed(self.event.message)
        return text_failed(self.event.message)


_STREAMS = 10_000
"""Streams whose last record is kept: those of functions that log no START and no REPORT go on and
on."""


class Reader:
    """Reads events in the order of time, and attributes each to its invocation: see `Spans`."""

    def __init__(self, late: int = 0) -> None:
        """`late`: milliseconds by which events may come behind newer ones, as in a follow."""
        self.spans = Spans(late)
        self._streams = self.spans.streams
        self._last: dict[tuple[str, str], Record] = {}
        self._tracebacks: set[tuple[str, str]] = set()
        """Where Python's traceback has begun and not yet named the error."""
        self._dumps: set[tuple[str, str]] = set()
        """Where a process has begun to say why it dies."""

    def read(self, event: LogEvent) -> Record:
        """The record of an event."""
        where = (event.group, event.stream)
        message = event.message
        first = message[:1]
        stream = self._streams.get(where)
        if stream is None:
            request = ""
        elif event.timestamp >= stream.newest:
            request = stream.request
        else:
            request = stream.holds(event.timestamp)
        if first == "{" and (document := parsed(message)) is not None:
            kind = _PLATFORM.get(str(document.get("type")), _LINE)
            record = Record(event, kind, request_of(document) or request, unwrapped(document))
        elif first in _MARKS and (mark := _MARK.match(message)):
            record = Record(event, _TEXT.get(mark[1], _INIT), mark[2] or "")
        else:
            document = _document_behind_prefix(message) if "\t{" in message else None
            record = Record(event, _LINE, request, document)
        if record.kind is not _LINE:
            self._mark(record, where)
        elif self._dumps and where in self._dumps:
            self._go_on_dying(record, where)
        elif first <= " " or first in _CARRY_ON or (self._tracebacks and where in self._tracebacks):
            self._carry_on(record, where)
        else:
            self._keep(record, where)
            if is_last_words(message):
                self._dumps.add(where)
        return record

    def _go_on_dying(self, record: Record, where: tuple[str, str]) -> None:
        """A line behind a process's last words: theirs, or of the runtime that outlived it."""
        message = record.event.message
        if not message or message.isspace():
            return  # between the parts of a stack
        if record.document is not None or message.startswith("RequestId: ") or record.level:
            self._dumps.discard(where)
            self._keep(record, where)
        else:
            record.head = self._last.get(where)

    def _carry_on(self, record: Record, where: tuple[str, str]) -> None:
        """A line that may belong to the stack of an earlier one."""
        message = record.event.message
        if not message or message.isspace():
            return  # between the parts of a traceback, for one
        record.head = self._head(message, where)
        if record.head is None:
            self._keep(record, where)

    def _keep(self, record: Record, where: tuple[str, str]) -> None:
        if len(self._last) >= _STREAMS and where not in self._last:
            self._last.pop(next(iter(self._last)))
        self._last[where] = record

    def _head(self, message: str, where: tuple[str, str]) -> Record | None:
        """The record whose stack a line carries on."""
        if where in self._tracebacks:
            return self._head_of_traceback(message, where)
        if message[:1] not in _CARRY_ON:
            return None
        last = self._last.get(where)
        if message.startswith(TRACEBACK):
            if _awaits_error(message):
                self._tracebacks.add(where)
            # It belongs to the error that was logged with it, else it stands for itself.
            logged = last is not None and LEVELS.get(last.level, 0) >= LEVELS["ERROR"]
            return last if logged else None
        return last if _CONTINUES.match(message) else None

    def _head_of_traceback(self, message: str, where: tuple[str, str]) -> Record | None:
        if _awaits_error(message):
            return self._last.get(where)
        self._tracebacks.discard(where)
        belongs = message[0] in _INDENT or _RAISED.match(message)
        return self._last.get(where) if belongs else None

    def _mark(self, record: Record, where: tuple[str, str]) -> None:
        """An invocation begins or ends in this stream."""
        if record.kind is _START:
            self.spans.began(where, record.event.timestamp, record.request)
        elif record.kind is _REPORT:
            self.spans.ended(where, record.event.timestamp, record.request)
        self._last.pop(where, None)
        self._tracebacks.discard(where)
        self._dumps.discard(where)


def _awaits_error(message: str) -> bool:
    """Whether a piece of a traceback ends before the line that names the error.

    The one that the runtime writes of an unhandled error has no such line.
    """
    line = message.rstrip().rpartition("\n")[2]
    return line.startswith((" ", "\t", TRACEBACK))


def _document_behind_prefix(message: str) -> dict[str, Any] | None:
    found = behind_prefix(message)
    if found is None or not found[1].startswith("{") or parsed(found[1]) is None:
        return None
    return unwrapped({"level": found[0], "message": found[1]})
