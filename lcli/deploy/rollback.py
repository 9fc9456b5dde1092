"""The way back: the alias moves to an earlier version and is held there; nothing else changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lcli.aws.clients import AwsError, Clients
from lcli.aws.threads import Threads, interrupted
from lcli.aws.translate import explain, no_function
from lcli.deploy.alias_move import Move, Moved, Target, move_alias, read_alias
from lcli.deploy.stop import Stop
from lcli.errors import ExitCode, LcliError, Problem
from lcli.resources.alias_traffic import told, weights_of
from lcli.resources.concurrency import provisioned_at
from lcli.resources.function_state import failure, get_function
from lcli.resources.function_tags import HELD, check_owner
from lcli.resources.model import Place
from lcli.resources.version import LATEST, published

A = TypeVar("A")
B = TypeVar("B")
__all__ = ["Asked", "Chosen", "Move", "Moved", "Target", "prepare", "roll_back"]

NOTHING_EARLIER = "no-earlier-version"
NO_ALIAS = "no-alias"
ROLLED_BACK = "rolled-back"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to go back in one region."""

    clients: Clients
    targets: Sequence[Target]
    place: Place | None = None
    """Functions must be that app's and stage's."""
    functions: Mapping[str, str] = field(default_factory=dict)
    """The manifest's, AWS name → key, for one that is not there."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Where each alias of a region would go, and why others cannot; in the order asked."""

    clients: Clients
    moves: tuple[Move, ...]
    problems: tuple[Problem, ...]


def prepare(regions: Sequence[Asked], *, to: str = "", parallel: int = 16) -> list[Chosen]:
    """Where each alias would go, by reading alone; a choice a region.

    `to` is a version's number; without it, the version before the one behind the alias. Where
    some are held by a rollback and others not, in whatever region, an earlier run was cut short,
    and those that are held stay. Raises AwsError.
    """
    with Threads(parallel, "rollback") as pool:
        seen = [_look_at_all(asked, pool) for asked in regions]
        held = {one.is_held for all_ in seen for one in all_ if not isinstance(one, Problem)}
        is_cut_short = not to and len(held) == 2
        return [
            _choose_all(asked.clients, each, to, is_cut_short, pool)
            for asked, each in zip(regions, seen, strict=True)
        ]


def _look_at_all(asked: Asked, pool: Threads) -> list[_Seen | Problem]:
    def look(target: Target) -> _Seen:
        return _look(asked.clients, target, asked.place, asked.functions)

    return list(pool.map(_or_problem(look), asked.targets))


def _choose_all(
    clients: Clients, seen: Sequence[_Seen | Problem], to: str, is_cut_short: bool, pool: Threads
) -> Chosen:
    def choose(one: _Seen) -> Move:
        if is_cut_short and one.is_held:
            raise _rolled_back(one)
        return _prepare(clients, one, to)

    found = list(pool.map(_or_problem(choose), seen))
    moves = tuple(each for each in found if isinstance(each, Move))
    return Chosen(clients, moves, tuple(each for each in found if isinstance(each, Problem)))


def _or_problem(step: Callable[[A], B]) -> Callable[[A | Problem], B | Problem]:
    """A step that gives what it refuses, and passes on what an earlier one refused."""

    def tried(of: A | Problem) -> B | Problem:
        try:
            return of if isinstance(of, Problem) else step(of)
        except LcliError as error:
            return error.problems[0]

    return tried


def roll_back(
    clients: Clients, moves: Sequence[Move], *, parallel: int = 16, stop: Stop | None = None
) -> tuple[Moved, ...]:
    """Move the aliases, several at once; one that fails does not keep the others.

    Ctrl-C lets those end that are being moved (`DRAIN`). `stop` is told of it and of what fails,
    and says when nothing more is begun, here and in the regions that follow.
    """
    stop = stop or Stop()

    def one(move: Move) -> Moved:
        if stop.because:
            return Moved(move, 0.0, because=stop.because)
        began = time.monotonic()
        problem: Problem | None = None
        try:
            move_alias(clients, move)
        except LcliError as error:
            problem = error.problems[0]
        except AwsError as error:
            problem = explain(error, move.arn)
            stop.fail([problem])
        return Moved(move, time.monotonic() - began, problem)

    pool = Threads(max(1, min(parallel, len(moves))), "rollback")
    doing = [pool.submit(one, move) for move in moves]
    if interrupted(doing):
        stop.interrupted = True
    pool.shutdown(wait=False)
    return tuple(_ended(move, future, stop) for move, future in zip(moves, doing, strict=True))


def _ended(move: Move, doing: Future[Moved], stop: Stop) -> Moved:
    if doing.cancelled():
        return Moved(move, 0.0, because=stop.because)
    if doing.done():
        return doing.result()
    problem = Problem(
        "interrupted",
        f"{move.target.label} was not moved, or not to the end: interrupted",
        move.arn,
        "run the same command again",
    )
    return Moved(move, 0.0, problem)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A function and its alias as they are."""

    target: Target
    arn: str
    alias: dict[str, Any]
    held: str
    """The tag's value."""

    @property
    def is_held(self) -> bool:
        """Whether the alias is where a rollback left it."""
        return bool(self.held == self.alias["FunctionVersion"])


