"""What Lambda and its runtimes write of an invocation that failed, told from what functions log.

Only the runtimes' own wordings count: a function that logs an error which it has handled has not
failed.
"""

from __future__ import annotations

import re
from typing import Any

from lcli.invoke.report import REQUEST_ID
from lcli.observe.documents import text_key
from lcli.observe.levels import LEVELS, TRACEBACK, level_of_document, level_of_text

_LAST_WORDS = r"""
    panic:\ |fatal\ error:\                                    # Go
    |thread\ '[^'\n]*'\ (?:\(\d+\)\ )?panicked\ at\             # Rust
    |\#<Thread:[^\n]*\ terminated\ with\ exception              # Ruby
"""
_FAILED = re.compile(
    rf"""
    \S+\ {REQUEST_ID}\ Task\ timed\ out\ after
    |RequestId:\ {REQUEST_ID}\ (?:Error:|Process\ exited)
    |\[ERROR\]\ (?:
        [\w.]+(?:[\r\n]++|:\ (?s:.*?)[\r\n]){re.escape(TRACEBACK)}     # Python
        |\[\d+\]\ LAMBDA_RUNTIME\ )                             # a response that is refused
    |\S+Z\t\S+\tERROR\t(?:Invoke\ Error|Uncaught\ Exception|Unhandled\ Promise\ Rejection)\s+\{{
    |(?:Error\ raised|Critical\ exception)\ from\ handler       # Ruby
    |Init\ error\ when\ loading\ handler
    |{_LAST_WORDS}
    |\d{{4}}/\d\d/\d\d\ [\d:]{{8}}\ \{{"errorMessage":          # Go
    """,
    re.VERBOSE,
)
is_last_words = re.compile(_LAST_WORDS, re.VERBOSE).match
"""Whether a process begins to say why it dies: all that follows in its stream is the stack, until
the runtime tells of the exit."""
_UNHANDLED_JAVA = re.compile(r": ([\w.$]+)\n\1(?::|\n)")
"""``message: class``, and the stack, which begins with the class."""
_DOTNET_STACK = "\n   at "
_BAD_STATUS = re.compile(r"\tStatus: (?:timeout|error|failure)")
_BAD = frozenset({"timeout", "error", "failure"})


def text_failed(message: str) -> bool:
    """Whether a line of text says so."""
    if _FAILED.match(message):
        return True
    java = "\n\tat " in message and _UNHANDLED_JAVA.search(message)
    return bool(java or _DOTNET_STACK in message) and not level_of_text(message)


def report_failed(message: str) -> bool:
    """Whether a REPORT or INIT_REPORT has a status that says so."""
    return _BAD_STATUS.search(message) is not None


def document_failed(document: dict[str, Any]) -> bool:
    """Whether a JSON record says so.

    Python's runtime writes the error's fields and no message, Node.js's has them as the message,
    Java's a message with the stack. What a logger wrote has its name, or a message of its own.
    """
    record = document.get("record")
    if isinstance(record, dict) and str(document.get("type")).startswith("platform."):
        return record.get("status") in _BAD
    if "logger" in document or LEVELS.get(level_of_document(document), 0) < LEVELS["ERROR"]:
        return False
    key = text_key(document)
    if key in ("msg", "event"):
        return False
    carrier = document["message"] if key == "message" else document
    if isinstance(carrier, str):
        return _UNHANDLED_JAVA.search(carrier) is not None
    return isinstance(carrier, dict) and ("errorType" in carrier or "stackTrace" in carrier)
