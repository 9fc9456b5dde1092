"""Functions' settings without pydantic, whose import takes longer than all else that `list` does.

What is found has the attributes and defaults of `models.Function`; tests/unit/manifest holds the
two together. AWS is not asked for anything: what needs that is left out, and said.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from lcli.manifest import resolvers
from lcli.manifest.document import Document, Named
from lcli.manifest.nodes import Map, Node
from lcli.manifest.parts import keys, layer_name, parts, variables
from lcli.manifest.references import Interpolation, Path
from lcli.manifest.resolvers import Context
from lcli.manifest.scope import Scope
from lcli.resources.model import Place, Ref, Resolved, Text

Read = Callable[[object], object]
"""Takes a value as the models would. Raises ValueError where they might not take it."""


def _text(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise ValueError
    return value


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | Resolved):
        raise ValueError
    return int(value)


def _flag(value: object) -> object:
    if isinstance(value, bool) or (isinstance(value, Resolved) and value in ("true", "false")):
        return value in (True, "true")
    raise ValueError


def _late(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, Ref | Text) else _text(value)


def _texts(value: object) -> object:
    return tuple(map(_text, _items(value)))


def _one_or_more(value: object) -> object:
    return _texts([value] if isinstance(value, str) else value)


def _items(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError
    return value


def _members(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError
    return value


def _group(**known: tuple[object, Read]) -> Read:
    """Reads a map of these members; each has its default."""

    def read(value: object) -> object:
        given = _members(value)
        if given.keys() - known.keys():
            raise ValueError
        values = {name: _or_default(given.get(name), *one) for name, one in known.items()}
        return SimpleNamespace(**values)

    return read


def _or_default(value: object, default: object, read: Read) -> object:
    return default if value is None else read(value)


def _untouched(value: object) -> object:
    return value


_LOG = _group(
    format=("text", _text),
    level=(None, _text),
    system_level=(None, _text),
    group=(None, _text),
    retention_days=(None, _untouched),
)
_VPC = _group(subnets=((), _texts), security_groups=((), _texts), ipv6=(False, _flag))
_BUILD = _group(
    kind=(None, _text), requirements=(None, _text), command=((), _one_or_more), output=("", _text)
)
_IMAGE = _group(command=((), _one_or_more), entrypoint=((), _one_or_more), workdir=(None, _text))
_FILE_SYSTEM = _group(arn=("", _text), path=("", _text))
_ROLE = _group(
    name=(None, _text),
    path=(None, _text),
    boundary=(None, _untouched),
    policies=((), _untouched),
    statements=((), _untouched),
)
_KEYS: Mapping[str, tuple[object, Read]] = {
    "api": ({}, _members),
    "architecture": ("x86_64", _text),
    "build": (_BUILD({}), _BUILD),
    "dead_letter": (None, _text),
    "description": ("", _text),
    "environment": ({}, lambda value: {k: _late(one) for k, one in _members(value).items()}),
    "exclude": ((), _texts),
    "file_systems": ((), lambda value: tuple(map(_FILE_SYSTEM, _items(value)))),
    "handler": (None, _text),
    "ignore": ((), _texts),
    "image": (None, _IMAGE),
    "include": (("**",), _texts),
    "kms_key": (None, _text),
    "layers": ((), lambda value: tuple(map(_late, _items(value)))),
    "log": (_LOG({}), _LOG),
    "memory": (128, _number),
    "role": (_ROLE({}), lambda value: value if isinstance(value, str) else _ROLE(value)),
    "runtime": (None, _text),
    "source": ("", _text),
    "storage": (512, _number),
    "timeout": (3, _number),
    "tracing": (False, _flag),
    "vpc": (None, _VPC),
}
"""What decides about a version's configuration and its code: default, and how it is read."""
_FILES = frozenset(("architecture", "build", "exclude", "handler", "include", "runtime", "source"))
_LAYER_KEYS: Mapping[str, tuple[object, Read]] = {
    "architectures": ((), _texts),
    "runtimes": ((), _texts),
    **{name: _KEYS[name] for name in ("build", "exclude", "include", "source")},
}
"""The same of a layer's files."""
APART = frozenset(
    (
        "alias",
        "async",
        "concurrency",
        "keep_versions",
        "name",
        "permissions",
        "tags",
        "triggers",
        "url",
    )
)
"""A function's other keys: what a version does not hold."""
_BY_MEMBER = frozenset({"api", "environment"})
"""Maps of which one member can be unknown, and the others not."""
_ELSEWHERE = frozenset(
    (("log", "retention_days"), ("role", "boundary"), ("role", "policies"), ("role", "statements"))
)
"""Members that a version does not hold: it does not matter whether they are known."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A function's settings, as far as they show without asking AWS."""

    key: str
    settings: Any
    """With the attributes of `models.Function` that a version holds or that its code comes of."""
    unknown: frozenset[str]
    """Keys (``memory``, ``environment.TOKEN``) whose values are not known, or make no sense."""


