"""The log of the invocation that lcli invoke made, on stderr."""

from __future__ import annotations

from collections.abc import Container

from lcli.aws.clients import AwsError
from lcli.cli.invoke_asked import Asked
from lcli.errors import LcliError, Problem
from lcli.invoke.answer import MARGIN, Answer, describe
from lcli.invoke.call import LONGEST, Response
from lcli.invoke.report import find_report
from lcli.observe.events import Source
from lcli.observe.invocation_log import follow_invocation
from lcli.observe.records import Kind
from lcli.observe.running_invocation import RunningInvocation
from lcli.resources.naming import default_log_group

_LATE = 30.0
"""Seconds for which the log of an invocation that is over is waited for."""
_UNREPORTED = 5.0
"""The same where the answer's own log shows that no REPORT is written."""
_QUEUED = LONGEST + 2 * MARGIN
"""Seconds for which an event that was queued is waited for: the longest time-out, and the queue."""
_CLOCKS = 60_000
"""Milliseconds by which this machine's clock may be ahead of AWS's."""
_PAUSE = 1.0
"""Seconds until the log is first looked at, and between two looks: FilterLogEvents allows five a
second in the whole account."""
_TAIL = 4096
"""Bytes of the log that an answer brings (LogResult, Invoke API reference)."""


def print_log_of(answer: Answer, asked: Asked, began: float) -> None:
    """Print the log of a call, made at `began`, while it runs and until its REPORT.

    Where it cannot be told which log is that of this call, its log is printed once the answer has
    brought the request id. Raises AwsError where there is no answer.
    """
    clients, source = asked.run.session(asked.named.region), _source(asked)
    running, trouble = RunningInvocation(clients, source, int(began * 1000)), False
    while not answer.wait(_PAUSE):
        if trouble:
            continue
        try:
            for record in running.poll():
                asked.run.terminal.note(record.event.message.rstrip("\n"))
        except AwsError:
            # What came of the call matters more; why is said at the end.
            trouble = True
    _rest(asked, source, answer.result(), began, running)


def _rest(
    asked: Asked, source: Source, response: Response, began: float, running: RunningInvocation
) -> None:
    """What was not printed yet, up to the REPORT.

    The answer's own log is enough if all of it is there and nothing of it was printed.
    """
    note, name = asked.run.terminal.note, asked.named.name
    if running.request not in ("", response.request_id):
        note(f"{name}: the lines above are those of request {running.request}, called meanwhile")
    log = response.log
    if not running.printed and (_is_whole(log) or not log):
        if log:
            note(log.rstrip("\n"))
        return
    within = _LATE if find_report(log) else _UNREPORTED
    why = f"its REPORT did not come within {within:.0f} s"
    try:
        follow = _follow(
            asked, source, response.request_id, began, within=within, printed=running.printed
        )
        if follow.reported:
            return
        if follow.lines or running.request == response.request_id:
            note(f"{name}: {why}; its log level may suppress it")
            return
    except AwsError as error:
        why = f"logs:{error.operation}: {error.message}"
    note(log.rstrip("\n"))
    note(f"{name}: only the end of the log: {why}")


def _is_whole(log: str) -> bool:
    starts = log.startswith("START RequestId: ") or '"platform.start"' in log.partition("\n")[0]
    return len(log.encode()) < _TAIL or starts


def wait_for_report(asked: Asked, request: str, began: float) -> bool:
    """Follow a queued invocation to its REPORT; whether it failed.

    `began` is when it was queued, in seconds since 1970. Raises LcliError where there is no REPORT
    within the longest time-out of a function.
    """
    source = _source(asked)
    follow = _follow(asked, source, request, began, within=_QUEUED)
    if follow.reported:
        return follow.failed
    raise LcliError(
        Problem(
            "no-report",
            f"{asked.named.name} reported nothing of request {request} within {_QUEUED:.0f} s",
            source.group,
            "lcli logs --request shows what it wrote; its log level may suppress the REPORT",
        )
    )


class _Followed:
    """What was seen of an invocation's log."""

    lines = 0
    reported = failed = False


def _follow(
    asked: Asked,
    source: Source,
    request: str,
    began: float,
    *,
    within: float,
    printed: Container[str] = (),
) -> _Followed:
    """Print an invocation's log until its REPORT, for so many seconds at most. Raises AwsError."""
    found = _Followed()
    start = int(began * 1000) - _CLOCKS
    clients = asked.run.session(asked.named.region)
    for record in follow_invocation(
        clients, source, request, start, within=within, printed=printed
    ):
        message = record.event.message.rstrip("\n")
        asked.run.terminal.note(message)
        found.lines += 1
        found.failed = found.failed or record.failure
        if record.kind is Kind.REPORT:
            found.reported = True
            if asked.mode == "Event" and (report := find_report(message)):
                cost = asked.rate.told(asked.rate.cost(report))
                failed = " failed" * found.failed
                asked.run.terminal.note(f"{asked.named.name}{failed}: {report}, {cost}")
    return found


def _source(asked: Asked) -> Source:
    """The function's log group: the manifest's, else what AWS says, else the usual one."""
    run, named = asked.run, asked.named
    document = run.any_document
    for function in document.functions() if document else ():
        if function.name == named.name:
            return Source(named.key or named.name, function.log_group)
    described = describe(run.session(named.region), asked.target)
    return Source(named.name, described.log_group if described else default_log_group(named.name))
