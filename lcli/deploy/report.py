"""What came of a plan: an outcome an action, a row a function, and its stable JSON form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from lcli.deploy.events import Event, Failed, Started
from lcli.errors import ExitCode, Problem
from lcli.resources.model import Action, Change, Key, Outputs, Place, Value, Verb

Masked = Callable[[Value, bool], object]
"""Takes a value and whether it is secret; gives what may be shown."""


class Status(StrEnum):
    """What became of an action."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One action and what came of it."""

    action: Action
    status: Status
    seconds: float = 0.0
    outputs: Outputs = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    because: str = ""
    """Why it was skipped."""


@dataclass(frozen=True, slots=True)
class FunctionRow:
    """A line of the closing table."""

    function: str
    """The manifest's key."""
    name: str
    """The AWS name."""
    status: str
    """``created``, ``updated``, ``replaced``, ``deleted``, ``unchanged``, ``failed``, or
    ``unfinished`` where something was not tried: a thing it needs failed, or the run was stopped.
    """
    arn: str = ""
    version: str = ""
    alias: str = ""
    """The alias that is at this version; empty where it is elsewhere."""
    size: int = 0
    """Bytes of the zip."""
    addresses: tuple[str, ...] = ()
    seconds: float = 0.0


_PAST = {
    Verb.CREATE: "created",
    Verb.UPDATE: "updated",
    Verb.REPLACE: "replaced",
    Verb.DELETE: "deleted",
    Verb.NONE: "unchanged",
}


