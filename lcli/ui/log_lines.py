"""Log records as lines: for people, for programs, and as they are stored."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import cycle

from lcli.invoke.price import Rate
from lcli.invoke.report import find_report
from lcli.observe.levels import LEVELS, behind_prefix
from lcli.observe.records import Kind, Record
from lcli.ui.log_documents import document_content
from lcli.ui.neutral import neutralise, neutralise_json

Write = Callable[[Record], str]
"""The text of a record with its newline; empty for one that is folded into another."""

COLORS = ("36", "33", "32", "35", "34", "96", "93")
"""SGR codes, one a function in turn; none of them red, which is for errors."""
_OF_256 = (39, 208, 141, 71, 205, 178, 37, 105, 137, 169, 67, 113, 173, 73, 175, 149)
MORE_COLORS = (*COLORS, *(f"38;5;{number}" for number in _OF_256))
"""The same for a terminal of 256 colours: readable on black and on white."""
_RED, _YELLOW, _DIM = "31", "33", "2"
_LEVEL_COLORS = {
    name: _RED if rank >= LEVELS["ERROR"] else _YELLOW
    for name, rank in LEVELS.items()
    if rank >= LEVELS["WARN"]
}
_NODE_ERROR = re.compile(
    r"(Invoke Error|Uncaught Exception|Unhandled Promise Rejection)\s+(\{.*\})", re.DOTALL
)
_STATUS = re.compile(r'\tStatus: (\w+)|"status": ?"(\w+)"')
_ERROR_TYPE = re.compile(r'(?:Error Type: |"errorType": ?")([\w.]+)')


def as_stored(record: Record) -> str:
    """The message alone, unchanged but for the newline at its end."""
    message = record.event.message
    return message if message.endswith("\n") else message + "\n"


def as_json(record: Record) -> str:
    """One JSON document a line; times in ISO 8601, UTC."""
    event = record.event
    document = {
        "eventId": event.id,
        "timestamp": _iso(event.timestamp),
        "ingestionTime": _iso(event.ingestion),
        "function": event.function,
        "version": event.version,
        "requestId": record.request,
        "late": event.late,
        "group": event.group,
        "stream": event.stream,
        "message": event.message,
    }
    return neutralise_json(json.dumps(document, ensure_ascii=False)) + "\n"


def has_many_colors(environ: Mapping[str, str]) -> bool:
    """Whether a terminal has 256 colours, by what it sets in the environment."""
    return "256color" in environ.get("TERM", "") or bool(environ.get("COLORTERM"))


@dataclass(frozen=True, slots=True)
class Style:
    """How lines for people look."""

    names: Sequence[str] = ()
    """The functions' names, in the order of the colours."""
    timestamps: bool = True
    dates: bool = False
    utc: bool = False
    color: bool = False
    many_colors: bool = False
    """The terminal has 256."""
    neutral: bool = False
    """Make control characters visible: for a terminal."""


