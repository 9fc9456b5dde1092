"""Following the history of a durable execution."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lcli.aws.clients import Clients
    from lcli.cli.run import Run

POLL_SECONDS = 2.0
_LAST = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionStopped")


def events(clients: Clients, arn: str, *, data: bool, follow: bool) -> Iterator[dict[str, Any]]:
    """Each event once, in order; with `follow` until the one that ends the execution."""
    seen = 0
    while True:
        for event in _after(clients, arn, seen, data=data):
            seen = event["EventId"]
            yield event
            if event["EventType"] in _LAST:
                return
        if not follow:
            return
        time.sleep(POLL_SECONDS)


def _after(clients: Clients, arn: str, seen: int, *, data: bool) -> Iterator[dict[str, Any]]:
    """The events that came after one, in order; only the last pages are read for them."""
    from lcli.invoke.executions import history

    if not seen:
        yield from history(clients, arn, data=data)
        return
    backwards = history(clients, arn, data=data, reverse=True)
    new = list(takewhile(lambda event: event["EventId"] > seen, backwards))
    yield from reversed(new)


def wait_for_end(run: Run, clients: Clients, arn: str) -> bool:
    """Follow an execution to its end, event by event on stderr; whether it did not succeed."""
    from lcli.ui.executions import event_line

    began, kind = None, ""
    for event in events(clients, arn, data=True, follow=True):
        began, kind = began or event["EventTimestamp"], event["EventType"]
        run.terminal.comment(event_line(event, began))
    return kind != _LAST[0]
