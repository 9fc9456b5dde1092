"""SIGKILL at every call of a small app, and at seeded calls of a large one; one re-run each.

Of two of the small app's lives, which are like others, seeded calls have to do."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from overlay.account import MAY_LACK, everything
from overlay.apps import LIVES
from overlay.faults import Kill, Rule, at
from overlay.fifty import again, checkout, deploy, start
from overlay.forks import KILLED
from overlay.kills import Points, Tally, difference
from overlay.server import overlay

SHARES = {"change": 8, "create": 6, "create locally": 2, "delete": 2}
"""In how many parts the points of a life are worked on; of the others in one."""
IN_PART = {"change back": 16, "new code": 6}
"""Changes like that from the first manifest to the second: of their calls one in so many."""
FIFTY_SHARES = 2
POINTS = 50
TRIES = 5
EARLIER = 2
"""Calls before the end of a run that was not killed, more with each try."""
ACCOUNTS = itertools.count(600000000001)


@pytest.mark.parametrize(
    ("life", "share"), [(life, share) for life in LIVES for share in range(SHARES.get(life, 1))]
)
def test_killed_at_every_call(
    points: Callable[[str], Points], shown: Callable[[Tally], None], life: str, share: int
) -> None:
    found, tally = points(life), Tally(life)
    shares = SHARES.get(life, 1)
    chosen = found.all[len(found.all) * share // shares : len(found.all) * (share + 1) // shares]
    if life in IN_PART:
        seed = random.randrange(10**6)
        chosen = random.Random(seed).sample(chosen, len(chosen) // IN_PART[life])
        tally.seed = str(seed)
    for point in chosen:
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
    whole = cloud.other(str(next(ACCOUNTS)))
    with overlay(cloud.url) as between:
        deploy(tmp_path, between.url, whole.account)
        calls = len(between.calls)
    undisturbed = held(whole)
    assert again(tmp_path, cloud.url, whole.account) == []
    assert held(whole) == undisturbed
    whole.forget()
    for _ in range(POINTS // FIFTY_SHARES):
        k, processed = drawn.randrange(1, calls + 1), drawn.random() < 0.5
        one = cloud.other(str(next(ACCOUNTS)))
        told = f"killed {'after' if processed else 'before'} call {k} of {calls}"
        killed = fifty_killed(tmp_path, one, k, processed)
        left = again(tmp_path, cloud.url, one.account)
        tally.again += 1
        tally.count(told, difference(undisturbed, held(one), left), killed=killed)
        one.forget()
    shown(tally)


def held(cloud: Any) -> list[str]:
    """What there is, but for digests: they name the account, of which each run has its own."""
    lines = everything(cloud.cloud, cloud.account)
    return [line for line in lines if not line.startswith(MAY_LACK)]


def fifty_killed(directory: Path, cloud: Any, k: int, processed: bool) -> bool:
    """Whether the deploy was killed: at its k-th call, or near its end if it makes fewer.

    The order of threads can make a run end some calls earlier than another.
    """
    for tries in range(1, TRIES + 1):
        with overlay(cloud.url, Rule(Kill(processed), at(k))) as between:
            with start(directory, between.url, cloud.account) as victim:
                between.victim = victim.pid
                _, said = victim.communicate(timeout=180)
            between.settle()
            if between.faults():
                assert victim.returncode == KILLED
                return True
            assert victim.returncode == 0, said
            k = len(between.calls) - EARLIER * tries
        cloud.forget()
    return False
