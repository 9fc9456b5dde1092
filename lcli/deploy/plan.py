"""Desired and actual resources → what to do; pure. The order is that of lcli/deploy/order.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter

from lcli.deploy.order import before, in_order
from lcli.errors import Problem
from lcli.resources.kind import Kind
from lcli.resources.model import (
    Action,
    Actual,
    Change,
    Key,
    Outputs,
    Ref,
    Resource,
    Text,
    Value,
    Verb,
)

PARTS = "parts"
"""The kind whose field Parts names the optional things of a function (the tag lcli:parts)."""


_MISSED = frozenset({"function", "function_url", "http_api", "event_source_mapping"})
"""Kinds whose loss is felt (an address, a position in a stream): asked before they go."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What `apply` does: actions in a valid order, and for each those that come before it."""

    actions: tuple[Action, ...] = ()
    """NONE included: their outputs settle others' references."""
    after: tuple[frozenset[int], ...] = ()
    """For each action the positions of those that must have succeeded before it."""
    notices: tuple[str, ...] = ()
    refusals: tuple[Problem, ...] = ()
    """What stands in the way; a plan with refusals is not applied."""
    refused: frozenset[str] = frozenset()
    """Keys of the functions of which something belongs to others."""

    @property
    def changes(self) -> tuple[Action, ...]:
        """The actions that do something."""
        return tuple(action for action in self.actions if action.verb is not Verb.NONE)

    @property
    def empty(self) -> bool:
        """Whether AWS holds everything already."""
        return not self.changes

    @property
    def confirmations(self) -> tuple[str, ...]:
        """What wants a word from the user before it is done."""
        return tuple(action.confirm for action in self.changes if action.confirm)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a plan may touch."""

    known: frozenset[str]
    """Keys of all the manifest's functions, also of those that the command does not name."""
    named: frozenset[str] | None = None
    """Keys of the functions that the command names; None for all."""
    prune: bool = False
    """Whether functions that left the manifest go too."""
    adopt: frozenset[str] = frozenset()
    """Keys of functions that are taken over although their tags are not ours."""
    kept: frozenset[Key] = frozenset()
    """What somebody else owns (the manifest's ``ignore:``): never deleted."""
    is_deletion: bool = False
    """Deleting is what was asked for: neither a reason nor a word is wanted for each thing."""
    released: frozenset[str] = frozenset()
    """Kinds that go although they usually stay (log groups with ``delete --logs``)."""
    exposing: Mapping[Key, str] = field(default_factory=dict)
    """What wants a word from the user when it is made, and why: it lets everybody in."""

    def covers(self, function: str) -> bool:
        """Whether things of that function may be changed; "" stands for what the app shares."""
        return self.named is None or function in self.named


def plan(
    desired: Mapping[Key, Resource],
    actual: Mapping[Key, Actual],
    kinds: Mapping[str, Kind],
    scope: Scope,
) -> Plan:
    """The actions that make `actual` what is `desired`.

    Raises LcliError (USAGE) where resources need one another in a circle.
    """
    planner = _Planner(desired, actual, kinds, scope)
    wanted = [action for r in in_order(desired) if (action := planner.wanted(r))]
    wanted = _with_contents_made_again(wanted, planner)
    gone = planner.leftovers()
    parts, shortened = _split_parts(wanted)
    return _ordered([*parts, *shortened, *gone], planner)


