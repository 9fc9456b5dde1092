"""Filter patterns for space-delimited log events: ``[ip, ..., status = 4*, bytes > 1000]``.

Source: CloudWatch Logs user guide, "Filter pattern syntax …", "Space-delimited filter patterns".
What a field must be is read as a condition on a JSON document of the fields, whose syntax is the
same but for the names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

Holds = Callable[[Any], bool]
"""Whether a document of fields is let through."""
Conditions = Callable[[str], Holds]
"""Reads what is between the braces of a JSON pattern; raises ValueError."""

ELLIPSIS = ("...", "…")
_ITEM = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|%(?:[^%\\]|\\.)+%|[^,"%])+""")
_FIELD = re.compile(r"""\[([^\]]*)\]|"((?:[^"\\]|\\.)*)"|(\S+)""")
"""One field of an event: what is in brackets or quotes is one."""
_NAME = re.compile(r"[A-Za-z_][\w-]*")


def delimited(pattern: str, conditions: Conditions) -> Callable[[str], bool]:
    """What a pattern in brackets lets through; ValueError for one that is none."""
    if not pattern.endswith("]"):
        raise ValueError(pattern)
    items = [item.strip() for item in _ITEM.findall(pattern[1:-1])]
    gaps = [place for place, item in enumerate(items) if item in ELLIPSIS]
    if not items or len(gaps) > 1:
        raise ValueError(pattern)
    names, tests = [], []
    for item in items:
        if item in ELLIPSIS:
            continue
        name = _NAME.match(item)
        if name is None or name[0] in names:
            raise ValueError(pattern)
        names.append(name[0])
        if item != name[0]:
            tests.append(conditions(_on_member(item, name[0])))
    gap = gaps[0] if gaps else None

    def matches(message: str) -> bool:
        fields = _fields(message, len(names), gap)
        if fields is None:
            return False
        document = dict(zip(names, map(_value, fields), strict=True))
        return all(test(document) for test in tests)

    return matches


def _on_member(item: str, name: str) -> str:
    """``status = 4* || status = 500`` as a condition on ``$.status``; texts stay as they are."""
    pieces = re.split(r"""("(?:[^"\\]|\\.)*"|%(?:[^%\\]|\\.)+%)""", item)
    named = re.compile(rf"(?<![\w$.*-]){re.escape(name)}(?=\s*(?:[=<>]|!=))")
    pieces[::2] = [named.sub(f"$.{name}", piece) for piece in pieces[::2]]
    return "".join(pieces)


def _fields(message: str, count: int, gap: int | None) -> list[str] | None:
    """The event's fields that have names; None where there are too few.

    Without an ellipsis the last one takes the rest of the event.
    """
    found = list(_FIELD.finditer(message))
    if len(found) < count:
        return None
    texts = [next(part for part in each.groups() if part is not None) for each in found]
    if gap is not None:
        return texts[:gap] + texts[len(texts) - (count - gap) :]
    if len(found) == count:
        return texts
    return [*texts[: count - 1], message[found[count - 1].start() :].rstrip()]


def _value(text: str) -> Any:
    """A number where the field is one."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float) and not isinstance(value, bool) else text
