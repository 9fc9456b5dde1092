"""A toy AWS for the planner and the executor: things in a dictionary, with calls on record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from lcli.resources.kind import Applying, Kind
from lcli.resources.model import (
    Action,
    Actual,
    Change,
    Key,
    Outputs,
    Place,
    Reading,
    Resource,
    Verb,
)

PLACE = Place("photos", "", "eu-west-1", "123456789012")


@dataclass
class World:
    """What exists, and every change in the order of its end."""

    things: dict[Key, Resource] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    refuse: dict[str, BaseException] = field(default_factory=dict)
    """What a change raises, by ``verb kind name``."""
    lock: Lock = field(default_factory=Lock)

    def change(self, verb: str, key: Key, resource: Resource | None) -> None:
        with self.lock:
            name = f"{verb} {key}"
            if name in self.refuse:
                raise self.refuse[name]
            self.log.append(name)
            if resource is None:
                self.things.pop(key, None)
            else:
                self.things[key] = resource

    def read(self) -> dict[Key, Actual]:
        return {key: Actual(one, {"arn": f"arn:{key.name}"}) for key, one in self.things.items()}


class Toy(Kind):
    """One kind of the toy world."""

    def __init__(
        self,
        name: str,
        world: World,
        *,
        fixed: Iterable[str] = (),
        keeps: bool = False,
        missed: bool = False,
        source: str = "",
        within: str = "",
    ) -> None:
        self.name = name  # type: ignore[misc]
        self.title = name.replace("_", " ")  # type: ignore[misc]
        self.fixed = frozenset(fixed)  # type: ignore[misc]
        self.keeps = keeps  # type: ignore[misc]
        self.missed = missed  # type: ignore[misc]
        self.source = source  # type: ignore[misc]
        self.within = within  # type: ignore[misc]
        self.world = world

    def read(self, reading: Reading) -> Iterable[Actual]:
        return [one for key, one in self.world.read().items() if key.kind == self.name]

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        applying.say("making it")
        fields = applying.settle(wanted.fields)
        assert isinstance(fields, dict)
        self.world.change("create", wanted.key, wanted)
        return {"arn": f"arn:{wanted.key.name}"} | {f"{k}": str(v) for k, v in fields.items()}

    def update(
        self, wanted: Resource, actual: Actual, changes: Sequence[Change], applying: Applying
    ) -> Outputs:
        self.world.change("update", wanted.key, wanted)
        return actual.outputs

    def delete(self, actual: Actual, applying: Applying) -> None:
        self.world.change("delete", actual.resource.key, None)
        for key, one in list(self.world.things.items()):
            if actual.resource.key in one.needs and KINDS_WITHIN.get(key.kind) == self.name:
                self.world.things.pop(key)

    def merge(self, actions: Sequence[Action], applying: Applying) -> Mapping[Key, Outputs]:
        for action in actions:
            gone = action.verb is Verb.DELETE
            self.world.change(
                f"merge-{action.verb.value}",
                action.resource.key,
                None if gone else action.resource,
            )
        return {action.resource.key: {} for action in actions}


KINDS_WITHIN = {"alias": "function", "permission": "function", "parts": "function"}


def toys(world: World) -> dict[str, Kind]:
    """Kinds that stand for the real ones where the planner cares."""
    kinds = (
        Toy("role", world),
        Toy("function", world, fixed=["PackageType"], missed=True),
        Toy("parts", world, within="function"),
        Toy("version", world, fixed=["Memory"], keeps=True, within="function"),
        Toy("alias", world, within="function"),
        Toy("permission", world, fixed=["Principal"], within="function"),
        Toy("notification", world, source="From"),
        Toy("api", world),
        Toy("route", world),
    )
    return {kind.name: kind for kind in kinds}


def key(text: str) -> Key:
    """``"role thumbnail"`` as a key."""
    kind, _, name = text.partition(" ")
    return Key(kind, name)


def thing(
    text: str, *needs: str, function: str = "f", shared: str = "", **fields: object
) -> Resource:
    """A resource of the toy world."""
    return Resource(key(text), fields, tuple(map(key, needs)), shared, function)


def by_key(*resources: Resource) -> dict[Key, Resource]:
    return {one.key: one for one in resources}
