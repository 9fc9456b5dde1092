"""Whole lives of an app through an overlay that lets calls fail by chance."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from pathlib import Path

from overlay.account import everything
from overlay.apps import STEPS, app_on, left_to_do
from overlay.faults import Fault, Reset, Rule, chance, server_error, throttled
from overlay.operations import Call
from overlay.server import overlay

ACCOUNTS = itertools.count(400000000001)


def anything(seed: int, call: Call) -> Fault:
    """A throttle, an error of AWS's own or a reset, the latter two before or after the work."""
    drawn = random.Random(f"which {seed} {call.identity} {call.nth}").randrange(5)
    lost = server_error(call), server_error(call, processed=True), Reset(), Reset(True)
    return (throttled(call), *lost)[drawn]


@dataclass(frozen=True)
class Life:
    """What a deploy, a change and a deletion took, and what there was in between."""

    calls: int
    faults: int
    held: tuple[tuple[str, ...], ...]


def live(url: str, directory: Path, *rules: Rule) -> Life:
    """Deploy, change and delete; fails when a run reports a problem or leaves work to do."""
    account = str(next(ACCOUNTS))
    plain = app_on(url, account, directory)
    plain.prepare()  # makes the queues, tables and buckets, which nobody makes in AWS
    held = []
    with overlay(url, *rules) as between:
        app = app_on(between.url, account, directory)
        for step in ("first", "newer", "back", "second", "nothing"):
            STEPS[step](app)
            assert not (left := left_to_do(plain, step)), left
            lines = everything(plain.session())
            held.append(tuple(line.replace(account, "ACCOUNT") for line in lines))
    return Life(len(between.calls), between.faults().total(), tuple(held))


def storm(probability: float, seed: int) -> Rule:
    """That part of all calls goes wrong."""
    return Rule(lambda call: anything(seed, call), chance(probability, seed))
