"""The level of a line, by the conventions of the runtimes and of the usual loggers."""

from __future__ import annotations

import re
from typing import Any

from lcli.invoke.report import REQUEST_ID

LEVELS = {
    "TRACE": 0,
    "FINEST": 0,
    "FINER": 0,
    "DEBUG": 1,
    "FINE": 1,
    "CONFIG": 1,
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

LEVEL_KEYS = ("level", "log_level", "levelname", "severity", "log.level")
"""Where structured logs say it."""
TRACEBACK = "Traceback (most recent call last):"

_NUMBERED = {10: "TRACE", 20: "DEBUG", 30: "INFO", 40: "WARN", 50: "ERROR", 60: "FATAL"}
"""pino's and bunyan's levels."""
_NAMES = "|".join(sorted(LEVELS, key=len, reverse=True))
_COLOUR = r"(?:\x1b\[[\d;]*+m)*+"
_LOWER = "critical|warning|notice|error|fatal|trace|debug|info|warn"

# What stands before a line's text: [INFO]⇥time⇥id⇥ (Python), time⇥id⇥INFO⇥ (Node.js), or a level
# alone, as of Python's unhandled errors.
_PREFIX = re.compile(
    rf"\[(?P<python>{_NAMES})\](?:\t\S+\t(?:{REQUEST_ID})?\t|\ )"
    rf"|\S+Z\t(?:{REQUEST_ID}|undefined)\t(?P<node>{_NAMES})\t"
)
_NAME = r"[\w.$/\-]{1,80}+"
_SOME_LEVEL = rf"[\[(]?(?:{_NAMES}|{_LOWER})\b"
_LEVELLED = re.compile(
    rf"""
    \s*+ {_COLOUR}
    (?P<time>
      [\[(]?+ (?=\S*[:/.\-]) \d[\w:.,/+\-]*+          # 2026-03-01T10:00:00Z, 30-Nov-2026, 10:00
      (?:\ ++(?:[+\-]?\d[\w:.,/+\-]*+|UTC\b|GMT\b))*+  # a time of day, a zone
      [\])]?+ {_COLOUR} \s*+
    )?+
    (?:[|\-]\s++)?+ {_COLOUR}
    (?:{REQUEST_ID}\s++)?+                           # log4j2 for Lambda: time id LEVEL
    (?:\[(?!(?:{_NAMES}|{_LOWER})\s*+\])[^\]\n]{{1,60}}+\]\s++)?+   # logback: time [thread] LEVEL
    (?:(?!{_SOME_LEVEL}){_NAME}\s++-\s++     # logging: time - name - LEVEL
      |(?(time)(?!{_SOME_LEVEL}){_NAME}\s++(?=[\[(]?(?:{_NAMES})\b)|(?!)))?+   # time name LEVEL
    {_COLOUR}
    (?:[\[(]?(?P<level>{_NAMES})(?=[\s:|\])\-\x1b]|$)
      |\[{_COLOUR}(?P<padded>{_LOWER})\s*+{_COLOUR}\]{_COLOUR}\s   # structlog: time [error    ]
      |(?P<lower>{_LOWER}){_COLOUR}:\s)        # winston: error:
    """,
    re.VERBOSE,
)
"""Nothing in it is tried twice: a line of any length is read in one go."""
_BELOW = re.compile(rf"\w{{3}}\ \d\d?,\ \d{{4}},?\ [\d:]+\s[AP]M\ [^\n]*\n(?P<level>{_NAMES}): ")
"""java.util.logging: the time and the method, the level in the line below."""


def behind_prefix(message: str) -> tuple[str, str] | None:
    """Level and text of a line with a runtime's prefix; None where it has none."""
    prefix = _PREFIX.match(message)
    return (prefix[1] or prefix[2], message[prefix.end() :]) if prefix else None


def level_of_text(message: str) -> str:
    """One of `LEVELS`, or empty where the line has none."""
    prefix = _PREFIX.match(message)
    if prefix:
        return prefix["python"] or prefix["node"]
    found = _LEVELLED.match(message) or _BELOW.match(message)
    if found:
        return found[found.lastgroup or 0].upper()
    return "ERROR" if message.startswith(TRACEBACK) else ""


def level_of_document(document: dict[str, Any]) -> str:
    """One of `LEVELS`, or empty where a JSON record has none."""
    for key in LEVEL_KEYS:
        value = document.get(key)
        if isinstance(value, int):
            return _NUMBERED.get(value, "")
        if isinstance(value, str) and value.upper() in LEVELS:
            return value.upper()
    return "ERROR" if "errorType" in document and "errorMessage" in document else ""
