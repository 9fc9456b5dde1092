"""Merging a stage over the manifest and defaults under its functions."""

from __future__ import annotations

from lcli.errors import LcliError, Problem
from lcli.manifest.nearest import listed, nearest
from lcli.manifest.nodes import Map, Node, Scalar
from lcli.manifest.source import Mark, Source, refused

MAX_MERGED = 200_000
"""Parts of one stage, with what is below every function counted in each."""
MAX_STAGES = 1_000_000
"""Parts of all stages together, where all are checked at once."""
_EMPTY = Map({}, Mark())


def merge(under: Node, over: Node) -> Node:
    """`over` laid over `under`: maps merge, anything else replaces, null stays as a mark.

    The place of a key is that of the last one that set it.
    """
    if not isinstance(under, Map) or not isinstance(over, Map):
        return over
    entries = dict(under.entries)
    for key, node in over.entries.items():
        entries[key] = merge(entries[key], node) if key in entries else node
    return Map(entries, over.mark, under.keys | over.keys, under.size + over.size)


def pruned(node: Node) -> Node:
    """Without the keys whose value is null: they remove what was there. Lists stay as they are."""
    if not isinstance(node, Map):
        return node
    entries = {key: pruned(value) for key, value in node.entries.items() if not _null(value)}
    return Map(entries, node.mark, node.keys, node.size)


def effective(root: Map, stage: str, source: Source) -> Map:
    """The manifest for one stage, without ``stages`` and ``defaults``, nulls gone.

    Precedence, low to high: top-level ``tags``, ``defaults``, the stage's ``defaults``,
    ``functions.F``, the stage's ``functions.F``. Raises LcliError for an unknown stage, and where
    the functions have more than MAX_MERGED parts.
    """
    overlay = _stage(root, stage, source)
    merged = merge(
        _without(root, "stages", "defaults", "functions"),
        _without(overlay, "defaults", "functions"),
    )
    assert isinstance(merged, Map)
    tags = merged.entries.get("tags", _EMPTY)
    below = [Map({"tags": tags}, tags.mark) if isinstance(tags, Map) else _EMPTY]
    below += [_map(each, "defaults", source) for each in (root, overlay)]
    own, staged = (_map(each, "functions", source) for each in (root, overlay))
    functions: dict[str, Node] = {}
    size = merged.size
    for key in own.entries | staged.entries:
        node: Node = _EMPTY
        base = own.entries.get(key, _EMPTY)
        at = base.mark
        # `worker:` with nothing behind it is a function of defaults, not a removed one.
        base = Map({}, at) if _null(base) else base
        for each in (*below, base, staged.entries.get(key, Map({}, at))):
            node = merge(node, each)
        size += node.size
        if size > MAX_MERGED:
            raise _too_large(source, root)
        if not _null(node):
            functions[key] = node
    entries = dict(merged.entries)
    keys = merged.keys | {k: m for k, m in root.keys.items() if k == "functions"}
    if "functions" in root.entries or functions:
        entries["functions"] = Map(functions, own.mark, own.keys | staged.keys)
    result = pruned(Map(entries, root.mark, keys, size))
    assert isinstance(result, Map)
    return result


def _too_large(source: Source, root: Map) -> LcliError:
    problem: Problem = source.problem(
        "manifest-too-large",
        f"with its defaults in every function the manifest has more than {MAX_MERGED:,} parts",
        root.keys.get("defaults", root.mark),
        "split it into several apps, or write large defaults only where they are needed",
    )
    return refused(problem)


def refuse_many(root: Map, merged: Map, source: Source) -> None:
    """Raises LcliError where all stages together, each as large as `merged`, are too much."""
    names = stage_names(root)
    if merged.size * len(names) > MAX_STAGES:
        raise refused(
            source.problem(
                "manifest-too-large",
                f"the {len(names)} stages of the manifest have more than {MAX_STAGES:,} parts",
                root.keys["stages"],
                "check one at a time with --stage NAME",
            )
        )


def stage_names(root: Map) -> tuple[str, ...]:
    """The stages that the manifest knows."""
    stages = root.entries.get("stages")
    return tuple(stages.entries) if isinstance(stages, Map) else ()


def _stage(root: Map, stage: str, source: Source) -> Map:
    stages = _map(root, "stages", source)
    if not stage or "stages" not in root.entries:
        return _EMPTY
    if stage in stages.entries:
        return _map(stages, stage, source)
    names = tuple(stages.entries)
    near = nearest(stage, names)
    hint = f"did you mean {near}?" if near else f"it has {listed(names)}"
    raise refused(
        source.problem(
            "unknown-stage", f"the manifest has no stage {stage!r}", root.keys["stages"], hint
        )
    )


def _map(node: Map, key: str, source: Source) -> Map:
    """A part that must be a map; empty where it is absent or null."""
    part = node.entries.get(key, _EMPTY)
    if isinstance(part, Map):
        return part
    if _null(part):
        return Map({}, part.mark)
    raise _not_a_map(source, key, part)


def _not_a_map(source: Source, key: str, part: Node) -> LcliError:
    problem: Problem = source.problem(
        "wrong-type",
        f"{key} takes a map",
        part.mark,
        "write its keys on lines of their own, indented",
    )
    return refused(problem)


def _without(node: Map, *keys: str) -> Map:
    entries = {key: value for key, value in node.entries.items() if key not in keys}
    return Map(entries, node.mark, node.keys, node.size)


def _null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None
