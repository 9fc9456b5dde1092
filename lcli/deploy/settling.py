"""After the last write of a run: look again at every function that it has changed.

Only a function's code and configuration and its alias are guarded by RevisionIds. What another
deploy wrote of the rest at the same time is found here. Who moved the alias has the last word: it
writes again what differs; who did not says what changed, so that no function stays a mixture.

What functions share (the HTTP API, a log group) goes with the first of them, by its key, that the
run changes: where each of two deploys has won some, one of the two has the last word. Who changes
none of them gives way to who does.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lcli.aws.clients import AwsError, Clients
from lcli.deploy.apply import apply
from lcli.deploy.failing import problems_of
from lcli.deploy.looking import Difference, Looking, Subject, functions_of, subject
from lcli.deploy.prepared import Prepared
from lcli.deploy.report import Report, Status
from lcli.deploy.watch import Watch
from lcli.errors import LcliError, Problem
from lcli.resources.function_state import changed_meanwhile, deleted_meanwhile
from lcli.resources.model import Action, Actual, Key, Outputs, Verb

_ROUNDS = 5
"""How often it is looked, as long as somebody else goes on writing."""
_PAUSE = 0.3
"""Seconds before the second look, twice as many before each that follows."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How the functions were found in the end."""

    notices: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    lost: frozenset[str] = frozenset()
    """The manifest's keys of those that are not as the manifest says."""
    ended: Mapping[str, str] = field(default_factory=dict)
    """See `Report.ended`."""
    outputs: Mapping[Key, Outputs] = field(default_factory=dict)
    """By the plan's keys, of what was found or written otherwise than the run had left it."""
    interrupted: bool = False


def settle(
    prepared: Prepared, report: Report, clients: Clients, done: Collection[str], *, parallel: int
) -> Settled:
    """Look at what the run has changed until nobody else changes it; a quiet run costs no call.

    `done` are the manifest's keys of the functions of which nothing is left undone. Ctrl-C ends it
    as it ends `apply`: what is written again in that moment is written to its end.
    """
    run = _Run(prepared, Looking(prepared, report, clients, parallel=parallel))
    try:
        run.go(run.looking.changed(done))
    except KeyboardInterrupt:
        run.interrupted = True
    return run.settled()


