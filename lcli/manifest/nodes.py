"""YAML as nodes that know their place in the file.

The text is read from parser events, under limits that hold before anything is built: the
recursive composers of PyYAML crash on 30,000 open brackets and expand aliases without end, while
libyaml's event parser keeps its own stack and reads a mebibyte in a second.

Scalars follow YAML 1.2's core schema, more strictly: only true, false, null, decimal numbers
without leading zeros and their usual spellings are not text. So ``NO``, ``22:22``,
``2024-01-01`` and ``012345670123`` are text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml

from lcli.errors import ExitCode, LcliError, Problem
from lcli.manifest.source import Mark, Source, refused

MAX_EVENTS = 100_000
MAX_NODES = 100_000
"""Of the tree with all aliases and merge keys expanded."""
MAX_DEPTH = 50
MAX_BROKEN = 100
"""Duplicate keys and tags that are told."""
MAX_NUMBER = 40
"""Characters of a number."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, number, truth value or null, with the text that stood for it."""

    value: str | int | float | bool | None
    text: str
    mark: Mark
    size: int = 1


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    mark: Mark
    size: int = 1


@dataclass(frozen=True, slots=True)
class Map:
    """A map; `keys` says where each of its keys stands."""

    entries: dict[str, Node]
    mark: Mark
    keys: dict[str, Mark] = field(default_factory=dict)
    size: int = 1


Node: TypeAlias = Scalar | Sequence | Map


def locate(root: Node, path: Iterable[str | int], *, at_key: bool = False) -> Mark:
    """The place of a part of the tree, or of the nearest part above it."""
    mark = root.mark
    node: Node = root
    steps = tuple(path)
    for index, step in enumerate(steps):
        if isinstance(node, Map) and isinstance(step, str) and step in node.entries:
            key = node.keys.get(step, node.mark)
            node = node.entries[step]
            last = index == len(steps) - 1
            mark = key if (last and at_key) or not _leaf(node) else node.mark
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            mark = node.mark
    return mark


def _leaf(node: Node) -> bool:
    return not isinstance(node, Map | Sequence)


def parse(source: Source, broken: list[Problem] | None = None) -> Map:
    """The manifest's root. Raises LcliError for what is not YAML, too large, or not a map.

    What is refused and yet leaves the rest readable (duplicate keys, tags) goes to `broken`, as if
    the first of the keys alone, or no tag, stood there; without `broken` it is raised in the end.
    """
    reader = _Reader(source)
    try:
        root = reader.document()
    except yaml.YAMLError as error:
        raise _all(reader.broken, _syntax(source, error)) from error
    except LcliError as error:
        raise _all(reader.broken, *error.problems) from error
    if not isinstance(root, Map):
        not_a_map = source.problem(
            "manifest-empty" if isinstance(root, Scalar) and not root.text else "not-a-map",
            "a manifest is a map that begins with app: NAME",
            root.mark,
            "see docs/manifest.md",
        )
        raise _all(reader.broken, not_a_map)
    if broken is not None:
        broken += reader.broken
    elif reader.broken:
        raise _all(reader.broken)
    return root


def _all(broken: Iterable[Problem], *last: Problem) -> LcliError:
    return LcliError((*broken, *last), ExitCode.USAGE)


