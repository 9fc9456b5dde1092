"""Durable executions on a terminal: the list, one of them, its history."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from lcli.invoke.execution_history import Pending
from lcli.ui.measures import moment, span, took
from lcli.ui.neutral import neutralise
from lcli.ui.tables import PlainTable

WIDTH = 100
"""Characters of a payload in a line; -o json has all of it."""
_STYLES = {"FAILED": "red", "TIMED_OUT": "red", "STOPPED": "yellow", "SUCCEEDED": "green"}
_DATA = (("Input", "Payload"), ("Result", "Payload"), ("Reason", "Payload"))


def table_of(found: Iterable[Mapping[str, Any]]) -> PlainTable:
    """A line an execution."""
    table = PlainTable("Name", "Status", "Version", "Started", ">Took", "ARN")
    for one in found:
        status = one["Status"]
        table.add_row(
            one["DurableExecutionName"],
            (status, _STYLES.get(status, "")),
            one["FunctionArn"].rpartition(":")[2],
            moment(one["StartTimestamp"]),
            took(one["StartTimestamp"], one.get("EndTimestamp")),
            one["DurableExecutionArn"],
        )
    return table


def details_of(one: Mapping[str, Any], waits: Sequence[Pending]) -> PlainTable:
    """One execution, with what it waits for."""
    table = PlainTable("Setting", "Value", header=False)
    for label, value in _lines(one, waits):
        if value:
            table.add_row((label, "bold"), value)
    return table


def _lines(one: Mapping[str, Any], waits: Sequence[Pending]) -> list[tuple[str, str]]:
    ended, timeout = one.get("EndTimestamp"), one.get("ExpectedExecutionTimeoutTimestamp")
    pause = one.get("PauseDetails", {})
    paused = moment(pause["PauseRequestTimestamp"]) if pause else ""
    config = one.get("DurableConfig", {})
    return [
        ("Name", one["DurableExecutionName"]),
        ("ARN", one["DurableExecutionArn"]),
        ("Function", one["FunctionArn"]),
        ("Status", one["Status"]),
        ("Paused", f"{paused} {pause.get('Reason', '')}".strip()),
        ("Started", moment(one["StartTimestamp"])),
        ("Ended", f"{moment(ended)}, after {took(one['StartTimestamp'], ended)}" if ended else ""),
        ("Times out", moment(timeout) if timeout else ""),
        ("Kept", f"{config['RetentionPeriodInDays']} days after its end" if config else ""),
        ("Input", one.get("InputPayload", "")),
        ("Result", one.get("Result", "")),
        ("Error", error_text(one.get("Error", {}))),
        *((f"Waits: {each.kind}", _pending(each)) for each in waits),
    ]


def _pending(each: Pending) -> str:
    until = f"until {each.until}" if each.until else f"since {moment(each.since)}"
    return f"{each.name}, {until}" + (f"\n{each.callback_id}" if each.callback_id else "")


def event_line(event: Mapping[str, Any], began: datetime) -> Text:
    """``   +1.2 s  StepFailed  charge  attempt 1, next in 5 s  ValueError: declined``."""
    kind = event["EventType"]
    after = (event["EventTimestamp"] - began).total_seconds()
    name = event.get("Name", "")
    line = Text(f"{after:>+10.2f} s  ")
    line.append(f"{kind:<22}", _event_style(kind))
    shown = "  ".join(filter(None, (name, summary(event.get(f"{kind}Details", {})))))
    return line.append(neutralise(shown).replace("\n", "\\n"))


def _event_style(kind: str) -> str:
    if kind.endswith(("Failed", "TimedOut")):
        return "red"
    return "green" if kind == "ExecutionSucceeded" else "yellow" if "Stopped" in kind else ""


def summary(details: Mapping[str, Any]) -> str:
    """What is worth a glance of an event's details."""
    retry = details.get("RetryDetails", {})
    parts = []
    if "CurrentAttempt" in retry and (retry["CurrentAttempt"] > 1 or len(retry) > 1):
        parts.append(f"attempt {retry['CurrentAttempt']}")
    if "NextAttemptDelaySeconds" in retry:
        parts.append(f"next in {span(retry['NextAttemptDelaySeconds'])}")
    if "Duration" in details:
        parts.append(span(details["Duration"]))
    if details.get("Timeout"):
        parts.append(f"times out after {span(details['Timeout'])}")
    if details.get("HeartbeatTimeout"):
        parts.append(f"a heartbeat every {span(details['HeartbeatTimeout'])}")
    parts += [str(details[name]) for name in ("FunctionName", "CallbackId") if name in details]
    if "RequestId" in details:
        lasted = (details["EndTimestamp"] - details["StartTimestamp"]).total_seconds()
        parts.append(f"{details['RequestId']}, {lasted:.2f} s")
    for member, inner in _DATA:
        payload = details.get(member, {}).get(inner)
        if payload is not None:
            parts.append(short(payload))
    error = error_text(details.get("Error", {}).get("Payload") or {})
    return ", ".join([*parts, *([error] if error else [])])


def error_text(error: Mapping[str, Any]) -> str:
    """``ValueError: declined``."""
    return ": ".join(filter(None, (error.get("ErrorType"), error.get("ErrorMessage"))))


def short(payload: str) -> str:
    """The payload in one line of bounded length."""
    return payload if len(payload) <= WIDTH else f"{payload[:WIDTH]}… ({len(payload)} characters)"


def as_json(document: Any) -> Any:
    """An answer with its points of time in ISO 8601, UTC."""
    return json.loads(json.dumps(document, default=_iso))


def _iso(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(value)
