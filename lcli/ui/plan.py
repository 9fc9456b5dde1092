"""A plan as a tree for people: a branch a function, a line a resource, its fields below it.

Of what exists every change is told in full. A new function is told in brief: what its manifest
says beyond the defaults, and in one line what comes along with every function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from lcli.resources.compare import is_ignored, leaves
from lcli.resources.kind import Kind
from lcli.resources.model import Action, Change, Verb
from lcli.ui.changes import add_fields, in_line
from lcli.ui.mask import Mask
from lcli.ui.neutral import neutralise

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

SIGNS = {
    Verb.CREATE: ("+", "green"),
    Verb.UPDATE: ("~", "yellow"),
    Verb.REPLACE: ("±", "magenta"),
    Verb.DELETE: ("-", "red"),
}
Kinds = Mapping[str, Kind]


def plan_tree(
    title: str, actions: Iterable[Action], kinds: Kinds, mask: Mask, *, full: bool = False
) -> Tree:
    """What would change. With `full` every field of what is new is told, too.

    Nothing is told twice, nor lcli's own marks on what is new; the JSON document has it all.
    """
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(Text(neutralise(title), style="bold"))
    by_owner: dict[str, list[Action]] = {}
    for action in actions:
        if action.verb is not Verb.NONE:
            by_owner.setdefault(action.resource.function, []).append(action)
    for owner in sorted(by_owner, key=bool):  # what the app shares comes first
        branch = tree.add(Text(neutralise(owner or "shared by the app"), "bold"))
        _add_actions(branch, by_owner[owner], kinds, mask, full)
    return tree


def summary(actions: Iterable[Action], kinds: Kinds) -> str:
    """``3 to create, 1 to update, 1 to publish``, or ``no changes``."""
    names = ("to create", "to update", "to publish", "to replace", "to delete")
    counts = dict.fromkeys(names, 0)
    for action in actions:
        if action.verb is not Verb.NONE:
            verb = "publish" if is_published(action, kinds) else action.verb.value
            counts[f"to {verb}"] += 1
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "no changes"


def is_published(action: Action, kinds: Kinds) -> bool:
    """Whether a new version is made beside the old one, which stays: nothing is replaced."""
    kind = kinds.get(action.resource.key.kind)
    return action.verb is Verb.REPLACE and kind is not None and kind.keeps


def is_in_brief(actions: Iterable[Action]) -> bool:
    """Whether a tree that is not full may leave out fields."""
    own = [action for action in actions if action.verb is Verb.CREATE]
    return any(_is_new(action.resource.function, own) for action in own)


def _is_new(owner: str, actions: Iterable[Action]) -> bool:
    """Whether these make a function that was not there, or are shared by the app: not part of
    anything that exists."""
    return not owner or any(
        one.verb is Verb.CREATE
        and one.resource.key.kind == "function"
        and one.resource.function == owner
        for one in actions
    )


def _add_actions(branch: Tree, own: list[Action], kinds: Kinds, mask: Mask, full: bool) -> None:
    """A line an action with its fields; of what is new in brief, and the rest of it in one line."""
    brief = not full and _is_new(own[0].resource.function, own)
    plain: list[Action] = []
    for action in own:
        if not (brief and action.verb is Verb.CREATE):
            leaf = branch.add(_headline(action, kinds, mask))
            if action.verb is not Verb.DELETE:
                add_fields(leaf, _telling(action, own), mask, new=action.verb is Verb.CREATE)
            continue
        kind = kinds.get(action.resource.key.kind)
        told = _beyond_usual(_telling(action, own), action, kind)
        if kind and kind.comes_along and not (told or action.confirm or action.reason):
            plain.append(action)
            continue
        short, long = in_line(told, mask)
        line = _headline(action, kinds, mask)
        add_fields(branch.add(line.append_text(short)), long, mask, new=True)
    if plain:
        branch.add(_together(plain, own, kinds, mask))


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


def _beyond_usual(changes: Iterable[Change], action: Action, kind: Kind | None) -> list[Change]:
    """The fields of a new thing without what follows from the rest, or is so by default."""
    usual = dict(leaves("", kind.usual(action.resource))) if kind else {}
    derived = kind.derived if kind else frozenset()
    told = []
    for change in changes:
        value, plain = change.after, usual.get(change.path)
        if isinstance(value, tuple) and isinstance(plain, tuple):
            value = tuple(one for one in value if one not in plain)
        if value not in ((), plain) and not is_ignored(change.path, derived):
            told.append(replace(change, after=value))
    return told


def _together(actions: list[Action], own: list[Action], kinds: Kinds, mask: Mask) -> Text:
    """``+ execution role, log group, version``; with its name where that is not the function's."""
    from rich.text import Text

    words = [one.resource.key.name for one in own if one.resource.key.kind == "function"]
    words += filter(None, [own[0].resource.function])
    titles: list[str] = []
    for action in actions:
        key = action.resource.key
        is_after = any(word in key.name for word in words)
        name = "" if is_after else f" {neutralise(mask.text(key.name))}"
        titles.append(_title(action, kinds) + name)
    return Text(f"+ {', '.join(titles)}", style="green")


def _title(action: Action, kinds: Kinds) -> str:
    kind = kinds.get(action.resource.key.kind)
    return kind.title if kind else action.resource.key.kind


def _headline(action: Action, kinds: Kinds, mask: Mask) -> Text:
    from rich.text import Text

    sign, style = SIGNS[Verb.CREATE if is_published(action, kinds) else action.verb]
    line = Text(f"{sign} {_title(action, kinds)} ", style=style)
    line.append(neutralise(mask.text(action.resource.key.name)))
    if action.reason:
        line.append(f"  ({neutralise(mask.text(action.reason))})", "dim")
    if action.confirm:
        line.append(f"  ! {neutralise(mask.text(action.confirm))}", "bold red")
    return line
