"""Moving one alias to a version, and holding it there by a tag.

The tag is written before the alias moves. Killed in between, it names a version that the alias is
not at, which means nothing; the other way round the next deploy would undo the rollback unasked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lcli.aws.clients import AwsError, Clients
from lcli.aws.expected import expecting
from lcli.errors import LcliError, Problem
from lcli.resources.alias_traffic import weights_of
from lcli.resources.function_state import GONE
from lcli.resources.function_tags import DIGEST, HELD
from lcli.resources.function_update import PRECONDITION
from lcli.resources.version import LATEST


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
    because: str = ""
    """Why it was skipped."""

    @property
    def status(self) -> str:
        """``failed``, ``skipped``, ``done`` or ``unchanged``."""
        if self.problem or self.because:
            return "failed" if self.problem else "skipped"
        return "done" if self.move.moves or self.move.held != self.move.hold else "unchanged"


def read_alias(clients: Clients, target: Target) -> dict[str, Any] | None:
    """GetAlias's answer; None where there is no such alias. Raises AwsError."""
    if not target.alias or target.alias == LATEST or target.alias.isdecimal():
        return None
    with expecting(GONE):
        return clients.call("lambda", "GetAlias", FunctionName=target.name, Name=target.alias)
    return None


def move_alias(clients: Clients, move: Move) -> None:
    """The hold, then the alias; a hold ends only after it. Raises LcliError, AwsError."""
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
    seen = read_alias(clients, move.target)
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
        clients.call("lambda", "UntagResource", Resource=arn, TagKeys=[HELD, DIGEST])


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
        seen = read_alias(clients, target)
        if seen and seen["FunctionVersion"] == move.after and not weights_of(seen):
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
