"""What state a function or version is in, and waiting for one that can be worked with.

States: Lambda developer guide, "Lambda function states"; API reference, FunctionConfiguration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lcli.aws.clients import Clients
from lcli.aws.expected import expecting
from lcli.errors import LcliError, Problem
from lcli.resources.kind import Applying
from lcli.resources.naming import qualified

READY = frozenset({"Active", "Inactive"})
"""Inactive is idleness: an update goes on, an invocation wakes it."""
WAITING = frozenset({"Pending"})
READY_SECONDS = 900.0
"""SnapStart and VPC set-up take minutes."""
GONE = "ResourceNotFoundException"


def get_function(clients: Clients, name: str, qualifier: str = "") -> dict[str, Any] | None:
    """GetFunction's answer; None where there is none. Raises AwsError."""
    which = {"Qualifier": qualifier} if qualifier else {}
    with expecting(GONE):
        return clients.call("lambda", "GetFunction", FunctionName=name, **which)
    return None


def is_settled(configuration: Mapping[str, Any]) -> bool:
    """Whether nothing is under way: the RevisionId will not move by itself."""
    return (
        configuration.get("State", "Active") not in WAITING
        and configuration.get("LastUpdateStatus", "Successful") != "InProgress"
    )


def await_ready(
    name: str, applying: Applying, *, qualifier: str = "", updated: bool = True
) -> dict[str, Any]:
    """GetFunction's answer once a create or update is through.

    Where this run has not `updated` the function, a failed update is an earlier one's, which the
    plan tells and the next update mends. Raises LcliError at once when it failed (with
    StateReasonCode and StateReason) or vanished, and ``timed-out`` after `READY_SECONDS`.
    """
    what = qualified(name, qualifier)

    def look() -> dict[str, Any] | None:
        answer = get_function(applying.clients, name, qualifier)
        if answer is None:
            where = applying.place.arn("lambda", f"function:{what}")
            raise LcliError(deleted_meanwhile("function-gone", what, where))
        configuration = answer["Configuration"]
        if problem := failure(configuration, updated=updated):
            raise LcliError(problem)
        return answer if is_settled(configuration) else None

    return applying.poll(look, f"waiting for {what} to be active", READY_SECONDS)


def failure(configuration: Mapping[str, Any], *, updated: bool = True) -> Problem | None:
    """The problem of a function that will not get ready by waiting; `updated` as above."""
    state = configuration.get("State", "Active")
    if updated and configuration.get("LastUpdateStatus") == "Failed":
        return _problem(
            configuration,
            "update-failed",
            "Lambda could not update {}, so its old code and settings still run",
            "LastUpdateStatusReason",
        )
    if state in READY or state in WAITING:
        return None
    # The unpublished code of a function on a capacity provider can be published, not invoked.
    if state == "ActiveNonInvocable" and configuration.get("CapacityProviderConfig"):
        return None
    return _problem(configuration, f"function-{state.lower()}", f"{{}} is {state}", "StateReason")


def _problem(configuration: Mapping[str, Any], code: str, what: str, member: str) -> Problem:
    name = configuration["FunctionName"]
    if configuration.get("Version", "$LATEST") != "$LATEST":
        name = f"version {configuration['Version']} of {name}"
    reason = ": ".join(
        str(configuration[key]) for key in (f"{member}Code", member) if configuration.get(key)
    )
    return Problem(
        code,
        f"{what.format(name)}: {reason or 'AWS gives no reason'}",
        where=configuration["FunctionArn"],
        next_step="correct what the reason names and deploy again",
    )


def changed_meanwhile(arn: str, fields: Iterable[str], what: str = "") -> LcliError:
    """The error for what someone else changed between the plan and now.

    `what` names it if it is no function: ``HTTP API photos``.
    """
    names, what = ", ".join(sorted(fields)), what or arn.partition(":function:")[2]
    return LcliError(
        Problem(
            "changed-meanwhile",
            f"someone else changed {names} of {what} since the plan",
            where=arn,
            next_step="run `lcli plan` to see what is there now, then deploy again",
        )
    )


def deleted_meanwhile(code: str, what: str, where: str) -> Problem:
    """What someone else deleted between the plan and now: ``photos-thumb``, ``HTTP API photos``."""
    return Problem(
        code,
        f"{what} was deleted by someone else during this deploy",
        where,
        "run the deploy again",
    )
