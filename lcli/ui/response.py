"""What came of one call: the response on stdout, the rest on stderr."""

from __future__ import annotations

import json
import os
from codecs import getincrementaldecoder
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from textwrap import indent
from typing import Any, TextIO

from lcli.invoke.call import FunctionError, Mode, Response, in_order
from lcli.invoke.payload import SYNC_LIMIT, parsed
from lcli.invoke.price import Rate, table
from lcli.ui.terminal import Terminal

_ONE_LINE = 80
"""Characters of JSON that are read at a glance; more is laid out."""


def print_payload(stdout: TextIO, payload: bytes, *, raw: bool) -> None:
    """The response alone: as it came into a pipe or when `raw`, else laid out and made safe."""
    if not payload:
        return
    if raw or not stdout.isatty():
        write_bytes(stdout, payload)
        return
    from lcli.ui.neutral import neutralise

    try:
        value = parsed(payload.decode())
        text = json.dumps(value, ensure_ascii=False)
        if len(text) > _ONE_LINE:
            text = json.dumps(value, indent=2, ensure_ascii=False)
    except ValueError:
        text = payload.decode("utf-8", "backslashreplace")
    stdout.write(neutralise(text) + "\n")


def print_id(stdout: TextIO, request_id: str) -> None:
    """The request id of a queued event: what a script keeps to find it in the log."""
    from lcli.ui.neutral import neutralise

    stdout.write(neutralise(request_id) + "\n")
    stdout.flush()


def begin_line(terminal: Terminal, payload: bytes) -> None:
    """End the last line of a response that was written as it came, where a terminal, a pipe or a
    file takes stderr too, as a CI system's log does."""
    stdout, stderr = terminal.stdout, terminal.stderr
    if payload and not payload.endswith(b"\n"):
        with suppress(OSError, ValueError):
            if os.path.sameopenfile(stdout.fileno(), stderr.fileno()):
                terminal.note("")


def write_bytes(stdout: TextIO, data: bytes) -> None:
    """Bytes as they are, at once."""
    stdout.flush()
    stdout.buffer.write(data)
    stdout.buffer.flush()


def note_error(terminal: Terminal, name: str, error: FunctionError, *, stack: bool = True) -> None:
    """What a function that failed says: type, message and, unless it is shown already, `stack`."""
    terminal.note(": ".join(filter(None, (f"{name} failed", error.type, error.message))))
    for frame in error.stack if stack else ():
        terminal.note(indent(frame, "  "))


def ran(*versions: str) -> str:
    """`` version 7``, `` versions 3, 4`` where an alias divides its traffic; empty for none."""
    known = in_order(versions)
    return f" version{'s' * (len(known) > 1)} {', '.join(known)}" if known else ""


def closing_line(
    name: str, mode: Mode, response: Response, rate: Rate, *, named: bool = False
) -> str:
    """``photos-thumbnail version 7: 12.34 ms, billed 13 ms, 61 of 256 MB, $0.00000025``.

    `named`: the execution was given a name, and AWS does not say whether it was there already.
    """
    if mode is Mode.ASYNC:
        started = "started, unless it was before" if named else "started"
        return f"{name}: {started if response.execution else 'queued'}"
    if mode is Mode.DRY_RUN:
        return f"{name}: would be invoked"
    version = ran(response.version)
    if response.execution:
        return f"{name}{version}: the execution has ended"
    report = response.report
    if response.streamed > SYNC_LIMIT:
        rate = replace(rate, uncounted=(*rate.uncounted, "streamed bytes above 6 MB"))
    used = f": {report}, {rate.told(rate.cost(report))}" if report else ""
    return f"{name}{version}{used}"


def document(response: Response, rate: Rate) -> dict[str, Any]:
    """The shape of `-o json`; `response` is the payload where it is JSON, else its text."""
    from dataclasses import asdict

    # An execution is several invocations; the report is the last one's.
    cost = None if response.execution else rate.cost(response.report)
    return {
        "status": response.status,
        "request_id": response.request_id,
        "version": response.version,
        "response": body(response.payload),
        "error": asdict(response.error) if response.error else None,
        "report": asdict(response.report) if response.report else None,
        "cost": cost_document(rate, cost),
        "log": response.log,
        "execution": response.execution or None,
    }


def body(payload: bytes) -> Any:
    """What JSON says, else its text; None of nothing."""
    try:
        return parsed(payload.decode()) if payload else None
    except ValueError:
        return payload.decode("utf-8", "backslashreplace")


def cost_document(rate: Rate, dollars: float | None) -> dict[str, Any] | None:
    """A cost in `-o json`; None where it is not known."""
    if dollars is None:
        return None
    return {
        "usd": float(f"{dollars:.12f}"),
        "at_most": not rate.architecture,
        "region": rate.region,
        "prices": rate.date,
        "table": table().compiled,
        "uncounted": rate.uncounted,
    }


def writer(stdout: TextIO, *, raw: bool) -> Callable[[bytes], None]:
    """Writes pieces of a response at once; made safe on a terminal unless `raw`.

    A character may be cut between two pieces, hence the incremental decoder.
    """
    if raw or not stdout.isatty():
        return partial(write_bytes, stdout)
    from lcli.ui.neutral import neutralise

    decoder = getincrementaldecoder("utf-8")("backslashreplace")

    def write(data: bytes) -> None:
        stdout.write(neutralise(decoder.decode(data)))
        stdout.flush()

    return write
