"""What a deploy or a deletion is to do, once it is known and before it is begun."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lcli.deploy.digest import Digests
from lcli.deploy.plan import Plan
from lcli.deploy.scope import Scope
from lcli.resources.kind import Kind
from lcli.resources.model import Actual, Key, Place, Resource


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan and what is needed to do it."""

    place: Place
    plan: Plan
    actual: Mapping[Key, Actual]
    kinds: Mapping[str, Kind]
    wanted: Mapping[Key, Resource] = field(default_factory=dict)
    """What was compared with what there is: it is looked at again when it has been changed."""
    scope: Scope = field(default_factory=lambda: Scope(frozenset()))
    """What the plan may touch."""
    bucket: str = ""
    """The artifacts bucket that the manifest names."""
    prefix: str = ""
    """Beginning of the keys in it."""
    digests: Digests = field(default_factory=Digests)
    """What the tags ``lcli:digest`` are to say."""
    unmarked: tuple[str, ...] = ()
    """The manifest's keys of functions that need the tag though nothing else of them changes."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should be told before anything is done."""
        return self.plan.notices
