"""lcli versions: what is published of a function, and what points at it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lcli.cli.names import Named, OneFunction, chosen, not_there
from lcli.cli.run import Run

if TYPE_CHECKING:
    from lcli.deploy.versions import Version


def command(
    ctx: typer.Context,
    function: OneFunction,
    prune: Annotated[
        int | None,
        typer.Option(
            "--prune",
            metavar="N",
            min=1,
            help="First delete all but the newest N versions, and those that are in use.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show a function's versions and the aliases that point at them.

    The newest first, with the share of traffic where an alias divides it. --prune never takes a
    version that an alias, a traffic weight or provisioned concurrency uses, and none of a function
    that lcli does not own.
    """
    run: Run = ctx.obj
    if prune:
        run.go_on()
    named = chosen(run, function)
    regions = [named.region] if named.region else list(run.regions)
    for region in regions if prune else ():
        _check_owner(run, named, region)
    documents = [_one(run, named, region, prune) for region in regions]
    if run.json:
        run.print_json(documents[0] if len(documents) == 1 else documents)


def _check_owner(run: Run, named: Named, region: str) -> None:
    """Raises LcliError (USAGE) for a function that is not lcli's, or not the manifest's if it is
    named there."""
    from lcli.resources.function_state import get_function
    from lcli.resources.function_tags import check_owner

    clients = run.session(region)
    function = get_function(clients, named.name)
    if function is None:
        raise not_there(run, named, clients.region)
    check_owner(function, run.place(region) if named.key else None)


def _one(run: Run, named: Named, region: str, prune: int | None) -> dict[str, Any]:
    from lcli.deploy.versions import versions
    from lcli.resources.version import prune_versions

    clients = run.session(region)
    found = versions(clients, named.name)
    if found is None:
        raise not_there(run, named, clients.region)
    gone: list[str] = []
    try:
        if prune:
            prune_versions(clients, named.name, prune, gone.append)
    finally:
        if gone:
            run.terminal.note(f"{named.name}, {clients.region}: deleted {', '.join(gone)}")
    found = _masked(run, named, (one for one in found if one.version not in gone))
    if not run.json:
        _show(run, found)
        if not found:
            run.terminal.note(f"nothing of {named.name} is published")
    return {
        "function": named.key,
        "name": named.name,
        "region": clients.region,
        "versions": [one.as_json() for one in found],
        "pruned": gone,
    }


def _masked(run: Run, named: Named, found: Iterable[Version]) -> tuple[Version, ...]:
    """The versions without their descriptions, where the manifest writes a secret into them.

    AWS is not asked for the secret, which another value may have been when a version was published.
    """
    from lcli.aws.redacting import MASKED

    document = run.any_document
    hides = document and document.refers_to_secret(named.key, "description")
    return tuple(
        replace(one, description=MASKED) if hides and one.description else one for one in found
    )


def _show(run: Run, found: tuple[Version, ...]) -> None:
    from lcli.ui.measures import moment, size
    from lcli.ui.tables import PlainTable

    titles = ("Version", "Published", "CodeSha256", ">Size", "Aliases", "Description")
    table = PlainTable(*titles, spare=("Size",))
    for one in found:
        cells = (
            one.version,
            moment(one.published),
            one.code_sha256[:12],
            size(one.size),
            _aliases(one),
            one.description,
        )
        table.add_row(*cells)
    run.terminal.show(table)


def _aliases(one: Version) -> str:
    """``live``, ``live 90%``, ``live (rolled back)``."""
    names = [
        name if share == 1 else f"{name} {share:.0%}" for name, share in sorted(one.aliases.items())
    ]
    return ", ".join(names) + (" (rolled back)" if one.held else "")
