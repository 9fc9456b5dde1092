"""The changed fields of a resource as lines of a tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from lcli.resources.model import Change
from lcli.ui.mask import Mask
from lcli.ui.neutral import neutralise
from lcli.ui.values import one_line, shown

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

_SHORT = 100
"""Characters of a value up to which it is told as a whole."""


def add_fields(leaf: Tree, changes: Iterable[Change], mask: Mask, *, new: bool) -> None:
    """``MemorySize: 256 → 512``, a line a field; those of a `new` thing without what was before.

    Of long lists (the statements of a policy) the members that come and go are told, each on a
    line of its own: nothing that differs is cut off.
    """
    from rich.text import Text

    for change in changes:
        before, after = (shown(one, change.secret, mask) for one in (change.before, change.after))
        line = Text(neutralise(change.path) + ":", style="dim")
        gone, come = _members(before, after)
        if gone or come:
            field = leaf.add(line)
            for sign, members, style in (("-", gone, "red"), ("+", come, "green")):
                for one in members:
                    field.add(Text(neutralise(f"{sign} {_member(one)}"), style))
            continue
        line.append(" ")
        if not new:
            line.append(neutralise(one_line(before)), "red")
            line.append(" → ")
        line.append(neutralise(one_line(after)), "green")
        leaf.add(line)


def in_line(changes: Iterable[Change], mask: Mask) -> tuple[Text, list[Change]]:
    """The fields of a new thing behind its name, and those that are too long for that.

    Secrets are told by their names: ``Environment (secret): MODE, TABLE``.
    """
    from rich.text import Text

    told: list[str] = []
    secrets: dict[str, list[str]] = {}
    long: list[Change] = []
    for change in changes:
        parent, _, name = change.path.partition(".")
        after = shown(change.after, change.secret, mask)
        if change.secret and name and not mask.show:
            secrets.setdefault(parent, []).append(name)
        elif _is_short(after):
            told.append(f"{change.path}: {one_line(after)}")
        else:
            long.append(change)
    told += [f"{parent} (secret): {', '.join(names)}" for parent, names in secrets.items()]
    return Text("".join(f"  {neutralise(one)}" for one in told), "dim"), long


def _is_short(value: object) -> bool:
    """Whether it reads well beside others: neither long nor a list of maps."""
    is_deep = isinstance(value, list) and any(isinstance(one, dict) for one in value)
    return not is_deep and len(one_line(value)) <= _SHORT


def _member(one: object) -> str:
    """One of a list's; of a policy's statements ``Allow s3:GetObject on arn:aws:s3:::photos/*``."""
    if not (isinstance(one, dict) and {"Effect", "Action", "Resource"} <= one.keys()):
        return one_line(one)
    actions, resources = (", ".join(map(str, one[key])) for key in ("Action", "Resource"))
    rest = {key: value for key, value in one.items() if key not in ("Effect", "Action", "Resource")}
    text = f"{one['Effect']} {actions} on {resources}"
    return f"{text} {one_line(rest)}" if rest else text


def _members(before: object, after: object) -> tuple[Sequence[object], Sequence[object]]:
    """What leaves and what joins a list that is too long to be told as a whole; else nothing."""
    old, new = before or [], after or []
    if not (isinstance(old, list) and isinstance(new, list)):
        return (), ()
    if _is_short(old) and _is_short(new):
        return (), ()
    return [one for one in old if one not in new], [one for one in new if one not in old]
