"""What lives in what: a route in its API, a function's URL in the function; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lcli.resources.kind import Kind
from lcli.resources.model import Actual, Key, Resource


@dataclass(frozen=True, slots=True)
class Containers:
    """Finds the thing that takes another along when it is deleted (`Kind.within`)."""

    desired: Mapping[Key, Resource]
    actual: Mapping[Key, Actual]
    kinds: Mapping[str, Kind]

    def of(self, resource: Resource) -> Key | None:
        """What the resource needs, directly or not, of the kind that it lives within."""
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

    def of_key(self, key: Key) -> Key | None:
        """The same for a key; None where it is unknown."""
        known = self._known(key)
        return self.of(known) if known else None

    def _known(self, key: Key) -> Resource | None:
        if key in self.actual:
            return self.actual[key].resource
        return self.desired.get(key)
