"""Whose a thing is that leads to a function, whose key may have been another before; pure."""

from __future__ import annotations

from lcli.resources.model import Reading
from lcli.resources.naming import function_of


def owners(reading: Reading) -> dict[str, str]:
    """The manifest's keys of the functions that are ours or will be, by their AWS names."""
    existing = [one.resource for one in reading.existing("function") if one.ours]
    known = (*existing, *reading.wanted("function"))
    return {one.key.name: one.function for one in known if one.function}


def led_to(arn: str) -> str:
    """The AWS name of the function that an ARN stands for, also its alias's; empty for others."""
    return function_of(arn)[0] if arn.split(":")[2:3] == ["lambda"] and ":function:" in arn else ""
