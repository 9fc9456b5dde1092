"""What a run has changed, and how it is now: read again, and compared once more."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace

from lcli.aws.clients import Clients
from lcli.deploy.applying import Known, Work
from lcli.deploy.kept import with_what_stays
from lcli.deploy.plan import Plan, plan
from lcli.deploy.prepared import Prepared
from lcli.deploy.read import read
from lcli.deploy.report import Report, Status
from lcli.deploy.sharing import served
from lcli.errors import LcliError
from lcli.resources.model import Actual, Change, Key, Outputs, Resource, Verb
from lcli.resources.naming import unqualified

Subject = str | Key
"""What is looked at: a function by the manifest's key, or a thing that several functions share."""
Difference = tuple[Key, Verb, tuple[Change, ...]]
_COMMITTED = frozenset({"version", "alias", "layer"})
"""Kinds that are settled when the alias has moved: its version names those of its layers."""


class Looking:
    """What was wanted, what the run has made of it, and what is there now."""

    def __init__(
        self, prepared: Prepared, report: Report, clients: Clients, *, parallel: int
    ) -> None:
        self.prepared = prepared
        self.clients = clients
        self.parallel = parallel
        self._outcomes = report.outcomes
        kept = [one for one in report.outcomes if one.action.verb is not Verb.DELETE]
        self.outputs: dict[Key, Outputs] = {
            key: one.outputs for key, one in prepared.actual.items()
        } | {one.action.resource.key: one.outputs for one in kept if one.outputs}
        """Of everything that was read or made."""
        self.known = Known(self.outputs)
        for one in kept:
            if one.status is Status.DONE:
                self.known.made(one.action, one.outputs)
        self.work = Work(prepared.place, clients, self.known, lambda doing: None)
        named = [(self._named(one), one.key) for one in prepared.wanted.values()]
        self.wanted = {one.key: one for one, _ in named}
        """What was planned for, by the keys that it is found by now."""
        self.planned = {one.key: key for one, key in named}
        """The plan's keys, by those."""

    def _named(self, wanted: Resource) -> Resource:
        with suppress(LcliError):  # of a function that was not deployed, something is unknown
            kind = self.prepared.kinds[wanted.key.kind]
            return replace(wanted, key=kind.identity(wanted, self.work.settle))
        return wanted

    def changed(self, done: Collection[str]) -> set[Subject]:
        """Those of the functions `done` of which something was changed, and what they share."""
        acted = self._that_ended(Status.DONE)
        undone = self._that_ended(Status.FAILED, Status.SKIPPED)
        kept = {one.function for key, one in self.wanted.items() if key.kind == "function"}
        functions = {one for one in kept if one in acted and one in done}
        shared = {
            key: self.users(key).intersection(done)
            for key, one in self.wanted.items()
            if not one.function and key.kind not in _COMMITTED and key not in undone
        }
        active = functions.union(*(users for key, users in shared.items() if key in acted))
        return {*functions, *(key for key, users in shared.items() if users & active)}

    def _that_ended(self, *how: Status) -> set[Subject]:
        return {subject(one.action.resource) for one in self._outcomes if one.status in how}

    def users(self, one: Subject) -> frozenset[str]:
        """The manifest's keys of the functions that a shared thing is for."""
        shared = self.prepared.digests.shared
        return served(self.wanted[one], shared) if isinstance(one, Key) else frozenset()

    def own(self, subjects: Collection[Subject]) -> dict[Key, Resource]:
        """What is wanted of these."""
        return {key: one for key, one in self.wanted.items() if subject(one) in subjects}

    def look(self, subjects: Collection[Subject]) -> dict[Key, Actual]:
        """Everything of these as it is now. Raises AwsError, LcliError."""
        return read(
            self.own(subjects),
            self.prepared.place,
            self.clients,
            self.prepared.kinds,
            functions=functions_of(subjects),
            parallel=self.parallel,
        )

    def plan(self, subjects: Collection[Subject], found: Mapping[Key, Actual]) -> Plan:
        """What would make these as they are wanted, without publishing anything."""
        wanted = with_what_stays(self.own(subjects), found, self.prepared.place)
        wanted = {key: one for key, one in wanted.items() if key.kind not in _COMMITTED}
        scope = replace(
            self.prepared.scope, named=functions_of(subjects), prune=False, sends_unseen=False
        )
        return plan(wanted, self.all_known(wanted, found), self.prepared.kinds, scope)

    def all_known(
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
        self, subjects: Collection[Subject], found: Mapping[Key, Actual]
    ) -> dict[Subject, list[Difference]]:
        """What is not as it is wanted; an alias that is elsewhere and what is refused count."""
        made = self.plan(subjects, found)
        planned = {one.resource.key for one in made.actions}
        differing: dict[Subject, list[Difference]] = {
            subject(one): []
            for key, one in self.own(subjects).items()
            if key not in planned and key.kind not in _COMMITTED
        }
        for one in functions_of(subjects):
            if self.alias_elsewhere(one, found):
                differing[one] = []
        for action in made.changes:
            difference = (action.resource.key, action.verb, action.changes)
            differing.setdefault(subject(action.resource), []).append(difference)
        return differing

    def alias_elsewhere(self, function: str, found: Mapping[Key, Actual]) -> str:
        """The name of the function's alias, where somebody else has moved it or taken it away."""
        for key in self.own([function]):
            if key.kind == "alias":
                number = found[key].outputs["number"] if key in found else ""
                if number != self.outputs[key]["number"]:
                    return unqualified(key.name)[1]
        return ""


def subject(resource: Resource) -> Subject:
    """The function that a resource belongs to, or what is shared itself."""
    return resource.function or resource.key


def functions_of(subjects: Collection[Subject]) -> frozenset[str]:
    """The functions among them."""
    return frozenset(one for one in subjects if isinstance(one, str))
