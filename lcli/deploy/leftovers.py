"""What is ours and desired no more: what goes, what stays, and what to say of it; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from lcli.deploy.containers import Containers
from lcli.deploy.scope import Scope
from lcli.deploy.taken_over import taken_from
from lcli.errors import Problem
from lcli.resources.kind import Kind
from lcli.resources.model import Action, Actual, Key, Resource, Verb


@dataclass
class Leftovers:
    """Looks for what nothing desires; collects what there is to say besides the deletions."""

    desired: Mapping[Key, Resource]
    actual: Mapping[Key, Actual]
    kinds: Mapping[str, Kind]
    scope: Scope
    containers: Containers
    notices: list[str] = field(default_factory=list, init=False)
    refusals: list[Problem] = field(default_factory=list, init=False)

    def actions(self) -> list[Action]:
        """Deletions of what is ours and desired no more."""
        gone: dict[Key, Actual] = {}
        left: dict[str, list[Key]] = {}
        for key, found in self.actual.items():
            function = found.resource.function
            if key in self.desired or not found.ours or self._stays(key):
                continue
            if not self.scope.covers(function):
                continue
            if not function or function in self.scope.known or self.scope.prune:
                gone[key] = found
            else:
                left.setdefault(function, []).append(key)
        for function, keys in left.items():
            names = [key.name for key in keys if key.kind == "function"] or [str(keys[0])]
            self.notices.append(
                f"function {function} ({names[0]}) has left the manifest; --prune deletes it"
            )
        self._warn_of_shared_sources(key for keys in left.values() for key in keys)
        self._keep_what_others_need(gone)
        self._refuse_what_finds_no_room(gone)
        return [
            self._deletion(found)
            for found in gone.values()
            if self.containers.of(found.resource) not in gone
        ]

    def _warn_of_shared_sources(self, left: Iterable[Key]) -> None:
        """One that stays behind takes its share of a queue, or does a stream's work again."""
        users = {
            source: one.function for one in self.desired.values() if (source := self._source(one))
        }
        for key in left:
            one = self.actual[key].resource
            source = self._source(one)
            if source in users:
                self.notices.append(still_polls(one.function, source, users[source]))

    def _refuse_what_finds_no_room(self, gone: Collection[Key]) -> None:
        """What AWS does not hold beside something of its group that stays."""
        groups: dict[str, list[Resource]] = {}
        for one in self.desired.values():
            if one.shared:
                groups.setdefault(one.shared, []).append(one)
        for key, found in self.actual.items():
            other, kind = found.resource, self.kinds[key.kind]
            if key in self.desired or key in gone:
                continue
            for one in groups.get(other.shared, ()):
                if one.key.kind == key.kind and (problem := kind.excludes(one, other)):
                    self.refusals.append(self._making_way(problem, other.function))

    def _making_way(self, problem: Problem, function: str) -> Problem:
        """The problem with what ends it, be it that the function's own goes or that it changes."""
        if function in self.scope.known:
            return replace(problem, next_step=f"deploy {function} too, or {problem.next_step}")
        return replace(
            problem,
            what=f"{problem.what}; the latter belongs to function {function}, which has left the "
            "manifest",
            next_step="`lcli deploy --prune` deletes what is left of it in the same run; or "
            f"{problem.next_step}",
        )

    def _source(self, resource: Resource) -> object:
        """What the resource takes events from, if it says."""
        return resource.fields.get(self.kinds[resource.key.kind].source)

    def _deletion(self, found: Actual) -> Action:
        if self.scope.is_deletion:
            return Action(Verb.DELETE, found.resource, found)
        key = found.resource.key
        kind = self.kinds[key.kind]
        asks = f"deletes {kind.title} {key.name}" if kind.missed or kind.keeps else ""
        reason = "no longer in the manifest"
        if owner := taken_from(found.resource, self.actual):
            reason = f"of {owner}, and not in this manifest"
        return Action(Verb.DELETE, found.resource, found, reason=reason, confirm=asks)

    def _stays(self, key: Key) -> bool:
        """Whether it is never deleted, whatever the manifest says."""
        keeps = self.kinds[key.kind].keeps and key.kind not in self.scope.released
        return keeps or key in self.scope.kept

    def _keep_what_others_need(self, gone: dict[Key, Actual]) -> None:
        """A leftover that something needs which stays (an API with routes), stays with it."""
        staying = [
            found for key, found in self.actual.items() if key not in gone and not self._stays(key)
        ]
        self._tell_of_others(staying, gone)
        while staying:
            found = staying.pop()
            for need in found.resource.needs:
                if need in gone and found.resource.key not in self.desired:
                    staying.append(gone.pop(need))

    def _tell_of_others(self, staying: Iterable[Actual], gone: Mapping[Key, Actual]) -> None:
        """Says what stays because somebody else uses it, and what that is."""
        users: dict[Key, list[str]] = {}
        for found in staying:
            for need in found.resource.needs:
                if not found.ours and need in gone and found.resource.key not in self.desired:
                    key = found.resource.key
                    title = self.kinds[key.kind].title
                    users.setdefault(need, []).append(f"{title} {_in(need, key)}")
        for key, names in users.items():
            self.notices.append(
                f"{self.kinds[key.kind].title} {key.name} stays, since others use it: "
                f"{', '.join(sorted(names))}"
            )


def still_polls(left: str, source: object, user: str) -> str:
    """Warns of a function that has left the manifest and takes from what another one takes from."""
    return (
        f"WARNING: function {left}, which has left the manifest, still polls {source}, as {user} "
        "does: a queue's messages reach one of the two, a stream's records both; --prune ends that"
    )


def _in(container: Key, key: Key) -> str:
    """A name without its container's: ``GET /theirs`` of ``shop/GET /theirs``."""
    return key.name.removeprefix(f"{container.name}/")
