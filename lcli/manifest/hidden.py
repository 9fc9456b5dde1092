"""Where the values of environment variables stand in a manifest's text, so that no excerpt shows
them.

This is told by the text alone, since a manifest that is no YAML has no structure to go by; in
doubt too much is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]

_KEY = re.compile(
    r"""(?<!\$\{)(?<![\w-])(["']?)[\w-]{0,40}env[\w-]{0,40}\1\s*:""", re.ASCII | re.IGNORECASE
)
"""``environment:`` and what may be meant by it (``enviroment:``, ``env:``), but not ``${env:``."""
_VARIABLE = re.compile(r"""[ \t]*(["']?)[A-Za-z_]\w*\1[ \t]*:(?=\s|\Z)""", re.ASCII)
_LOUD = re.compile(r"[ \t]*[A-Z][A-Z0-9_]*:(?=\s|\Z)")
"""No setting of lcli's, so a variable that slipped out of its map."""
_LEAD = re.compile(r"(?:\s|(?<=\s)#[^\n]*|[&!][^\s,{}\[\]]*)*")
"""Before a value: blanks, comments, line ends, an anchor and a tag."""
_LEAD_OF_LINE = re.compile(r"(?:[ \t]|-(?=[ \t])|[&!][^\s,{}\[\]]*)*")
_PART = re.compile(
    r"""(?<![^\s,:{\[])"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)"""
    r"""|(?<![^\s,:{\[])'[^']*(?:''[^']*)*(?:'|\Z)"""
    r"""|(?<=\s)\#[^\n]*|[{}\[\],\n]""",
    re.DOTALL,
)
"""What decides where a value ends: quoted texts, comments, brackets, commas and line ends."""
_EFFORT = 4
"""Characters looked at for each of the text: what was made to take longer is hidden altogether."""


def hidden(text: str, *, is_yaml: bool) -> list[Span]:
    """The parts of a text that hold values of environments, in order, none within another.

    Where the text is no YAML, what follows them on their lines may still be theirs: it is hidden.
    """
    merged: list[Span] = []
    for start, end in sorted(_found(text, is_yaml)):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _found(text: str, is_yaml: bool) -> Iterator[Span]:
    effort = _EFFORT * len(text)
    columns: set[int] = set()
    """Where lines begin that stand above."""
    above = 0
    for key in _KEY.finditer(text):
        if effort < 0:
            yield key.end(), len(text)
            return
        line = text.rfind("\n", 0, key.start()) + 1
        columns |= {len(one) - len(one.lstrip()) for one in text[above:line].split("\n") if one}
        above = line
        before = text[line : key.start()]
        begins_line = not before.strip(" \t-?")
        at = _LEAD.match(text, key.end())
        value = at.end() if at else key.end()
        in_brackets = text[value : value + 1] in ("{", "[")
        if in_brackets or not begins_line:
            end = _value_end(text, value)
            effort -= end - value
            yield key.end(), end if is_yaml else _line_end(text, end)
        if not is_yaml or (begins_line and not in_brackets):
            column = len(before) if begins_line else len(before) - len(before.lstrip())
            spans = list(_beneath(text, key.end(), column, set() if is_yaml else columns))
            effort -= spans[-1][1] - key.end()
            yield from spans


def _beneath(text: str, at: int, column: int, columns: set[int]) -> Iterator[Span]:
    """What stands on the rest of a key's line, and on the lines that are indented more than it.

    With `columns`, also on lines that begin where none above does: they are out of line.
    """
    end = _block_end(text, at)
    yield at, end
    names_at = -1
    while (start := end + 1) < len(text):
        line = text[start : _line_end(text, start)]
        rest = line.lstrip(" \t")
        if not rest:
            end = start + len(line)
            continue
        indent = len(line) - len(rest)
        if rest.strip() and rest[0] != "#":
            more = indent > column or (indent == column and rest[0] == "-")
            out_of_line = columns and indent != column and indent not in columns
            out_of_line = out_of_line or "\t" in line[:indent]
            if not (more or out_of_line or _LOUD.match(line)):
                return
        name = _VARIABLE.match(line)
        if name and names_at in (-1, indent):
            names_at = indent
            shown = name.end()
        else:
            shown = indent
        end = _block_end(text, start + shown)
        yield start + shown, end


def _block_end(text: str, at: int) -> int:
    """The end of a value's line, or of the last of its lines if it is in quotes or brackets."""
    lead = _LEAD_OF_LINE.match(text, at)
    value = lead.end() if lead else at
    if text[value : value + 1] in ("'", '"', "{", "["):
        value = _value_end(text, value)
    return _line_end(text, value)


def _value_end(text: str, at: int) -> int:
    """The end of a value within brackets that begins here; of the text if it does not end."""
    depth = 0
    for part in _PART.finditer(text, at):
        mark = part[0][0]
        if mark in "{[":
            depth += 1
        elif mark in "}]":
            depth -= 1
            if depth < 0:
                return part.start()
        elif mark in ",\n" and not depth:
            return part.start()
        if not depth and mark in "\"'}]":
            return part.end()
    return len(text)


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
