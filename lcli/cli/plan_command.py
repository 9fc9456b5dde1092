"""lcli plan: what deploy would do."""

from __future__ import annotations

from typing import Annotated

import typer

from lcli.cli import deploy_options as options
from lcli.cli.exclusive import refuse_alone
from lcli.cli.names import Functions, by_region
from lcli.cli.preparing import Ready, prepare_regions, sum_up, tell_notices, title
from lcli.cli.region_guard import note_region
from lcli.cli.run import Run
from lcli.errors import ExitCode


def command(
    ctx: typer.Context,
    functions: Functions = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 3 if there are changes.")
    ] = False,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Show secret values, which are masked otherwise.")
    ] = False,
    prune: options.Prune = False,
    logs: options.Logs = False,
    adopt: options.Adopt = None,
) -> None:
    """Show what deploy would do, field by field; drift included.

    Changes nothing. Of what exists every change is told in full. A new function is told by what
    its manifest says beyond the defaults; -v tells all its fields. With --local, buckets, queues,
    tables and streams that triggers name and that are not there are shown as `local`: deploy
    makes them.
    """
    run: Run = ctx.obj
    if exit_code:
        run.go_on()  # somebody waits for the code, whoever reads the rest
    refuse_alone(ctx, run, options.NEEDED)
    run.mask.show = show_values
    adopted = by_region(run, adopt or [])
    note_region(run, functions or [])
    named = by_region(run, functions or [])
    ready = prepare_regions(run, named, prune=prune, logs=logs, adopt=adopted)
    if run.json:
        for one in ready:
            tell_notices(run, one.notices)
        documents = [_document(run, one) for one in ready]
        run.print_json(documents[0] if len(documents) == 1 else documents)
    else:
        for one in ready:
            _show(run, one)
    if exit_code and any(not one.prepared.plan.empty for one in ready):
        raise typer.Exit(ExitCode.CHANGES)


def _show(run: Run, ready: Ready) -> None:
    from lcli.ui.plan import plan_tree

    prepared = ready.prepared
    if not prepared.plan.empty:
        tree = plan_tree(
            title(ready), prepared.plan.actions, prepared.kinds, run.mask, full=run.terminal.verbose
        )
        run.terminal.show(tree)
    run.stdout.flush()
    sum_up(run, ready)


def _document(run: Run, ready: Ready) -> dict[str, object]:
    from lcli.deploy.report import action_json
    from lcli.ui.values import shown

    place, plan = ready.prepared.place, ready.prepared.plan
    return {
        "app": place.app,
        "stage": place.stage,
        "region": place.region,
        "account": place.account,
        "changes": not plan.empty,
        "actions": [
            action_json(action, lambda value, secret: shown(value, secret, run.mask))
            for action in plan.changes
        ],
        "notices": [run.mask.text(notice) for notice in plan.notices],
    }
