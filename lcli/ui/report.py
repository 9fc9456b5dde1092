"""The closing table of a deploy or delete."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lcli.ui.measures import size
from lcli.ui.tables import PlainTable

if TYPE_CHECKING:
    from lcli.deploy.report import FunctionRow, Outcome

STYLES = {
    "created": "green",
    "updated": "yellow",
    "replaced": "magenta",
    "failed": "bold red",
    "unfinished": "red",
    "skipped": "red",
}


def closing_table(rows: Sequence[FunctionRow], region: str = "") -> PlainTable:
    """Function, action, version, alias, size, address: a line a function.

    `region` is told where there are several.
    """
    titles = ("Function", "Action", "Version", "Alias", ">Size", "Address")
    table = PlainTable(*(["Region"] if region else []), *titles)
    for row in rows:
        table.add_row(
            *([region] if region else []),
            row.function,
            (row.status, STYLES.get(row.status, "")),
            row.version,
            row.alias,
            size(row.size),
            " ".join(row.addresses),
        )
    return table


def closing_line(
    rows: Sequence[FunctionRow], seconds: float, outcomes: Sequence[Outcome] = ()
) -> str:
    """``2 created, 1 unchanged in 3.4 s``; counts actions where no function had any."""
    words = [row.status for row in rows] or [one.status.value for one in outcomes]
    text = ", ".join(f"{count} {word}" for word, count in Counter(words).items())
    return f"{text or 'nothing to do'} in {seconds:.1f} s"
