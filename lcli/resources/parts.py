"""The tag ``lcli:parts``: which optional parts a function has, so what to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from lcli.resources import function_tags as tagging
from lcli.resources.kind import Applying, Kind
from lcli.resources.model import Actual, Change, Key, Outputs, Reading, Resource
from lcli.resources.naming import function_key


def parts(function: str, name: str, names: Iterable[str], where: str = "") -> Resource:
    """The tag of the function `name` (`function` in the manifest): `function_tags.part_names`."""
    return Resource(
        Key("parts", name),
        {"Parts": tuple(sorted(names))},
        needs=(function_key(name),),
        function=function,
        where=where,
    )


class Parts(Kind):
    """Written before a part is made, shortened after it is gone."""

    name = "parts"
    title = "tag lcli:parts"
    reads_after: ClassVar[tuple[str, ...]] = ("function",)
    within = "function"
    comes_along = True
    derived = frozenset({"Parts"})

    def read(self, reading: Reading) -> Iterable[Actual]:
        """From the functions' tags, without a call."""
        for function in reading.existing("function"):
            name = function.resource.key.name
            named = tuple(sorted(function.outputs["parts"].split()))
            yield Actual(
                parts(function.resource.function, name, named),
                ours=function.ours,
                owner=function.owner,
            )

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """Nothing where the function was created with it, else TagResource."""
        value = _value(wanted)
        if applying.output(function_key(wanted.key.name), "parts") != value:
            _write(wanted.key.name, value, applying)
        return {}

    def update(
        self, wanted: Resource, actual: Actual, changes: Sequence[Change], applying: Applying
    ) -> Outputs:
        """TagResource, or UntagResource when nothing is left."""
        _write(wanted.key.name, _value(wanted), applying)
        return {}

    def delete(self, actual: Actual, applying: Applying) -> None:
        """UntagResource."""
        _write(actual.resource.key.name, "", applying)


def _value(wanted: Resource) -> str:
    names = wanted.fields["Parts"]
    return tagging.parts_value(names if isinstance(names, tuple) else ())


def _write(name: str, value: str, applying: Applying) -> None:
    arn = applying.place.arn("lambda", f"function:{name}")
    if value:
        tags = {tagging.PARTS: value}
        applying.clients.call("lambda", "TagResource", Resource=arn, Tags=tags)
    else:
        applying.clients.call("lambda", "UntagResource", Resource=arn, TagKeys=[tagging.PARTS])


KINDS = (Parts(),)
