"""The functions' keys as a glance at the text shows them, for shell completion.

A YAML parser and what reads a manifest with it take half of the time in which a shell expects an
answer. Where the glance does not suffice, they are needed all the same (`document.read`).
"""

from __future__ import annotations

import re

_START = re.compile(r"functions:\s*(#.*)?")
_KEY = re.compile(r"([A-Za-z0-9_-]+):(\s.*)?")
_UNPLAIN = re.compile(r"""(<<|"|'|\?|---|%|\{)""")
"""At the start of a line: what changes which functions there are, or is another way to write it."""


def plain_keys(text: str) -> list[str] | None:
    """The keys under ``functions:``, of no stage; None where they are not written line by line."""
    lines = [line for line in text.splitlines() if line.strip() and line.lstrip()[0] != "#"]
    if "\t" in text or any(_UNPLAIN.match(line) for line in lines):
        return None
    starts = [number for number, line in enumerate(lines) if line.startswith("functions")]
    if len(starts) != 1 or not _START.fullmatch(lines[starts[0]]):
        return None
    found: list[str] = []
    indent = 0
    for line in lines[starts[0] + 1 :]:
        depth = len(line) - len(line.lstrip())
        if depth == 0:
            break
        indent = indent or depth
        if depth > indent:
            continue
        key = _KEY.fullmatch(line.strip())
        if depth < indent or not key:
            return None
        found.append(key[1])
    return found
