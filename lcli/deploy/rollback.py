"""The way back: the alias moves to an earlier version and is held there; nothing else changes.

The tag is written before the alias moves. Killed in between, it names a version that the alias is
not at, which means nothing; the other way round the next deploy would undo the rollback unasked.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from lcli.aws.clients import AwsError, Clients
from lcli.aws.translate import explain
from lcli.errors import ExitCode, LcliError, Problem
from lcli.resources.function_state import GONE, failure, get_function
from lcli.resources.function_tags import HELD, are_ours, owner
from lcli.resources.function_update import PRECONDITION
from lcli.resources.model import Place
from lcli.resources.version import LATEST, published

NOTHING_EARLIER = "no-earlier-version"
NO_ALIAS = "no-alias"


@dataclass(frozen=True, slots=True)
class Target:
    """A function that is to go back."""

    function: str
    """The manifest's key; empty for one that no manifest describes."""
    name: str
    """The AWS name."""
    alias: str
    """Empty where it has none."""
    account: str = ""
    """What its ARN says, where it was named by one."""

    @property
    def label(self) -> str:
        """What its reader calls it."""
        return self.function or self.name


@dataclass(frozen=True, slots=True)
class Move:
    """One alias, the version it was seen at and the one it goes to."""

    target: Target
    arn: str
    """The function's, without a qualifier."""
    before: str
    after: str
    revision: str
    """RevisionId of the alias as it was seen."""
    weights: bool = False
    """A shift of traffic is in flight, and ends."""
    held: str = ""
    """The tag as it was."""
    holds: bool = True
    """False for the newest version: there is nothing that it would be held back from."""
    provisioned: bool = False
    """Provisioned concurrency follows the alias, which takes minutes."""

    @property
    def hold(self) -> str:
        """The tag as it should be."""
        return self.after if self.holds else ""

    @property
    def moves(self) -> bool:
        """Whether the alias changes at all."""
        return self.before != self.after or self.weights


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of a move."""

    move: Move
    seconds: float
    problem: Problem | None = None

    @property
    def status(self) -> str:
        """``failed``, ``done`` or ``unchanged``."""
        if self.problem:
            return "failed"
        return "done" if self.move.moves or self.move.held != self.move.hold else "unchanged"


def prepare(
    clients: Clients,
    targets: Sequence[Target],
    *,
    to: str = "",
    place: Place | None = None,
    parallel: int = 16,
) -> tuple[tuple[Move, ...], tuple[Problem, ...]]:
    """Where each alias would go, by reading alone, and why others cannot; in the given order.

    `to` is a version's number; without it, the version before the one behind the alias. With a
    `place`, functions of the manifest must be that app's and stage's. Raises AwsError.
    """

    def one(target: Target) -> Move | Problem:
        try:
            return _prepare(clients, target, to, place)
        except LcliError as error:
            return error.problems[0]

    with ThreadPoolExecutor(max(1, min(parallel, len(targets))), "rollback") as pool:
        found = list(pool.map(one, targets))
    moves = tuple(each for each in found if isinstance(each, Move))
    return moves, tuple(each for each in found if isinstance(each, Problem))


def roll_back(clients: Clients, moves: Sequence[Move], *, parallel: int = 16) -> tuple[Moved, ...]:
    """Move the aliases, several at once; one that fails does not keep the others."""

    def one(move: Move) -> Moved:
        began = time.monotonic()
        problem: Problem | None = None
        try:
            _move(clients, move)
        except LcliError as error:
            problem = error.problems[0]
        except AwsError as error:
            problem = explain(error, move.arn)
        return Moved(move, time.monotonic() - began, problem)

    with ThreadPoolExecutor(max(1, min(parallel, len(moves))), "rollback") as pool:
        return tuple(pool.map(one, moves))


def _prepare(clients: Clients, target: Target, to: str, place: Place | None) -> Move:
    function = get_function(clients, target.name)
    if function is None:
        raise _refused(
            "not-found",
            f"there is no function {target.name!r} in {clients.region}",
            next_step="deploy it first" if target.function else "see `lcli list --all`",
        )
    arn = function["Configuration"]["FunctionArn"]
    account = arn.split(":")[4]
    if target.account not in ("", account):
        raise _refused(
            "wrong-account",
            f"{target.label} is of account {target.account}, and the credentials are of {account}",
            arn,
            "choose the other account's credentials with --profile",
        )
    tags = function.get("Tags", {})
    _check_owner(target, tags, place, arn)
    alias = _alias(clients, target)
    if alias is None:
        raise _no_alias(target, arn)
    numbers = [one["Version"] for one in published(clients, target.name)]
    after = _choose(target, alias, numbers, to)
    _check_state(clients, target, after)
    return Move(
        target,
        arn,
        alias["FunctionVersion"],
        after,
        alias["RevisionId"],
        weights=bool(_weights(alias)),
        held=tags.get(HELD, ""),
        holds=after != numbers[0],
        provisioned=_is_provisioned(clients, target, after, arn),
    )


def _check_owner(target: Target, tags: dict[str, str], place: Place | None, arn: str) -> None:
    """What is not lcli's is never touched, not even by a tag."""
    ours = are_ours(tags, place) if target.function and place else "lcli:app" in tags
    if not ours:
        raise _refused(
            "not-ours",
            f"function {target.name} belongs to {owner(tags)}",
            arn,
            "take it over first with `lcli deploy --adopt`, or move its alias by its own tools",
        )


