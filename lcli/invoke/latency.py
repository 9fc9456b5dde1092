"""How long many calls took."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, log

from lcli.invoke.many import Result


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles by nearest rank, so each is a value that was measured; in milliseconds."""

    p50: float
    p90: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """The values in ``low <= value < high``; the last one has its `high` too."""

    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Latency:
    """What many calls of one function add up to; times in milliseconds."""

    calls: int
    errors: int
    """Functions that failed, refusals and lost answers."""
    cold_starts: int
    round_trip: Spread | None
    """As seen here, of all calls that were answered."""
    duration: Spread | None
    """As Lambda reports it."""
    init: Spread | None
    """Of the cold starts."""
    histogram: tuple[Bucket, ...]
    """Of the round trips."""


def measure(results: Iterable[Result]) -> Latency:
    """Add up results as they come; keeps three numbers a call."""
    calls = errors = 0
    trips: list[float] = []
    durations: list[float] = []
    inits: list[float] = []
    for result in results:
        calls += 1
        errors += result.failed
        if result.response is None:
            continue
        trips.append(result.seconds * 1000)
        if report := result.response.report:
            durations.append(report.duration)
            if report.init is not None:
                inits.append(report.init)
    return Latency(
        calls,
        errors,
        len(inits),
        spread(trips),
        spread(durations),
        spread(inits),
        histogram(trips),
    )


def spread(values: Sequence[float]) -> Spread | None:
    """The percentiles; None of nothing."""
    if not values:
        return None
    ranked = sorted(values)
    ranks = (ranked[ceil(share * len(ranked)) - 1] for share in (0.5, 0.9, 0.99, 1))
    return Spread(*ranks)


_SHORTEST = 0.001
"""Milliseconds; a ratio needs something above nothing."""


def histogram(values: Sequence[float], rows: int = 8) -> tuple[Bucket, ...]:
    """Buckets of equal ratio, since latencies spread over orders of magnitude."""
    if not values:
        return ()
    values = [max(value, _SHORTEST) for value in values]
    low, high = min(values), max(values)
    if low == high:
        return (Bucket(low, high, len(values)),)
    ratio = (high / low) ** (1 / rows)
    counts = [0] * rows
    for value in values:
        counts[min(rows - 1, int(log(value / low, ratio)))] += 1
    return tuple(
        Bucket(low * ratio**row, low * ratio ** (row + 1), count)
        for row, count in enumerate(counts)
    )
