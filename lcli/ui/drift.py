"""What a plan says of one function, in the few words that a cell of a table has room for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from lcli.resources.model import Action, Verb
from lcli.ui.plan import Kinds

_FOLLOW = frozenset({"version", "alias"})
"""Kinds that change with their function: told where they differ by themselves."""
_FIELDS = 3


def drift(actions: Iterable[Action], kinds: Kinds) -> str:
    """``function (MemorySize, Timeout), no event source mapping``, or ``none``.

    `actions` are those of one function; `rolled back to 5` stands for an alias that is held.
    """
    own = [one for one in actions if one.verb is not Verb.NONE and one.resource.key.kind != "parts"]
    functions = [one.verb for one in own if one.resource.key.kind == "function"]
    if Verb.CREATE in functions:
        return "not deployed"
    told = Counter(
        _told(one, kinds)
        for one in own
        if not (functions and one.resource.key.kind in _FOLLOW and not _held(one))
    )
    return ", ".join(text if n == 1 else f"{text} ({n})" for text, n in told.items()) or "none"


def _told(action: Action, kinds: Kinds) -> str:
    if held := _held(action):
        return f"rolled back to {held}"
    title = kinds[action.resource.key.kind].title
    if action.verb is Verb.CREATE:
        return f"no {title}"
    if action.verb is Verb.DELETE:
        return f"{title} left over"
    fields = list(dict.fromkeys(one.path.partition(".")[0] for one in action.changes))
    return f"{title} ({', '.join(fields[:_FIELDS])}{' …' if len(fields) > _FIELDS else ''})"


def _held(action: Action) -> str:
    return action.actual.outputs.get("held", "") if action.actual else ""
