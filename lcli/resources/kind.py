"""What one kind of AWS resource can do, and what it works with while a plan is applied."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeVar

from lcli.aws.clients import Clients
from lcli.errors import Problem
from lcli.resources.compare import changes as compared
from lcli.resources.compare import unseen
from lcli.resources.model import (
    Action,
    Actual,
    Change,
    Key,
    Outputs,
    Place,
    Reading,
    Resource,
    Value,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ask:
    """One call of Lambda's that reads."""

    operation: str
    parameters: tuple[tuple[str, str], ...]


class Applying(Protocol):
    """What a kind's create, update and delete get."""

    place: Place
    clients: Clients
    waits: bool
    """Whether to wait, too, for what gets ready by itself and nothing else of the run needs."""

    def settle(self, value: Value) -> object:
        """The value as plain Python (dict, list, str …), every Ref replaced by what AWS chose."""

    def output(self, key: Key, attr: str) -> str:
        """An output of a resource that was read or made before this one."""

    def fresh(self, key: Key) -> bool:
        """Whether this run made or changed that resource (a role made now propagates slowly)."""

    def say(self, doing: str) -> None:
        """Tell the progress line what is being done or waited for: ``waiting for Active``."""

    def poll(self, look: Callable[[], T | None], doing: str, timeout: float) -> T:
        """Call `look` about once a second until it gives a value.

        Says `doing`; raises LcliError ``timed-out`` after `timeout` seconds, or at the deadline of
        the action. `look` raises when the thing has failed, so that a wait ends at once.
        """


class Kind(ABC):
    """One kind of AWS resource: how it is read, compared, created, updated and deleted.

    Each module of resources/ has one instance a kind in ``KINDS``; resources/__init__ finds them.
    """

    name: ClassVar[str]
    """The first half of the keys: ``event_source_mapping``."""
    title: ClassVar[str]
    """What a user reads: ``event source mapping``."""
    reads_after: ClassVar[tuple[str, ...]] = ()
    """Kinds whose Actuals this one's `read` looks at."""
    fixed: ClassVar[frozenset[str]] = frozenset()
    """Fields that no call can change: a difference there is a REPLACE."""
    keeps: ClassVar[bool] = False
    """The old one stays when it is replaced or leaves the plan (versions, log groups)."""
    missed: ClassVar[bool] = False
    """Its loss is felt (an address, a position in a stream): asked before it is deleted or
    replaced."""
    searched: ClassVar[bool] = False
    """A deletion looks for it in the whole account, since nothing else may lead to it any more
    (`Reading.everywhere`); where it `keeps`, only one that takes it along."""
    source: ClassVar[str] = ""
    """The field that names what it takes events from, which others may take from too."""
    within: ClassVar[str] = ""
    """Kind of the container that takes this along when it is deleted: ``function`` for aliases,
    permissions, URLs. Such things of one function are written one at a time, too, since each
    write moves its RevisionId or its policy."""

    sent_unseen: ClassVar[frozenset[str]] = frozenset()
    """Fields that a deploy sends where AWS does not show them (`Actual.unknown`)."""
    instead: ClassVar[str] = ""
    """What to do where one of that name is somebody else's, if not to take it over."""
    comes_along: ClassVar[bool] = False
    """Every function has one: a plan tells of that of a new function by its title alone."""
    derived: ClassVar[frozenset[str]] = frozenset()
    """Fields that follow from what else a plan tells of a new one: told with -v only."""

    def usual(self, wanted: Resource) -> Mapping[str, Value]:
        """Fields of a new one as they are unless the manifest asks for more: with -v only."""
        return {}

    def reserves(self, action: Action) -> int:
        """How many more concurrent executions of the account an action reserves; below zero, what
        it gives back."""
        return 0

    def ahead(self, wanted: Resource) -> Ask | None:
        """The call that `read` makes for a desired one of a function that exists, if just one.

        It may be made before the other functions have been read.
        """
        return None

    @abstractmethod
    def read(self, reading: Reading) -> Iterable[Actual]:
        """What exists of the desired ones, and what is ours though nothing desires it.

        Leftovers come with `needs` filled, since deletions are ordered by them too.
        Raises AwsError.
        """

    def identity(self, wanted: Resource, settle: Callable[[Value], object]) -> Key:
        """The key that it is read by, once all that it refers to is known; raises LcliError."""
        return wanted.key

    def diff(self, wanted: Resource, actual: Actual) -> tuple[Change, ...]:
        """The field-level changes that make `actual` what is `wanted`; pure."""
        return compared(wanted, actual)

    @abstractmethod
    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """Make it and wait until it can be used. An answer that was lost is read back."""

    def update(
        self, wanted: Resource, actual: Actual, changes: Sequence[Change], applying: Applying
    ) -> Outputs:
        """Change it in place, guarded by its revision. Kinds with only fixed fields have none."""
        raise TypeError(f"{self.name} cannot be updated in place")

    def excludes(self, wanted: Resource, other: Resource) -> Problem | None:
        """Why AWS does not hold both, a desired one and one of its group that stays; pure."""
        return None

    def unseen(self, wanted: Resource, actual: Actual) -> tuple[Change, ...]:
        """The changes that send what AWS does not show and nobody can compare (`sent_unseen`)."""
        return unseen(wanted, actual, self.sent_unseen)

    def opens(self, changes: Sequence[Change]) -> bool:
        """Whether changes that let everybody in want a word from the user."""
        return True

    def is_adoptable(self, changes: Sequence[Change]) -> bool:
        """Whether `--adopt` may take over somebody else's, and make these changes to it."""
        return True

    def is_fixed(self, change: Change) -> bool:
        """Whether no call can make this change."""
        return change.path.partition(".")[0] in self.fixed

    @abstractmethod
    def delete(self, actual: Actual, applying: Applying) -> None:
        """Remove it; that it is gone already is fine."""

    def merge(self, actions: Sequence[Action], applying: Applying) -> Mapping[Key, Outputs]:
        """For kinds with `shared`: do all of one group's actions in one write.

        Those with nothing to do are among them, for what they say of the group as a whole.
        """
        raise TypeError(f"{self.name} is not written in groups")
