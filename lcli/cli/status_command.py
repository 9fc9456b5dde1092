"""lcli status: drift of all functions, or one function in depth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lcli.cli.list_command import show_rows
from lcli.cli.names import Named, chosen, complete, not_there
from lcli.cli.preparing import Ready, prepare_regions, tell_notices
from lcli.cli.run import Run

if TYPE_CHECKING:
    from lcli.deploy.inventory import Description, Row


def command(
    ctx: typer.Context,
    function: Annotated[
        str | None,
        typer.Argument(
            metavar="[FUNCTION]",
            help="A function by key, AWS name or ARN; all of the manifest when left out.",
            autocompletion=complete,
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show drift, or one function in depth.

    Without a name: every function and how it differs from the manifest. With one: its
    configuration, triggers and addresses.
    """
    run: Run = ctx.obj
    if function is None:
        _overview(run)
        return
    named = chosen(run, function)
    regions = [named.region] if named.region else run.regions
    documents = [_one(run, named, region) for region in regions]
    if run.json:
        run.print_json(documents[0] if len(documents) == 1 else documents)


@dataclass(frozen=True)
class _Planned:
    """Drift as a plan tells it."""

    what: str

    def __str__(self) -> str:
        return self.what

    def as_json(self) -> dict[str, Any]:
        return {"drift": self.what}


def _overview(run: Run) -> None:
    from lcli.deploy.inventory import rows

    found: list[tuple[str, Row]] = []
    drift: dict[tuple[str, str], _Planned] = {}
    for ready in prepare_regions(run, dict.fromkeys(run.regions, ()), only_looking=True):
        tell_notices(run, ready.notices)
        clients, place = ready.clients, ready.prepared.place
        found.extend((clients.region, row) for row in rows(clients, run.document.functions(place)))
        drift |= {
            (clients.region, key): _Planned(_drift(ready, key))
            for key in {named.key for named in run.document.functions(place)}
        }
    show_rows(run, found, drift)


def _drift(ready: Ready, key: str) -> str:
    from lcli.ui.drift import drift

    plan = ready.prepared.plan
    if key in plan.refused:
        return "not lcli's"
    own = (action for action in plan.changes if action.resource.function == key)
    return drift(own, ready.prepared.kinds)


def _one(run: Run, named: Named, region: str) -> dict[str, Any]:
    """The function in one region, shown unless it is for a program."""
    from lcli.deploy.inventory import describe

    drift = ""
    if named.key:
        (ready,) = prepare_regions(run, {region: [named.key]}, only_looking=True)
        tell_notices(run, ready.notices)
        drift = _drift(ready, named.key)
    clients = run.session(region)
    found = describe(clients, named.name, named.qualifier)
    if found is None:
        raise not_there(run, named, clients.region)
    if not run.json:
        _show(run, named, found, drift)
    return {
        "function": named.key,
        "region": clients.region,
        "alias": named.qualifier,
        "version": found.configuration.get("Version", ""),
        "drift": drift,
    } | found.as_json()


def _show(run: Run, named: Named, found: Description, drift: str) -> None:
    from lcli.ui.tables import PlainTable

    table = PlainTable("Setting", "Value", header=False)
    for label, value in _lines(named, found, drift):
        if value:
            table.add_row((label, "bold"), value)
    run.terminal.show(table)


def _alias(alias: tuple[str, Mapping[str, float]]) -> str:
    """``live → 7``, or ``live → 7 (10% to 8)`` while traffic is shifted."""
    from lcli.resources.alias_traffic import told

    name, shares = alias
    (version, _), *others = shares.items()
    return f"{name} → {version} ({told(dict(others))})" if others else f"{name} → {version}"


def _lines(named: Named, found: Description, drift: str) -> list[tuple[str, str]]:
    from lcli.ui.measures import moment, size

    own: Any = found.configuration
    reserved = "" if found.reserved is None else f", {found.reserved} reserved"
    return [
        ("Function", named.key or found.name),
        ("Name", found.name),
        ("ARN", found.arn),
        ("State", " ".join(filter(None, (own.get("State"), own.get("StateReason"))))),
        ("Version", own.get("Version", "")),
        ("Aliases", ", ".join(map(_alias, found.aliases.items()))),
        ("$LATEST", "" if found.latest_is_published else "has code that the alias does not run"),
        ("Runtime", f"{own.get('Runtime', own.get('PackageType', ''))}, {own['Architectures'][0]}"),
        ("Handler", own.get("Handler", "")),
        ("Size", size(own.get("CodeSize", 0))),
        ("Limits", f"{own.get('MemorySize')} MB, {own.get('Timeout')} s{reserved}"),
        ("Changed", moment(own.get("LastModified", ""))),
        ("Role", own.get("Role", "")),
        ("Environment", ", ".join(found.environment)),
        ("Drift", drift),
        *(("Trigger", _source(source)) for source in found.sources),
        *(("Address", address) for address in found.addresses),
    ]


def _source(source: Any) -> str:
    return " ".join(filter(None, (source.kind, source.name, source.state, source.detail)))
