"""The log of the invocation that lcli invoke made, on stderr."""

from __future__ import annotations

from lcli.cli.invoke_asked import Asked
from lcli.errors import LcliError, Problem
from lcli.invoke.call import READ_TIMEOUT, Response
from lcli.invoke.report import find_report
from lcli.observe.events import Source
from lcli.observe.invocation_log import follow_invocation
from lcli.observe.records import Kind

_LATE = 30.0
"""Seconds for which the log of an invocation that is over is waited for."""
_QUEUED = READ_TIMEOUT + 60
"""Seconds for which an event that was queued is waited for: the longest time-out, and the queue."""
_CLOCKS = 60_000
"""Milliseconds by which this machine's clock may be ahead of AWS's."""


def show_log(asked: Asked, response: Response, began: float) -> None:
    """The whole log of an invocation that is over. `began` is its time in seconds since 1970.

    The answer's own log is enough if it goes back to the START; else CloudWatch is read until
    the REPORT is there, and a log that stays incomplete is said to be.
    """
    log = response.log.rstrip("\n")
    request = response.request_id
    if f"START RequestId: {request}" in log or "platform.start" in log:
        asked.run.terminal.note(log)
        return
    if not _follow(asked, request, began, _LATE)[0]:
        asked.run.terminal.note(log)
        asked.run.terminal.note(f"{asked.named.name}: the log is not complete after {_LATE:.0f} s")


def wait_for_report(asked: Asked, request: str, began: float) -> bool:
    """Follow a queued invocation to its REPORT; whether it failed.

    Raises LcliError where there is no REPORT within the longest time-out of a function.
    """
    complete, failed = _follow(asked, request, began, _QUEUED)
    if complete:
        return failed
    raise LcliError(
        Problem(
            "no-report",
            f"{asked.named.name} reported nothing of request {request} within {_QUEUED:.0f} s",
            _source(asked).group,
            "lcli logs --request shows what it wrote; its log level may suppress the REPORT",
        )
    )


def _follow(asked: Asked, request: str, began: float, within: float) -> tuple[bool, bool]:
    complete = failed = False
    start = int(began * 1000) - _CLOCKS
    clients = asked.run.session(asked.named.region)
    for record in follow_invocation(clients, _source(asked), request, start, within=within):
        message = record.event.message.rstrip("\n")
        asked.run.terminal.note(message)
        failed = failed or record.failure
        if record.kind is Kind.REPORT:
            complete = True
            if report := find_report(message):
                rate = asked.rate
                asked.run.terminal.note(
                    f"{asked.named.name}: {report}, {rate.told(rate.cost(report))}"
                )
    return complete, failed


def _source(asked: Asked) -> Source:
    document = asked.run.any_document
    groups = {f.name: f.log_group for f in document.functions()} if document else {}
    name = asked.named.name
    return Source(asked.named.key or name, groups.get(name, f"/aws/lambda/{name}"))
