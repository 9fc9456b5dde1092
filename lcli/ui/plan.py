"""A plan as a tree for people and as a document for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lcli.resources.model import Action, Kind, Verb
from lcli.ui.mask import Mask
from lcli.ui.neutral import neutralise
from lcli.ui.values import brief, shown

if TYPE_CHECKING:
    from rich.tree import Tree

SIGNS = {
    Verb.CREATE: ("+", "green"),
    Verb.UPDATE: ("~", "yellow"),
    Verb.REPLACE: ("±", "magenta"),
    Verb.DELETE: ("-", "red"),
    Verb.NONE: (" ", "dim"),
}


def plan_tree(
    title: str,
    actions: Iterable[Action],
    kinds: dict[str, Kind],
    mask: Mask,
    *,
    only_differences: bool = False,
) -> Tree:
    """What would change: a branch a function, a line a resource, its fields below it.

    With `only_differences` what is new is one line, without its fields.
    """
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(Text(neutralise(title), style="bold"))
    branches: dict[str, Tree] = {}
    for action in actions:
        if action.verb is Verb.NONE:
            continue
        owner = action.resource.function
        if owner not in branches:
            branches[owner] = tree.add(Text(neutralise(owner or "shared by the app"), "bold"))
        leaf = branches[owner].add(_headline(action, kinds))
        hidden = {Verb.DELETE, Verb.CREATE} if only_differences else {Verb.DELETE}
        if action.verb not in hidden:
            _add_fields(leaf, action, mask)
    return tree


def _headline(action: Action, kinds: dict[str, Kind]) -> Any:
    from rich.text import Text

    sign, style = SIGNS[action.verb]
    key = action.resource.key
    kind = kinds.get(key.kind)
    line = Text(f"{sign} {kind.title if kind else key.kind} ", style=style)
    line.append(neutralise(key.name))
    if action.reason:
        line.append(f"  ({neutralise(action.reason)})", "dim")
    if action.confirm:
        line.append(f"  ! {neutralise(action.confirm)}", "bold red")
    return line


def _add_fields(leaf: Tree, action: Action, mask: Mask) -> None:
    from rich.text import Text

    for change in action.changes:
        line = Text(neutralise(change.path) + ": ", style="dim")
        if action.verb is not Verb.CREATE:
            line.append(neutralise(brief(shown(change.before, change.secret, mask))), "red")
            line.append(" → ")
        line.append(neutralise(brief(shown(change.after, change.secret, mask))), "green")
        leaf.add(line)


def summary(actions: Iterable[Action]) -> str:
    """``3 to create, 1 to update``, or ``no changes``."""
    names = {
        Verb.CREATE: "to create",
        Verb.UPDATE: "to update",
        Verb.REPLACE: "to replace",
        Verb.DELETE: "to delete",
    }
    counts = dict.fromkeys(names, 0)
    for action in actions:
        if action.verb in counts:
            counts[action.verb] += 1
    parts = [f"{count} {names[verb]}" for verb, count in counts.items() if count]
    return ", ".join(parts) or "no changes"
