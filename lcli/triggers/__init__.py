"""One module an event source; a new source is a new file with a ``TRIGGER`` class."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from pydantic import BaseModel

from lcli.resources.model import Place, Resource
from lcli.triggers.base import Trigger


@cache
def triggers() -> dict[str, type[Trigger]]:
    """Every event source by its manifest key, from the modules that define ``TRIGGER``."""
    found: dict[str, type[Trigger]] = {}
    for info in iter_modules(__path__):
        module = import_module(f"{__name__}.{info.name}")
        trigger = getattr(module, "TRIGGER", None)
        if trigger is not None:
            found[trigger.kind] = trigger
    return found


def traces(place: Place, written: Iterable[tuple[str, object]]) -> tuple[Resource, ...]:
    """What a deletion reads at the sources of triggers, by kind and as the manifest writes them.

    Nothing is validated; of a source that is not known without asking AWS there are none.
    """
    found: list[Resource] = []
    for kind, given in written:
        trigger = triggers().get(kind)
        source = given.get(trigger.short) if trigger and isinstance(given, dict) else given
        if trigger and isinstance(source, str) and "${" not in source:
            found += trigger.traces(place, source)
    return tuple(found)


def settings_models() -> dict[str, type[BaseModel]]:
    """By kind, what the manifest's top level may say of all triggers of it."""
    return {
        kind: trigger.settings_model
        for kind, trigger in triggers().items()
        if trigger.settings_model is not None
    }