class _Planner:
    """One comparison; collects what there is to say besides the actions."""

    def __init__(
        self,
        desired: Mapping[Key, Resource],
        actual: Mapping[Key, Actual],
        kinds: Mapping[str, Kind],
        scope: Scope,
    ) -> None:
        self.desired = desired
        self.actual = actual
        self.kinds = kinds
        self.scope = scope
        self.outputs: dict[Key, Outputs] = {
            key: one.outputs for key, one in actual.items() if key not in desired
        }
        """What references can be settled with already."""
        self.notices: list[str] = []
        self.refusals: list[Problem] = []
        self.refused: set[Key] = set()

    def wanted(self, resource: Resource) -> Action | None:
        """What to do about a desired resource; None where it is refused."""
        key = resource.key
        found = self.actual.get(key)
        exposing = self.scope.exposing.get(key, "")
        if found is None:
            return Action(
                Verb.CREATE, resource, changes=_all_new(self._settled(resource)), confirm=exposing
            )
        if not found.ours and resource.function not in self.scope.adopt:
            self.refused.add(key)
            if self.container(resource) not in self.refused:
                self.refusals.append(self._not_ours(resource, found))
            return None
        kind = self.kinds[key.kind]
        changes = kind.diff(self._settled(resource), found)
        fixed = sorted({change.path for change in changes if kind.is_fixed(change)})
        if not changes or not fixed:
            self.outputs[key] = found.outputs
        if not changes:
            if found.note:
                self.notices.append(f"{kind.title} {key.name}: {found.note}")
            return Action(Verb.NONE, resource, found, reason=found.note)
        if not fixed:
            reason = found.note if found.ours else f"taken over from {found.owner or 'nobody'}"
            confirm = f"ends the rollback of {key.name}" if found.outputs.get("held") else exposing
            return Action(Verb.UPDATE, resource, found, changes, reason, confirm)
        in_place = f"{', '.join(fixed)} cannot be changed in place"
        if kind.keeps:
            in_place = "a new one; the old one stays"
        reason = found.note or in_place
        asks = f"replaces {kind.title} {key.name}" if key.kind in _MISSED else exposing
        return Action(Verb.REPLACE, resource, found, changes, reason, asks)

    def _settled(self, resource: Resource) -> Resource:
        """The resource with the references that this plan does not change filled in."""
        fields = {name: self._value(value) for name, value in resource.fields.items()}
        return replace(resource, fields=fields)

    def _value(self, value: Value) -> Value:
        if isinstance(value, Ref):
            return self.outputs.get(value.key, {}).get(value.attr, value)
        if isinstance(value, Text):
            parts = tuple(self._value(part) for part in value.parts)
            texts = [part for part in parts if isinstance(part, str)]
            return "".join(texts) if len(texts) == len(parts) else value
        if isinstance(value, Mapping):
            return {key: self._value(one) for key, one in value.items()}
        if isinstance(value, tuple):
            return tuple(self._value(one) for one in value)
        return value

    def _not_ours(self, resource: Resource, found: Actual) -> Problem:
        title = self.kinds[resource.key.kind].title
        owner = f"belongs to {found.owner}" if found.owner else "was not made by lcli"
        return Problem(
            "not-ours",
            f"{title} {resource.key.name} exists already and {owner}",
            resource.where,
            f"choose another name, or take it over with `lcli deploy --adopt {resource.function}`"
            if resource.function
            else "choose another name",
        )

    def leftovers(self) -> list[Action]:
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
        return [
            self._deletion(found)
            for found in gone.values()
            if not self._goes_along(found.resource, gone)
        ]

    def _warn_of_shared_sources(self, left: Iterable[Key]) -> None:
        """A poller that stays behind takes its share of what is meant for another function."""
        polled = {
            one.fields["EventSourceArn"]: one.function
            for one in self.desired.values()
            if one.fields.get("EventSourceArn")
        }
        for key in left:
            one = self.actual[key].resource
            if (source := one.fields.get("EventSourceArn")) in polled:
                self.notices.append(
                    f"WARNING: function {one.function}, which has left the manifest, still polls "
                    f"{source}, as {polled[source]} does: each takes messages that the other "
                    "waits for; --prune ends that"
                )

    def _deletion(self, found: Actual) -> Action:
        if self.scope.is_deletion:
            return Action(Verb.DELETE, found.resource, found)
        key = found.resource.key
        kind = self.kinds[key.kind]
        is_missed = key.kind in _MISSED or kind.keeps
        asks = f"deletes {kind.title} {key.name}" if is_missed else ""
        reason = "no longer in the manifest"
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

    def _goes_along(self, resource: Resource, gone: Mapping[Key, object]) -> bool:
        """Whether deleting its container, which is deleted too, takes it away."""
        container = self.container(resource)
        return container is not None and container in gone

    def container(self, resource: Resource) -> Key | None:
        """The resource that it lives in: what it needs, directly or not, of the kind `within`."""
        within = self.kinds[resource.key.kind].within
        todo, seen = list(resource.needs) if within else [], set[Key]()
        while todo:
            key = todo.pop()
            if key.kind == within:
                return key
            if key not in seen:
                seen.add(key)
                known = self._known(key)
                todo.extend(known.needs if known else ())
        return None

    def container_of(self, key: Key) -> Key | None:
        """The same for a key; None where it is unknown."""
        known = self._known(key)
        return self.container(known) if known else None

    def _known(self, key: Key) -> Resource | None:
        if key in self.actual:
            return self.actual[key].resource
        return self.desired.get(key)


