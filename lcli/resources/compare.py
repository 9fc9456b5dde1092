"""Field-by-field comparison of a desired resource with what was read; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from lcli.resources.model import Actual, Change, Resource, Value

_ABSENT = object()
NOT_SHOWN = "(not shown by AWS)"
AS_WANTED = "(sent as the manifest says)"


def changes(wanted: Resource, actual: Actual) -> tuple[Change, ...]:
    """What differs, one `Change` a leaf (``Environment.SIZE``), sorted by path.

    Mappings are compared key by key, everything else as a whole. Fields that only `actual` has
    are not governed by lcli and do not count; an absent key inside a governed mapping does, its
    missing side shown as None.
    """
    found: list[Change] = []
    for name, after in wanted.fields.items():
        if name in actual.unknown:
            continue
        before = actual.resource.fields.get(name, _ABSENT)
        for path, old, new in _walk(name, before, after):
            if is_ignored(path, wanted.ignored):
                continue
            secret = _hides(path, wanted.secret) or _hides(path, actual.resource.secret)
            found.append(Change(path, old, new, secret))
    return tuple(sorted(found, key=lambda change: change.path))


def unseen(wanted: Resource, actual: Actual, fields: Collection[str]) -> tuple[Change, ...]:
    """Of these `fields` those that AWS would not show, as changes that send them.

    Nobody can tell whether AWS holds what is wanted, so it is sent. Where somebody else owns a part
    of it that is not seen, nothing is: it would be lost.
    """
    return tuple(
        Change(field, NOT_SHOWN, AS_WANTED)
        for field in sorted(actual.unknown.intersection(fields))
        if field in wanted.fields and not is_partly_ignored(field, wanted.ignored)
    )


def leaves(path: str, value: Value) -> Iterator[tuple[str, Value]]:
    """The fields inside a value (of a whole resource with an empty `path`) by their paths, but
    for those that hold nothing."""
    if isinstance(value, Mapping) and value:
        for key, one in value.items():
            yield from leaves(f"{path}.{key}" if path else str(key), one)
    elif value not in ("", None, (), {}):
        yield path, value


def is_ignored(path: str, ignored: Collection[str]) -> bool:
    """Whether `path` or something that it lies in belongs to somebody else."""
    return any(path == other or path.startswith(f"{other}.") for other in ignored)


def _hides(path: str, secret: Collection[str]) -> bool:
    """Whether the field is one of the secret ones, or holds one."""
    return path in secret or any(other.startswith(f"{path}.") for other in secret)


def is_partly_ignored(field: str, ignored: Collection[str]) -> bool:
    """Whether somebody else owns the field, or something in it."""
    return any(path.partition(".")[0] == field for path in ignored)


def merged(wanted: Resource, actual: Actual, field: str) -> Value:
    """The field as an update must send it: what is ignored inside it stays as it was read."""
    after, before = wanted.fields[field], actual.resource.fields.get(field)
    if is_ignored(field, wanted.ignored):
        return before
    if not (isinstance(after, Mapping) and isinstance(before, Mapping)):
        return after
    kept = {key for key in (*after, *before) if is_ignored(f"{field}.{key}", wanted.ignored)}
    return {key: item for key, item in after.items() if key not in kept} | {
        key: item for key, item in before.items() if key in kept
    }


def left(wanted: Resource, actual: Actual) -> Resource:
    """The resource as an update of all its fields must send it: see `merged`."""
    before = actual.resource.fields
    fields = {name: merged(wanted, actual, name) for name in wanted.fields if name in before}
    return replace(wanted, fields={**wanted.fields, **fields})


def _walk(path: str, before: Value, after: Value) -> Iterator[tuple[str, Value, Value]]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*after, *(key for key in before if key not in after)]:
            yield from _walk(f"{path}.{key}", before.get(key, _ABSENT), after.get(key, _ABSENT))
    elif before != after:
        yield path, None if before is _ABSENT else before, None if after is _ABSENT else after
