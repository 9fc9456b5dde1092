"""Five hundred functions under AWS's quotas: what is asked, how fast, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from overlay.fifty import Deployed, deploy
from overlay.quotas import LAMBDA, QUOTAS, enforced, many, seconds, usage
from overlay.server import Overlay, overlay

COUNT = 500
TRIES = 3
"""The fastest counts: what else runs on the machine can only lose time."""
LISTS = {
    "lambda:ListFunctions": -(-COUNT // 50),
    "lambda:ListEventSourceMappings": 1,
    "lambda:ListLayers": 1,
}
"""Calls of the quota that all the rest of Lambda shares: 50 functions a page, one of the others."""


@dataclass(frozen=True)
class Quiet:
    """A deploy that changes nothing, under the quotas."""

    between: Overlay
    deployed: Deployed

    @property
    def calling(self) -> float:
        """Seconds from the first call of Lambda's to the last."""
        return seconds(self.between.calls)

    def __str__(self) -> str:
        first = min(call.at for call in self.between.calls)
        lambdas = min(call.at for call in self.between.calls if call.service == "lambda")
        return (
            f"{self.deployed.seconds:.1f} s in all: {first - self.deployed.began:.1f} s until the "
            f"first call (start-up), {lambdas - first:.1f} s until Lambda's first (hashing the "
            f"sources), {self.calling:.1f} s until its last"
        )


def quiet(directory: Path, cloud: Any, *arguments: str) -> Quiet:
    with overlay(cloud.url, enforced()) as between:
        done = deploy(directory, between.url, cloud.account, *arguments, LCLI_RATE="aws")
    assert not any(call.changes for call in between.calls)
    return Quiet(between, done)


def used(run: Quiet, evidence: Callable[[str], None], title: str) -> float:
    """How much longer its calls took than the quotas allow; fails where too many were refused."""
    usages = usage(run.between.calls, QUOTAS)
    calls, refused = sum(one.calls for one in usages), sum(one.refused for one in usages)
    floor = max(one.floor for one in usages if one.quota.name in LAMBDA)
    evidence(
        f"{COUNT} functions, {title}: {calls} calls, {refused} answered 429, "
        f"{run.calling / floor:.2f} x the quotas' floor; {run}"
    )
    assert refused <= calls / 100
    return run.calling / floor


def test_five_hundred_functions_with_nothing_to_do(
    cloud: Any, tmp_path: Path, evidence: Callable[[str], None]
) -> None:
    many(tmp_path, COUNT, account=cloud.account)
    cloud.clients().call("sqs", "CreateQueue", QueueName="orders")
    deploy(tmp_path, cloud.url, cloud.account)
    for attempt in range(TRIES):
        read = quiet(tmp_path, cloud)
        counts = read.between.counts()
        assert counts["lambda:GetFunction"] <= 2 * COUNT
        assert counts["lambda:GetPolicy"] <= COUNT / 5
        rest = {n: k for n, k in counts.items() if n.startswith("lambda:")}
        del rest["lambda:GetFunction"], rest["lambda:GetPolicy"]
        assert rest.keys() <= LISTS.keys()
        assert all(count <= LISTS[name] for name, count in rest.items())
        if used(read, evidence, "everything read") <= 1.1:
            break
        assert attempt < TRIES - 1, "slower than 1.1 x what the quotas allow"
    for attempt in range(TRIES):
        quick = quiet(tmp_path, cloud, "--quick")
        counts = quick.between.counts()
        assert counts["lambda:GetFunction"] == COUNT
        assert {name for name in counts if name.startswith("lambda:Get")} == {"lambda:GetFunction"}
        assert "(drift) was not looked for" in quick.deployed.said
        used(quick, evidence, "--quick")
        if quick.deployed.seconds <= 10:
            break
        assert attempt < TRIES - 1, "--quick took more than 10 s"
