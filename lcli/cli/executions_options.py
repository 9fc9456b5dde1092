"""The options of lcli executions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

Execution = Annotated[
    str,
    typer.Argument(metavar="EXECUTION", help="ARN, or FUNCTION/NAME."),
]
Status = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        metavar="S",
        help="Only of this status: running, succeeded, failed, timed_out, stopped, paused; may "
        "be repeated.",
        show_default=False,
    ),
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="T", help="Started since 10m, 2h, yesterday 14:00, ISO 8601."),
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="T", help="Started before; as --since.")
]
Qualifier = Annotated[
    str | None, typer.Option("--qualifier", metavar="Q", help="Only of this version or alias.")
]
Name = Annotated[str, typer.Option("--name", metavar="NAME", help="Only of this name.")]
Limit = Annotated[
    int | None, typer.Option("--limit", metavar="N", min=1, help="At most the newest N.")
]
Data = Annotated[
    bool, typer.Option("--data/--no-data", help="Whether to read inputs, results and errors.")
]
Follow = Annotated[
    bool, typer.Option("-F", "--follow", help="Go on until the execution has ended.")
]
Message = Annotated[
    str, typer.Option("--message", metavar="TEXT", help="The error's message.", show_default=False)
]
ErrorType = Annotated[
    str, typer.Option("--type", metavar="NAME", help="The error's type.", show_default=False)
]
ErrorData = Annotated[
    str, typer.Option("--data", metavar="TEXT", help="What else there is to the error.")
]
Stack = Annotated[
    list[str] | None,
    typer.Option("--stack", metavar="LINE", help="A line of the error's stack; may be repeated."),
]
Reason = Annotated[
    str,
    typer.Option("--reason", metavar="TEXT", help="Why, for the history.", show_default=False),
]
PauseTimeout = Annotated[
    bool,
    typer.Option(
        "--pause-timeout/--no-pause-timeout",
        help="Whether the time does not count towards the execution's time-out.",
    ),
]
CallbackId = Annotated[str, typer.Argument(metavar="ID", help="The callback's id.")]
Result = Annotated[
    str | None,
    typer.Option("-p", "--payload", metavar="TEXT|@FILE|-", help="The result; none when left out."),
]


def checked(statuses: list[str]) -> list[str]:
    """The statuses in the API's spelling; raises LcliError (USAGE) for an unknown one."""
    from lcli.cli.run import usage
    from lcli.invoke.executions import STATUSES

    found = [status.upper().replace("-", "_") for status in statuses]
    for status in found:
        if status not in STATUSES:
            known = ", ".join(STATUSES).lower()
            raise usage("usage", f"there is no status {status.lower()!r}", f"it is one of {known}")
    return found


def moment_of(text: str | None) -> datetime | None:
    """A point of time as people write it; LcliError (USAGE) where it is none."""
    if text is None:
        return None
    from lcli.observe.times import moment

    return datetime.fromtimestamp(moment(text, datetime.now(UTC)) / 1000, UTC)


def error_object(
    message: str, kind: str, data: str = "", stack: list[str] | None = None
) -> dict[str, str | list[str]]:
    """The API's ErrorObject of what was given."""
    given = {"ErrorMessage": message, "ErrorType": kind, "ErrorData": data, "StackTrace": stack}
    return {name: value for name, value in given.items() if value}
