"""The log of the invocation that lcli invoke made, on stderr."""

from __future__ import annotations

from lcli.cli.invoke_asked import Asked
from lcli.cli.logs_sources import group_of
from lcli.errors import LcliError, Problem
from lcli.invoke.answer import MARGIN, Answer, describe, longest_wait
from lcli.observe.call_log import CallLog
from lcli.observe.events import Source
from lcli.observe.records import Kind, Record
from lcli.ui.log_lines import Lines, Style


def print_log_of(answer: Answer, asked: Asked, began: float) -> None:
    """Print the log of a call, made at `began`, while it runs and until its REPORT.

    Raises AwsError where there is no answer.
    """
    _log(asked, _source(asked), began).while_called(answer)


def wait_for_report(asked: Asked, request: str, began: float) -> bool:
    """Follow a queued invocation to its REPORT; whether it failed.

    `began` is when it was queued, in seconds since 1970. Raises LcliError where there is no REPORT
    within the function's time-out and two minutes, for the queue.
    """
    source, name = _source(asked), asked.named.name
    described = describe(asked.run.session(asked.named.region), asked.target)
    within = longest_wait(described, 2 * MARGIN)
    followed = _log(asked, source, began).until_report(request, within)
    if followed.report:
        cost = asked.rate.told(asked.rate.cost(followed.report))
        failed = " failed" * followed.failed
        asked.run.terminal.note(f"{name}{failed}: {followed.report}, {cost}")
        return followed.failed
    raise LcliError(
        Problem(
            "no-report",
            f"{name} reported nothing of request {request} within {within:.0f} s",
            source.group,
            "lcli logs --request shows what it wrote; its log level may suppress the REPORT",
        )
    )


def _log(asked: Asked, source: Source, began: float) -> CallLog:
    """Lines as those of lcli logs. The REPORT is in the line that closes the command."""
    terminal, session = asked.run.terminal, asked.run.session(asked.named.region)
    color = terminal.color and terminal.stderr.isatty()
    line_of = Lines(Style(timestamps=False, color=color, neutral=True))

    def show(record: Record) -> None:
        if record.kind is not Kind.REPORT:
            terminal.lines(line_of(record))

    return CallLog(
        session,
        source,
        lambda: int((began - session.clock.ahead) * 1000),
        show,
        lambda text: terminal.note(f"{asked.named.name}: {text}"),
    )


def _source(asked: Asked) -> Source:
    """The function's log group: the manifest's, else what AWS says."""
    run, named = asked.run, asked.named
    document = run.any_document if named.key else None
    for function in document.functions(run.naming_place(named.region)) if document else ():
        if function.name == named.name:
            return Source(named.key or named.name, function.log_group)
    return Source(named.name, group_of(run, named, named.region))
