"""Aliases that are about to go: what others have attached to them keeps them; pure."""

from __future__ import annotations

from lcli.resources import function_tags as tagging
from lcli.resources.model import Key, Reading
from lcli.resources.naming import qualified


def leaving_aliases(reading: Reading) -> tuple[str, ...]:
    """``FN:ALIAS`` of the aliases of lcli's that the manifest gives no more to functions that stay.

    Where the function itself goes (a deletion wants no ``lcli:parts``), so does all of it.
    """
    return tuple(
        qualified(function.resource.key.name, alias)
        for function in reading.existing("function")
        if function.ours and Key("parts", function.resource.key.name) in reading.desired
        for alias in tagging.qualifiers(function.outputs["parts"], "alias")
        if Key("alias", qualified(function.resource.key.name, alias)) not in reading.desired
    )
