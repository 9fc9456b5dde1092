"""After the last write of a run: look again at every function that it has changed.

Only a function's code and configuration and its alias are guarded by RevisionIds. What another
deploy wrote of the rest at the same time is found here. Who moved the alias has the last word: it
writes again what differs; who did not says what changed, so that no function stays a mixture.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from lcli.aws.clients import AwsError, Clients
from lcli.aws.translate import explain
from lcli.deploy.apply import apply
from lcli.deploy.applying import Known, Work
from lcli.deploy.kept import with_checkpoints
from lcli.deploy.plan import Plan, plan
from lcli.deploy.prepared import Prepared
from lcli.deploy.read import read
from lcli.deploy.report import Report, Status
from lcli.errors import LcliError, Problem
from lcli.resources.function_state import changed_meanwhile
from lcli.resources.model import Action, Actual, Key, Outputs, Resource, Verb
from lcli.resources.naming import unqualified

_ROUNDS = 5
"""How often it is looked, as long as somebody else goes on writing."""
_PAUSE = 0.3
"""Seconds before the second look, twice as many before each that follows."""
_COMMITTED = frozenset({"version", "alias"})
"""Kinds that are settled when the alias has moved."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How the functions were found in the end."""

    notices: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    lost: frozenset[str] = frozenset()
    """The manifest's keys of those that are not as the manifest says."""


def settle(
    prepared: Prepared, report: Report, clients: Clients, done: Collection[str], *, parallel: int
) -> Settled:
    """Look at what the run has changed until nobody else changes it; a quiet run costs no call.

    `done` are the manifest's keys of the functions of which nothing is left undone.
    """
    run = _Run(prepared, report, clients, parallel)
    todo, before = run.changed() & set(done), dict[str, list[_Difference]]()
    for number in range(_ROUNDS):
        if not todo:
            break
        time.sleep(_PAUSE * 2 ** (number - 1) if number else 0)
        try:
            found = run.look(todo)
            differing = run.differences(todo, found)
            # What stays as it was after it has been written again is AWS's way to say the same.
            todo = {one for one in differing if differing[one] != before.get(one)}
            todo = {one for one in todo if not run.is_lost(one, found)}
            run.write(todo, found)
        except (LcliError, AwsError) as error:
            run.fail(todo, error)
            break
        todo, before = todo - run.lost, differing
    for one in todo:
        run.lose(one, f"{', '.join(sorted({key.kind for key, *_ in before[one]}))}")
    return run.settled()


_Difference = tuple[Key, Verb, object]


