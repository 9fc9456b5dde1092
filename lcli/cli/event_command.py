"""lcli event: print a sample event."""

from __future__ import annotations

from typing import Annotated

import typer

from lcli.cli.invoke_options import Set, complete_event
from lcli.cli.run import Run


def command(
    ctx: typer.Context,
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="[KIND]",
            help="A source, or NAME of events/NAME.json; all are listed when left out.",
            autocompletion=complete_event,
            show_default=False,
        ),
    ] = None,
    changes: Set = None,
) -> None:
    """Print a sample event of a source, to pipe into invoke.

    KIND is s3, sqs, dynamodb, kinesis, http, url, sns, eventbridge, schedule and others, which
    `lcli event` lists, or an event of your own in events/ beside the manifest. Those that are
    kept in AWS are what `lcli events` works on.

    \b
    lcli event s3 --set Records[0].s3.object.key=cat.jpg | lcli invoke thumbnail -p -
    """
    from lcli.invoke.event import KINDS, override, own_events, read_event
    from lcli.invoke.payload import check_json, value_of

    run: Run = ctx.obj
    directory = run.folder
    if kind is None:
        own = {
            name: f"{path.parent.name}/{path.name}" for name, path in own_events(directory).items()
        }
        if run.json:
            run.print_json({"events": KINDS | own})
            return
        from lcli.ui.tables import PlainTable

        table = PlainTable("Name", "Event", header=False)
        for name, what in (KINDS | own).items():
            table.add_row(name, what)
        run.terminal.show(table)
        return
    event = read_event(kind, directory)
    check_json(event, kind)
    if changes:
        event = override(event, changes)
    run.print_json(value_of(event, kind))