def plain_functions(document: Document, place: Place) -> dict[str, Plain]:
    """The functions by key, without validating them. Raises LcliError (USAGE) for bad names."""
    named = document.functions(place)
    resolving, layers = _resolving(document, place, named), keys(document, "layers")
    return {one.key: _plain(document, one, resolving, layers) for one in named}


def plain_sources(document: Document, place: Place) -> tuple[dict[str, Any], list[Any]]:
    """What decides about the files of functions (by key) and of layers, as far as it is known.

    With the attributes of `models.Function` and `models.Layer` that a build uses. What `place` has
    no word for is not known; whatever is wrong with the rest of the manifest does not count.
    """
    named, layer_keys = document.named(place)[0], keys(document, "layers")
    resolving = _resolving(document, place, named)
    functions: dict[str, Any] = {}
    for one in named:
        plain = _plain(document, one, resolving, layer_keys)
        settings = plain.settings
        if not settings.source or plain.unknown & _FILES:
            continue
        if "layers" in plain.unknown and not settings.layers:
            settings.layers = ("one that is not known",)
        settings.handler_where = document.where(("functions", one.key, "handler"))
        functions[one.key] = settings
    node = document.root.entries.get("layers")
    layers = node.entries.items() if isinstance(node, Map) else ()
    found = [_layer(document, place, key, one, resolving) for key, one in layers]
    return functions, [one for one in found if one]


def _layer(
    document: Document, place: Place, key: str, node: Node, resolving: Interpolation
) -> SimpleNamespace | None:
    path: Path = ("layers", key)
    entries = node.entries if isinstance(node, Map) else {}
    given = _LAYER_KEYS.keys() & entries.keys()
    values = {name: resolving.data(entries[name], (*path, name)) for name in given}
    known = all(failed[:2] != path for failed in resolving.failed)
    try:
        read = {name: _or_default(values.get(name), *one) for name, one in _LAYER_KEYS.items()}
    except ValueError:
        return None
    where, name = document.where((*path, "source")), layer_name(place, key)
    made = SimpleNamespace(**read, key=key, name=name, where=where)
    return made if known and made.source else None


def _resolving(document: Document, place: Place, named: Iterable[Named]) -> Interpolation:
    context = Context(document.environ, document.path.parent, is_local=place.local)
    scope = Scope(
        context,
        variables(place),
        parts(document, place, {one.key: one for one in named}),
        document.unasked | frozenset(resolvers.REMOTE),
    )
    return Interpolation(document.source, scope.resolve)


def _plain(
    document: Document, named: Named, resolving: Interpolation, layers: Collection[str]
) -> Plain:
    node = document.function_nodes()[named.key]
    entries = node.entries if isinstance(node, Map) else {}
    path: Path = ("functions", named.key)
    unknown = {key for key in entries if key not in _KEYS and key not in APART}
    values: dict[str, object] = {key: default for key, (default, _) in _KEYS.items()}
    for key in entries.keys() & _KEYS.keys():
        value = resolving.data(entries[key], (*path, key))
        lost = set(_lost(key, value, [p[3:] for p in resolving.failed if p[:3] == (*path, key)]))
        unknown |= lost
        if key in lost:
            continue
        if isinstance(value, dict) and lost:
            value = {name: one for name, one in value.items() if f"{key}.{name}" not in lost}
        try:
            values[key] = _or_default(value, *_KEYS[key])
        except ValueError:
            unknown.add(key)
    source = str(values["source"])
    settings = SimpleNamespace(
        **values,
        name=named.name,
        qualifier=named.alias,
        where=named.where,
        handler_where="",
        is_image=".dkr.ecr." in source.partition("/")[0],
    )
    if any(not isinstance(one, str) or one in layers for one in settings.layers):
        unknown.add("layers")  # which version it is AWS chooses
    return Plain(named.key, settings, frozenset(unknown))


def _lost(key: str, value: object, failed: Collection[Path]) -> Iterator[str]:
    """The keys whose references could not be resolved."""
    for path in failed:
        if (key, *path[:1]) in _ELSEWHERE:
            continue
        by_member = key in _BY_MEMBER and path and isinstance(value, dict)
        yield f"{key}.{path[0]}" if by_member else key
