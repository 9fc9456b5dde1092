"""Calls a second: staying below Lambda's request quotas instead of running into them.

Per account and region GetFunction has 100 calls a second, GetPolicy 15, and all the rest of the
control plane 15 together ("Lambda quotas"); none of them can be raised. lcli stays a little below.
FilterLogEvents has 5 ("CloudWatch Logs quotas").
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from threading import Lock

from lcli.errors import ExitCode, LcliError, Problem

_AWS_HOST = re.compile(
    r"https?://[^/]*\.(amazonaws\.(com(\.cn)?|eu)|amazonwebservices\.(com\.cn|eu)"
    r"|aws(\.scloud|(\.hci)?\.ic\.gov)?|cloud(-aws)?\.adc-e\.uk|c2s\.ic\.gov|sc2s\.sgov\.gov"
    r"|csp\.hci\.ic\.gov)(:\d+)?(/|$)"
)
"""The suffixes of every partition (partitions.json of the SDK)."""
_INVOKES = ("Invoke",)


def on_aws(endpoint: str) -> bool:
    """Whether an address is one of AWS's own, and not a local cloud, a simulator or a proxy."""
    return _AWS_HOST.match(endpoint) is not None


class Bucket:
    """Lets `rate` calls a second through, and `burst` at once after a pause."""

    def __init__(self, rate: float, burst: int) -> None:
        self._interval = 1 / rate
        self._burst = burst
        self._next = 0.0
        self._lock = Lock()

    def reserve(self, now: float) -> float:
        """Seconds until the caller's turn; it has it for certain then."""
        with self._lock:
            self._next = max(self._next, now - self._burst * self._interval)
            delay = max(0.0, self._next - now + self._interval)
            self._next += self._interval
            return delay


class Pacing:
    """The buckets of one account and region.

    `rate` is what LCLI_RATE says: nothing (on AWS's hosts the quotas above, elsewhere none),
    ``aws`` (these quotas on any host), ``off``, or a number: so many calls of Lambda's control
    plane a second on any host. Raises LcliError (USAGE) for anything else.
    """

    def __init__(self, rate: str = "", sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._everywhere: Bucket | None = None
        self._quotas: dict[str, Bucket] = {}
        self._anywhere = rate == "aws"
        if rate in ("", "aws"):
            self._quotas = {
                "GetFunction": Bucket(95, 20),
                "GetPolicy": Bucket(14, 3),
                "FilterLogEvents": Bucket(5, 5),
                "": Bucket(14, 3),
            }
        elif rate != "off":
            number = _number(rate)
            self._everywhere = Bucket(number, max(1, int(number / 5)))

    def wait(self, service: str, operation: str, endpoint: str) -> None:
        """Returns when this call may be made."""
        if operation.startswith(_INVOKES) or not (
            service == "lambda" or operation == "FilterLogEvents"
        ):
            return
        bucket = self._everywhere if service == "lambda" else None
        if self._quotas and (self._anywhere or on_aws(endpoint)):
            bucket = self._quotas.get(operation, self._quotas[""])
        if bucket is not None and (delay := bucket.reserve(time.monotonic())) > 0:
            self._sleep(delay)


def _number(rate: str) -> float:
    try:
        number = float(rate)
    except ValueError:
        number = 0.0
    if not 0 < number < 100_000:
        problem = Problem(
            "rate", f"LCLI_RATE is {rate!r}", next_step="use aws, off or a number of calls a second"
        )
        raise LcliError(problem, ExitCode.USAGE)
    return number
