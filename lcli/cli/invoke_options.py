"""The options of lcli invoke."""

from __future__ import annotations

from typing import Annotated

import typer

Payload = Annotated[
    str | None,
    typer.Option(
        "-p",
        "--payload",
        metavar="JSON|@FILE|-",
        help="The event: JSON, @FILE or - for standard input; none when left out.",
    ),
]
Async = Annotated[
    bool, typer.Option("--async", help="Queue the event and do not wait for a result.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Check permission and parameters; run nothing.")
]
Stream = Annotated[
    bool, typer.Option("--stream", help="Print the response piece by piece, as it arrives.")
]
Tail = Annotated[
    bool,
    typer.Option(
        "--tail", help="Show the whole log on stderr, while the function runs and until its REPORT."
    ),
]
Qualifier = Annotated[
    str | None,
    typer.Option("--qualifier", metavar="Q", help="Alias or version; else the manifest's."),
]
Raw = Annotated[
    bool,
    typer.Option("--raw", help="Send and print bytes as they are: no JSON check, no layout."),
]
FailOnError = Annotated[
    bool,
    typer.Option(
        "--fail-on-error/--no-fail-on-error", help="Whether to exit 4 if the function failed."
    ),
]
Each = Annotated[
    bool,
    typer.Option(
        "--each",
        help="One call a line of standard input (NDJSON); a line of JSON each, in the same order.",
    ),
]
Repeat = Annotated[
    int | None,
    typer.Option("--repeat", metavar="N", min=1, help="Call N times; print a latency table."),
]
Parallel = Annotated[
    int,
    typer.Option(
        "--parallel", metavar="N", min=1, max=1000, help="Calls at once, with --each and --repeat."
    ),
]


def complete_event(ctx: typer.Context, incomplete: str) -> list[str]:
    """The names that --event takes, for shell completion."""
    from lcli.cli.run import Run
    from lcli.invoke.event import KINDS, own_events

    run = ctx.find_root().obj
    own = own_events(run.folder) if isinstance(run, Run) else {}
    return [name for name in sorted({*KINDS, *own}) if name.startswith(incomplete)]


Event = Annotated[
    str | None,
    typer.Option(
        "--event",
        metavar="NAME",
        help="events/NAME.json beside the manifest, a sample (s3, sqs, http …), or a shared event.",
        autocompletion=complete_event,
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Replace a value of the event: Records[0].s3.object.key=cat.jpg.",
        show_default=False,
    ),
]
Tenant = Annotated[
    str | None,
    typer.Option(
        "--tenant", metavar="ID", help="For whom to call a function that isolates tenants."
    ),
]
ClientContext = Annotated[
    str | None,
    typer.Option(
        "--client-context",
        metavar="JSON|@FILE",
        help="About the caller; the code finds it in context.client_context.",
    ),
]
Wait = Annotated[
    bool,
    typer.Option(
        "--wait", help="With --async: follow the log until the REPORT, an execution until its end."
    ),
]
ExecutionName = Annotated[
    str | None,
    typer.Option(
        "--execution-name",
        metavar="NAME",
        help="Of a durable function: start the execution of this name, or find it again.",
    ),
]
