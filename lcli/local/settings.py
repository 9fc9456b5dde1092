"""What the user's environment sets of the local cloud; what cannot be meant is refused."""

from __future__ import annotations

from collections.abc import Mapping

from lcli.errors import ExitCode, LcliError, Problem

_IDLE = 1800.0
_LARGEST = 1e9
"""Seconds, about thirty years; and more than any factor that makes sense."""


def check(environ: Mapping[str, str]) -> None:
    """Look at all of them. Raises LcliError (USAGE)."""
    idle_limit(environ)
    speedup(environ)
    delays_of_aws(environ)


def idle_limit(environ: Mapping[str, str]) -> float:
    """LCLI_LOCAL_IDLE: seconds without use after which the daemon ends; 0 means never.

    Raises LcliError (USAGE).
    """
    return _number(environ, "LCLI_LOCAL_IDLE", _IDLE, 0.0, "a number of seconds, 0 for never")


def speedup(environ: Mapping[str, str]) -> float:
    """LCLI_LOCAL_SPEEDUP: what waits are divided by. Raises LcliError (USAGE)."""
    return _number(environ, "LCLI_LOCAL_SPEEDUP", 1.0, 1.0, "a number from 1")


def delays_of_aws(environ: Mapping[str, str]) -> bool:
    """LCLI_LOCAL_DELAYS: whether functions take as long as on AWS. Raises LcliError (USAGE)."""
    text = environ.get("LCLI_LOCAL_DELAYS", "")
    if text not in ("", "aws"):
        raise _wrong("LCLI_LOCAL_DELAYS", text, "aws, or leave it out")
    return bool(text)


def _number(
    environ: Mapping[str, str], name: str, default: float, least: float, expected: str
) -> float:
    text = environ.get(name, "")
    try:
        number = float(text) if text else default
    except ValueError:
        raise _wrong(name, text, expected) from None
    if not least <= number <= _LARGEST:
        raise _wrong(name, text, expected)
    return number


def _wrong(name: str, text: str, expected: str) -> LcliError:
    problem = Problem("local-setting", f"{name} is {text!r}", next_step=f"use {expected}")
    return LcliError(problem, ExitCode.USAGE)
