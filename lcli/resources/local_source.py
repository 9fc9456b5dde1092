"""Queues, buckets, tables and streams that triggers name: the local cloud makes those absent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lcli.aws.clients import AwsError, Clients
from lcli.aws.expected import expecting
from lcli.resources.kind import Applying, Kind
from lcli.resources.model import Actual, Key, Outputs, Reading, Resource

Call = tuple[str, str, Mapping[str, Any]]
"""Service, operation, parameters."""


@dataclass(frozen=True, slots=True)
class LocalSource:
    """A source that a deploy to the local cloud makes when a trigger names it.

    `make` runs only when `probe` is refused with one of `absent`.
    """

    what: str
    """For the plan: ``queue orders``."""
    probe: Call
    absent: frozenset[str]
    make: tuple[Call, ...]
    outputs: Mapping[str, str] = field(default_factory=dict)
    """What others refer to, by its path in the answer to `probe`: ``Table.LatestStreamLabel``."""

    @property
    def key(self) -> Key:
        """Its identity."""
        return Key("local_source", self.what)

    @property
    def resource(self) -> Resource:
        """It as a desired resource: that it is there is all that counts."""
        return Resource(self.key, {}, payload=self)


class LocalSourceKind(Kind):
    """Made when absent; it stays, with what is in it, until `lcli local reset`."""

    name = "local_source"
    title = "local"
    keeps = True
    comes_along = True

    def read(self, reading: Reading) -> Iterable[Actual]:
        """One call each."""
        wanted = reading.wanted(self.name)
        answers = reading.each(lambda one: _probe(_source(one), reading.clients), wanted)
        for one, outputs in zip(wanted, answers, strict=True):
            if outputs is not None:
                yield Actual(one, outputs=outputs)

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """Make it; one that is there already is an earlier answer that was lost."""
        source = _source(wanted)
        try:
            for service, operation, parameters in source.make:
                applying.clients.call(service, operation, **parameters)
        except AwsError:
            if (found := _probe(source, applying.clients)) is not None:
                return found
            raise
        return _probe(source, applying.clients) or {}

    def delete(self, actual: Actual, applying: Applying) -> None:
        """It stays."""


def _source(wanted: Resource) -> LocalSource:
    if not isinstance(wanted.payload, LocalSource):
        raise TypeError(f"{wanted.key} has nothing that makes it")
    return wanted.payload


def _probe(source: LocalSource, clients: Clients) -> dict[str, str] | None:
    """Its outputs; None where it is absent."""
    service, operation, parameters = source.probe
    with expecting(*source.absent):
        answer = clients.call(service, operation, **parameters)
        return {name: str(_at(answer, path)) for name, path in source.outputs.items()}
    return None


def _at(answer: Any, path: str) -> object:
    for name in path.split("."):
        answer = answer.get(name, "") if isinstance(answer, Mapping) else ""
    return answer


KINDS = (LocalSourceKind(),)
