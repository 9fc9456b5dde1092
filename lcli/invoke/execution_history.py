"""The history of a durable execution: read, followed, and what is open after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from lcli.aws.clients import AwsError, Clients
from lcli.aws.retry import Act, rule
from lcli.invoke.call import FunctionError
from lcli.invoke.executions import PAGE, Document, gone

SUCCEEDED = "ExecutionSucceeded"
_LAST = (SUCCEEDED, "ExecutionFailed", "ExecutionTimedOut", "ExecutionStopped")
_PAUSE = 2.0
"""Seconds between two looks at an execution that is followed."""
_PATIENCE = 300.0
"""Seconds for which those may fail by what passes, once one has not."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What an execution waits for."""

    kind: str
    """``callback``, ``wait``, ``retry``, ``invoke`` or ``step``."""
    name: str
    """The operation's; its id where it has none."""
    since: datetime
    until: str = ""
    """When it ends by itself, ISO 8601; empty if it does not say."""
    callback_id: str = ""

    def as_json(self) -> Document:
        """By names like those of the API."""
        shown = {"Kind": self.kind, "Name": self.name, "Since": self.since}
        more = {"Until": self.until, "CallbackId": self.callback_id}
        return shown | {name: value for name, value in more.items() if value}


def history(
    clients: Clients, arn: str, *, data: bool = True, reverse: bool = False
) -> Iterator[Document]:
    """All events of an execution, the oldest first unless `reverse`, page by page.

    Raises LcliError, AwsError (GetDurableExecutionHistory, API reference).
    """
    pages = clients.pages(
        "lambda",
        "GetDurableExecutionHistory",
        DurableExecutionArn=arn,
        PaginationConfig={"PageSize": PAGE},
        IncludeExecutionData=data,
        ReverseOrder=reverse,
    )
    try:
        for page in pages:
            yield from page.get("Events", ())
    except AwsError as error:
        raise gone(error, arn) from error


def follow(
    clients: Clients,
    arn: str,
    *,
    data: bool = True,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Document]:
    """Each event once, in order, as it happens; ends with the one that ends the execution.

    Throttling, server errors and lost answers are waited out once something was read. Raises
    LcliError, AwsError.
    """
    seen, until = 0, 0.0
    while True:
        try:
            for event in _after(clients, arn, seen, data=data):
                seen = event["EventId"]
                yield event
                if event["EventType"] in _LAST:
                    return
            until = clock() + _PATIENCE
        except AwsError as error:
            if rule(error).act is not Act.RETRY or clock() >= until:
                raise
        sleep(_PAUSE)


def error_at_end(event: Document) -> FunctionError | None:
    """With what an execution ended, by its last event; None if it succeeded."""
    kind = event["EventType"]
    if kind == SUCCEEDED:
        return None
    told = event.get(f"{kind}Details", {}).get("Error", {}).get("Payload") or {}
    return FunctionError(
        "Unhandled",
        str(told.get("ErrorType", kind)),
        str(told.get("ErrorMessage", "")),
        tuple(told.get("StackTrace", ())),
    )


def _after(clients: Clients, arn: str, seen: int, *, data: bool) -> Iterator[Document]:
    """The events that came after one, in order; only the last pages are read for them."""
    if not seen:
        yield from history(clients, arn, data=data)
        return
    backwards = history(clients, arn, data=data, reverse=True)
    new = list(takewhile(lambda event: event["EventId"] > seen, backwards))
    yield from reversed(new)


def pending(events: Sequence[Document]) -> list[Pending]:
    """What is open after all of an execution's events, the oldest first."""
    found: dict[str, Pending] = {}
    for event in events:
        key, kind = event.get("Id", ""), event["EventType"]
        details = event.get(f"{kind}Details", {})
        name = event.get("Name") or key
        at = event["EventTimestamp"]
        if kind == "CallbackStarted":
            found[key] = Pending("callback", name, at, callback_id=details["CallbackId"])
        elif kind == "WaitStarted":
            ends = details["ScheduledEndTimestamp"].isoformat(timespec="seconds")
            found[key] = Pending("wait", name, at, until=ends)
        elif kind == "ChainedInvokeStarted":
            found[key] = Pending("invoke", f"{name} ({details['FunctionName']})", at)
        elif kind == "StepStarted":
            found[key] = Pending("step", name, at)
        elif kind in ("StepFailed", "StepSucceeded") and (
            "NextAttemptDelaySeconds" in details.get("RetryDetails", {})
        ):
            found[key] = Pending("retry", name, at)
        else:
            found.pop(key, None)
    return list(found.values())
