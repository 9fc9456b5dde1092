"""Desired identities → what AWS holds of them, and what is ours besides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from typing import TypeVar

from lcli.aws.clients import Clients
from lcli.resources.kind import Kind
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
) -> dict[Key, Actual]:
    """Everything that the kinds find, each after those that it looks at; calls in parallel.

    `functions` are the manifest's keys that the command names, None for all; `everywhere` is for
    deletions (`Reading.everywhere`). Raises AwsError and what a kind raises about what it found
    (LcliError).
    """
    found: dict[Key, Actual] = {}
    sorter = TopologicalSorter({name: kind.reads_after for name, kind in kinds.items()})
    sorter.prepare()
    # Kinds wait for their own calls: they have threads of their own, or they would lock the pool.
    with (
        ThreadPoolExecutor(parallel, "read") as calls,
        ThreadPoolExecutor(max(1, len(kinds)), "kind") as threads,
    ):
        each = _each(calls)
        running: dict[Future[list[Actual]], str] = {}
        try:
            while sorter.is_active():
                for name in sorter.get_ready():
                    reading = Reading(
                        place, clients, desired, dict(found), each, functions, everywhere
                    )
                    running[threads.submit(_all, kinds[name], reading)] = name
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    name = running.pop(future)
                    found |= {actual.resource.key: actual for actual in future.result()}
                    sorter.done(name)
        except BaseException:
            calls.shutdown(wait=False, cancel_futures=True)
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    return found


def _all(kind: Kind, reading: Reading) -> list[Actual]:
    return list(kind.read(reading))


def _each(pool: ThreadPoolExecutor) -> Callable[[Callable[[T], R], Iterable[T]], list[R]]:
    def each(call: Callable[[T], R], items: Iterable[T]) -> list[R]:
        return list(pool.map(call, items))

    return each
