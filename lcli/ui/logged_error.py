"""The error of an invocation, as its log tells it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from lcli.invoke.call import LOG_TAIL, FunctionError, error_of
from lcli.observe.records import Kind, Record
from lcli.ui.log_lines import content

_KIND = "Unhandled"
"""Only what the function did not handle is reported by its runtime or by Lambda."""
_FIRST = re.compile(
    r"""
    (?:\[ERROR\]\ |RequestId:\ \S+\ (?:Error:\ )?|\S+Z\ \S+\ (?=Task\ )
      |(?:Invoke\ Error|Uncaught\ Exception|Unhandled\ Promise\ Rejection):\ )?
    (?:(?P<type>[\w.$]+):\ )?
    (?P<message>.*)
    """,
    re.VERBOSE,
)
_LATE = re.compile(r"\tStatus: timeout|\"status\": ?\"timeout\"")
_TYPE = re.compile(r"(?:Error Type: |\"errorType\": ?\")([\w.]+)")


def logged_error(record: Record) -> FunctionError | None:
    """The error that a runtime or Lambda reports in this record; None where it reports none.

    What the record does not say is empty: a REPORT has at most the type.
    """
    if not record.failure or record.kind not in (Kind.LINE, Kind.REPORT):
        return None
    message = record.event.message
    if record.kind is Kind.REPORT:
        typed = _TYPE.search(message)
        said = "timed out" if _LATE.search(message) else ""
        return FunctionError(_KIND, typed[1] if typed else "", said, ())
    if document := record.document:
        inner = document.get("message")
        return error_of(_KIND, inner if isinstance(inner, dict) else document)
    # Python's runtime indents a stack with spaces that do not break.
    first, *rest = content(record)[1].replace("\u00a0", " ").splitlines() or [""]
    found = _FIRST.fullmatch(first)
    if rest[:1] == ["Traceback (most recent call last):"]:
        del rest[0]
    kind, said = found.group("type", "message") if found else ("", first)
    return FunctionError(_KIND, kind or "", said, tuple(rest))


class Told:
    """What an invocation's records tell of it, gathered while each is shown."""

    def __init__(self, show: Callable[[Record], None]) -> None:
        self.version = ""
        self.error: FunctionError | None = None
        self.log = ""
        """The last 4 KB, as an answer brings them."""
        self._show = show

    def __call__(self, record: Record) -> None:
        """Show a record, and keep what it tells."""
        self._show(record)
        event = record.event
        self.version = self.version or event.version
        self.log = f"{self.log}{event.message.rstrip()}\n"[-LOG_TAIL:]
        told = logged_error(record)
        if told and self.error and record.kind is Kind.REPORT:
            self.error = replace(self.error, type=self.error.type or told.type)
        else:
            self.error = told or self.error


def without_error(records: Sequence[Record], error: FunctionError | None) -> Iterator[Record]:
    """The records but for the runtime's own of the `error` with which the invocation ended.

    What the function itself wrote of it before stays. Of an init phase that fails, which Lambda
    repeats, all are the runtime's.
    """
    own = [i for i, record in enumerate(records) if error and _tells(record, error)]
    if error and not error.type.startswith("Runtime."):
        own = own[-1:]
    return (record for index, record in enumerate(records) if index not in own)


def _tells(record: Record, error: FunctionError) -> bool:
    """Whether a record is of this error; a response repeats the request's id before a message."""
    told = logged_error(record) if record.kind is Kind.LINE else None
    if told is None or told.type not in ("", error.type):
        return False
    return _first(error.message).endswith(_first(told.message))


def _first(text: str) -> str:
    return text.partition("\n")[0]