def _look(
    clients: Clients, target: Target, place: Place | None, functions: Mapping[str, str]
) -> _Seen:
    function = get_function(clients, target.name)
    if function is None:
        raise LcliError(no_function(target.name, clients.region, functions))
    arn = function["Configuration"]["FunctionArn"]
    account = arn.split(":")[4]
    if target.account not in ("", account):
        raise _refused(
            "wrong-account",
            f"{target.label} is of account {target.account}, and the credentials are of {account}",
            arn,
            "choose the other account's credentials with --profile",
        )
    check_owner(function, place if target.function else None)
    alias = read_alias(clients, target)
    if alias is None:
        raise _no_alias(target, arn)
    return _Seen(target, arn, alias, function["Tags"].get(HELD, ""))


def _prepare(clients: Clients, seen: _Seen, to: str) -> Move:
    target, alias = seen.target, seen.alias
    numbers = [one["Version"] for one in published(clients, target.name)]
    after = _choose(target, alias, numbers, to)
    _check_state(clients, target, after)
    return Move(
        target,
        seen.arn,
        alias["FunctionVersion"],
        after,
        alias["RevisionId"],
        weights=bool(weights_of(alias)),
        held=seen.held,
        holds=after != numbers[0],
        provisioned=_is_provisioned(clients, target, after, seen.arn),
    )


def _rolled_back(seen: _Seen) -> LcliError:
    target, at = seen.target, seen.alias["FunctionVersion"]
    return _refused(
        ROLLED_BACK,
        f"{target.label} is rolled back already, and {target.alias} is held at {at}",
        seen.arn,
        "to go further back, name it alone, or say --to which version",
    )


def _no_alias(target: Target, arn: str) -> LcliError:
    if target.alias:
        what = f"{target.label} has no alias {target.alias!r}"
        return _refused(NO_ALIAS, what, arn, "see its aliases with `lcli status`, or deploy it")
    if target.function:
        what = f"{target.label} has `alias: false`: nothing of it is published"
        return _refused(NO_ALIAS, what, arn, "deploy its earlier code instead")
    return _refused(
        NO_ALIAS,
        f"{target.name} is named without an alias",
        arn,
        f"say which one is to go back: {target.name}:live",
    )


def _choose(target: Target, alias: dict[str, Any], numbers: list[str], to: str) -> str:
    """The version's number. Raises LcliError (USAGE) where there is none to choose."""
    now, weights = alias["FunctionVersion"], weights_of(alias)
    known = ", ".join(numbers) or "none"
    if to:
        if to not in numbers:
            raise _refused(
                "no-such-version",
                f"{target.label} has no version {to}",
                alias["AliasArn"],
                f"it has: {known}",
            )
        return to
    earlier = [one for one in numbers if now == LATEST or int(one) < int(now)]
    if weights:
        raise _refused(
            "traffic-shift",
            f"{target.alias} of {target.label} is at {now} and sends {told(weights)}: "
            "which version it goes back to is not clear",
            alias["AliasArn"],
            f"say it: --to {now} ends the shift"
            + (f", --to {earlier[0]} goes further back" if earlier else ""),
        )
    if not earlier:
        raise _refused(
            NOTHING_EARLIER,
            f"{target.alias} of {target.label} is at {now}, and there is no earlier version",
            alias["AliasArn"],
            f"it has: {known}; deploy its earlier code instead",
        )
    return earlier[0]


def _check_state(clients: Clients, target: Target, version: str) -> None:
    answer = get_function(clients, target.name, version)
    problem = failure(answer["Configuration"]) if answer else None
    if problem:
        raise _refused(
            problem.code, problem.what, problem.where, "choose another version with --to"
        )


def _is_provisioned(clients: Clients, target: Target, version: str, arn: str) -> bool:
    """Whether the alias has provisioned concurrency.

    Raises LcliError where the version has its own: Lambda allows but one of the two
    (PutProvisionedConcurrencyConfig, ResourceConflictException).
    """
    at = provisioned_at(clients, target.name)
    if target.alias in at and version in at:
        raise _refused(
            "provisioned-version",
            f"version {version} of {target.label} has provisioned concurrency of its own, and so "
            f"has {target.alias}: Lambda allows but one of the two",
            f"{arn}:{version}",
            f"take it off the version (`aws lambda delete-provisioned-concurrency-config "
            f"--function-name {target.name} --qualifier {version}`), or choose another with --to",
        )
    return target.alias in at


def _refused(code: str, what: str, where: str = "", next_step: str = "") -> LcliError:
    """Something that was asked for and cannot be; nothing was touched."""
    return LcliError(Problem(code, what, where, next_step), ExitCode.USAGE)
