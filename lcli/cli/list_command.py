"""lcli list: the functions at a glance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from lcli.cli.preparing import workshop
from lcli.cli.run import Run

if TYPE_CHECKING:
    from lcli.deploy.drift import Drift
    from lcli.deploy.inventory import Row
    from lcli.manifest.document import Document


class Drifting(Protocol):
    """How a function differs from the manifest; its text is for people."""

    def as_json(self) -> dict[str, Any]:
        """Members of the row in ``-o json``; ``drift`` is among them."""


def command(
    ctx: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help="All functions of the region, not only the manifest's.")
    ] = False,
) -> None:
    """List functions: version, alias, size, last change, drift.

    The manifest's, or all of the region where there is no manifest. Drift is how the version that
    runs differs from the manifest in its configuration and code; what only AWS or a build would
    tell is "not compared". `lcli status` and `lcli plan` compare everything.
    """
    run: Run = ctx.obj
    document = None if everything else run.any_document
    found: list[tuple[str, Row]] = []
    drift: dict[tuple[str, str], Drift] = {}
    for region in run.regions:
        clients = run.session(region)
        listed, differing = _rows(run, document, region)
        found.extend((clients.region, row) for row in listed)
        drift |= {(clients.region, key): one for key, one in differing.items()}
        if not listed:
            run.terminal.note(f"there is no function in {clients.region}")
    show_rows(run, found, drift)


def _rows(
    run: Run, document: Document | None, region: str
) -> tuple[tuple[Row, ...], dict[str, Drift]]:
    """The functions, and the drift of the manifest's: what compares is imported meanwhile."""
    from lcli.aws.threads import Threads
    from lcli.deploy.inventory import rows

    clients = run.session(region)
    if document is None:
        return rows(clients), {}
    place = run.naming_place(clients.region)
    with Threads(1, "list") as pool:
        asked = pool.submit(rows, clients, document.functions(place))
        from lcli.deploy.drift import drifts

        listed = asked.result()
    return listed, drifts(
        document, place, {row.function: row.answer for row in listed}, workshop(run)
    )


def show_rows(
    run: Run,
    found: Sequence[tuple[str, Row]],
    drift: Mapping[tuple[str, str], Drifting] | None = None,
) -> None:
    """A line a function, with its region where there are several; `drift` by region and key."""
    if run.json:
        run.print_json(
            {
                "functions": [
                    {"region": region}
                    | row.as_json()
                    | (drift[region, row.function].as_json() if drift else {})
                    for region, row in found
                ]
            }
        )
        return
    from lcli.ui.measures import moment, size
    from lcli.ui.tables import PlainTable

    regions = len({region for region, _ in found}) > 1
    titles = ["Function", "Name", "Version", "Alias", "Runtime", ">Size", ">Memory", "Changed"]
    keyed = all(row.function for _, row in found)
    table = PlainTable(
        *(*titles, "State", *(["Region"] if regions else []), *(["Drift"] if drift else [])),
        spare=("Size", "Memory", "Runtime", "Alias", *(["Name"] if keyed else [])),
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
            moment(row.modified),
            row.state,
            *([region] if regions else []),
            *([str(drift[region, row.function])] if drift else []),
        ]
        table.add_row(*cells)
    run.terminal.show(table)