@dataclass
class _Run:
    """What was found to be otherwise than the run has made it, and what is done about it."""

    prepared: Prepared
    looking: Looking
    lost: set[Subject] = field(default_factory=set)
    notices: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    ended: dict[str, str] = field(default_factory=dict)
    outputs: dict[Key, Outputs] = field(default_factory=dict)
    interrupted: bool = False

    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = Watch(self.prepared.plan, self.looking.known)

    def go(self, todo: set[Subject]) -> None:
        """Look and write again until nobody else changes these."""
        before = dict[Subject, list[Difference]]()
        for number in range(_ROUNDS):
            if not todo:
                return
            time.sleep(_PAUSE * 2 ** (number - 1) if number else 0)
            try:
                found = self.looking.look(todo)
                differing = self.looking.differences(todo, found)
                # What stays as it was after it was written again is AWS's way to say the same.
                todo = {one for one in differing if differing[one] != before.get(one)}
                self.tell_what_stays({one: differing[one] for one in differing.keys() - todo})
                self.judge(todo, differing, found)
                todo -= self.lost
                self.write(todo, differing, found)
            except (LcliError, AwsError, OSError) as error:
                self.lost |= todo
                self.problems += problems_of(error)
                return
            if self.interrupted:
                return
            # What lived in a thing that was made again has gone with the old one.
            made = {one for one in todo for _, verb, _ in differing[one] if verb is Verb.CREATE}
            todo, before = todo.union(*map(self.looking.users, made)) - self.lost, differing
        for one in todo:
            self.lose(one, self.parts(one, before.get(one, ())))

    def judge(
        self,
        subjects: Collection[Subject],
        differing: Mapping[Subject, Sequence[Difference]],
        found: Mapping[Key, Actual],
    ) -> None:
        """Give up what somebody else has the last word on, and tell it. Raises AwsError."""
        for function in functions_of(subjects):
            self._judge_function(function, found)
        for key in subjects:
            if isinstance(key, Key):
                self._judge_shared(key, differing[key], found)

    def _judge_function(self, function: str, found: Mapping[Key, Actual]) -> None:
        made = self.looking.plan([function], found)
        own = [one for one in made.changes if one.resource.key.kind == "function"]
        if made.refusals:
            self._tell(function, made.refusals)
            self._know({key: {} for key in self.looking.own([function])})
        elif any(one.verb is not Verb.UPDATE for one in own):
            arn = self._arn(function)
            name = arn.partition(":function:")[2]
            self._tell(function, (deleted_meanwhile("function-gone", name, arn),))
            self._know({key: {} for key in self.looking.own([function])})
        elif alias_name := self.looking.alias_elsewhere(function, found):
            self.lose(function, [f"alias {alias_name}"])
            aliases = (key for key in self.looking.own([function]) if key.kind == "alias")
            self._know({key: found[key].outputs if key in found else {} for key in aliases})
        elif own and not self._has_moved(function) and (fields := self._foreign(own[0], found)):
            self.lose(function, fields)

    def _judge_shared(
        self, key: Key, differing: Sequence[Difference], found: Mapping[Key, Actual]
    ) -> None:
        if refusals := self.looking.plan([key], found).refusals:
            self._tell(key, refusals)
            return
        users = sorted(self.looking.users(key))
        changed = [one for one in users if one in self.watch.changed]
        try:
            for function in changed[:1] or users:
                self.watch.look(function, self.looking.work)
        except LcliError as error:
            self.problems += error.problems
            self.lose(key, self.parts(key, differing))

    def _has_moved(self, function: str) -> bool:
        own = self.looking.own([function])
        return any(key.kind == "alias" and self.looking.known.fresh(key) for key in own)

    def _foreign(self, own: Action, found: Mapping[Key, Actual]) -> list[str]:
        """Guarded fields that somebody else has changed since this run's last look."""
        key = own.resource.key
        if found[key].outputs["revision"] == self.looking.outputs[key]["revision"]:
            return []
        paths = {change.path.partition(".")[0] for change in own.changes}
        return sorted(paths - {"Tags"})

    def parts(self, one: Subject, differing: Iterable[Difference]) -> list[str]:
        """What of it differs: a function's resources by their titles, else a thing's fields."""
        if isinstance(one, Key):
            changed = (change for _, _, changes in differing for change in changes)
            return sorted({change.path.partition(".")[0] for change in changed})
        return sorted({self.prepared.kinds[key.kind].title for key, _, _ in differing})

    def _name(self, one: Subject) -> str:
        return f"{self.prepared.kinds[one.kind].title} {one.name}" if isinstance(one, Key) else one

    def _arn(self, one: Subject) -> str:
        if isinstance(one, Key):
            return self.looking.outputs.get(one, {}).get("arn", "")
        names = [key.name for key in self.looking.own([one]) if key.kind == "function"]
        return self.prepared.place.arn("lambda", f"function:{names[0]}")

    def lose(self, one: Subject, parts: Iterable[str]) -> None:
        """Give it up, and say what somebody else changed of it."""
        what = self._name(one) if isinstance(one, Key) else ""
        self._tell(one, changed_meanwhile(self._arn(one), parts, what).problems)

    def _tell(self, one: Subject, problems: Iterable[Problem]) -> None:
        self.lost.add(one)
        self.problems += problems
        if isinstance(one, str):
            self.ended[one] = "failed"

    def _know(self, outputs: Mapping[Key, Outputs]) -> None:
        planned = self.looking.planned
        self.outputs |= {planned[key]: one for key, one in outputs.items() if key in planned}

    def tell_what_stays(self, differing: Mapping[Subject, Sequence[Difference]]) -> None:
        """Say of what is shared that it is not as it was written, twice.

        Two deploys of which neither moves an alias may both write it: only the plan shows whose it
        is in the end. (Of a function's own things it is AWS's way to say the same.)
        """
        for one, differences in differing.items():
            if isinstance(one, Key):
                self.notices.append(
                    f"{self._name(one)}: {', '.join(self.parts(one, differences))} is not as it "
                    "was written, twice: somebody else writes it too, or AWS keeps it otherwise; "
                    "`lcli plan` shows how it is now"
                )

    def write(
        self,
        subjects: Collection[Subject],
        differing: Mapping[Subject, Sequence[Difference]],
        found: Mapping[Key, Actual],
    ) -> None:
        """Write again what differs of these."""
        if not subjects:
            return
        report = apply(
            self.looking.plan(subjects, found),
            self.prepared.place,
            self.looking.clients,
            self.prepared.kinds,
            actual=self.looking.all_known({}, found) | dict(found),
            parallel=self.looking.parallel,
        )
        self.interrupted = report.interrupted
        self.problems += report.every_problem
        made = [one for one in report.outcomes if one.status is Status.DONE]
        self._know({one.action.resource.key: one.outputs for one in made})
        undone = {
            subject(one.action.resource): "failed" if one.status is Status.FAILED else "unfinished"
            for status in (Status.SKIPPED, Status.FAILED)
            for one in report.outcomes
            if one.status is status
        }
        self.lost |= undone.keys()
        self.ended |= {one: ended for one, ended in undone.items() if isinstance(one, str)}
        for one in sorted(subjects, key=str):
            again = "not all was written again" if one in undone else "written again"
            parts = ", ".join(self.parts(one, differing[one]))
            self.notices.append(
                f"{self._name(one)}: someone else changed it at the same time; {again}: {parts}"
            )

    def settled(self) -> Settled:
        """What came of it; with a shared thing the functions that use it are lost."""
        shared = [self.looking.users(one) for one in self.lost if isinstance(one, Key)]
        return Settled(
            tuple(dict.fromkeys(self.notices)),
            tuple(dict.fromkeys(self.problems)),
            functions_of(self.lost).union(*shared),
            self.ended,
            self.outputs,
            self.interrupted,
        )
