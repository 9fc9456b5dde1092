"""AWS's request quotas, of one account and region: what is asked too fast is answered 429.

Lambda: GetFunction 100 calls a second, GetPolicy 15, all the rest of the control plane 15
together ("Lambda quotas", API requests); none of them can be raised. The others are what AWS
gives by default: "CloudWatch Logs endpoints and quotas", "API Gateway quotas" (10 a second, 40
at once), "Resource Groups Tagging API" (GetResources); IAM publishes none, 20 a second is what
is seen. Each is a token bucket that holds one second's calls, unless said otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from overlay.faults import Rule, over, throttled
from overlay.operations import Call


@dataclass(frozen=True)
class Quota:
    """So many calls a second of the operations that `pattern` (``service:Operation``) names."""

    name: str
    pattern: str
    rate: float
    burst: float = 0.0
    """Calls at once after a pause; 0 for one second's."""


QUOTAS = (
    Quota("GetFunction", r"lambda:GetFunction$", 100),
    Quota("GetPolicy", r"lambda:GetPolicy$", 15),
    Quota("rest of Lambda", r"lambda:(?!Invoke)", 15),
    Quota("IAM", r"iam:", 20, 60),
    Quota("DescribeLogGroups", r"logs:DescribeLogGroups$", 10),
    Quota("CreateLogGroup", r"logs:CreateLogGroup$", 10),
    Quota("PutRetentionPolicy", r"logs:PutRetentionPolicy$", 10),
    Quota("API Gateway", r"apigatewayv2:", 10, 40),
    Quota("GetResources", r"resourcegroupstaggingapi:|tagging:", 15),
)
LAMBDA = frozenset({"GetFunction", "GetPolicy", "rest of Lambda"})


def tight(spare: float = 5) -> tuple[Quota, ...]:
    """The same rates with a fifth of a second's calls at once, and a few to spare.

    So few calls show what takes hundreds otherwise: whoever does not pace himself is refused.
    """
    return tuple(Quota(one.name, one.pattern, one.rate, one.rate / 5 + spare) for one in QUOTAS)


def quota_of(call: Call, quotas: Sequence[Quota] = QUOTAS) -> Quota | None:
    """The quota that a call counts against: the first that names it."""
    return next((one for one in quotas if re.match(one.pattern, call.name)), None)


def enforced(quotas: Sequence[Quota] = QUOTAS) -> Rule:
    """Refuses, as the service does, the calls beyond each quota."""
    buckets: dict[str, Callable[[Call], bool]] = {
        one.name: over(one.rate, one.burst or one.rate) for one in quotas
    }

    def when(call: Call) -> bool:
        quota = quota_of(call, quotas)
        return quota is not None and buckets[quota.name](call)

    return Rule(throttled, when)


@dataclass(frozen=True)
class Usage:
    """The calls of one run against one quota."""

    quota: Quota
    calls: int
    """Those that were answered; what was refused and sent again counts once."""
    refused: int

    @property
    def floor(self) -> float:
        """Seconds that the calls take at the quota's rate."""
        return self.calls / self.quota.rate

    def __str__(self) -> str:
        name, refused = self.quota.name, self.refused
        return f"{name:20} {self.calls:6} calls {refused:4} answered 429 {self.floor:7.2f} s"


def usage(calls: Iterable[Call], quotas: Sequence[Quota] = QUOTAS) -> list[Usage]:
    """What a run asked of each quota, those that it asked nothing of left out."""
    counted: dict[str, list[int]] = {}
    for call in calls:
        if quota := quota_of(call, quotas):
            counts = counted.setdefault(quota.name, [0, 0])
            counts[bool(call.fault)] += 1
    return [Usage(one, *counted[one.name]) for one in quotas if one.name in counted]


def seconds(calls: Sequence[Call]) -> float:
    """From the first call of Lambda's to the last; what is built before does not count."""
    times = [one.at for one in calls if one.service == "lambda"]
    return max(times) - min(times)


def many(directory: Path, count: int, *, account: str) -> None:
    """A manifest of so many functions, each with a source of its own.

    Every fifth may be called by a rule, every twentieth reads the queue ``orders``.
    """
    lines = [
        "app: many",
        "region: us-east-1",
        "defaults: {runtime: python3.13, handler: app.handler}",
        "functions:",
    ]
    rule = f"arn:aws:events:us-east-1:{account}:rule/r"
    for number in range(count):
        source = directory / "src" / f"f{number}"
        source.mkdir(parents=True)
        (source / "app.py").write_text(f"def handler(event, context):\n    return {number}\n")
        more = ""
        if number % 5 == 0:
            more = f", permissions: [{{principal: events.amazonaws.com, source_arn: '{rule}'}}]"
        if number % 20 == 0:
            more += ", triggers: [{sqs: orders}]"
        settings = f"source: src/f{number}, environment: {{NUMBER: '{number}'}}{more}"
        lines.append(f"  f{number}: {{{settings}}}")
    (directory / "lcli.yaml").write_text("\n".join(lines) + "\n")
