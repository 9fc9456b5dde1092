"""Text that wants to drive a terminal, and what is left of it where it was made safe."""

from __future__ import annotations

import random
import re

PIECES = (
    "\x1b]52;c;ZXZpbA==\x07",  # writes the clipboard
    "\x1b]8;;https://evil.invalid\x1b\\click\x1b]8;;\x1b\\",
    "\x1b[5;7;35m",
    "\x1b[2J\x1b[H",
    "\x1bP+q544e\x1b\\",
    "\x1b[6n",
    "\x9b31;7m",
    "\x90q\x9c",
    "\x00\x07\x08\x0b\x0c\x0e\x7f",
    "\r$ rm -rf /",
    "\u202egnp.exe\u2066\u2069\u200f",
    "\u2028\u2029\ufeff\u061c",
    "\x85\x84",
    "[red]",
    "[/]",
    "[/red]",
    "[link=https://evil.invalid]",
    "[bold",
    ":warning:",
    "{0}%s%n$(id)`id`",
    "\\x1b[31m",
    "ordinary words",
    "日本語 🎉 é",
)
ALL = "".join(PIECES)
_OWN = re.compile(
    r"\x1b\[(?:[0-9]{1,2}(?:;[0-9]{1,2})?)?m"  # colours, of one or two numbers
    r"|\r?\x1b\[2?K|\r?\x1b\[1A|\x1b\[\?25[lh]"  # what progress is redrawn with
)
"""What lcli itself writes onto a terminal."""
_RAW = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def raw(text: str) -> list[str]:
    """The control characters that are not lcli's own."""
    return _RAW.findall(_OWN.sub("", text))


def line(chance: random.Random) -> str:
    """One log line, of a few pieces in any order."""
    return "".join(chance.choices(PIECES, k=chance.randint(1, 8)))
