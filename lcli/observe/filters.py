"""What of the logs is shown: predicates over records, applied on this side."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from lcli.errors import ExitCode, LcliError, Problem
from lcli.observe.levels import LEVELS
from lcli.observe.records import Record

Predicate = Callable[[Record], bool]


def grep(pattern: str, *, invert: bool = False) -> Predicate:
    """Events whose message holds a match of the regular expression, with the stacks that carry
    them on; with `invert` the others.

    Raises LcliError (USAGE) for what is no regular expression.
    """
    try:
        search = re.compile(pattern).search
    except re.error as error:
        raise _refused(
            "bad-pattern",
            f"--grep {pattern!r} is not a regular expression: {error}",
            "put a backslash before characters that stand for themselves",
        ) from error

    def matches(record: Record) -> bool:
        found = search(record.event.message)
        if found is None and record.head is not None:
            found = search(record.head.event.message)
        return (found is None) == invert

    return matches


def level(lowest: str) -> Predicate:
    """Lines of that level or a higher one, with the stacks that carry them on.

    Raises LcliError (USAGE) for an unknown level.
    """
    rank = LEVELS.get(lowest.upper())
    if rank is None:
        names = ", ".join(name.lower() for name in LEVELS)
        raise _refused("bad-level", f"--level {lowest!r} is not a level", f"use one of {names}")
    return lambda record: LEVELS.get((record.head or record).level, -1) >= rank


def request(prefix: str) -> Predicate:
    """What belongs to the invocation with that request id, or with an id that begins so."""
    return lambda record: record.request.startswith(prefix)


def errors(record: Record) -> bool:
    """Time-outs, unhandled errors and exits of the runtime, with their stacks."""
    return (record.head or record).failure


def every(predicates: Sequence[Predicate]) -> Predicate:
    """Where all of them hold."""
    if len(predicates) == 1:
        return predicates[0]
    return lambda record: all(predicate(record) for predicate in predicates)


def _refused(code: str, what: str, next_step: str) -> LcliError:
    return LcliError(Problem(code, what, "", next_step), ExitCode.USAGE)
