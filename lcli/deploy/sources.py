"""Facts that AWS must be asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lcli.aws.clients import AwsError, Clients
from lcli.aws.threads import Threads
from lcli.aws.translate import explain
from lcli.errors import LcliError, Problem
from lcli.resources.model import Text
from lcli.triggers.base import Lookup


def answer_lookups(lookups: Iterable[Lookup], clients: Clients) -> dict[str, str | Text]:
    """The facts by their names; one that is optional is left out where AWS refuses it, unless what
    it is about does not exist.

    What the deploy itself makes first is known by a reference to it.

    Raises LcliError with the problems of all that AWS refuses.
    """
    wanted = list(lookups)
    found: dict[str, str | Text] = {}
    problems: list[Problem] = []
    if not wanted:
        return found
    with Threads(min(8, len(wanted)), "lookup") as pool:
        answers = list(pool.map(lambda one: _ask(one, clients), wanted))
    for lookup, answer in zip(wanted, answers, strict=True):
        if isinstance(answer, str | Text):
            found[lookup.name] = answer
        elif lookup.thing and answer is not None and answer.code in lookup.absent:
            problems.append(_not_found(lookup))
        elif not lookup.optional:
            problems.append(_unknown(lookup, answer))
    if problems:
        raise LcliError(problems)
    return found


def _ask(lookup: Lookup, clients: Clients) -> str | Text | AwsError | None:
    try:
        answer: Any = clients.call(lookup.service, lookup.operation, **lookup.parameters)
    except AwsError as error:
        return lookup.later if lookup.later and error.code in lookup.absent else error
    for name in lookup.path.split("."):
        answer = answer.get(name) if isinstance(answer, dict) else None
    return None if answer is None else str(answer)


def _not_found(lookup: Lookup) -> Problem:
    kind, _, name = lookup.thing.partition(" ")
    return Problem(
        f"{kind}-not-found",
        f'the {kind} "{name}" does not exist',
        lookup.where,
        f"make it first, or correct the trigger's {kind}",
    )


def _unknown(lookup: Lookup, answer: AwsError | None) -> Problem:
    if answer is not None:
        known = explain(answer)
        return Problem(known.code, f"{lookup.name}: {known.what}", known.where, known.next_step)
    return Problem(
        "lookup-empty",
        f"{lookup.name}: {lookup.service}:{lookup.operation} says nothing about it",
        next_step="see that it exists and is set up (a table needs a stream)",
    )
