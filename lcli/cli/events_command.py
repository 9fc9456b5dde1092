"""lcli events: the test events that a function has in AWS."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lcli.cli.names import Named, OneFunction, chosen, nearest
from lcli.cli.run import Run

app = typer.Typer(
    help="""List, print, keep and delete shared test events in AWS.

    They are those of the Lambda console and of `sam remote test-event`. `lcli invoke FUNCTION
    --event NAME` sends one; `lcli event` prints samples and the events beside the manifest.
    """,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The event's name.")]
Payload = Annotated[
    str,
    typer.Option(
        "-p",
        "--payload",
        metavar="JSON|@FILE|-",
        help="The event: JSON, @FILE or - for standard input.",
        show_default=False,
    ),
]


@app.command("list")
def list_events(ctx: typer.Context, function: OneFunction) -> None:
    """List the names of a function's shared events.

    With -o json the events themselves, too.
    """
    from lcli.invoke.shared_events import shared_events
    from lcli.ui.tables import PlainTable

    run: Run = ctx.obj
    named = _meant(run, function)
    found = shared_events(run.session(named.region), named.name)
    if run.json:
        run.print_json({"function": named.name, "events": found})
        return
    if not found:
        keeps = run.options.repeated(f"`lcli events put {function} NAME -p JSON`")
        run.terminal.note(f"{named.name} has no shared events; {keeps} keeps one")
        return
    table = PlainTable("Name", header=False)
    for name in sorted(found):
        table.add_row(name)
    run.terminal.show(table)


@app.command()
def get(ctx: typer.Context, function: OneFunction, name: Name) -> None:
    """Print a shared event."""
    import json

    from lcli.invoke.shared_events import shared_event

    run: Run = ctx.obj
    named = _meant(run, function)
    run.print_json(json.loads(shared_event(run.session(named.region), named.name, name)))


@app.command()
def put(
    ctx: typer.Context,
    function: OneFunction,
    name: Name,
    payload: Payload,
    force: Annotated[bool, typer.Option("--force", help="Replace the event of that name.")] = False,
) -> None:
    """Keep an event for a function, for everybody who uses the account.

    \b
    lcli event s3 | lcli events put thumbnail upload -p -
    """
    from lcli.invoke.payload import read_payload
    from lcli.invoke.shared_events import put_shared_event

    run: Run = ctx.obj
    run.go_on()
    event = read_payload(payload, sys.stdin.buffer, asynchronous=False)
    named = chosen(run, function)
    clients = run.session(named.region)
    # A name that is mistyped would be kept for nobody.
    clients.call("lambda", "GetFunction", FunctionName=named.name)
    replaced = put_shared_event(clients, named.name, name, event, replace=force)
    _said(run, named, name, "replaced" if replaced else "kept")


@app.command()
def delete(ctx: typer.Context, function: OneFunction, name: Name) -> None:
    """Delete a shared event."""
    from lcli.invoke.shared_events import delete_shared_event

    run: Run = ctx.obj
    run.go_on()
    named = _meant(run, function)
    delete_shared_event(run.session(named.region), named.name, name)
    _said(run, named, name, "deleted")


def _meant(run: Run, function: str) -> Named:
    """The function whose events are read. Raises AwsError for one that is not there, and whose
    name is nearly one of the manifest's: the registry knows events alone."""
    named = chosen(run, function)
    if nearest(run, named):
        run.session(named.region).call("lambda", "GetFunction", FunctionName=named.name)
    return named


def _said(run: Run, named: Named, event: str, done: str) -> None:
    if run.json:
        run.print_json({"function": named.name, "event": event, "done": done})
    else:
        run.terminal.note(f"{named.name}: {done} {event}")
