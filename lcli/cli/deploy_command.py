"""lcli deploy: make AWS agree with the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from lcli.aws.clients import AwsError
from lcli.cli import deploy_options as options
from lcli.cli.exclusive import refuse_alone
from lcli.cli.names import Functions, by_region
from lcli.cli.preparing import (
    Ready,
    confirm,
    prepare_regions,
    present,
    tell_notices,
    title,
    untouched,
)
from lcli.cli.region_guard import note_region
from lcli.cli.run import Run
from lcli.errors import ExitCode, LcliError
from lcli.resources.model import Verb

if TYPE_CHECKING:
    from lcli.deploy.events import Event, Listener
    from lcli.deploy.report import Report
    from lcli.deploy.stop import Stop

GO_ON = "interrupted: run the same command again to go on"


def command(
    ctx: typer.Context,
    functions: Functions = None,
    yes: options.Yes = False,
    prune: options.Prune = False,
    logs: options.Logs = False,
    adopt: options.Adopt = None,
    parallel: options.Parallel = 16,
    quick: options.Quick = False,
    fail_fast: options.FailFast = False,
    no_wait: options.NoWait = False,
    events: options.Events = False,
) -> None:
    """Build, plan and apply; publish a version and move the alias.

    Ctrl-C (or SIGTERM) ends after what is in flight; running it again goes on where it was.
    """
    run: Run = ctx.obj
    run.go_on()
    refuse_alone(ctx, run, options.NEEDED)
    adopted = by_region(run, adopt or [])
    with untouched(run):
        elsewhere = note_region(run, functions or [])
        ready = prepare_regions(
            run,
            by_region(run, functions or []),
            prune=prune,
            logs=logs,
            adopt=adopted,
            quick=quick,
            parallel=parallel,
        )
        present(run, ready)
        asked = [reason for one in ready for reason in one.prepared.plan.confirmations]
        confirm(run, [*elsewhere, *asked] if any(one.writes for one in ready) else [], yes=yes)
    reports = apply_all(
        run,
        ready,
        parallel=parallel,
        fail_fast=fail_fast,
        waits=not no_wait,
        events=events,
    )
    finish(run, reports, events=events)


def apply_all(
    run: Run,
    ready: list[Ready],
    *,
    parallel: int,
    fail_fast: bool = False,
    waits: bool = True,
    events: bool = False,
) -> list[Report]:
    """Apply one region's plan after the other; of several, each is named when it begins.

    After an interruption, and what else ends all, those that follow are not begun, and told so.
    With `events` each event is a line of JSON on stdout as it happens. What cannot even begin is
    raised in the first region, and reported after others: what was done there is to be told.
    """
    from lcli.deploy.stop import Stop

    reports: list[Report] = []
    stop = Stop(fail_fast)
    several = len(ready) > 1
    for one in ready:
        changes = not one.prepared.plan.empty
        if several and changes:
            run.terminal.note(f"{title(one)}:")
        try:
            report = _apply(run, one, parallel=parallel, waits=waits, stop=stop, events=events)
        except (LcliError, AwsError) as error:
            if not reports:
                raise
            report = _refused(run, one, error, events=events)
            stop.fail(report.problems)
        except KeyboardInterrupt:  # before the first change: tags, large zips
            stop.interrupted = True
            report = _apply(run, one, parallel=parallel, waits=waits, stop=stop, events=events)
        finally:
            one.clients.close()
        reports.append(report)
        news = [each for each in report.notices if each not in one.prepared.plan.notices]
        if not run.json and (report.problems or changes or news):
            _show(run, report, report.place.region if several else "", news)
    if stop.interrupted:
        run.terminal.note(GO_ON)
    return reports


def _refused(run: Run, ready: Ready, error: LcliError | AwsError, *, events: bool) -> Report:
    """The report of a region where something was refused before the first change."""
    from lcli.deploy.failing import problems_of

    left = _leave(run, ready, "what comes before it was refused", events=events)
    return replace(left, problems=problems_of(error))


def _leave(run: Run, ready: Ready, because: str, *, events: bool) -> Report:
    from lcli.deploy.apply import leave

    plan = ready.prepared.plan
    with _listening(run, ready, events=events) as listener:
        return leave(plan, ready.prepared.place, because=because, listener=listener)


def _apply(
    run: Run,
    ready: Ready,
    *,
    parallel: int,
    waits: bool,
    stop: Stop,
    events: bool,
) -> Report:
    """Apply one region's plan with its progress shown, unless there is a reason to stop."""
    from lcli.deploy.engine import deploy

    if stop.because:
        left = _leave(run, ready, stop.because, events=events)
        return replace(left, interrupted=stop.interrupted)
    with _listening(run, ready, events=events) as listener:
        return deploy(
            ready.prepared,
            ready.clients,
            listener=listener,
            parallel=parallel,
            waits=waits,
            stop=stop,
        )


@contextmanager
def _listening(run: Run, ready: Ready, *, events: bool) -> Iterator[Listener]:
    """Shows the progress of one region, with `events` as NDJSON too."""
    from lcli.ui.progress import progress

    prepared = ready.prepared
    with progress(run.terminal, dict(prepared.kinds), len(prepared.plan.changes)) as listener:
        yield _telling(run, ready, listener) if events else listener


def _telling(run: Run, ready: Ready, listener: Listener) -> Listener:
    """Prints what is heard as NDJSON, and passes it on."""
    from lcli.deploy.report import event_json
    from lcli.ui.values import shown

    def tell(event: Event) -> None:
        if event.action.verb is not Verb.NONE:
            line = event_json(event, lambda value, secret: shown(value, secret, run.mask))
            run.print_line({"region": ready.prepared.place.region} | line)
        listener(event)

    return tell


def finish(run: Run, reports: list[Report], *, events: bool = False) -> None:
    """The JSON document, where asked for, and the exit code of the worst region.

    After `events` each region's report is a line like them.
    """
    if run.json:
        from lcli.ui.values import shown

        documents = [
            report.as_json(lambda value, secret: shown(value, secret, run.mask))
            for report in reports
        ]
        for document in documents if events else ():
            run.print_line({"event": "report"} | document)
        if not events:
            run.print_json(documents[0] if len(documents) == 1 else documents)
        run.tell_unread(problem for report in reports for problem in report.every_problem)
    codes = [report.exit_code for report in reports]
    if any(code is not ExitCode.DONE for code in codes):
        raise typer.Exit(max(codes))


def _show(run: Run, report: Report, region: str, news: Sequence[str]) -> None:
    """The table of a region, what its plan has not told yet, and what went wrong."""
    from lcli.ui.report import closing_line, closing_table

    run.terminal.show(closing_table(report.rows, region))
    run.stdout.flush()
    tell_notices(run, news)
    run.tell(report.every_problem)
    run.terminal.note(closing_line(report.rows, report.seconds, report.outcomes))