def _alias(clients: Clients, target: Target) -> dict[str, Any] | None:
    if not target.alias or target.alias == LATEST or target.alias.isdecimal():
        return None
    try:
        return clients.call("lambda", "GetAlias", FunctionName=target.name, Name=target.alias)
    except AwsError as error:
        if error.code == GONE:
            return None
        raise


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
    now, weights = alias["FunctionVersion"], _weights(alias)
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
        shares = ", ".join(f"{share:.0%} to {version}" for version, share in weights.items())
        raise _refused(
            "traffic-shift",
            f"{target.alias} of {target.label} is at {now} and sends {shares}: "
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
    listed = clients.pages("lambda", "ListProvisionedConcurrencyConfigs", FunctionName=target.name)
    at = {
        one["FunctionArn"].rpartition(":")[2]
        for page in listed
        for one in page["ProvisionedConcurrencyConfigs"]
    }
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


def _move(clients: Clients, move: Move) -> None:
    """The hold, then the alias; a hold ends only after it."""
    if move.hold and move.hold != move.held:
        _tag(clients, move.arn, move.hold)
    if move.moves:
        try:
            _update_alias(clients, move)
        except Exception:
            _mend_hold(clients, move)
            raise
    if move.held and not move.hold:
        _tag(clients, move.arn, "")


def _mend_hold(clients: Clients, move: Move) -> None:
    """Make the tag agree with where the alias is, after it could not be moved.

    Of two rollbacks at once the tags may have crossed: the loser writes the winner's again.
    """
    seen = _alias(clients, move.target)
    now = seen["FunctionVersion"] if seen else ""
    if move.hold == move.held or now == move.after:
        return
    numbers = now.isdecimal() and move.before.isdecimal()
    went_back = numbers and int(now) < int(move.before)
    _tag(clients, move.arn, now if went_back else move.held)


def _tag(clients: Clients, arn: str, version: str) -> None:
    if version:
        clients.call("lambda", "TagResource", Resource=arn, Tags={HELD: version})
    else:
        clients.call("lambda", "UntagResource", Resource=arn, TagKeys=[HELD])


def _update_alias(clients: Clients, move: Move) -> None:
    target = move.target
    routing: dict[str, Any] = (
        {"RoutingConfig": {"AdditionalVersionWeights": {}}} if move.weights else {}
    )
    try:
        clients.call(
            "lambda",
            "UpdateAlias",
            FunctionName=target.name,
            Name=target.alias,
            FunctionVersion=move.after,
            RevisionId=move.revision,
            **routing,
        )
    except AwsError as error:
        if error.code != PRECONDITION and not error.lost:
            raise
        seen = _alias(clients, target)
        if seen and seen["FunctionVersion"] == move.after and not _weights(seen):
            return  # done already: its answer had been lost
        if error.code != PRECONDITION:
            raise
        now = f"it is at {seen['FunctionVersion']} now" if seen else "it is gone"
        raise LcliError(
            Problem(
                "changed-meanwhile",
                f"someone else changed {target.alias} of {target.label} at this moment: {now}",
                f"{move.arn}:{target.alias}",
                f"look with `lcli versions {target.label}`, then roll back again",
            )
        ) from error


def _weights(alias: dict[str, Any]) -> dict[str, float]:
    weights: dict[str, float] = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    return weights


def _refused(code: str, what: str, where: str = "", next_step: str = "") -> LcliError:
    """Something that was asked for and cannot be; nothing was touched."""
    return LcliError(Problem(code, what, where, next_step), ExitCode.USAGE)
