"""How long many calls took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log

from lcli.invoke.call import in_order
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
    unreported: int
    """Answers without a REPORT, which the function's system log level may suppress."""
    cold_starts: int | None
    """None where an answer did not tell."""
    versions: tuple[str, ...]
    """That ran."""
    round_trip: Spread | None
    """As seen here, of all calls that were answered."""
    duration: Spread | None
    """As Lambda reports it, of those that it reported."""
    init: Spread | None
    """Of the cold starts that are known."""
    histogram: tuple[Bucket, ...]
    """Of the round trips."""


class Measurements:
    """Adds up results as they come; keeps three numbers a call."""

    def __init__(self) -> None:
        self._calls = self._errors = self._unreported = 0
        self._versions: set[str] = set()
        self._trips: list[float] = []
        self._durations: list[float] = []
        self._inits: list[float] = []

    def add(self, result: Result) -> None:
        """Count one call."""
        self._calls += 1
        self._errors += result.failed
        if result.response is None:
            return
        self._trips.append(result.seconds * 1000)
        self._versions.add(result.response.version)
        report = result.response.report
        if report is None:
            self._unreported += 1
            return
        self._durations.append(report.duration)
        if report.init is not None:
            self._inits.append(report.init)

    @property
    def latency(self) -> Latency:
        """What all of them add up to."""
        return Latency(
            self._calls,
            self._errors,
            self._unreported,
            None if self._unreported else len(self._inits),
            in_order(self._versions),
            spread(self._trips),
            spread(self._durations),
            spread(self._inits),
            histogram(self._trips),
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
