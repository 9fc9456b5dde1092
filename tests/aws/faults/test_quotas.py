"""Deploys that find nothing to do, under AWS's request quotas: few calls, none too fast."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from overlay.fifty import deploy
from overlay.quotas import Quota, Usage, enforced, many, tight, usage
from overlay.server import overlay

COUNT = 40


@pytest.fixture
def deployed(cloud: Any, tmp_path: Path) -> Path:
    many(tmp_path, COUNT, account=cloud.account)
    cloud.clients().call("sqs", "CreateQueue", QueueName="orders")
    deploy(tmp_path, cloud.url, cloud.account)
    return tmp_path


def asked(
    directory: Path,
    cloud: Any,
    *arguments: str,
    rate: str = "aws",
    quotas: Sequence[Quota] = tight(),
) -> dict[str, Usage]:
    """What a deploy asked of each quota; it may change nothing."""
    with overlay(cloud.url, enforced(quotas)) as between:
        deploy(directory, between.url, cloud.account, *arguments, LCLI_RATE=rate)
    assert not any(call.changes for call in between.calls)
    return {one.quota.name: one for one in usage(between.calls)}


def counts(usages: dict[str, Usage]) -> list[int]:
    """Calls of GetFunction and of GetPolicy."""
    names = ("GetFunction", "GetPolicy")
    return [usages[name].calls if name in usages else 0 for name in names]


@pytest.mark.slow
def test_a_quiet_deploy_keeps_to_the_quotas(deployed: Path, cloud: Any) -> None:
    read = asked(deployed, cloud)
    assert counts(read) == [2 * COUNT, COUNT // 5]
    assert sum(one.refused for one in read.values()) == 0
    assert read["rest of Lambda"].calls <= 3
    quick = asked(deployed, cloud, "--quick")
    assert counts(quick) == [COUNT, 0]
    assert sum(one.refused for one in quick.values()) == 0
    hasty = asked(deployed, cloud, rate="off", quotas=[Quota("some", "lambda:GetFunction$", 30, 5)])
    assert counts(hasty) == [2 * COUNT, COUNT // 5]
    assert hasty["GetFunction"].refused > 0
