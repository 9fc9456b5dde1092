"""lcli local: the embedded cloud as a background process."""

from __future__ import annotations

from typing import Any

import typer

from lcli.cli.run import Run
from lcli.errors import ExitCode

app = typer.Typer(
    help="Start, stop and look at the local cloud that --local uses.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@app.command()
def start(ctx: typer.Context) -> None:
    """Start the local cloud; --local does so by itself."""
    from lcli.local.daemon import ensure_running, status

    run: Run = ctx.obj
    ensure_running(run.environ, notice=run.terminal.note)
    _show(run, status(run.environ))


@app.command()
def stop(ctx: typer.Context) -> None:
    """Stop the local cloud and every function that runs in it."""
    from lcli.local.daemon import stop as stop_daemon

    run: Run = ctx.obj
    ended = stop_daemon(run.environ)
    if run.json:
        run.print_json({"running": False, "stopped": ended is not None})
    else:
        run.terminal.note("the local cloud has stopped" if ended else "no local cloud was running")


@app.command()
def status(ctx: typer.Context) -> None:
    """Say where the local cloud listens; exit 1 if none runs."""
    from lcli.local.daemon import status as daemon_status

    run: Run = ctx.obj
    found = daemon_status(run.environ)
    _show(run, found)
    if found is None:
        raise typer.Exit(ExitCode.FAILED)


@app.command()
def reset(ctx: typer.Context) -> None:
    """Empty the local cloud: functions, buckets, logs, all of it."""
    from lcli.local.daemon import reset as reset_daemon

    run: Run = ctx.obj
    emptied = reset_daemon(run.environ)
    if run.json:
        run.print_json({"running": emptied, "reset": emptied})
    else:
        run.terminal.note("the local cloud is empty" if emptied else "no local cloud is running")


def _show(run: Run, found: dict[str, Any] | None) -> None:
    if run.json:
        run.print_json({"running": found is not None} | (found or {}))
    elif found is None:
        run.terminal.note("no local cloud is running; --local or `lcli local start` starts one")
    else:
        run.stdout.write(f"{found['url']}\n")
        run.terminal.note(f"process {found['pid']}, log in {found['log']}")
