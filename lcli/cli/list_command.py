"""lcli list: the functions at a glance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from lcli.cli.run import Run

if TYPE_CHECKING:
    from lcli.deploy.inventory import Row


def command(
    ctx: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help="All functions of the region, not only the manifest's.")
    ] = False,
) -> None:
    """List functions with version, alias, size and last change.

    The manifest's, or all of the region where there is no manifest. `lcli status` adds drift.
    """
    from lcli.deploy.inventory import rows

    run: Run = ctx.obj
    document = None if everything else run.any_document
    found: list[tuple[str, Row]] = []
    if document:
        run.check_account()
    for region in run.regions:
        named = document.functions(run.presumed_place(region)) if document else None
        found.extend((run.session(region).region, row) for row in rows(run.session(region), named))
    show_rows(run, found)


def show_rows(
    run: Run,
    found: Sequence[tuple[str, Row]],
    drift: Mapping[tuple[str, str], str] | None = None,
) -> None:
    """A line a function, with its region where there are several; `drift` by region and key."""
    if run.json:
        run.print_json(
            {
                "functions": [
                    {"region": region}
                    | row.as_json()
                    | ({"drift": drift.get((region, row.function), "")} if drift else {})
                    for region, row in found
                ]
            }
        )
        return
    from lcli.ui.report import size
    from lcli.ui.tables import PlainTable

    regions = len({region for region, _ in found}) > 1
    titles = ["Function", "Name", "Version", "Alias", "Runtime", ">Size", ">Memory", "Changed"]
    table = PlainTable(
        *titles, "State", *(["Region"] if regions else []), *(["Drift"] if drift else [])
    )
    for region, row in found:
        cells = [
            row.function,
            row.name,
            row.version,
            row.alias,
            row.runtime,
            size(row.size),
            f"{row.memory} MB" if row.memory else "",
            row.modified[:19].replace("T", " "),
            row.state,
            *([region] if regions else []),
            *([drift.get((region, row.function), "")] if drift else []),
        ]
        table.add_row(*cells)
    run.terminal.show(table)
