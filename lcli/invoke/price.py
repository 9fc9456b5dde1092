"""What an invocation costs: Lambda's list prices, by region and architecture.

The table is prices.json in this package; `lcli cost --prices` prints it. Where it comes from is in
it, region by region: AWS's price list (offer AWSLambda) or copies of what AWS publishes. For the
discount of the tiers the AWS Compute Blog, "Introducing tiered pricing for AWS Lambda". REPORT's
billed duration includes the init phase (AWS Compute Blog, "AWS Lambda standardizes billing for INIT
Phase", since August 2025), so it is not added again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from lcli.invoke.report import InvocationReport


@dataclass(frozen=True, slots=True)
class Prices:
    """List prices of one region in US dollars, of the first tier; None where one is not known."""

    source: str
    """Of `Table.sources`."""
    million_requests: float
    x86_64: float
    """A GB-second of a function on this architecture."""
    arm64: float | None
    storage: float
    """A GB-second of ephemeral storage above 512 MB."""
    provisioned: float | None
    """A GB-second for which concurrency is provisioned, on x86_64."""
    provisioned_duration: float | None
    """A GB-second of a function in a provisioned environment, on x86_64."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where prices come from."""

    text: str
    date: str | None
    """``2026-09-19``, of AWS's own list; None where a copy says no day."""
    dated: tuple[str, ...]
    """The columns of `Prices` that have this day; of the others none is known."""


@dataclass(frozen=True, slots=True)
class Table:
    """All that is known of prices."""

    compiled: str
    """The day when it was put together."""
    sources: Mapping[str, Source]
    tiers: Mapping[str, tuple[tuple[float, float], ...]]
    """Of an architecture: from so many GB-seconds a month on, this share of the price."""
    regions: Mapping[str, Prices]


@cache
def table() -> Table:
    """The price table of this version of lcli."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("prices.json").read_bytes())
    sources = found["sources"].items()
    return Table(
        found["compiled"],
        {key: Source(one["text"], one["date"], tuple(one["dated"])) for key, one in sources},
        {key: tuple(map(tuple, tiers)) for key, tiers in found["tiers"].items()},
        {region: Prices(**prices) for region, prices in found["regions"].items()},
    )


@dataclass(frozen=True, slots=True)
class Rate:
    """What the calls of one function cost: on demand, first tier, no free tier subtracted.

    Requests and duration are in it, and what else AWS may bill is not (docs/invoke.md).
    """

    region: str
    architecture: str = ""
    """``x86_64``, ``arm64``; empty where it is not known, and x86_64, the dearer, is assumed."""
    local: bool = False
    """It ran in the local cloud, and would cost this on AWS."""
    uncounted: tuple[str, ...] = ()
    """What this function is billed for besides, as its manifest shows: ``SnapStart``."""

    @property
    def date(self) -> str | None:
        """Of the prices of requests and duration; None unless it is known of both."""
        if self._prices is None:
            return None
        source = table().sources[self._prices.source]
        used = {"million_requests", self.architecture or "x86_64"}
        return source.date if used.issubset(source.dated) else None

    def cost(self, report: InvocationReport | None) -> float | None:
        """US dollars of one invocation; None without its report or the region's prices."""
        gb_second = self._gb_second
        if self._prices is None or gb_second is None or report is None:
            return None
        gb_seconds = report.billed / 1000 * report.memory / 1024
        return self._prices.million_requests / 1e6 + gb_seconds * gb_second

    def told(self, amount: float | None) -> str:
        """``$0.0012``, ``at most $0.0012``, ``$0.0012 on AWS``, ``price of x-1 unknown``."""
        if self._gb_second is None:
            of = f"{self.architecture} in " if self._prices else ""
            return f"price of {of}{self.region} unknown"
        if amount is None:
            return "cost unknown"
        sure = "" if self.architecture else "at most "
        besides = f" ({', '.join(self.uncounted)} not counted)" if self.uncounted else ""
        return f"{sure}{dollars(amount)}{' on AWS' if self.local else ''}{besides}"

    @property
    def _gb_second(self) -> float | None:
        prices = self._prices
        if prices is None:
            return None
        return prices.arm64 if self.architecture == "arm64" else prices.x86_64

    @property
    def _prices(self) -> Prices | None:
        return table().regions.get(self.region)


@dataclass(slots=True)
class Bill:
    """What many calls cost together; those without a REPORT are not in it, which it says."""

    rate: Rate
    usd: float = 0.0
    calls: int = 0
    unreported: int = 0

    def add(self, report: InvocationReport | None) -> None:
        """Count one call."""
        self.unreported += report is None
        cost = self.rate.cost(report)
        if cost is not None:
            self.usd += cost
            self.calls += 1

    @property
    def told_by(self) -> Rate:
        """The rate that tells the sum."""
        if not self.unreported:
            return self.rate
        missing = f"{self.unreported:,} call{'s' * (self.unreported > 1)} without a REPORT"
        return replace(self.rate, uncounted=(*self.rate.uncounted, missing))

    def __str__(self) -> str:
        return self.told_by.told(self.total)

    @property
    def total(self) -> float | None:
        """US dollars; None where no call's cost is known."""
        return self.usd if self.calls else None

    @property
    def each(self) -> float | None:
        """US dollars a call, on average."""
        return self.usd / self.calls if self.calls else None


def dollars(amount: float) -> str:
    """``$0.00000025``, ``$0.0012``, ``$3.10``: at least two digits that say something."""
    if amount >= 0.995:
        return f"${amount:,.2f}"
    if amount <= 0:
        return "$0"
    digits = 1
    while round(amount * 10**digits) < 10:
        digits += 1
    return f"${amount:.{max(digits, 2)}f}"
