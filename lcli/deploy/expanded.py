"""What a manifest stands for, as it is gathered; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lcli.deploy.order import references
from lcli.resources.model import Key, Place, Resource, Text
from lcli.resources.naming import function_key, unqualified

if TYPE_CHECKING:
    from lcli.manifest.models import App


@dataclass(frozen=True, slots=True)
class Given:
    """What a manifest is expanded with."""

    app: App
    place: Place
    lookups: Mapping[str, str | Text]
    """The facts that its triggers asked for, by their names."""


@dataclass(slots=True)
class Expanded:
    """What a manifest stands for."""

    resources: dict[Key, Resource] = field(default_factory=dict)
    observed: dict[Key, Resource] = field(default_factory=dict)
    """What is referred to but not of the functions named: read, never changed."""
    kept: set[Key] = field(default_factory=set)
    exposing: dict[Key, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def add(self, *resources: Resource) -> None:
        """Take resources in; one that several functions share stays as the first said it."""
        for resource in resources:
            self.resources.setdefault(resource.key, resource)

    def tell(self, notices: Iterable[str]) -> None:
        """Take notices in, each once."""
        self.notices += [one for one in dict.fromkeys(notices) if one not in self.notices]

    @property
    def to_read(self) -> dict[Key, Resource]:
        """Everything whose actual state is asked for."""
        return self.observed | self.resources


def observed(resources: Mapping[Key, Resource]) -> dict[Key, Resource]:
    """What the resources refer to that belongs to a function which is not among them."""
    found: dict[Key, Resource] = {}
    for resource in resources.values():
        for key in references(resource.fields):
            if key not in resources:
                name = unqualified(key.name)[0]
                for one in (function_key(name), key):
                    found[one] = Resource(one, {}, where=resource.where)
    return found
