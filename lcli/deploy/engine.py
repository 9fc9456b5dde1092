"""What the commands call: prepare a deploy, do it (or a deletion), report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from lcli.aws.clients import Clients
from lcli.deploy import checks
from lcli.deploy.account import Account
from lcli.deploy.addresses import look_up
from lcli.deploy.apply import ACTION_SECONDS, apply
from lcli.deploy.code import (
    Codes,
    Workshop,
    addresses,
    bucket_told,
    build_all,
    codes,
    upload_all,
)
from lcli.deploy.concluding import conclude
from lcli.deploy.concurrency import concurrency
from lcli.deploy.deletion import log_left
from lcli.deploy.digest import Marks, digests
from lcli.deploy.events import Listener, silent
from lcli.deploy.expand import expand
from lcli.deploy.expand_triggers import lookups_needed
from lcli.deploy.expanded import Expanded
from lcli.deploy.kept import with_what_stays
from lcli.deploy.plan import Plan, plan
from lcli.deploy.prepared import Prepared
from lcli.deploy.quick import Look, look
from lcli.deploy.read import read, searched
from lcli.deploy.report import Report
from lcli.deploy.scope import LOGS, Scope
from lcli.deploy.sending import code_storage, sent
from lcli.deploy.shared_sources import leftovers_at_sources
from lcli.deploy.sources import answer_lookups
from lcli.deploy.standins import brought_here
from lcli.deploy.stop import Stop
from lcli.deploy.taken_over import routes_left
from lcli.errors import ExitCode, LcliError, Problem, system_problem
from lcli.resources import kinds as all_kinds
from lcli.resources.function_actual import hidden_told
from lcli.resources.model import Actual, Key, Place, Verb

if TYPE_CHECKING:
    from lcli.manifest.models import App


def prepare(
    app: App,
    place: Place,
    clients: Clients,
    workshop: Workshop,
    *,
    functions: frozenset[str] | None = None,
    prune: bool = False,
    logs: bool = False,
    adopt: frozenset[str] = frozenset(),
    quick: bool = False,
    only_looking: bool = False,
    parallel: int = 16,
    say: Callable[[str], None] = lambda doing: None,
) -> Prepared:
    """Build, ask, expand, read and plan; changes nothing.

    `app` is loaded for `functions` (the manifest's keys; None for all); `adopt` are keys of
    functions to take over; `logs` lets `prune` take log groups along; `quick` trusts the digests
    in the functions' tags instead of looking at everything; `only_looking` tells of what belongs to
    others (`Plan.refusals`) instead of raising it, and of nothing that is sent only since AWS does
    not show it. `say` is told what is being done. Raises LcliError, with exit code USAGE for what
    is found wrong before AWS is asked to change anything, and AwsError.
    """
    if prune and functions is not None:
        raise LcliError(_PRUNE_WITH_NAMES, ExitCode.USAGE)
    app, notices = brought_here(app, place)
    say("building")
    code, told = _code(app, place, workshop, clients)
    say("reading what there is")
    lookups = answer_lookups(lookups_needed(app, place), clients)
    expanded = expand(app, place, code.functions, code.layers, lookups)
    _refuse_large_policies(expanded, place)
    scope = _scope(app, place, expanded, functions, prune=prune, logs=logs, adopt=adopt)
    scope = replace(scope, sends_unseen=not only_looking)
    compared = _compared(expanded, place, clients, scope, quick=quick, parallel=parallel)
    made = compared.plan
    _refuse(() if only_looking else made.refusals)
    compared = replace(compared, bucket=app.artifacts.bucket or "", prefix=app.artifacts.prefix)
    left = _left(compared, clients, only_looking=only_looking)
    if functions is not None or quick:  # what has left the manifest was not read
        left += (*leftovers_at_sources(made, compared.kinds, app.names, place, clients),)
    notices += (*told, *expanded.notices, *made.notices, *left)
    return replace(compared, plan=replace(made, notices=tuple(dict.fromkeys(notices))))


def _refuse_large_policies(expanded: Expanded, place: Place) -> None:
    _refuse(checks.policies(expanded.resources.values()))
    _refuse(checks.resource_policies(expanded.resources.values(), place))


def _left(compared: Prepared, clients: Clients, *, only_looking: bool) -> tuple[str, ...]:
    """What there is to know beside the plan. Raises LcliError (USAGE) for what keeps it from being
    applied, AwsError."""
    made, actual, bucket = compared.plan, compared.actual, compared.bucket
    left = (*hidden_told(actual), *_logs_left(made, actual), *routes_left(made.changes, actual))
    left += _room(compared, clients, only_looking=only_looking)
    if only_looking:
        return left
    return left + bucket_told(sent(made), compared.place, clients, configured=bucket)


def _room(compared: Prepared, clients: Clients, *, only_looking: bool) -> tuple[str, ...]:
    """What the account may have no room for. Raises LcliError (USAGE) for what it has none for."""
    account = Account(clients)
    shares = concurrency(compared.plan.actions, compared.actual)
    _refuse(checks.reserved_concurrency(compared.plan, compared.kinds, shares, account))
    short = "" if only_looking else code_storage(compared.plan, account)
    return (short,) if short else ()


def _code(
    app: App, place: Place, workshop: Workshop, clients: Clients
) -> tuple[Codes, tuple[str, ...]]:
    """What is sent, built or found at its address, and what there is to say about it."""
    built, layers = build_all(app, workshop)
    _refuse(checks.sizes(app, built, layers))
    addressed = look_up(addresses(app, built, layers), clients)
    return codes(app, place, built, layers, addressed.codes), addressed.notices


_PRUNE_WITH_NAMES = Problem(
    "prune-with-names",
    "--prune looks at the whole app, so it cannot go together with functions' names",
    next_step="leave out the names, or --prune",
)


def _logs_left(made: Plan, actual: Mapping[Key, Actual]) -> Iterator[str]:
    """What stays of the functions that are pruned, and how it goes."""
    gone = {one.resource.key for one in made.changes if one.verb is Verb.DELETE}
    for function in (key for key in gone if key.kind == "function"):
        owner = actual[function].resource.function
        for key, one in actual.items():
            if key.kind == "log_group" and one.resource.function == owner and key not in gone:
                stays = (
                    f"log group {key.name} stays with its events; --prune --logs deletes it too, "
                    f"`lcli delete {function.name} --logs` does so later"
                )
                yield stays if one.ours else log_left(key, one)


def _compared(
    expanded: Expanded,
    place: Place,
    clients: Clients,
    scope: Scope,
    *,
    quick: bool,
    parallel: int,
) -> Prepared:
    """What there is and what is to be done about it."""
    marks, kind = digests(expanded.resources), all_kinds()["function"]
    if not quick:
        found = _looked_at(expanded, place, clients, scope, parallel=parallel)
        return replace(found, digests=marks)
    seen: Look | None
    seen = look(expanded, marks, place, clients, kind=kind, scope=scope, parallel=parallel)
    while seen:
        part, within = seen.narrowed(expanded, scope)
        known = seen.known(part.to_read)
        found = _looked_at(part, place, clients, within, known=known, parallel=parallel)
        last, seen = seen, seen.widened(found.plan, marks)
    unmarked = last.unmarked(part, marks, found.plan)
    return replace(found, plan=last.completed(found.plan), digests=marks, unmarked=unmarked)


def _looked_at(
    expanded: Expanded,
    place: Place,
    clients: Clients,
    scope: Scope,
    *,
    known: Mapping[Key, Actual] | None = None,
    parallel: int,
) -> Prepared:
    """Everything that is wanted compared with what there is; `known` is not read again."""
    kinds = all_kinds()
    actual = read(
        expanded.to_read,
        place,
        clients,
        kinds,
        functions=scope.named,
        parallel=parallel,
        everywhere=searched(kinds, scope.released) if scope.prune else frozenset(),
        known=known,
        adopt=scope.adopt,
    )
    wanted = with_what_stays(expanded.resources, actual, place)
    made = plan(wanted, actual, kinds, scope)
    return Prepared(place, made, actual, kinds, expanded.resources, scope)


def _scope(
    app: App,
    place: Place,
    expanded: Expanded,
    functions: frozenset[str] | None,
    *,
    prune: bool,
    logs: bool,
    adopt: frozenset[str],
) -> Scope:
    return Scope(
        frozenset(app.names),
        functions,
        prune,
        adopt,
        kept=frozenset(expanded.kept),
        released=LOGS if logs else frozenset(),
        # The local cloud listens on this machine only: what is opened there lets nobody in.
        exposing={} if place.local else expanded.exposing,
    )


def _refuse(problems: Iterable[Problem]) -> None:
    found = tuple(problems)
    if found:
        raise LcliError(found, ExitCode.USAGE)


def deploy(
    prepared: Prepared,
    clients: Clients,
    *,
    listener: Listener = silent,
    parallel: int = 16,
    stop: Stop | None = None,
    action_seconds: float = ACTION_SECONDS,
    waits: bool = True,
) -> Report:
    """Do what was prepared, look again at what was changed, prune versions of what was published.

    Without `waits` it does not wait for what gets ready by itself (`Applying.waits`). `stop` is
    told what ends the run, whenever that comes.

    Raises LcliError and AwsError only while nothing of the plan has been done (upload of large
    zips, tags that would not be true any more); what goes wrong afterwards is in the report.
    """
    stop = stop or Stop()
    marks = Marks(
        prepared.plan,
        prepared.actual,
        prepared.digests,
        prepared.place,
        clients,
        unmarked=prepared.unmarked,
        listener=listener,
        parallel=parallel,
    )
    _begin(prepared, clients, marks)
    report = apply(
        prepared.plan,
        prepared.place,
        clients,
        prepared.kinds,
        actual=prepared.actual,
        listener=marks,
        parallel=parallel,
        stop=stop,
        action_seconds=action_seconds,
        waits=waits,
    )
    done = conclude(prepared, report, clients, marks, parallel)
    if done.problems:
        stop.fail(done.problems)
    stop.interrupted = done.interrupted
    return done


def _begin(prepared: Prepared, clients: Clients, marks: Marks) -> None:
    """What comes before the first action: large zips, tags that would not be true any more."""
    try:
        upload_all(
            sent(prepared.plan),
            prepared.place,
            clients,
            configured=prepared.bucket,
            prefix=prepared.prefix,
        )
        marks.invalidate()
    except OSError as error:
        raise LcliError(system_problem(error)) from error