def _syntax(source: Source, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        place = Mark(mark.line + 1, mark.column + 1)
    else:
        # A ReaderError tells an offset alone, in bytes or characters by parser.
        before = source.text.encode()[: getattr(error, "position", 0) or 0].decode(errors="ignore")
        place = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is not YAML"
    what, place, step = _told(source, error, what, place)
    return source.problem("not-yaml", f"this is not YAML: {what}", place, step)


def _told(source: Source, error: yaml.YAMLError, what: str, place: Mark) -> tuple[str, Mark, str]:
    """The parser's words as what there is to mend, where, and how."""
    began = getattr(error, "context_mark", None)
    line = source.line(place.line)
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "a tab cannot indent a line", place, "indent with spaces"
    for words, opened in _OPENED.items():
        if began and began.line + 1 < place.line and words in str(getattr(error, "context", "")):
            return f"{opened} is not closed", Mark(began.line + 1, began.column + 1), "close it"
    if what in _OUT_OF_LINE:
        return what, place, "begin the keys of one map, or the dashes of one list, in one column"
    return what, place, _QUOTE


_OPENED = {"flow mapping": "this {", "flow sequence": "this [", "quoted scalar": "this quote"}
"""What the parser was in the middle of when it met something else on a later line."""
_OUT_OF_LINE = ("did not find expected key", "did not find expected '-' indicator")
_QUOTE = "quote the value if it contains ': ', '#', '{', '[' or begins with '*', '&', '!', '%'"


class _Reader:
    """Builds nodes from events; its stack is its own recursion, at most MAX_DEPTH deep."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.events: Iterator[yaml.Event] = yaml.parse(source.text, Loader=_LOADER)
        self.count = 0
        self.anchors: dict[str, Node] = {}
        self.broken: list[Problem] = []

    def refuse(self, code: str, what: str, mark: Mark, next_step: str) -> None:
        """Note what is wrong with something that can be read on beyond; a hundred is enough."""
        self.broken.append(self.source.problem(code, what, mark, next_step))
        if len(self.broken) == MAX_BROKEN:
            raise self.fail("more-problems", "there may be more", mark, "correct these first")

    def fail(self, code: str, what: str, mark: Mark, next_step: str) -> LcliError:
        return refused(self.source.problem(code, what, mark, next_step))

    def named(self, text: str, mark: Mark, what: str, unnamed: str) -> str:
        """What stands at a place, with its text unless that may be an environment's value."""
        return unnamed if self.source.hides(mark) else f"{what} {_short(text)}".strip()

    def next(self) -> yaml.Event:
        event = next(self.events)
        self.count += 1
        if self.count > MAX_EVENTS:
            raise self.fail(
                "manifest-too-large",
                f"the manifest has more than {MAX_EVENTS:,} parts",
                _mark(event),
                "split it into several apps",
            )
        return event

    def document(self) -> Node:
        """The only document."""
        self.next()
        if isinstance(event := self.next(), yaml.StreamEndEvent):
            return Scalar(None, "", Mark())
        root = self.node(self.next(), 0)
        self.next()
        if not isinstance(event := self.next(), yaml.StreamEndEvent):
            raise self.fail(
                "second-document",
                "a manifest is one YAML document",
                _mark(event),
                "remove this ---",
            )
        return root

    def node(self, event: yaml.Event, depth: int) -> Node:
        mark = _mark(event)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event.anchor or "", mark)
        if not isinstance(event, yaml.NodeEvent):
            raise yaml.YAMLError("the value is missing")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self.refuse(
                "tag-refused",
                f"{self.named(tag, mark, 'the tag', 'a tag')} is not allowed in a manifest",
                mark,
                "write the value without it; quotes make a text of anything",
            )
        if depth > MAX_DEPTH:
            raise self.fail(
                "manifest-too-deep",
                f"more than {MAX_DEPTH} levels of lists and maps",
                mark,
                "write it flatter",
            )
        if isinstance(event, yaml.MappingStartEvent):
            node: Node = self.mapping(mark, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self.sequence(mark, depth)
        else:
            node = self.scalar(event, mark)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def alias(self, name: str, mark: Mark) -> Node:
        if name not in self.anchors:
            alias = self.named(f"*{name}", mark, "the alias", "an alias (*)")
            anchor = self.named(f"&{name}", mark, "", "its anchor (&)")
            raise self.fail(
                "alias-undefined",
                f"{alias} stands for nothing that is complete before it",
                mark,
                f"write {anchor} before the value that is meant, or quote the text",
            )
        return self.anchors[name]

    def grown(self, size: int, mark: Mark) -> int:
        if size > MAX_NODES:
            raise self.fail(
                "alias-bomb",
                f"with its aliases expanded the manifest has more than {MAX_NODES:,} parts",
                mark,
                "repeat less through aliases (*name, <<)",
            )
        return size

    def sequence(self, mark: Mark, depth: int) -> Sequence:
        items: list[Node] = []
        size = 1
        while not isinstance(event := self.next(), yaml.SequenceEndEvent):
            item = self.node(event, depth + 1)
            size = self.grown(size + item.size, _mark(event))
            items.append(item)
        return Sequence(tuple(items), mark, size)

    def mapping(self, mark: Mark, depth: int) -> Map:
        entries: dict[str, Node] = {}
        keys: dict[str, Mark] = {}
        merged: list[Map] = []
        size = 1
        while not isinstance(event := self.next(), yaml.MappingEndEvent):
            at = _mark(event)
            key = self.key(event, depth)
            node = self.node(self.next(), depth + 1)
            size = self.grown(size + node.size, at)
            if key == "<<" and not getattr(event, "style", None):
                merged.extend(self.merged(node, at))
                continue
            if key in keys:
                self.refuse(
                    "duplicate-key",
                    f"{self.named(key, at, '', 'this key')} is already set on line "
                    f"{keys[key].line}",
                    at,
                    "keep one of them",
                )
                continue
            entries[key], keys[key] = node, at
        for other in merged:
            for key, node in other.entries.items():
                if key not in entries:
                    size = self.grown(size + node.size, mark)
                    entries[key], keys[key] = node, other.keys[key]
        return Map(entries, mark, keys, size)

    def key(self, event: yaml.Event, depth: int) -> str:
        node = self.node(event, depth + 1)
        if not isinstance(node, Scalar):
            raise self.fail(
                "key-not-text", "a key must be text", node.mark, "quote it if text is meant"
            )
        return node.text

    def merged(self, node: Node, mark: Mark) -> list[Map]:
        maps = list(node.items) if isinstance(node, Sequence) else [node]
        found = [each for each in maps if isinstance(each, Map)]
        if len(found) != len(maps):
            raise self.fail(
                "merge-not-a-map",
                "<< takes the alias of a map, or a list of such aliases",
                mark,
                "write <<: *name",
            )
        return found

    def scalar(self, event: yaml.Event, mark: Mark) -> Scalar:
        text = str(getattr(event, "value", ""))
        if getattr(event, "style", None):
            return Scalar(text, text, mark)
        if text in _WORDS:
            return Scalar(_WORDS[text], text, mark)
        if not _FLOAT.match(text):
            return Scalar(text, text, mark)
        number = int(text) if len(text) <= MAX_NUMBER and _INT.match(text) else None
        if number is None and (len(text) > MAX_NUMBER or not math.isfinite(float(text))):
            raise self.fail(
                "number-too-long",
                f"{self.named(text, mark, 'the number', 'a number')} is too large",
                mark,
                "quote it if text is meant",
            )
        return Scalar(float(text) if number is None else number, text, mark)


def _mark(event: yaml.Event) -> Mark:
    start = event.start_mark
    return Mark(start.line + 1, start.column + 1) if start else Mark()


def _short(text: str) -> str:
    return text if len(text) <= MAX_NUMBER else f"{text[:MAX_NUMBER]}…"
