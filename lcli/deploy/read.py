"""Desired identities → what AWS holds of them, and what is ours besides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack
from graphlib import TopologicalSorter
from typing import TypeVar

from lcli.aws.clients import Clients
from lcli.aws.threads import Threads
from lcli.deploy.ahead import Ahead
from lcli.resources.kind import Ask, Kind
from lcli.resources.model import Actual, Key, Place, Reading, Resource

T = TypeVar("T")
R = TypeVar("R")


def read(
    desired: Mapping[Key, Resource],
    place: Place,
    clients: Clients,
    kinds: Mapping[str, Kind],
    *,
    functions: frozenset[str] | None = None,
    parallel: int = 16,
    everywhere: frozenset[str] = frozenset(),
    known: Mapping[Key, Actual] | None = None,
    adopt: frozenset[str] = frozenset(),
) -> dict[Key, Actual]:
    """Everything that the kinds find, each after those that it looks at; calls in parallel.

    `functions` are the manifest's keys that the command names, None for all; `everywhere` is for
    deletions (`Reading.everywhere`); `known` are functions that were read already: those are not
    read again; `adopt` are keys of functions to take over. Raises AwsError and what a kind raises
    about what it found (LcliError).
    """
    found = dict(known or {})
    todo = {name: kind for name, kind in kinds.items() if known is None or name != "function"}
    sorter = TopologicalSorter(
        {name: [one for one in kind.reads_after if one in todo] for name, kind in todo.items()}
    )
    sorter.prepare()
    ahead = _ahead(desired, clients, kinds, parallel, known)
    # Kinds wait for their own calls: they have threads of their own, or they would lock the pool.
    # Each has a pool for its calls: one that waits for its quota keeps no other waiting.
    with ExitStack() as stack:
        stack.callback(ahead.close)
        threads = stack.enter_context(Threads(max(1, len(kinds)), "kind"))
        running: dict[Future[list[Actual]], str] = {}
        while sorter.is_active():
            for name in sorter.get_ready():
                each = _each(stack.enter_context(Threads(parallel, name)))
                one = Reading(place, ahead, desired, {**found}, each, functions, everywhere, adopt)
                running[threads.submit(_all, kinds[name], one)] = name
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                name = running.pop(future)
                found |= {actual.resource.key: actual for actual in future.result()}
                sorter.done(name)
    return found


def searched(kinds: Mapping[str, Kind], released: frozenset[str]) -> frozenset[str]:
    """The kinds of which a deletion finds also what nothing leads to any more (`everywhere`).

    `released` are those that go although they usually stay.
    """
    return frozenset(
        one.name
        for one in kinds.values()
        if one.searched and (not one.keeps or one.name in released)
    )


def _ahead(
    desired: Mapping[Key, Resource],
    clients: Clients,
    kinds: Mapping[str, Kind],
    parallel: int,
    known: Mapping[Key, Actual] | None,
) -> Ahead:
    keys = [key for key in desired if key.kind == "function"]
    then: dict[str, dict[Ask, None]] = {}
    for key, resource in desired.items():
        if ask := kinds[key.kind].ahead(resource):
            then.setdefault(dict(ask.parameters)["FunctionName"], {})[ask] = None
    asks = {name: list(each) for name, each in then.items()}
    if known is None:
        return Ahead(clients, asks, parallel, names=[key.name for key in keys])
    return Ahead(clients, asks, parallel, existing=[key.name for key in keys if key in known])


def _all(kind: Kind, reading: Reading) -> list[Actual]:
    return list(kind.read(reading))


def _each(pool: Threads) -> Callable[[Callable[[T], R], Iterable[T]], list[R]]:
    def each(call: Callable[[T], R], items: Iterable[T]) -> list[R]:
        return list(pool.map(call, items))

    return each
