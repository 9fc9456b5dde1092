"""The event to send: from the command line, a file or standard input."""

from __future__ import annotations

import json
import math
import os
import re
from pathlib import Path
from typing import Any, BinaryIO

from lcli.errors import ExitCode, LcliError, Problem

SYNC_LIMIT = 6 * 1024 * 1024
ASYNC_LIMIT = 1024 * 1024
"""Bytes (Lambda guide, "Lambda quotas": invocation payload)."""
DEEPEST = 200
"""Arrays and objects in one another that a document is read with; more is taken as text."""
_CONTEXT_LIMIT = 3583
"""Characters of a client context as it is sent, in base64 (Invoke, API reference)."""
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_DEEPER = {"[": 1, "{": 1, "]": -1, "}": -1}
_MAY_OVERFLOW = re.compile(r"\d[eE]\+?\d{3}|\d{300}")


def read_context(given: str) -> bytes:
    """A client context: JSON text or ``@PATH``. Raises LcliError (USAGE), as for too much of it."""
    source = given[1:] if given.startswith("@") else "--client-context"
    context = _read_file(Path(source), SYNC_LIMIT) if given.startswith("@") else os.fsencode(given)
    check_json(context, source)
    if len(context) > _CONTEXT_LIMIT // 4 * 3:
        raise _usage(
            "context-too-large",
            f"the client context is over {_CONTEXT_LIMIT // 4 * 3:,} bytes, which is what Lambda "
            f"takes ({_CONTEXT_LIMIT:,} in base64)",
            source,
            "put the data into the payload",
        )
    return context


def read_payload(
    given: str | None,
    stdin: BinaryIO,
    *,
    asynchronous: bool,
    raw: bool = False,
    use: str = "",
) -> bytes:
    """The payload's bytes as they will be sent; b"" when none is given.

    `given` is JSON text, ``@PATH`` or ``-``; any bytes where it is `raw`. `use` is what it is for,
    where that is no invocation: ``a callback's result``. Raises LcliError
    (USAGE) for a file that cannot be read, text that is not JSON, and more bytes than Lambda takes.
    """
    limit = ASYNC_LIMIT if asynchronous else SYNC_LIMIT
    if given is None:
        return b""
    if given == "-":
        payload, source = stdin.read(limit + 1), "standard input"
    elif given.startswith("@"):
        payload, source = _read_file(Path(given[1:]), limit), given[1:]
    else:
        payload, source = os.fsencode(given), "--payload"
    check_size(payload, source, asynchronous=asynchronous, use=use)
    if not raw:
        check_json(payload, source)
    return payload


def check_size(payload: bytes, source: str, *, asynchronous: bool, use: str = "") -> None:
    """Raises LcliError (USAGE) for more bytes than Lambda takes."""
    limit = ASYNC_LIMIT if asynchronous else SYNC_LIMIT
    if len(payload) > limit:
        kind = "an asynchronous invocation" if asynchronous else "a synchronous invocation"
        raise _usage(
            "payload-too-large",
            f"the payload is over {limit:,} bytes, Lambda's limit for {use or kind}",
            source,
            "send less, or put the data into S3 and send its address",
        )


def _read_file(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise _usage(
            "payload-unreadable",
            f"the payload's file cannot be read: {error.strerror}",
            str(path),
            "name a file that exists after the @",
        ) from error


def check_json(payload: bytes, source: str) -> None:
    """Raises LcliError (USAGE) for what is not JSON in UTF-8, as Lambda wants it."""
    if not payload.strip():
        raise _usage(
            "payload-empty",
            "the payload is empty",
            source,
            "look where it comes from; to send none, leave --payload out",
        )
    try:
        _check(payload.decode())
    except (ValueError, RecursionError) as error:
        raise _usage(
            "payload-not-json",
            f"the payload is not JSON: {error}",
            source,
            """write JSON, a string in quotes: --payload '"text"'""",
        ) from error


def is_json(payload: bytes) -> bool:
    """Whether bytes are JSON in UTF-8."""
    try:
        _check(payload.decode())
    except (ValueError, RecursionError):
        return False
    return True


def _check(text: str) -> None:
    """Whatever its numbers are: JSON knows no limits for them."""
    json.loads(text, parse_constant=_refuse, parse_int=str, parse_float=str)


def parsed(text: str) -> Any:
    """The value of JSON text.

    ValueError also for NaN and Infinity, which Python would take, for numbers beyond what a
    program can hold, and for what is nested deeper than `DEEPEST`.
    """
    if is_too_deep(text):
        raise ValueError(f"it is nested more than {DEEPEST} deep")
    large = _MAY_OVERFLOW.search(text)
    return json.loads(text, parse_constant=_refuse, parse_float=_finite if large else None)


def value_of(payload: bytes, source: str) -> Any:
    """The value of JSON that is to be written again.

    Raises LcliError (USAGE) for JSON that Python cannot hold, and would write as none (`parsed`).
    """
    try:
        return parsed(payload.decode())
    except ValueError as error:
        raise _usage(
            "payload-beyond-limits",
            f"the payload cannot be read and written again: {error}",
            source,
            "write such a number as text, and lists and objects less deep in one another",
        ) from error


def is_too_deep(text: str) -> bool:
    """Whether JSON text is nested deeper than `DEEPEST`, at which encoders fail by and by."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    depth = 0
    for token in _TOKENS.finditer(text):
        depth += _DEEPER.get(token[0], 0)
        if depth > DEEPEST:
            return True
    return False


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"the number {text[:20]} is too large")
    return value


def as_json(value: Any) -> bytes:
    """The value as JSON text in UTF-8; half a surrogate pair stays the escape that it was."""
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value).encode()


def _refuse(constant: str) -> Any:
    raise ValueError(f"it has no {constant}")


def _usage(code: str, what: str, where: str, next_step: str) -> LcliError:
    return LcliError(Problem(code, what, where, next_step), ExitCode.USAGE)
