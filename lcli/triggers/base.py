"""What every event source's module has: its manifest model and its expansion."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

import lcli.without_plugins  # noqa: F401 (first of all models)
from lcli.resources.local_source import LocalSource
from lcli.resources.model import Key, Place, Resource, Text


@dataclass(frozen=True, slots=True)
class Lookup:
    """A fact that must be asked of AWS before a trigger can be expanded.

    The answer's value at `path` (dots between names) is found in `Target.lookups` under `name`.
    """

    name: str
    service: str
    operation: str
    parameters: Mapping[str, Any]
    path: str
    optional: bool = False
    """Only a check depends on it: a refusal means that the check is not made."""
    later: Text | None = None
    """What stands for the fact while the thing does not exist, if the deploy makes it."""
    thing: str = ""
    """What does not exist where AWS answers with one of `absent`, for a message: ``queue orders``;
    empty where that is no error."""
    absent: frozenset[str] = frozenset({"ResourceNotFoundException"})
    where: str = ""
    """Where the manifest names it."""


@dataclass(frozen=True, slots=True)
class Target:
    """The function that a trigger invokes."""

    place: Place
    function: str
    """The manifest's key."""
    name: str
    """The AWS name."""
    qualifier: str
    """The alias that sources attach to; empty with ``alias: false``."""
    needs: tuple[Key, ...]
    """What must exist before a source may be attached: the function, its alias."""
    timeout: int
    where: str = ""
    role: tuple[Key, ...] = ()
    """The execution role, if lcli makes it: what polls with it comes after it."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """The user's tags of the function."""
    app_tags: Mapping[str, str] = field(default_factory=dict)
    """The user's tags of the whole app, for what its functions share."""
    lookups: Mapping[str, str | Text] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the app says of all triggers of this kind (top-level ``http:``)."""
    settings_where: Mapping[str, str] = field(default_factory=dict)
    """Where it says each."""
    statements: tuple[Mapping[str, Any], ...] = ()
    """What the function may do, as far as the manifest's ``role`` tells it (API form): a check
    reads it."""

    @property
    def arn(self) -> str:
        """The qualified ARN that sources invoke."""
        return self.place.arn(
            "lambda", ":".join(filter(None, ("function", self.name, self.qualifier)))
        )


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a trigger stands for."""

    resources: tuple[Resource, ...] = ()
    statements: tuple[Mapping[str, Any], ...] = ()
    """IAM statements (API form) that the managed execution role needs to poll the source."""
    notices: tuple[str, ...] = ()
    exposing: Mapping[Key, str] = field(default_factory=dict)
    """Of the resources those that let everybody in, with what a user is asked then."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Two triggers that exclude each other."""

    pair: tuple[int, int]
    """Their positions."""
    code: str
    what: str
    next_step: str


class Trigger(BaseModel):
    """An event source as the manifest writes it: ``{sqs: {queue: orders, batch_size: 10}}``.

    Concrete triggers are pydantic models; their fields' names are the manifest's keys, their
    constraints are checked when the manifest is loaded.
    """

    # Numbers are fine where text is expected: ``prefix: 2024``.
    model_config = ConfigDict(
        extra="forbid", frozen=True, coerce_numbers_to_str=True, defer_build=True
    )

    kind: ClassVar[str]
    """The manifest's key: ``sqs``."""
    short: ClassVar[str]
    """The field that the short form sets: ``- sqs: orders`` means ``{queue: orders}``."""
    once: ClassVar[Literal["", "function", "app"]] = ""
    """Who has the same source once only: an app (a route), or each function of it (a queue)."""
    operation: ClassVar[str] = ""
    """The Lambda operation whose other parameters go under the trigger's ``api:``, if any."""
    settings_model: ClassVar[type[BaseModel] | None] = None
    """What the manifest's top level may say under `kind` (``http: {cors: …}``); its docstring is
    the schema's description."""

    @abstractmethod
    def expand(self, target: Target) -> Expansion:
        """The plain resources that wire this source to the function; pure."""

    def brought_to(self, place: Place) -> Self:
        """The same trigger with its source in `place`, where it is named by an ARN of another."""
        source = getattr(self, self.short)
        if not source.startswith("arn:"):
            return self
        _, partition, service, region, account, name = source.split(":", 5)
        if (partition, region, account) == (place.partition, place.region, place.account):
            return self
        if not (region or account):  # a bucket's says neither
            return self
        return self.model_copy(update={self.short: place.arn(service, name)})

    def source(self, place: Place) -> str:
        """The source by one name, whichever of its names the manifest uses."""
        return str(getattr(self, self.short))

    def contradictions(self) -> Iterable[str]:
        """What AWS would refuse of settings that are right each by itself."""
        return ()

    def lookups(self, place: Place) -> tuple[Lookup, ...]:
        """Facts needed before `expand` (a table's LatestStreamArn)."""
        return ()

    @classmethod
    def clashes(cls, together: Sequence[Trigger]) -> Iterable[Clash]:
        """Those of all of an app's triggers of this kind that AWS would not take together."""
        return ()

    @classmethod
    def traces(cls, place: Place, source: str) -> tuple[Resource, ...]:
        """What a deletion reads to find what the functions have left at `source`, a name or ARN.

        Wanted where the function's own permissions are the only way to it: somebody who deletes
        the function by hand takes them along. The manifest is not validated then.
        """
        return ()

    def local_sources(
        self, place: Place, settings: Mapping[str, Any], timeout: int
    ) -> tuple[LocalSource, ...]:
        """What a deploy to the local cloud makes if it is absent; `settings` is the manifest's
        ``local:``, `timeout` the longest (seconds) of the functions that listen to it."""
        return ()


@dataclass(frozen=True, slots=True)
class Named:
    """A check of text for pydantic: a name that matches `name`, or an ARN that matches `arn`.

    Both are regular expressions; `arn` is what follows ``arn:PARTITION:``.
    """

    what: str
    """For the error: ``an SQS queue``."""
    name: str
    arn: str

    @property
    def pattern(self) -> str:
        """What the whole text must match."""
        return f"(?:{self.name})|arn:[a-z0-9-]+:(?:{self.arn})"

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        whole = re.compile(self.pattern, re.ASCII)

        def check(value: str) -> str:
            if not whole.fullmatch(value):
                raise ValueError(f"{value!r} is neither the name nor the ARN of {self.what}")
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$"}
