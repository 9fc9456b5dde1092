"""What to do about the desired resources: make, change, replace, leave, refuse; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from lcli.deploy.containers import Containers
from lcli.deploy.order import in_order
from lcli.deploy.scope import Scope
from lcli.errors import Problem
from lcli.resources.compare import leaves
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


@dataclass
class Wanted:
    """Compares what is desired with what there is; collects what there is to say besides."""

    desired: Mapping[Key, Resource]
    actual: Mapping[Key, Actual]
    kinds: Mapping[str, Kind]
    scope: Scope
    containers: Containers
    outputs: dict[Key, Outputs] = field(init=False)
    """What references can be settled with already."""
    notices: list[str] = field(default_factory=list, init=False)
    refusals: list[Problem] = field(default_factory=list, init=False)
    refused: set[Key] = field(default_factory=set, init=False)
    unseen: dict[str, dict[str, None]] = field(default_factory=dict, init=False)
    """Fields that are sent since AWS does not show them, and the names of what has them."""

    def __post_init__(self) -> None:
        actual, desired = self.actual.items(), self.desired
        self.outputs = {key: one.outputs for key, one in actual if key not in desired}

    def actions(self) -> list[Action]:
        """What to do about them, what is needed first. Raises LcliError (USAGE) for a circle."""
        wanted = [action for r in in_order(self.desired) if (action := self._action(r))]
        self.notices += (
            f"AWS does not show {field} of {', '.join(names)}, so nobody can tell whether it is "
            "what the manifest says: every deploy sends it; allow the credentials in use to see it "
            "(kms:Decrypt on its key)"
            for field, names in self.unseen.items()
        )
        return self._with_contents_made_again(wanted)

    def _action(self, resource: Resource) -> Action | None:
        """What to do about a desired resource; None where it is refused."""
        key = resource.key
        found = self.actual.get(key)
        kind = self.kinds[key.kind]
        if found is None:
            new = _all_new(self._settled(resource))
            return Action(Verb.CREATE, resource, changes=new, confirm=self._exposing(key, new))
        if not found.ours and not self._is_adopted(kind, resource, found):
            self.refused.add(key)
            if self.containers.of(resource) not in self.refused:
                self.refusals.append(self._not_ours(resource, found))
            return None
        changes = kind.diff(self._settled(resource), found)
        changes += self._unseen(kind, resource, found)
        fixed = sorted({change.path for change in changes if kind.is_fixed(change)})
        if not changes or not fixed:
            self.outputs[key] = found.outputs
        if not changes:
            if found.note:
                self.notices.append(f"{kind.title} {key.name}: {found.note}")
            return Action(Verb.NONE, resource, found, reason=found.note)
        exposing = self._exposing(key, changes)
        if not fixed:
            is_theirs = found.adopted or not found.ours
            reason = _taken_over(found, changes) if is_theirs else found.note
            confirm = f"ends the rollback of {key.name}" if found.outputs.get("held") else exposing
            return Action(Verb.UPDATE, resource, found, changes, reason, confirm)
        in_place = f"{', '.join(fixed)} cannot be changed in place"
        if kind.keeps:
            in_place = "a new one; the old one stays"
        reason = found.note or in_place
        asks = f"replaces {kind.title} {key.name}" if kind.missed else exposing
        return Action(Verb.REPLACE, resource, found, changes, reason, asks)

    def _is_adopted(self, kind: Kind, resource: Resource, found: Actual) -> bool:
        return resource.function in self.scope.adopt and kind.is_adoptable(
            kind.diff(self._settled(resource), found)
        )

    def _unseen(self, kind: Kind, resource: Resource, found: Actual) -> tuple[Change, ...]:
        """What is sent since AWS does not show it; notes it for `notices`."""
        changes = kind.unseen(resource, found) if self.scope.sends_unseen else ()
        for change in changes:
            if change.path in found.unknown:
                self.unseen.setdefault(change.path, {})[resource.key.name] = None
        return changes

    def _exposing(self, key: Key, changes: Sequence[Change]) -> str:
        """What wants a word since it lets everybody in."""
        return self.scope.exposing.get(key, "") if self.kinds[key.kind].opens(changes) else ""

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
        kind = self.kinds[resource.key.kind]
        owner = f"belongs to {found.owner}" if found.owner else "was not made by lcli"
        adopting = f"`lcli deploy --adopt {resource.function}`"
        return Problem(
            "not-ours",
            f"{kind.title} {resource.key.name} exists already and {owner}",
            resource.where,
            kind.instead
            or "choose another name"
            + (f", or take it over with {adopting}" if resource.function else ""),
        )

    def _with_contents_made_again(self, actions: list[Action]) -> list[Action]:
        """What lives in a thing that is deleted and made again goes with it and is made again."""
        replaced = {
            action.resource.key
            for action in actions
            if action.verb is Verb.REPLACE and not self.kinds[action.resource.key.kind].keeps
        }
        return [
            Action(
                Verb.CREATE,
                action.resource,
                changes=_all_new(action.resource),
                reason=f"goes with the {container.kind} that is replaced",
            )
            if (container := self.containers.of(action.resource)) in replaced and container
            else action
            for action in actions
        ]


def _taken_over(found: Actual, changes: Sequence[Change]) -> str:
    """From whom, and what they keep: a role that others made is neither changed nor deleted."""
    owner = found.owner or "nobody"
    role = found.outputs.get("role", "").rpartition("/")[2]
    is_left = role and any(change.path == "Role" for change in changes)
    return f"taken over from {owner}" + (f"; the role {role} stays there" if is_left else "")


def _all_new(resource: Resource) -> tuple[Change, ...]:
    return tuple(
        Change(path, None, value, path in resource.secret)
        for name, field in sorted(resource.fields.items())
        for path, value in leaves(name, field)
    )
