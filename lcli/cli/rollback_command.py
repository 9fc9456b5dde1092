"""lcli rollback: the alias goes back to an earlier version, in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lcli.cli import names
from lcli.cli.deploy_command import GO_ON
from lcli.cli.deploy_options import Parallel
from lcli.cli.names import Functions, find
from lcli.cli.preparing import confirm, untouched
from lcli.cli.region_guard import note_region
from lcli.cli.run import Run
from lcli.errors import ExitCode, LcliError

if TYPE_CHECKING:
    from lcli.deploy.rollback import Asked, Chosen, Moved, Target
    from lcli.deploy.stop import Stop
    from lcli.resources.model import Place


def command(
    ctx: typer.Context,
    functions: Functions = None,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="V",
            help="The version's number; without it, the version before the one that is live.",
            show_default=False,
        ),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask about the region.")] = False,
    parallel: Parallel = 16,
) -> None:
    """Move aliases back to an earlier version.

    Nothing else changes. The alias is held there: the next deploy shows it and asks before it
    moves on. --to with the newest version ends the hold.

    Without --to every run goes one version further back, but of several functions of which some
    are held already, in whatever region, only the others move, so that a run that was cut short
    can be repeated. With --to any run may be repeated.

    It asks only where LCLI_REGION says another region than the manifest.
    """
    run: Run = ctx.obj
    run.go_on()
    from lcli.deploy.stop import Stop

    with untouched(run):
        elsewhere = note_region(run, functions or [])
        chosen = _prepare(run, functions or [], to, parallel)
        if any(one.moves for one in chosen):
            confirm(run, elsewhere, yes=yes)
        else:
            run.terminal.note("there is no function to roll back")
    stop = Stop()
    moved = [each for one in chosen for each in _roll_back(run, one, parallel, stop)]
    _show(run, moved, several=len(chosen) > 1)
    if skipped := sum(one.status == "skipped" for _, one in moved):
        run.terminal.note(f"{skipped} not tried: {stop.because}")
    if stop.interrupted:
        run.terminal.note(GO_ON)
        raise typer.Exit(ExitCode.INTERRUPTED)
    if skipped or any(one.problem for _, one in moved):
        raise typer.Exit(ExitCode.FAILED)


def _prepare(run: Run, functions: list[str], to: str, parallel: int) -> list[Chosen]:
    """Where all go, before the first is moved. Raises LcliError where one cannot."""
    from lcli.deploy.rollback import NO_ALIAS, NOTHING_EARLIER, ROLLED_BACK, prepare

    regions = names.by_region(run, functions, anywhere=True)
    chosen = prepare(
        [_asked(run, region, texts) for region, texts in regions.items()], to=to, parallel=parallel
    )
    problems = [problem for one in chosen for problem in one.problems]
    # Of the whole manifest, those go back that can.
    passed = (ROLLED_BACK,) if functions else (NO_ALIAS, NOTHING_EARLIER, ROLLED_BACK)
    refused = [one for one in problems if one.code not in passed]
    if refused or (problems and not any(one.moves for one in chosen)):
        raise LcliError(refused or problems, ExitCode.USAGE)
    for one in chosen:
        where = f" in {one.clients.region}" if len(chosen) > 1 else ""
        for problem in one.problems:
            run.terminal.note(f"left as it is{where}: {problem.what}")
    return chosen


def _asked(run: Run, region: str, texts: list[str]) -> Asked:
    from lcli.deploy.rollback import Asked

    document = run.any_document if texts else run.document
    place = run.place(region) if document else None
    return Asked(run.session(region), _targets(run, texts, place), place, names.known(run))


def _targets(run: Run, texts: list[str], place: Place | None) -> list[Target]:
    """The functions that are named, each once; a name of the manifest's stands for its alias."""
    from lcli.deploy.rollback import Target

    document = run.any_document
    known = document.functions(place) if document and place else ()
    ours = {one.name: Target(one.key, one.name, one.alias) for one in known}
    if not texts:
        return list(ours.values())
    found = []
    for text in texts:
        named = find(text, document, place)
        target = ours.get(named.name, Target("", named.name, ""))
        alias = named.qualifier or target.alias
        found.append(Target(target.function, target.name, alias, named.account))
    return list(dict.fromkeys(found))


def _roll_back(run: Run, chosen: Chosen, parallel: int, stop: Stop) -> list[tuple[str, Moved]]:
    """What became of each alias of a region, with the region."""
    from lcli.deploy.rollback import roll_back

    for move in chosen.moves:
        if move.provisioned and move.moves and not stop.because:
            run.terminal.note(
                f"{move.target.label}: provisioned concurrency follows {move.target.alias} to "
                f"{move.after}; until it is ready there are cold starts"
            )
    moved = roll_back(chosen.clients, chosen.moves, parallel=parallel, stop=stop)
    return [(chosen.clients.region, one) for one in moved]


def _show(run: Run, moved: list[tuple[str, Moved]], *, several: bool) -> None:
    if run.json:
        document = [_as_json(run, region, one) for region, one in moved]
        run.print_json({"rollbacks": document})
        run.tell_unread(one.problem for _, one in moved if one.problem)
        return
    if moved:
        _show_table(run, moved, several=several)
    run.tell(one.problem for _, one in moved if one.problem)
    if any(one.move.hold and not one.problem and not one.because for _, one in moved):
        run.terminal.note("held there: the next deploy asks, or wants --yes, before it moves on")


def _as_json(run: Run, region: str, one: Moved) -> dict[str, Any]:
    from lcli.ui.problems import as_json

    move = one.move
    return {
        "function": move.target.function,
        "name": move.target.name,
        "region": region,
        "alias": move.target.alias,
        "from": move.before,
        "to": move.after,
        "held": bool(move.hold),
        "status": one.status,
        "seconds": round(one.seconds, 3),
        "problem": as_json(run.repeatable(one.problem)) if one.problem else None,
        "because": one.because,
    }


def _show_table(run: Run, moved: list[tuple[str, Moved]], *, several: bool) -> None:
    from lcli.ui.report import STYLES
    from lcli.ui.tables import PlainTable

    titles = ("Function", "Alias", "Version", "Result", ">Seconds")
    table = PlainTable(*(["Region"] if several else []), *titles)
    for region, one in moved:
        move = one.move
        table.add_row(
            *([region] if several else []),
            move.target.label,
            move.target.alias,
            f"{move.before} → {move.after}",
            (one.status, STYLES.get(one.status, "")),
            f"{one.seconds:.1f}",
        )
    run.terminal.show(table)
    run.stdout.flush()
