"""What AWS must hold and what it holds, as plain values.

A desired `Resource` and an `Actual` one have the same shape (API names, one normal form), so a
difference is a comparison of two mappings. Values that AWS has yet to choose are `Ref`s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from lcli.aws.clients import Clients

T = TypeVar("T")
R = TypeVar("R")

# A value in normal form: what json.dumps takes, Refs and Texts besides, tuples for lists.
# (Mapping and Sequence rather than a recursive alias: pydantic and mypy both stay readable.)
Value = object
Outputs = Mapping[str, str]
"""What AWS chose for a resource: ``{"arn": …, "number": "7", "url": …}``."""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Identity of a resource: a kind's name and a name unique within account, region and kind.

    Immutable settings belong in the name (an event source mapping is function + source), so most
    replacements are a create and a delete.
    """

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Ref:
    """A value that AWS will choose: one output of another resource."""

    key: Key
    attr: str

    def __str__(self) -> str:
        return "(new)" if self.key.kind == "version" else "(known after apply)"


@dataclass(frozen=True, slots=True)
class Text:
    """A string with Refs inside it: ``Text(("https://", Ref(url, "host"), "/x"))``."""

    parts: tuple[str | Ref, ...]

    def __str__(self) -> str:
        return "".join(str(part) for part in self.parts)


class Resolved(str):
    """The text that a reference of the manifest stands for: it may be taken for a number, which a
    text that is written there is not."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """What AWS must hold."""

    key: Key
    fields: Mapping[str, Value]
    """Every field that lcli governs, by its API name, defaults included, in normal form."""
    needs: tuple[Key, ...] = ()
    """Made after these, deleted before them."""
    shared: str = ""
    """Resources of one kind that are written together (``bucket photos``), else empty."""
    function: str = ""
    """The manifest's key of the function it belongs to; empty for what the app shares."""
    secret: frozenset[str] = frozenset()
    """Paths of `fields` (``Environment.TOKEN``) whose values are masked."""
    where: str = ""
    """``lcli.yaml:12:5``: for messages."""
    payload: object = field(default=None, compare=False)
    """What is sent but not compared: the function's `Artifact`."""
    ignored: frozenset[str] = frozenset()
    """Paths of `fields` that somebody else owns: set at creation, left as they are afterwards."""


@dataclass(frozen=True, slots=True)
class Actual:
    """What AWS holds."""

    resource: Resource
    outputs: Outputs = field(default_factory=dict)
    ours: bool = True
    """False turns a create or an update into a refusal that names `owner`."""
    owner: str = ""
    adopted: bool = False
    """A function that this run takes over from `owner`: it counts as ours, before its tags do."""
    revision: str = ""
    """RevisionId or ETag that guards an update against somebody else's."""
    unknown: frozenset[str] = frozenset()
    """Fields that AWS would not show (a KMS or access error inside the answer): never 'removed'."""
    note: str = ""
    """What a reader of the plan should know: ``failed at creation: InvalidImage``."""


class Verb(StrEnum):
    """What a plan does with a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Change:
    """One field's difference: ``Change("Environment.SIZE", "128", "256")``."""

    path: str
    before: Value
    after: Value
    secret: bool = False
    """The value is masked; that it changed is not."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an app is deployed."""

    app: str
    stage: str
    """Empty without ``--stage``."""
    region: str
    account: str
    """Twelve digits."""
    partition: str = "aws"
    local: bool = False

    def arn(
        self, service: str, resource: str, *, region: str | None = None, account: str | None = None
    ) -> str:
        """An ARN here; `region` or `account` may be "" for services that leave them out."""
        region = self.region if region is None else region
        account = self.account if account is None else account
        return f"arn:{self.partition}:{service}:{region}:{account}:{resource}"

    def tags(self, function: str = "") -> dict[str, str]:
        """The tags that say a thing is ours (lcli:app, lcli:stage, lcli:function)."""
        tags = {"lcli:app": self.app, "lcli:stage": self.stage}
        return tags | {"lcli:function": function} if function else tags


@dataclass(frozen=True, slots=True)
class Reading:
    """What a kind's `read` gets."""

    place: Place
    clients: Clients
    desired: Mapping[Key, Resource]
    found: Mapping[Key, Actual]
    """What the kinds named in `reads_after` gave."""
    each: Callable[[Callable[[T], R], Iterable[T]], list[R]]
    """Runs a function over items in parallel, results in order; the first error is raised."""
    functions: frozenset[str] | None = None
    """Manifest keys that the command names; None for all."""
    everywhere: frozenset[str] = frozenset()
    """Kinds of which also that is wanted which only a search of the whole account finds: for a
    deletion, whose traces are the last."""
    adopt: frozenset[str] = frozenset()
    """Manifest keys of functions that are taken over, whosever they are."""

    def wanted(self, kind: str) -> list[Resource]:
        """The desired resources of one kind, in their order."""
        return [r for key, r in self.desired.items() if key.kind == kind]

    def existing(self, kind: str) -> list[Actual]:
        """What was found of one kind."""
        return [actual for key, actual in self.found.items() if key.kind == kind]


@dataclass(frozen=True, slots=True)
class Action:
    """One step of a plan. For a DELETE, `resource` is what was read."""

    verb: Verb
    resource: Resource
    actual: Actual | None = None
    changes: tuple[Change, ...] = ()
    reason: str = ""
    """For the reader; apply never branches on it."""
    confirm: str = ""
    """Why this wants a word from the user (replaces a URL's address), else empty."""
