"""What a function or alias has at most one of: read, found and removed in one way.

Such things cannot be tagged: they are ours only where the function's ``lcli:parts`` names them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from lcli.aws.clients import Clients
from lcli.aws.expected import expecting
from lcli.resources import function_tags as tagging
from lcli.resources.compare import left
from lcli.resources.function_state import GONE
from lcli.resources.kind import Applying, Kind
from lcli.resources.leaving import leaving_aliases
from lcli.resources.model import Actual, Change, Key, Outputs, Reading, Resource, Value
from lcli.resources.naming import attached_to, function_key, qualified, unqualified


def attached(
    key: Key,
    fields: Mapping[str, Value],
    *,
    function: str,
    needs: tuple[Key, ...] = (),
    where: str = "",
) -> Resource:
    """A desired one; its key's name is ``FN`` or ``FN:ALIAS``, `function` the manifest's key."""
    name, qualifier = unqualified(key.name)
    return Resource(
        key,
        fields,
        needs=(*attached_to(name, qualifier), *needs),
        function=function,
        where=where,
    )


def at(key: Key) -> dict[str, str]:
    """FunctionName, and Qualifier where there is one."""
    name, qualifier = unqualified(key.name)
    return {"FunctionName": name} | ({"Qualifier": qualifier} if qualifier else {})


class Attached(Kind):
    """A kind with one operation that reads it, one that writes it and one that takes it away."""

    reads_after: ClassVar[tuple[str, ...]] = ("function", "alias")
    within = "function"
    get: ClassVar[str]
    """The operation that reads it."""
    put: ClassVar[str]
    """The operation that writes it, whether it is there or not."""
    remove: ClassVar[str]
    """The operation that takes it away."""
    always: ClassVar[bool] = False
    """Every function has one (with AWS's default), so it is its function's owner's."""
    of_alias: ClassVar[bool] = False
    """An alias may have one of its own, so others' one keeps an alias that would go."""
    absent: ClassVar[frozenset[str]] = frozenset({GONE})
    """Codes that say that there is none."""

    @abstractmethod
    def fields(self, answer: Mapping[str, Any]) -> dict[str, Value] | None:
        """An answer in normal form; None where it says that there is none."""

    def outputs(self, answer: Mapping[str, Any]) -> Outputs:
        """What AWS chose."""
        return {}

    def note(self, answer: Mapping[str, Any]) -> str:
        """What a reader of the plan should know."""
        return ""

    def read(self, reading: Reading) -> Iterable[Actual]:
        """The wanted ones and those that ``lcli:parts`` names: one call each.

        Of an alias that would go it is asked whether others have given it one.
        """
        functions = {one.resource.key.name: one for one in reading.existing("function")}
        keys = [one.key for one in reading.wanted(self.name)]
        for name, function in functions.items():
            named = tagging.qualifiers(function.outputs["parts"], self.name)
            keys += [Key(self.name, qualified(name, qualifier)) for qualifier in named]
        if self.of_alias:
            keys += [Key(self.name, alias) for alias in leaving_aliases(reading)]
        present = [key for key in dict.fromkeys(keys) if unqualified(key.name)[0] in functions]
        answers = reading.each(lambda key: self.answer(reading.clients, key), present)
        for key, answer in zip(present, answers, strict=True):
            fields = self.fields(answer) if answer is not None else None
            if answer is not None and fields is not None:
                yield self._actual(functions[unqualified(key.name)[0]], key, answer, fields)

    def answer(self, clients: Clients, key: Key) -> dict[str, Any] | None:
        """What AWS says of it; None where there is none. Raises AwsError."""
        with expecting(GONE, *self.absent):
            return clients.call("lambda", self.get, **at(key))
        return None

    def _actual(
        self, function: Actual, key: Key, answer: Mapping[str, Any], fields: Mapping[str, Value]
    ) -> Actual:
        name, qualifier = unqualified(key.name)
        alias = (Key("alias", key.name),) if qualifier else ()
        named = tagging.qualifiers(function.outputs["parts"], self.name)
        return Actual(
            Resource(
                key,
                fields,
                needs=(function_key(name), Key("parts", name), *alias),
                function=function.resource.function,
            ),
            outputs=self.outputs(answer),
            ours=function.ours and (self.always or qualifier in named),
            owner="" if function.ours else function.owner,
            note=self.note(answer),
        )

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """Put it; empty texts are left out."""
        settings = {name: applying.settle(one) for name, one in wanted.fields.items() if one != ""}
        applying.clients.call("lambda", self.put, **at(wanted.key), **settings)
        return {}

    def update(
        self, wanted: Resource, actual: Actual, changes: Sequence[Change], applying: Applying
    ) -> Outputs:
        """The same: a put replaces."""
        return self.create(left(wanted, actual), applying)

    def delete(self, actual: Actual, applying: Applying) -> None:
        """Take it away; that it is gone already is fine."""
        with expecting(GONE, *self.absent):
            applying.clients.call("lambda", self.remove, **at(actual.resource.key))
