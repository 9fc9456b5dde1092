"""One module an event source; a new source is a new file with a ``TRIGGER`` class."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from pydantic import BaseModel

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


def settings_models() -> dict[str, type[BaseModel]]:
    """By kind, what the manifest's top level may say of all triggers of it."""
    return {
        kind: trigger.settings_model
        for kind, trigger in triggers().items()
        if trigger.settings_model is not None
    }
