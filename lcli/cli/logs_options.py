"""The options of lcli logs."""

from __future__ import annotations

from typing import Annotated

import typer

All = Annotated[
    bool, typer.Option("--all", help="All functions of the manifest, as when none is named.")
]
Follow = Annotated[
    bool, typer.Option("-F", "--follow", help="Go on printing what arrives until Ctrl-C.")
]
Since = Annotated[
    str,
    typer.Option("--since", metavar="T", help="10m, 2h, 1d12h, 14:00, yesterday 14:00, ISO 8601."),
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="T", help="As --since; now when left out.")
]
Filter = Annotated[
    str,
    typer.Option(
        "--filter",
        metavar="PATTERN",
        help="CloudWatch's filter pattern; AWS applies it.",
        show_default=False,
    ),
]
Grep = Annotated[
    str | None,
    typer.Option("--grep", metavar="RE", help="Only events that a regular expression matches."),
]
Invert = Annotated[bool, typer.Option("--invert", help="Only events that --grep does not match.")]
Versions = Annotated[
    list[str] | None,
    typer.Option("--version", metavar="V", help="Only this version, 7 or $LATEST; repeatable."),
]
Alias = Annotated[
    str | None,
    typer.Option("--alias", metavar="A", help="Only the versions that the alias points at."),
]
Insights = Annotated[
    str | None,
    typer.Option(
        "--insights",
        metavar="QUERY",
        help="Run a CloudWatch Logs Insights query over the functions and print its table.",
    ),
]
Live = Annotated[
    bool,
    typer.Option(
        "--live",
        help="Follow with StartLiveTail: sooner than --follow, but not complete.",
    ),
]
Level = Annotated[
    str | None,
    typer.Option(
        "--level",
        metavar="L",
        help="Only lines of this level or above: debug, info, warn, error, fatal.",
    ),
]
Request = Annotated[
    str | None,
    typer.Option(
        "--request",
        metavar="ID",
        help="Only the invocation whose id begins so; not with --live: use --follow.",
    ),
]
Errors = Annotated[
    bool,
    typer.Option("--errors", help="Only time-outs, unhandled errors and exits, with their stacks."),
]
Tail = Annotated[
    int | None,
    typer.Option("--tail", metavar="N", min=1, help="Only the last N, then what --follow brings."),
]
Limit = Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="End after N.")]
Group = Annotated[
    bool,
    typer.Option(
        "--group", help="Whole invocations together; those that have an event that is asked for."
    ),
]
Timestamps = Annotated[
    bool, typer.Option("--timestamps/--no-timestamps", help="The time before each line.")
]
Utc = Annotated[bool, typer.Option("--utc", help="Times in UTC, also those you give.")]
Raw = Annotated[
    bool,
    typer.Option("--raw", help="Messages as they are stored: nothing added, folded or escaped."),
]
