"""Five hundred functions under AWS's quotas: what is asked, how fast, and what is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from overlay.fifty import deploy
from overlay.quotas import LAMBDA, QUOTAS, enforced, many, seconds, usage
from overlay.server import Overlay, overlay

COUNT = 500


def used(between: Overlay, evidence: Callable[[str], None], title: str) -> dict[str, int]:
    """The calls by quota; fails where too many were refused or the quotas lay idle."""
    usages = usage(between.calls, QUOTAS)
    calls, refused = sum(one.calls for one in usages), sum(one.refused for one in usages)
    floor = max(one.floor for one in usages if one.quota.name in LAMBDA)
    taken = seconds(between.calls)
    evidence(
        f"{COUNT} functions, {title}: {calls} calls, {refused} answered 429, {taken:.1f} s = "
        f"{taken / floor:.2f} x the quotas' floor"
    )
    assert refused <= calls / 100
    assert taken <= 1.1 * floor + 1.0
    return {one.quota.name: one.calls for one in usages}


def test_five_hundred_functions_with_nothing_to_do(
    cloud: Any, tmp_path: Path, evidence: Callable[[str], None]
) -> None:
    many(tmp_path, COUNT, account=cloud.account)
    cloud.clients().call("sqs", "CreateQueue", QueueName="orders")
    deploy(tmp_path, cloud.url, cloud.account)
    with overlay(cloud.url, enforced()) as between:
        deploy(tmp_path, between.url, cloud.account, LCLI_RATE="aws")
    asked = used(between, evidence, "everything read")
    assert asked["GetFunction"] <= 2 * COUNT
    assert asked["GetPolicy"] <= COUNT / 5
    assert not any(call.changes for call in between.calls)
    counts = Counter(call.name for call in between.calls)
    rest = {name for name in counts if name.startswith("lambda:Get")}
    assert rest == {"lambda:GetFunction", "lambda:GetPolicy"}

    with overlay(cloud.url, enforced()) as between:
        deploy(tmp_path, between.url, cloud.account, "--quick", LCLI_RATE="aws")
    asked = used(between, evidence, "--quick")
    assert asked["GetFunction"] == COUNT
    assert "GetPolicy" not in asked
    assert seconds(between.calls) <= 10
    assert not any(call.changes for call in between.calls)
