"""One module a kind of AWS resource; a new kind is a new file with a ``KINDS`` tuple."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from lcli.resources.kind import Kind


@cache
def kinds() -> dict[str, Kind]:
    """Every kind by its name, from the modules of this package that define ``KINDS``."""
    found: dict[str, Kind] = {}
    for info in iter_modules(__path__):
        module = import_module(f"{__name__}.{info.name}")
        for kind in getattr(module, "KINDS", ()):
            found[kind.name] = kind
    return found
