"""The log of the invocation that lcli invoke made, on stderr."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lcli.cli.invoke_asked import Asked
from lcli.cli.logs_sources import group_of
from lcli.errors import ExitCode, LcliError, Problem
from lcli.invoke.answer import MARGIN, Answer, Described, describe, longest_wait
from lcli.invoke.call import Response
from lcli.observe.call_log import CallLog
from lcli.observe.events import Source
from lcli.observe.records import Record
from lcli.ui.answer_log import CallLines
from lcli.ui.logged_error import Told
from lcli.ui.response import ran


def print_log_of(answer: Answer, asked: Asked, source: Source, began: float) -> bool:
    """Print the log of a call, made at `began`, while it runs and until its REPORT.

    Gives whether it told an error with its stack. Raises AwsError where there is no answer.
    """
    told = Told(CallLines(asked.run.terminal))
    _log(asked, source, began, told).while_called(answer)
    return told.error is not None and told.error.stack != ()


def described_for_wait(asked: Asked) -> Described | None:
    """What AWS says of the function; None where it is not allowed to be asked.

    Raises LcliError (USAGE) for one whose log never tells that a call succeeded.
    """
    described = describe(asked.run.session(asked.named.region), asked.target)
    if described and not described.reports:
        problem = Problem(
            "no-report",
            f"{asked.named.name} logs no REPORT, for which --wait waits: its system log level is "
            "WARN",
            described.log_group,
            "call it without --wait, or set log.system_level to info",
        )
        raise LcliError(problem, ExitCode.USAGE)
    return described


def wait_for_report(
    asked: Asked, queued: Response, source: Source, began: float, described: Described | None
) -> Response:
    """Follow a queued invocation to its REPORT: the answer with what its log tells of it.

    `began` is when it was queued, in seconds since 1970. Raises LcliError where there is no REPORT
    within the function's time-out and two minutes, for the queue; AwsError where its log cannot be
    read.
    """
    name = asked.named.name
    within = longest_wait(described, 2 * MARGIN)
    told = Told(CallLines(asked.run.terminal))
    report = _log(asked, source, began, told).until_report(queued.request_id, within).report
    if report:
        cost = asked.rate.told(asked.rate.cost(report))
        failed = " failed" if told.error else ""
        asked.run.terminal.note(f"{name}{ran(told.version)}{failed}: {report}, {cost}")
        return replace(queued, version=told.version, error=told.error, log=told.log)
    raise LcliError(
        Problem(
            "no-report",
            f"{name} reported nothing of request {queued.request_id} within {within:.0f} s",
            source.group,
        )
    )


def _log(asked: Asked, source: Source, began: float, show: Callable[[Record], None]) -> CallLog:
    terminal, session = asked.run.terminal, asked.run.session(asked.named.region)
    return CallLog(
        session,
        source,
        lambda: int((began - session.clock.ahead) * 1000),
        show,
        lambda text: terminal.note(f"{asked.named.name}: {text}"),
    )


def source_of(asked: Asked) -> Source:
    """The function's log group: the manifest's, else what AWS says. Raises LcliError, AwsError."""
    run, named = asked.run, asked.named
    document = run.any_document if named.key else None
    for function in document.functions(run.naming_place(named.region)) if document else ():
        if function.name == named.name:
            return Source(named.key or named.name, function.log_group)
    return Source(named.name, group_of(run, named, named.region))
