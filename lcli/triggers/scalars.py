"""Numbers and truth values as models take them."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator

import lcli.without_plugins  # noqa: F401 (first of all models)
from lcli.resources.model import Resolved


def _whole(value: object) -> object:
    if isinstance(value, bool) or (isinstance(value, str) and not isinstance(value, Resolved)):
        raise ValueError("expected a whole number")
    return value


def _flag(value: object) -> object:
    if isinstance(value, bool) or (isinstance(value, Resolved) and value in ("true", "false")):
        return value
    raise ValueError("expected true or false")


def number_of(value: object) -> object:
    """A number where a reference stands for the text of one; anything else as it is."""
    return int(value) if isinstance(value, Resolved) and value.isdecimal() else value


Whole: TypeAlias = Annotated[int, BeforeValidator(_whole)]
"""A number, or the text of one that a reference stands for: 512, but not "512" or true."""
Flag: TypeAlias = Annotated[bool, BeforeValidator(_flag)]
"""true or false, but not yes, NO or 1."""
