"""What an invocation costs: Lambda's list prices, by region and architecture.

The table is prices.json in this package; `lcli cost --prices` prints it. Sources: AWS's price list
(offer AWSLambda), and for the discount of the tiers the AWS Compute Blog, "Introducing tiered
pricing for AWS Lambda". REPORT's billed duration includes the init phase (AWS Compute Blog, "AWS
Lambda standardizes billing for INIT Phase", since August 2025), so it is not added again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lcli.invoke.report import InvocationReport


@dataclass(frozen=True, slots=True)
class Prices:
    """List prices of one region in US dollars, of the first tier."""

    million_requests: float
    x86_64: float
    """A GB-second of a function on this architecture."""
    arm64: float
    storage: float
    """A GB-second of ephemeral storage above 512 MB."""
    provisioned: float
    """A GB-second for which concurrency is provisioned, on x86_64."""
    provisioned_duration: float
    """A GB-second of a function in a provisioned environment, on x86_64."""


@dataclass(frozen=True, slots=True)
class Table:
    """All that is known of prices."""

    date: str
    """``2025-10-01``: what AWS asks has been checked up to this day."""
    sources: tuple[str, ...]
    tiers: Mapping[str, tuple[tuple[float, float], ...]]
    """Of an architecture: from so many GB-seconds a month on, this share of the price."""
    regions: Mapping[str, Prices]


@cache
def table() -> Table:
    """The price table of this version of lcli."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("prices.json").read_bytes())
    return Table(
        found["date"],
        tuple(found["sources"]),
        {key: tuple(map(tuple, tiers)) for key, tiers in found["tiers"].items()},
        {region: Prices(**prices) for region, prices in found["regions"].items()},
    )


@dataclass(frozen=True, slots=True)
class Rate:
    """What the calls of one function cost: on demand, first tier, no free tier subtracted.

    Not in it: provisioned concurrency, storage above 512 MB, SnapStart, streamed bytes above 6 MB.
    """

    region: str
    architecture: str = ""
    """``x86_64``, ``arm64``; empty where it is not known, and x86_64, the dearer, is assumed."""
    local: bool = False
    """It ran in the local cloud, and would cost this on AWS."""

    @property
    def date(self) -> str:
        """Of the price table; empty where it does not have the region."""
        return table().date if self._prices else ""

    def cost(self, report: InvocationReport | None) -> float | None:
        """US dollars of one invocation; None without its report or the region's prices."""
        prices = self._prices
        if prices is None or report is None:
            return None
        gb_second = prices.arm64 if self.architecture == "arm64" else prices.x86_64
        gb_seconds = report.billed / 1000 * report.memory / 1024
        return prices.million_requests / 1e6 + gb_seconds * gb_second

    def told(self, amount: float | None) -> str:
        """``$0.0012``, ``at most $0.0012``, ``$0.0012 on AWS``, ``price of x-1 unknown``."""
        if amount is None or self._prices is None:
            return f"price of {self.region} unknown" if self._prices is None else "cost unknown"
        sure = "" if self.architecture else "at most "
        return f"{sure}{dollars(amount)}{' on AWS' if self.local else ''}"

    @property
    def _prices(self) -> Prices | None:
        return table().regions.get(self.region)


@dataclass(slots=True)
class Bill:
    """What many calls cost together; those without a REPORT are not in it."""

    rate: Rate
    usd: float = 0.0
    calls: int = 0

    def add(self, report: InvocationReport | None) -> None:
        """Count one call."""
        cost = self.rate.cost(report)
        if cost is not None:
            self.usd += cost
            self.calls += 1

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
