"""The options that lcli deploy shares with plan, delete and rollback."""

from __future__ import annotations

from typing import Annotated

import typer

from lcli.cli.names import complete

Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="Do not ask about replacements, exposure and regions.")
]
Prune = Annotated[
    bool, typer.Option("--prune", help="Delete lcli's functions that left the manifest, too.")
]
Logs = Annotated[
    bool, typer.Option("--logs", help="With --prune: their log groups too, with all events.")
]
Adopt = Annotated[
    list[str] | None,
    typer.Option(
        "--adopt",
        metavar="FUNCTION",
        help="Take over a function that exists.",
        autocompletion=complete,
    ),
]
Parallel = Annotated[
    int, typer.Option("--parallel", metavar="N", min=1, max=64, help="Actions at once.")
]
Quick = Annotated[
    bool,
    typer.Option(
        "--quick",
        help="Trust the digest that the last deploy left in each function's tags, and read in full "
        "only what differs. Does not look for drift.",
    ),
]
NoWait = Annotated[
    bool,
    typer.Option(
        "--no-wait",
        help="Do not wait until provisioned concurrency and event source mappings are ready.",
    ),
]
FailFast = Annotated[
    bool, typer.Option("--fail-fast", help="Start nothing more after the first failure.")
]
Events = Annotated[
    bool,
    typer.Option("--events", help="With -o json: a line an event as it happens, the report last."),
]

NEEDED = (("--logs", "--prune"), ("--events", "-o json"))
"""The first makes sense with the second only."""