@dataclass(frozen=True, slots=True)
class Report:
    """All of a run."""

    place: Place
    outcomes: tuple[Outcome, ...]
    seconds: float = 0.0
    notices: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    """What went wrong beside the actions."""
    ended: Mapping[str, str] = field(default_factory=dict)
    """The rows' statuses, by the manifest's keys, of functions that are not as their actions left
    them: somebody else has changed them at the same time."""
    interrupted: bool = False

    def with_outputs(self, known: Mapping[Key, Outputs]) -> Report:
        """The same, with what is known by now of some of its resources."""
        return replace(
            self,
            outcomes=tuple(
                replace(one, outputs=known.get(one.action.resource.key, one.outputs))
                for one in self.outcomes
            ),
        )

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The outcomes of actions that failed."""
        return tuple(one for one in self.outcomes if one.status is Status.FAILED)

    @property
    def every_problem(self) -> tuple[Problem, ...]:
        """Each once: actions that are done together (one bucket's rules) fail for one reason."""
        of_actions = (problem for one in self.failed for problem in one.problems)
        return tuple(dict.fromkeys((*of_actions, *self.problems)))

    @property
    def exit_code(self) -> ExitCode:
        """What the process ends with."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        wrong = self.problems or any(
            one.status in (Status.FAILED, Status.SKIPPED) for one in self.outcomes
        )
        return ExitCode.FAILED if wrong else ExitCode.DONE

    @property
    def rows(self) -> tuple[FunctionRow, ...]:
        """A row a function, in the plan's order."""
        by_function: dict[str, list[Outcome]] = {}
        for outcome in self.outcomes:
            if outcome.action.resource.function:
                by_function.setdefault(outcome.action.resource.function, []).append(outcome)
        return tuple(_row(key, by_function[key], self.ended.get(key, "")) for key in by_function)

    def as_json(self, masked: Masked) -> dict[str, Any]:
        """The documented shape of ``deploy -o json`` and ``delete -o json``."""
        return {
            "app": self.place.app,
            "stage": self.place.stage,
            "region": self.place.region,
            "account": self.place.account,
            "seconds": round(self.seconds, 3),
            "interrupted": self.interrupted,
            "actions": [
                outcome_json(one, masked)
                for one in self.outcomes
                if one.status is not Status.UNCHANGED
            ],
            "functions": [row_json(row) for row in self.rows],
            "notices": list(self.notices),
            "problems": [problem_json(one) for one in self.problems],
        }


def _row(function: str, outcomes: list[Outcome], ended: str) -> FunctionRow:
    def first(kind: str, attr: str) -> str:
        found = (o.outputs.get(attr, "") for o in outcomes if o.action.resource.key.kind == kind)
        return next(filter(None, found), "")

    own = next((o for o in outcomes if o.action.resource.key.kind == "function"), None)
    kept = [o for o in outcomes if o.action.verb is not Verb.DELETE]
    wrong = {problem.code for one in outcomes for problem in one.problems}
    if "function-gone" in wrong:
        return FunctionRow(function, own.action.resource.key.name if own else function, "failed")
    version = first("version", "number")
    aliases = [
        _alias(o.action.resource.key)
        for o in kept
        if o.action.resource.key.kind == "alias"
        and o.outputs.get("number") == version
        and "changed-meanwhile" not in wrong
    ]
    addresses = [o.outputs.get("url", "") for o in kept]
    code = getattr(own.action.resource.payload, "code", None) if own else None
    return FunctionRow(
        function,
        own.action.resource.key.name if own else function,
        ended or _row_status(own, outcomes),
        first("function", "arn"),
        version,
        aliases[0] if aliases else "",
        # What lies at an address only AWS has measured.
        getattr(getattr(code, "artifact", None), "size", 0)
        or int(first("function", "code_size") or 0),
        tuple(dict.fromkeys(filter(None, addresses))),
        sum(o.seconds for o in outcomes),
    )


def _row_status(own: Outcome | None, outcomes: list[Outcome]) -> str:
    ended = {one.status for one in outcomes}
    if Status.FAILED in ended:
        return "failed"
    if Status.SKIPPED in ended:
        return "unfinished"
    if own and own.action.verb is not Verb.NONE:
        return _PAST[own.action.verb]
    verbs = {one.action.verb for one in outcomes} - {Verb.NONE}
    if own is None and verbs == {Verb.DELETE}:  # what an interrupted delete left of it
        return "deleted"
    return "updated" if verbs else "unchanged"


def change_json(change: Change, masked: Masked) -> dict[str, object]:
    """``{"path", "before", "after"}``; values that AWS has yet to choose are their text."""
    return {
        "path": change.path,
        "before": masked(change.before, change.secret),
        "after": masked(change.after, change.secret),
    }


def action_json(action: Action, masked: Masked) -> dict[str, Any]:
    """One action of a plan."""
    return {
        "action": action.verb.value,
        "kind": action.resource.key.kind,
        "name": action.resource.key.name,
        "function": action.resource.function,
        "reason": action.reason,
        "confirm": action.confirm,
        "changes": [change_json(one, masked) for one in action.changes],
    }


def event_json(event: Event, masked: Masked) -> dict[str, Any]:
    """One line of ``deploy -o json --events``: started, doing, finished, failed or skipped."""
    resource = event.action.resource
    more: dict[str, Any] = {
        name: getattr(event, name) for name in ("doing", "because") if hasattr(event, name)
    }
    if hasattr(event, "seconds"):
        more["seconds"] = round(event.seconds, 3)
    if isinstance(event, Started):
        more["changes"] = [change_json(one, masked) for one in event.action.changes]
    if isinstance(event, Failed):
        more["problems"] = [problem_json(one) for one in event.problems]
    return {
        "event": type(event).__name__.lower(),
        "action": event.action.verb.value,
        "kind": resource.key.kind,
        "name": resource.key.name,
        "function": resource.function,
    } | more


def outcome_json(outcome: Outcome, masked: Masked) -> dict[str, Any]:
    """One action of a run: a plan's action and what came of it."""
    outputs: Mapping[str, str] = outcome.outputs
    return action_json(outcome.action, masked) | {
        "status": outcome.status.value,
        "seconds": round(outcome.seconds, 3),
        "arn": outputs.get("arn", ""),
        "version": outputs.get("number", ""),
        "alias": _alias(outcome.action.resource.key),
        "address": outputs.get("url", ""),
        "because": outcome.because,
        "problems": [problem_json(one) for one in outcome.problems],
    }


def _alias(key: Key) -> str:
    return key.name.partition(":")[2] if key.kind == "alias" else ""


def row_json(row: FunctionRow) -> dict[str, Any]:
    """One function of a run."""
    return {
        "function": row.function,
        "name": row.name,
        "status": row.status,
        "arn": row.arn,
        "version": row.version,
        "alias": row.alias,
        "size": row.size,
        "addresses": list(row.addresses),
    }


def problem_json(problem: Problem) -> dict[str, str]:
    """One problem."""
    return {
        "code": problem.code,
        "what": problem.what,
        "where": problem.where,
        "next_step": problem.next_step,
    }
