"""lcli delete: remove what lcli owns, and nothing else."""

from __future__ import annotations

from typing import Annotated

import typer

from lcli.cli.deploy_command import apply_all, finish
from lcli.cli.deploy_options import Parallel
from lcli.cli.names import Functions, by_region, whole
from lcli.cli.preparing import Ready, confirm, present, tell_notices, title, untouched
from lcli.cli.region_guard import note_region
from lcli.cli.run import Run


def command(
    ctx: typer.Context,
    functions: Functions = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    logs: Annotated[
        bool, typer.Option("--logs", help="Delete the log groups too, with their events.")
    ] = False,
    parallel: Parallel = 16,
) -> None:
    """Delete what lcli made of functions, and nothing else.

    Without a name, the whole app and stage.

    Of a function that somebody deleted by hand it removes what that left behind: its role,
    mappings, routes and the rules of the buckets that the manifest names.

    What others made stays: their permissions, notifications, roles, and an HTTP API that they
    have added routes to. Log groups stay without --logs, which also deletes those
    that functions deleted earlier have left.
    """
    run: Run = ctx.obj
    run.go_on()
    with untouched(run):
        elsewhere = note_region(run, functions or [])
        ready = [
            _prepare(run, region, texts, logs, parallel)
            for region, texts in by_region(run, functions or []).items()
        ]
        if all(one.prepared.plan.empty for one in ready):
            for one in ready:
                tell_notices(run, one.notices)
            run.terminal.note(f"{title(ready[0])}: there is nothing of lcli's to delete")
        else:
            present(run, ready)
        reasons = [_question(one) for one in ready if not one.prepared.plan.empty]
        confirm(run, [*elsewhere, *reasons] if reasons else [], yes=yes)
    finish(run, apply_all(run, ready, parallel=parallel))


def _prepare(run: Run, region: str, texts: list[str], logs: bool, parallel: int) -> Ready:
    from lcli.deploy.deletion import prepare_deletion
    from lcli.triggers import traces

    place = run.place(region)
    clients = run.session(region)
    named: dict[str, str] = {}
    gone: list[str] = []
    for text in texts:
        function = whole(text, run.document, place)
        if function.key:
            named[function.key] = function.name
        else:
            gone.append(function.name)
    written = run.document.triggers(place)
    left = [one for key in (named if texts else written) for one in written[key]]
    run.terminal.doing("reading what there is")
    prepared = prepare_deletion(
        place,
        clients,
        functions=named if texts else None,
        gone=gone,
        traces=traces(place, left),
        logs=logs,
        parallel=parallel,
    )
    run.terminal.end_progress()
    if len(run.regions) > 1:  # those that follow have connections of their own
        clients.close()
    return Ready(clients, prepared)


def _question(ready: Ready) -> str:
    names = sorted(
        action.resource.key.name
        for action in ready.prepared.plan.changes
        if action.resource.key.kind == "function"
    )
    count = len(ready.prepared.plan.changes)
    return f"{title(ready)}: deletes {count} things of {', '.join(names) or 'no function'}"
