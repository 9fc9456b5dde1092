"""Output streams of any encoding: what one cannot write becomes something that it can."""

from __future__ import annotations

import codecs
import io
from typing import TextIO

_PLAIN = {"→": "->", "±": "+/-", "…": "..."}
_HANDLER = "lcli.plain"


def write_anything(*streams: TextIO) -> None:
    """Let writing never fail for its characters, whatever the locale is.

    ``→`` becomes ``->`` where the encoding has no arrow; what has no likeness becomes an escape
    that is JSON's own: ``\\u20ac``, a pair of them beyond the first 65,536 characters.
    """
    codecs.register_error(_HANDLER, _in_plain)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def takes_anything(stream: TextIO) -> bool:
    """Whether every character can be written as it is; where not, JSON is written in ASCII."""
    return (getattr(stream, "encoding", None) or "utf-8").lower().startswith("utf")


def _in_plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    unwritable = error.object[error.start : error.end]
    return "".join(_PLAIN.get(one) or _escape(one) for one in unwritable), error.end


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