class Lines:
    """Writes records for people: time, function, then the message; see `Style`.

    An invocation's START, END and REPORT become one closing line; further lines of a message
    stand below its first.
    """

    def __init__(self, style: Style, rates: Mapping[str, Rate] | None = None) -> None:
        """`rates` are the prices of the functions' calls, by the functions' names."""
        self._style = style
        self._rates = rates or {}
        width = max(map(len, style.names), default=0)
        colors = cycle(MORE_COLORS if style.many_colors else COLORS)
        self._names = {
            name: self._paint(name.ljust(width), color) + " "
            for name, color in zip(style.names, colors, strict=False)
        }
        clock = 13 + style.utc + 11 * style.dates if style.timestamps else 0
        self._below = "\n" + " " * (clock + (width + 1 if width else 0))
        self._levels = {
            name: self._paint(name, _LEVEL_COLORS.get(name, "")) + " " for name in LEVELS
        }
        self._second = -1
        self._clock = ""
        self._day = ""
        # Put together beforehand: every line has a time.
        self._dim, end = (f"\x1b[{_DIM}m", "\x1b[0m ") if style.color else ("", " ")
        self._parts = [f".{n:03}{'Z' * style.utc}{end}" for n in range(1000)]

    def __call__(self, record: Record) -> str:
        """The lines of a record; empty for START, END and a successful INIT."""
        kind = record.kind
        if kind is Kind.LINE or (kind is Kind.INIT and record.failure):
            body = self._body(record)
        elif kind is Kind.REPORT:
            body = closing(record, self._rates.get(record.event.function))
            body = neutralise(body) if self._style.neutral else body
            body = self._paint(body, _RED if record.failure else _DIM)
        else:
            return ""
        event = record.event
        before = self._names.get(event.function, "")
        if self._style.timestamps:
            before = self._time(event.timestamp) + before
        if event.late:
            before += "(late) "
        return f"{before}{body}\n"

    def heading(self, text: str) -> str:
        """A line that is none of the log."""
        return self._paint(neutralise(text) if self._style.neutral else text, _DIM) + "\n"

    def _body(self, record: Record) -> str:
        level, text, fields = content(record)
        if "\r" in text:
            # The lines of a stack, where a runtime writes to a bare stderr.
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if self._style.neutral:
            text, fields = neutralise(text), neutralise(fields)
        if "\n" in text:
            text = text.replace("\n", self._below)
        if level:
            text = self._levels[level] + text
        if not fields:
            return text
        first, newline, rest = text.partition("\n")
        return f"{first}  {self._paint(fields, _DIM)}{newline}{rest}"

    def _time(self, milliseconds: int) -> str:
        """The clock; above it the date where it is another one than that of the line before."""
        second, rest = divmod(milliseconds, 1000)
        new_day = ""
        if second != self._second:
            self._second = second
            day, self._clock = _clock(second, self._style.utc)
            if self._style.dates:
                self._clock = f"{day} {self._clock}"
            elif self._day not in ("", day):
                new_day = self._paint(day, _DIM) + "\n"
            self._day = day
        return f"{new_day}{self._dim}{self._clock}{self._parts[rest]}"

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if code and text and self._style.color else text


def content(record: Record) -> tuple[str, str, str]:
    """Level, text and remaining fields (``key=value …``) of a line.

    What the runtime puts before a line is left out but for the level; a JSON object is its
    message and stack, and its other fields.
    """
    if record.document is not None:
        return document_content(record)
    message = record.event.message.rstrip()
    found = behind_prefix(message)
    if found is None:
        return "", message, ""
    level, text = found
    if text.endswith("}") and (unhandled := _NODE_ERROR.fullmatch(text)):
        text = _node_error(*unhandled.groups())
    return level, text, ""


def _node_error(what: str, details: str) -> str:
    """``Invoke Error`` and a JSON object, as the error and its stack below; of a rejection that
    nobody handled those of its reason."""
    try:
        error = json.loads(details)
        reason = error.get("reason")
        stack = "\n".join((reason if isinstance(reason, dict) else error)["stack"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return f"{what} {details}"
    return f"{what}: {stack}"


def closing(record: Record, rate: Rate | None = None) -> str:
    """``done in 12.31 ms, billed 13 ms, 40 of 128 MB, cold start 96 ms, $0.00000023 (REQUEST)``.

    ``timed out after`` or ``failed after`` where REPORT has such a status.
    """
    message = record.event.message
    report = find_report(message)
    if report is None:
        return message.rstrip()
    status = _STATUS.search(message) if record.failure else None
    begin = "timed out after" if status and "timeout" in status.groups() else "failed after"
    cause = _ERROR_TYPE.search(message) if status else None
    cost = rate.cost(report) if rate else None
    return (
        f"{begin if status else 'done in'} {report}"
        f"{f', {rate.told(cost)}' if rate and cost is not None else ''}"
        f"{f', {cause[1]}' if cause else ''} ({report.request_id})"
    )


@lru_cache(maxsize=64)
def _clock(second: int, utc: bool) -> tuple[str, str]:
    """Date and time of day."""
    day, _, clock = str(datetime.fromtimestamp(second, UTC if utc else None))[:19].partition(" ")
    return day, clock


def _iso(milliseconds: int) -> str:
    second, rest = divmod(milliseconds, 1000)
    return f"{_iso_second(second)}.{rest:03}Z"


@lru_cache(maxsize=64)
def _iso_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
