"""JSON log records: what a logger wrote, also inside of what the runtime put around it."""

from __future__ import annotations

import json
from typing import Any

from lcli.invoke.payload import is_too_deep
from lcli.observe.levels import level_of_document

_TEXT_KEYS = ("message", "msg", "event", "errorMessage")
_REQUEST_KEYS = (
    "requestId",
    "AWSRequestId",
    "aws_request_id",
    "awsRequestId",
    "function_request_id",
)


def parsed(message: str) -> dict[str, Any] | None:
    """The JSON object that a message is; None for anything else."""
    if is_too_deep(message):
        return None
    try:
        read = json.loads(message)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def text_key(document: dict[str, Any]) -> str:
    """The key of what a record says; empty where it says nothing in words.

    structlog's is ``event``, under which others log the event that the function was given.
    """
    return next(
        (
            key
            for key in _TEXT_KEYS
            if document.get(key) is not None and (key != "event" or isinstance(document[key], str))
        ),
        "",
    )


def request_of(document: dict[str, Any]) -> str:
    """The request id that a record names; empty for none."""
    record = document.get("record")
    if isinstance(record, dict) and isinstance(record.get("requestId"), str):
        return str(record["requestId"])
    found = (document.get(key) for key in _REQUEST_KEYS)
    return next((value for value in found if isinstance(value, str)), "")


def unwrapped(outer: dict[str, Any]) -> dict[str, Any]:
    """A record whose message is itself one, as one: the inner level and text win.

    Runtimes wrap each line so whose logger writes JSON. Errors stay as they are: Node.js's runtime
    writes those as the message.
    """
    message = outer.get("message")
    if isinstance(message, str) and message.startswith("{"):
        inner = parsed(message)
    elif isinstance(message, dict) and "errorType" not in message:
        inner = message
    else:
        return outer
    if inner is None:
        return outer
    level = level_of_document(inner) or level_of_document(outer)
    key = text_key(inner)
    if not key:
        return {**outer, "level": level}
    fields = {name: value for name, value in inner.items() if name != key}
    return {**outer, **fields, "level": level, "message": inner[key]}