def _in(container: Key, key: Key) -> str:
    """A name without its container's: ``GET /theirs`` of ``shop/GET /theirs``."""
    return key.name.removeprefix(f"{container.name}/")


def _all_new(resource: Resource) -> tuple[Change, ...]:
    return tuple(
        Change(path, None, value, path in resource.secret)
        for name, field in sorted(resource.fields.items())
        for path, value in _leaves(name, field)
    )


def _leaves(path: str, value: Value) -> list[tuple[str, Value]]:
    if isinstance(value, Mapping) and value:
        return [leaf for key, one in value.items() for leaf in _leaves(f"{path}.{key}", one)]
    return [] if value in ("", None, (), {}) else [(path, value)]


def _with_contents_made_again(actions: list[Action], planner: _Planner) -> list[Action]:
    """What lives in a thing that is deleted and made again goes with it and is made again."""
    replaced = {
        action.resource.key
        for action in actions
        if action.verb is Verb.REPLACE and not planner.kinds[action.resource.key.kind].keeps
    }
    return [
        Action(
            Verb.CREATE,
            action.resource,
            changes=_all_new(action.resource),
            reason=f"goes with the {container.kind} that is replaced",
        )
        if (container := planner.container(action.resource)) in replaced and container
        else action
        for action in actions
    ]


def _split_parts(actions: Sequence[Action]) -> tuple[list[Action], list[Action]]:
    """Actions, and the shortenings of ``lcli:parts`` that come after deletions.

    Where parts are added, the tag names old and new ones together first.
    """
    first: list[Action] = []
    later: list[Action] = []
    for action in actions:
        before = _parts(action.actual.resource) if action.actual else frozenset()
        after = _parts(action.resource)
        if action.resource.key.kind != PARTS or action.verb is not Verb.UPDATE or before <= after:
            first.append(action)
            continue
        union = replace(action.resource, fields={"Parts": tuple(sorted(before | after))})
        if after <= before:
            first.append(Action(Verb.NONE, union, action.actual))
        else:
            grown = Change("Parts", tuple(sorted(before)), tuple(sorted(before | after)))
            first.append(Action(Verb.UPDATE, union, action.actual, (grown,), "before they exist"))
        shrunk = Change("Parts", tuple(sorted(before | after)), tuple(sorted(after)))
        grown_actual = action.actual and replace(action.actual, resource=union)
        later.append(
            Action(Verb.UPDATE, action.resource, grown_actual, (shrunk,), "after they are gone")
        )
    return first, later


def _parts(resource: Resource) -> frozenset[str]:
    parts = resource.fields.get("Parts", ())
    return frozenset(parts) if isinstance(parts, tuple) else frozenset()


def _ordered(actions: Sequence[Action], planner: _Planner) -> Plan:
    earlier = before(actions, planner.container_of)
    order = list(TopologicalSorter(earlier).static_order())
    position = {old: new for new, old in enumerate(order)}
    return Plan(
        tuple(actions[old] for old in order),
        tuple(frozenset(position[one] for one in earlier[old]) for old in order),
        tuple(planner.notices),
        tuple(planner.refusals),
        frozenset(one.function for one in map(planner.desired.__getitem__, planner.refused)),
    )
