"""Killed at every change of a small app, and by SIGKILL at seeded calls of a large one."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from overlay.account import everything
from overlay.apps import LIVES
from overlay.faults import Kill, Rule, at
from overlay.fifty import checkout, deploy, start
from overlay.kills import Points
from overlay.server import overlay

from lcli.aws.session import connect

SHARES = 4
AT_ONCE = 6
POINTS = 50
ACCOUNTS = itertools.count(600000000001)


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("life", LIVES)
def test_killed_at_every_change(
    cloud: Any, tmp_path: Path, evidence: Callable[[str], None], life: str, share: int
) -> None:
    points = Points(cloud.url, tmp_path, life)
    chosen = range(1 + share, points.changes + 1, SHARES)
    evidence(f"{life}: killed after changes {list(chosen)} of {points.changes}, all converge")
    for k in chosen:
        points.check(k, told=f"{life}, killed after change {k}")


@pytest.mark.parametrize("life", LIVES)
def test_killed_with_many_calls_under_way(
    cloud: Any, tmp_path: Path, evidence: Callable[[str], None], life: str
) -> None:
    points = Points(cloud.url, tmp_path, life)
    seed = random.randrange(10**6)
    drawn = random.Random(seed)
    evidence(f"{life}: killed at {AT_ONCE} calls of 16 threads, seed {seed}, all converge")
    for _ in range(AT_ONCE):
        k, processed = drawn.randrange(1, points.changes + 1), drawn.random() < 0.5
        told = f"{life}, seed {seed}, killed {'after' if processed else 'before'} change {k}"
        points.check(k, told=told, parallel=16, processed=processed)


@pytest.mark.parametrize("share", range(SHARES))
def test_sigkill_while_fifty_functions_are_deployed(
    cloud: Any, tmp_path: Path, evidence: Callable[[str], None], share: int
) -> None:
    checkout(tmp_path)
    seed = random.randrange(10**6)
    drawn = random.Random(seed)

    def held(account: str) -> list[str]:
        session = connect(
            region="us-east-1", endpoint_url=cloud.url, local_account=account, environ={}
        )
        found = everything(session)
        for one in session.call("lambda", "ListFunctions")["Functions"]:
            session.call("lambda", "DeleteFunction", FunctionName=one["FunctionName"])
        return [line.replace(account, "ACCOUNT") for line in found]

    whole = str(next(ACCOUNTS))
    with overlay(cloud.url) as between:
        deploy(tmp_path, between.url, whole)
        calls = len(between.calls)
    undisturbed = held(whole)
    points = [drawn.randrange(1, calls + 1) for _ in range(share, POINTS, SHARES)]
    evidence(f"SIGKILL at calls {points} of {calls}, seed {seed}, all converge")
    for k in points:
        account, processed = str(next(ACCOUNTS)), drawn.random() < 0.5
        told = f"seed {seed}, killed {'after' if processed else 'before'} call {k}"
        with overlay(cloud.url, Rule(Kill(processed), at(k))) as between:
            with start(tmp_path, between.url, account) as victim:
                between.victim = victim.pid
                victim.communicate(timeout=180)
            # The order of threads can make a run end some calls earlier than another.
            assert victim.returncode == (-9 if between.faults() else 0), told
        deploy(tmp_path, cloud.url, account)
        assert held(account) == undisturbed, told
