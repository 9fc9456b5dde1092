"""A plan as a tree for people and as a document for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from lcli.resources.kind import Kind
from lcli.resources.model import Action, Change, Verb
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

    With `only_differences` what is new is shown without its fields, and what belongs to a
    wholly new function in one line. Nothing is told twice; the JSON document has it all.
    """
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(Text(neutralise(title), style="bold"))
    by_owner: dict[str, list[Action]] = {}
    for action in actions:
        if action.verb is not Verb.NONE:
            by_owner.setdefault(action.resource.function, []).append(action)
    for owner in sorted(by_owner, key=bool):  # what the app shares comes first
        own = by_owner[owner]
        name = Text(neutralise(owner or "shared by the app"), "bold")
        if only_differences and all(_plainly_new(action) for action in own):
            tree.add(name + Text(f"  + {_titles(own, kinds)}", "green"))
            continue
        branch = tree.add(name)
        for action in own:
            leaf = branch.add(_headline(action, kinds))
            hidden = {Verb.DELETE, Verb.CREATE} if only_differences else {Verb.DELETE}
            if action.verb not in hidden:
                _add_fields(leaf, _telling(action, own), action.verb, mask)
    return tree


def _telling(action: Action, own: list[Action]) -> Iterator[Change]:
    """Its changes but for what goes without saying: lcli's own marks on what is new, and what a
    version takes from its function, where that is told of the function."""
    told: list[Change] = []
    if action.resource.key.kind == "version":
        told.extend(c for one in own if one.resource.key.kind == "function" for c in one.changes)
    for change in action.changes:
        marks = action.verb is Verb.CREATE and change.path.startswith("Tags.lcli:")
        if not marks and change not in told:
            yield change


def _plainly_new(action: Action) -> bool:
    return action.verb is Verb.CREATE and not action.confirm


def _titles(actions: list[Action], kinds: dict[str, Kind]) -> str:
    """``execution role, function, HTTP route (2)``; what the app shares is named."""
    counts: dict[str, int] = {}
    for action in actions:
        kind = kinds.get(action.resource.key.kind)
        title = kind.title if kind else action.resource.key.kind
        if not action.resource.function:
            title = f"{title} {neutralise(action.resource.key.name)}"
        counts[title] = counts.get(title, 0) + 1
    return ", ".join(title if n == 1 else f"{title} ({n})" for title, n in counts.items())


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


def _add_fields(leaf: Tree, changes: Iterable[Change], verb: Verb, mask: Mask) -> None:
    from rich.text import Text

    for change in changes:
        line = Text(neutralise(change.path) + ": ", style="dim")
        if verb is not Verb.CREATE:
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
