"""One kind at a time against the local cloud: read, diff, and the calls that the verbs make."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from lcli.aws.clients import AwsError
from lcli.aws.session import Sent, Session
from lcli.resources import kinds
from lcli.resources.model import Action, Actual, Key, Place, Reading, Ref, Resource, Text, Verb

READS = ("Get", "List", "Describe", "Head")


@dataclass
class World:
    """Reads and applies the resources that a test wants, in the order in which it gives them."""

    place: Place
    clients: Session
    boto3: Callable[..., Any]
    sent: list[Sent] = field(default_factory=list)
    outputs: dict[Key, Mapping[str, str]] = field(default_factory=dict)
    fresh_keys: set[Key] = field(default_factory=set)

    def read(
        self,
        kind: str,
        wanted: Iterable[Resource] = (),
        *,
        found: Iterable[Actual] = (),
        functions: frozenset[str] | None = None,
        everywhere: frozenset[str] = frozenset(),
    ) -> dict[Key, Actual]:
        reading = Reading(
            self.place,
            self.clients,
            {one.key: one for one in wanted},
            {one.resource.key: one for one in found},
            lambda call, items: [call(item) for item in items],
            functions,
            everywhere,
        )
        read = {one.resource.key: one for one in kinds()[kind].read(reading)}
        self.outputs |= {key: one.outputs for key, one in read.items()}
        return read

    def converge(self, kind: str, *wanted: Resource, found: Iterable[Actual] = ()) -> list[str]:
        """What deploy does with one kind; the verbs and the paths that changed."""
        read = self.read(kind, wanted, found=found)
        done = []
        for one in wanted:
            actual = read.get(one.key)
            if actual is None:
                self.outputs[one.key] = kinds()[kind].create(one, self)
                done.append("create")
            elif changes := kinds()[kind].diff(one, actual):
                kinds()[kind].update(one, actual, changes, self)
                done.append("update " + ", ".join(change.path for change in changes))
        return done

    def merge(self, *actions: tuple[Verb, Resource]) -> None:
        """Write one group of actions."""
        kind = kinds()[actions[0][1].key.kind]
        kind.merge([Action(verb, resource) for verb, resource in actions], self)

    def mutations(self) -> list[str]:
        """The operations sent since the last call of this, reads left out."""
        names = [f"{one.service}:{one.operation}" for one in self.sent]
        self.sent.clear()
        return [name for name in names if not name.partition(":")[2].startswith(READS)]

    waits = True

    def settle(self, value: object) -> Any:
        if isinstance(value, Ref):
            return self.output(value.key, value.attr)
        if isinstance(value, Text):
            return "".join(str(self.settle(part)) for part in value.parts)
        if isinstance(value, Mapping):
            return {key: self.settle(item) for key, item in value.items()}
        return [self.settle(item) for item in value] if isinstance(value, tuple) else value

    def output(self, key: Key, attr: str) -> str:
        return self.outputs[key][attr]

    def fresh(self, key: Key) -> bool:
        return key in self.fresh_keys

    def say(self, doing: str) -> None:
        assert doing

    def poll(self, look: Callable[[], Any], doing: str, timeout: float) -> Any:
        until = time.monotonic() + min(timeout, 5)
        while time.monotonic() < until:
            if (seen := look()) is not None:
                return seen
        raise AssertionError(f"{doing}: still waiting")


@dataclass
class Afterwards:
    """Clients where something happens once, after a certain operation was carried out."""

    real: Any
    operation: str
    happens: Callable[[], None]
    region: str = "us-east-1"
    done: bool = False

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        answer = self.real.call(service, operation, **parameters)
        if operation == self.operation and not self.done:
            self.done = True
            self.happens()
        return answer

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Any:
        return self.real.pages(service, operation, **parameters)


@pytest.fixture
def afterwards(world: World) -> Callable[[str, Callable[[], None]], None]:
    """Let something happen once, after the world's next call of an operation."""

    def arrange(operation: str, happens: Callable[[], None]) -> None:
        world.clients = Afterwards(world.clients, operation, happens)

    return arrange


@pytest.fixture
def lost(afterwards) -> Callable[..., None]:
    """Lose the answer of the next call of an operation."""

    def lose(operation: str, service: str = "apigatewayv2") -> None:
        def happens() -> None:
            raise AwsError(
                "Unreachable", "no answer", service=service, operation=operation, lost=True
            )

        afterwards(operation, happens)

    return lose


@pytest.fixture
def world(cloud) -> World:
    sent: list[Sent] = []
    clients = cloud.counted(sent)
    place = Place("photos", "prod", cloud.region, cloud.account)
    return World(place, clients, cloud.boto3, sent)
