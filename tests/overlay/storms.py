"""Whole lives of an app through an overlay that lets calls fail by chance."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app_on_cloud import OnCloud

from lcli.aws.clients import AwsError
from lcli.aws.retry import rule
from lcli.local.server import Cloud
from overlay.account import MAY_LACK, everything
from overlay.apps import app_on, left_to_do, take
from overlay.faults import Fault, Reset, Rule, chance, server_error, throttled
from overlay.operations import Call
from overlay.server import overlay
from overlay.sources import sources

ACCOUNTS = itertools.count(400000000001)
LIFE = ("first", "newer", "back", "second", "first", "nothing")


def anything(seed: int, call: Call) -> Fault:
    """A throttle, an error of AWS's own or a reset, the latter two before or after the work."""
    drawn = random.Random(f"which {seed} {call.identity} {call.nth}").randrange(5)
    lost = server_error(call), server_error(call, processed=True), Reset(), Reset(True)
    return (throttled(call), *lost)[drawn]


def storm(probability: float, seed: int) -> Rule:
    """That part of all calls goes wrong."""
    return Rule(lambda call: anything(seed, call), chance(probability, seed))


@dataclass
class Operations:
    """What was asked of AWS, however many requests each took."""

    asked: int = 0
    given_up: int = 0

    def count(self, app: OnCloud) -> None:
        """Count those of an app's session."""
        session = app.session()
        call = session.call

        def counted(service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
            self.asked += 1
            try:
                return call(service, operation, **parameters)
            except AwsError as error:
                # What is never tried again is an answer, such as that there is no such role;
                # what is read back goes on.
                self.given_up += rule(error).act == "retry"
                raise

        session.call = counted  # type: ignore[method-assign]


@dataclass(frozen=True)
class Life:
    """What deploys, a rollback, changes and a deletion took, and what there was in between."""

    operations: Operations
    calls: int
    faults: int
    held: tuple[tuple[str, ...], ...]

    @property
    def ratio(self) -> float:
        """Requests an operation."""
        return self.calls / self.operations.asked


def live(cloud: Cloud, directory: Path, *rules: Rule, steps: tuple[str, ...] = LIFE) -> Life:
    """All `steps`; one in which an operation was given up is run again.

    Fails when a step reports a problem although none was, or leaves work to do.
    """
    account = str(next(ACCOUNTS))
    plain, held, operations = app_on(cloud.url, account, directory), [], Operations()
    sources(cloud, account)
    with overlay(cloud.url, *rules) as between:
        app = app_on(between.url, account, directory)
        operations.count(app)
        for step in steps:
            _done(app, step, operations)
            assert not (left := left_to_do(plain, step)), (step, left)
            # A digest names the account.
            lines = (one for one in everything(cloud, account) if not one.startswith(MAY_LACK))
            held.append(tuple(lines))
    return Life(operations, len(between.calls), between.faults().total(), tuple(held))


def _done(app: OnCloud, step: str, operations: Operations) -> None:
    given_up = operations.given_up
    try:
        take(step, app)
    except (AssertionError, AwsError):
        assert operations.given_up > given_up, f"{step} failed, and no operation did"
        _done(app, step, operations)
