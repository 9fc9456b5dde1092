"""JSON log records as people read them: the text, the stack below, the other fields after it."""

from __future__ import annotations

import json
from typing import Any

from lcli.observe.documents import text_key
from lcli.observe.levels import LEVEL_KEYS
from lcli.observe.records import Record

_SHOWN_ELSEWHERE = frozenset(
    {
        *LEVEL_KEYS,
        *("timestamp", "time", "@timestamp", "requestId", "AWSRequestId", "aws_request_id"),
    }
)
_STACK_KEYS = ("exception", "stackTrace", "stack", "stack_trace")
"""Powertools for Python writes its stack twice: ``exception`` is the one for people."""
_ERROR_KEYS = ("err", "error")
"""Under which pino and Powertools for TypeScript have an error with its stack."""


def document_content(record: Record) -> tuple[str, str, str]:
    """Level, text with its stack, and remaining fields (``key=value …``) of a JSON record."""
    document = record.document or {}
    key = text_key(document)
    if not key:
        return record.level, record.event.message.rstrip(), ""
    message = document[key]
    fields = {
        name: value
        for name, value in document.items()
        if name not in _SHOWN_ELSEWHERE and name != key
    }
    if isinstance(message, dict):
        # Node.js: an error's fields are the message
        fields |= message
        message = fields.pop("errorMessage", "")
    text = message if isinstance(message, str) else _compact(message)
    stack = _take_stack(fields)
    body = _with_stack(_named_error(text.rstrip(), fields), stack)
    return record.level, body, " ".join(f"{name}={_compact(fields[name])}" for name in fields)


def _take_stack(fields: dict[str, Any]) -> str:
    """The stack, taken out of the fields with whatever else says the same."""
    stacks = [_stack(fields[key]) for key in _STACK_KEYS if key in fields]
    if isinstance(reason := fields.get("reason"), dict) and _stack(reason.get("stackTrace")):
        # Node.js: a rejection that nobody handled; its own stack is only the runtime's
        stacks.insert(0, _stack(fields.pop("reason")["stackTrace"]))
    stack = next((one for one in stacks if one), "")
    for key in _STACK_KEYS:
        if stack or not fields.get(key):
            fields.pop(key, None)
    for key in _ERROR_KEYS:
        error = fields.get(key)
        if not stack and isinstance(error, dict) and (stack := _stack(error.get("stack"))):
            fields[key] = {name: value for name, value in error.items() if name != "stack"}
    return stack


def _stack(value: Any) -> str:
    if isinstance(value, str):
        return value.rstrip()
    if not isinstance(value, list):
        return ""
    lines = (line.rstrip("\n") if isinstance(line, str) else _compact(line) for line in value)
    return "\n".join(line for line in lines if line)


def _with_stack(text: str, stack: str) -> str:
    """The stack below the text, without what the text says already."""
    if not stack or stack in text:
        return text
    first, _, rest = stack.partition("\n")
    if text and (stack.startswith(text) or first.endswith(text)):
        return stack
    return f"{text}\n{rest if text.endswith(first) else stack}"


def _named_error(text: str, fields: dict[str, Any]) -> str:
    """``ValueError: no such size`` of an error's type and message, taken out of `fields`."""
    if "errorType" not in fields:
        return text
    kind, message = fields.pop("errorType"), fields.pop("errorMessage", text)
    error = f"{kind}: {message}"
    if error in text:
        return text
    return error if message == text else f"{text}: {error}"


def _compact(value: Any) -> str:
    if isinstance(value, str) and value and not any(c.isspace() or c == '"' for c in value):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
