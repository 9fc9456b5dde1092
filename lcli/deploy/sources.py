"""Facts that AWS must be asked for, and what the local cloud makes for triggers."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from lcli.aws.clients import AwsError, Clients
from lcli.aws.translate import explain
from lcli.errors import LcliError, Problem
from lcli.resources.model import Place
from lcli.triggers.base import LocalSource, Lookup

if TYPE_CHECKING:
    from lcli.manifest.models import App


def answer_lookups(lookups: Iterable[Lookup], clients: Clients) -> dict[str, str]:
    """The facts by their names; one that is optional is left out where AWS refuses it.

    Raises LcliError with the problems of all that AWS refuses.
    """
    wanted = list(lookups)
    found: dict[str, str] = {}
    problems: list[Problem] = []
    if not wanted:
        return found
    with ThreadPoolExecutor(min(8, len(wanted)), "lookup") as pool:
        answers = list(pool.map(lambda one: _ask(one, clients), wanted))
    for lookup, answer in zip(wanted, answers, strict=True):
        if isinstance(answer, str):
            found[lookup.name] = answer
        elif not lookup.optional:
            problems.append(_unknown(lookup, answer))
    if problems:
        raise LcliError(problems)
    return found


def _ask(lookup: Lookup, clients: Clients) -> str | AwsError | None:
    try:
        answer: Any = clients.call(lookup.service, lookup.operation, **lookup.parameters)
    except AwsError as error:
        return error
    for name in lookup.path.split("."):
        answer = answer.get(name) if isinstance(answer, dict) else None
    return None if answer is None else str(answer)


def _unknown(lookup: Lookup, answer: AwsError | None) -> Problem:
    if answer is not None:
        known = explain(answer)
        return Problem(known.code, f"{lookup.name}: {known.what}", known.where, known.next_step)
    return Problem(
        "lookup-empty",
        f"{lookup.name}: {lookup.service}:{lookup.operation} says nothing about it",
        next_step="see that it exists and is set up (a table needs a stream)",
    )


def make_local_sources(app: App, place: Place, clients: Clients) -> tuple[str, ...]:
    """Make the queues, buckets, tables and streams that triggers name and that are absent.

    Only in the local cloud. Gives a notice for each that was made. Raises AwsError.
    """
    given = app.local.model_dump()
    wanted: dict[str, LocalSource] = {}
    for function in app.functions.values():
        for trigger in function.triggers:
            wanted |= {one.what: one for one in trigger.local_sources(place, given)}
    return tuple(f"made the {one.what}" for one in wanted.values() if _make(one, clients))


def _make(source: LocalSource, clients: Clients) -> bool:
    service, operation, parameters = source.probe
    try:
        clients.call(service, operation, **parameters)
    except AwsError as error:
        if error.code not in source.absent:
            raise
    else:
        return False
    for service, operation, parameters in source.make:
        clients.call(service, operation, **parameters)
    return True
