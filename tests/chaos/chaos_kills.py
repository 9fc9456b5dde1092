"""SIGKILL at every call of a small app, and at seeded calls of a large one; one re-run each."""

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
from overlay.kills import Points, Tally
from overlay.server import overlay

from lcli.aws.session import connect

SHARES = 6
FIFTY_SHARES = 5
POINTS = 50
ACCOUNTS = itertools.count(600000000001)


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("life", LIVES)
def test_killed_at_every_call(
    points: Callable[[str], Points], shown: Callable[[Tally], None], life: str, share: int
) -> None:
    found, tally = points(life), Tally(life)
    for point in found.all[share::SHARES]:
        found.check(point, tally)
    shown(tally)


@pytest.mark.parametrize("share", range(FIFTY_SHARES))
def test_killed_while_fifty_functions_are_deployed(
    cloud: Any, tmp_path: Path, shown: Callable[[Tally], None], share: int
) -> None:
    checkout(tmp_path)
    seed = random.randrange(10**6)
    drawn = random.Random(seed)
    tally = Tally("fifty functions", seed=str(seed))

    def held(account: str) -> list[str]:
        session = connect(
            region="us-east-1", endpoint_url=cloud.url, local_account=account, environ={}
        )
        return [line.replace(account, "ACCOUNT") for line in everything(session)]

    whole = cloud.other(str(next(ACCOUNTS)))
    with overlay(cloud.url) as between:
        deploy(tmp_path, between.url, whole.account)
        calls = len(between.calls)
    undisturbed = held(whole.account)
    whole.forget()
    for _ in range(POINTS // FIFTY_SHARES):
        k, processed = drawn.randrange(1, calls + 1), drawn.random() < 0.5
        one = cloud.other(str(next(ACCOUNTS)))
        with overlay(cloud.url, Rule(Kill(processed), at(k))) as between:
            with start(tmp_path, between.url, one.account) as victim:
                between.victim = victim.pid
                victim.communicate(timeout=180)
            between.settle()
            killed = bool(between.faults())
            # The order of threads can make a run end some calls earlier than another.
            assert victim.returncode == (-9 if killed else 0), f"seed {seed}, call {k}"
        deploy(tmp_path, cloud.url, one.account)
        told = f"seed {seed}: killed {'after' if processed else 'before'} call {k} of {calls}"
        tally.count(told, undisturbed, held(one.account), left=[], killed=killed)
        one.forget()
    shown(tally)