@dataclass
class _Run:
    """What the run has made, and what was found to be otherwise."""

    prepared: Prepared
    report: Report
    clients: Clients
    parallel: int
    outputs: dict[Key, Outputs] = field(init=False)
    """Of everything that was read or made."""
    wanted: dict[Key, Resource] = field(init=False)
    """What was planned for, by the keys that it is found by now."""
    moved: set[Key] = field(init=False)
    """The aliases that this run has moved."""
    lost: set[str] = field(default_factory=set, init=False)
    notices: list[str] = field(default_factory=list, init=False)
    problems: list[Problem] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.outputs = {key: one.outputs for key, one in self.prepared.actual.items()}
        done = [one for one in self.report.outcomes if one.action.verb is not Verb.DELETE]
        self.outputs |= {one.action.resource.key: one.outputs for one in done if one.outputs}
        work = Work(self.prepared.place, self.clients, Known(self.outputs), lambda doing: None)
        named = [self._named(one, work) for one in self.prepared.wanted.values()]
        self.wanted = {one.key: one for one in named}
        keys = {one.action.resource.key for one in done if one.status is Status.DONE}
        self.moved = {key for key in keys if key.kind == "alias"}

    def _named(self, wanted: Resource, work: Work) -> Resource:
        with suppress(LcliError):  # of a function that was not deployed, something is unknown
            return replace(
                wanted, key=self.prepared.kinds[wanted.key.kind].identity(wanted, work.settle)
            )
        return wanted

    def changed(self) -> set[str]:
        """The manifest's keys of the functions of which something was changed."""
        kept = {one.function for key, one in self.wanted.items() if key.kind == "function"}
        done = [one for one in self.report.outcomes if one.status is Status.DONE]
        return {one.action.resource.function for one in done} & kept

    def _own(self, functions: Collection[str]) -> dict[Key, Resource]:
        return {key: one for key, one in self.wanted.items() if one.function in functions}

    def look(self, functions: Collection[str]) -> dict[Key, Actual]:
        """Everything of these functions as it is now. Raises AwsError, LcliError."""
        return read(
            self._own(functions),
            self.prepared.place,
            self.clients,
            self.prepared.kinds,
            functions=frozenset(functions),
            parallel=self.parallel,
        )

    def plan(self, functions: Collection[str], found: Mapping[Key, Actual]) -> Plan:
        """What would make these functions as they are wanted, without publishing anything."""
        wanted = with_checkpoints(self._own(functions), found, self.prepared.place)
        wanted = {key: one for key, one in wanted.items() if key.kind not in _COMMITTED}
        scope = replace(self.prepared.scope, named=frozenset(functions), prune=False)
        return plan(wanted, self._known(wanted, found), self.prepared.kinds, scope)

    def _known(
        self, wanted: Mapping[Key, Resource], found: Mapping[Key, Actual]
    ) -> dict[Key, Actual]:
        """What was found; all else that the run knows is only to be referred to."""
        others = {
            key: Actual(Resource(key, {}), outputs, ours=False)
            for key, outputs in self.outputs.items()
            if key not in wanted
        }
        return others | {key: one for key, one in found.items() if key.kind not in _COMMITTED}

    def differences(
        self, functions: Collection[str], found: Mapping[Key, Actual]
    ) -> dict[str, list[_Difference]]:
        """What is not as it is wanted, by function; an alias that is elsewhere counts."""
        made = self.plan(functions, found)
        elsewhere = {one for one in functions if self._alias_elsewhere(one, found)}
        differing: dict[str, list[_Difference]] = {one: [] for one in elsewhere | made.refused}
        for action in made.changes:
            difference = (action.resource.key, action.verb, action.changes)
            differing.setdefault(action.resource.function, []).append(difference)
        return differing

    def _alias_elsewhere(self, function: str, found: Mapping[Key, Actual]) -> str:
        """The name of the function's alias, where somebody else has moved it or taken it away."""
        for key in self._own([function]):
            if key.kind == "alias":
                number = found[key].outputs["number"] if key in found else ""
                if number != self.outputs[key]["number"]:
                    return unqualified(key.name)[1]
        return ""

    def is_lost(self, function: str, found: Mapping[Key, Actual]) -> bool:
        """Whether somebody else has the last word on it; that is told."""
        made = self.plan([function], found)
        own = [one for one in made.changes if one.resource.key.kind == "function"]
        if made.refusals:
            self._tell(function, made.refusals)
        elif any(one.verb is not Verb.UPDATE for one in own):
            self._tell(function, (_deleted(self._arn(function)),))
        elif alias_name := self._alias_elsewhere(function, found):
            self.lose(function, f"alias {alias_name}")
        elif own and not self._has_moved(function) and (fields := self._foreign(own[0], found)):
            self.lose(function, *fields)
        return function in self.lost

    def _has_moved(self, function: str) -> bool:
        return any(key in self.moved for key in self._own([function]))

    def _foreign(self, own: Action, found: Mapping[Key, Actual]) -> list[str]:
        """Guarded fields that somebody else has changed since this run's last look."""
        key = own.resource.key
        if found[key].outputs["revision"] == self.outputs[key]["revision"]:
            return []
        paths = {change.path.partition(".")[0] for change in own.changes}
        return sorted(paths - {"Tags"})

    def _arn(self, function: str) -> str:
        names = [key.name for key in self._own([function]) if key.kind == "function"]
        return self.prepared.place.arn("lambda", f"function:{names[0]}")

    def lose(self, function: str, *fields: str) -> None:
        """Give a function up, and say what somebody else changed of it."""
        self._tell(function, changed_meanwhile(self._arn(function), fields).problems)

    def _tell(self, function: str, problems: Iterable[Problem]) -> None:
        self.lost.add(function)
        self.problems += problems

    def write(self, functions: Collection[str], found: Mapping[Key, Actual]) -> None:
        """Write again what differs of these functions."""
        if not functions:
            return
        again = self.plan(functions, found)
        kinds = self.prepared.kinds
        for function in sorted(functions):
            own = {
                one.resource.key.kind for one in again.changes if one.resource.function == function
            }
            titles = ", ".join(sorted(kinds[kind].title for kind in own))
            self.notices.append(
                f"{function}: someone else changed it at the same time; written again: {titles}"
            )
        report = apply(
            again,
            self.prepared.place,
            self.clients,
            kinds,
            actual=self._known({}, found) | dict(found),
            parallel=self.parallel,
        )
        self.problems += report.every_problem
        self.lost |= {one.action.resource.function for one in report.failed}

    def fail(self, functions: Collection[str], error: LcliError | AwsError) -> None:
        """Note that it could not be looked at these functions to the end."""
        self.lost |= set(functions)
        self.problems += error.problems if isinstance(error, LcliError) else (explain(error),)

    def settled(self) -> Settled:
        """What came of it."""
        return Settled(
            tuple(dict.fromkeys(self.notices)),
            tuple(dict.fromkeys(self.problems)),
            frozenset(self.lost),
        )


def _deleted(arn: str) -> Problem:
    name = arn.partition(":function:")[2]
    return Problem(
        "function-gone",
        f"{name} was deleted by someone else during this deploy",
        arn,
        "run the deploy again",
    )
