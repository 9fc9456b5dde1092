"""``${…}`` inside the manifest's texts: finding them and putting values in their place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import TypeAlias

from lcli.errors import Problem
from lcli.manifest.nodes import Map, Node, Sequence
from lcli.manifest.source import Mark, Source
from lcli.resources.model import Ref, Resolved, Text

Path: TypeAlias = tuple[str | int, ...]
_DEPTH = 8
_TEXTS = ("environment", "tags")
"""Maps whose values are texts whatever they look like: ``VERSION: 1.10`` stays 1.10."""


UNASKED = "not-asked"
"""Code of an Unresolved that is no error: the value was not to be asked for."""


class Unresolved(Exception):
    """A reference that has no value: a code, what is wrong, and what to do."""

    def __init__(self, code: str, what: str, next_step: str) -> None:
        super().__init__(what)
        self.code, self.what, self.next_step = code, what, next_step


@dataclass(frozen=True, slots=True)
class Reference:
    """``${…}``: its inside may hold references again."""

    inside: tuple[str | Reference, ...]


def parse(text: str) -> tuple[str | Reference, ...]:
    """A text's literal parts and references; ``$${`` is a literal ``${``.

    Raises Unresolved for a reference that is not closed or nested too deep.
    """
    parts, _ = _parse(text, 0, 0)
    return parts


def kinds(text: str) -> frozenset[str]:
    """The kinds of a text's references, also of those inside others: ``{"ssm"}``.

    None where the text cannot be read.
    """
    try:
        return frozenset(_kinds(parse(text)))
    except Unresolved:
        return frozenset()


def _kinds(parts: Iterable[str | Reference]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Reference):
            yield str(next(iter(part.inside), "")).partition(":")[0].strip()
            yield from _kinds(part.inside)


_NEXT = re.compile(r"\$\$\{|\$\{|\}")


def _parse(text: str, at: int, depth: int) -> tuple[tuple[str | Reference, ...], int]:
    parts: list[str | Reference] = []
    literal: list[str] = []

    def take_literal() -> None:
        if whole := "".join(literal):
            parts.append(whole)
        literal.clear()

    while found := _NEXT.search(text, at):
        literal.append(text[at : found.start()])
        at = found.end()
        if found[0] == "$${":
            literal.append("${")
        elif found[0] == "${":
            if depth == _DEPTH:
                raise Unresolved(
                    "reference-too-deep", "references are nested too deep", "write it flatter"
                )
            take_literal()
            inside, at = _parse(text, at, depth + 1)
            parts.append(Reference(inside))
        elif depth:
            take_literal()
            return tuple(parts), at
        else:
            literal.append("}")
    if depth:
        raise Unresolved(
            "reference-open",
            "a reference ${… is not closed",
            "add }, or write $${ for a literal ${",
        )
    literal.append(text[at:])
    take_literal()
    return tuple(parts), len(text)


Resolve: TypeAlias = Callable[[str, Path], object]
"""Gives the value of what stands inside ``${…}``; the path says where. Raises Unresolved."""


@dataclass
class Interpolation:
    """Turns nodes into plain data; problems are collected, each with its place."""

    source: Source
    resolve: Resolve
    problems: list[Problem] = field(default_factory=list)
    failed: set[Path] = field(default_factory=set)
    """Paths whose value is not known, since a reference in it failed."""
    values: dict[Path, object] = field(default_factory=dict)
    """What stands for the texts that hold references."""

    def data(self, node: Node, path: Path = (), *, literal: Iterable[Path] = ()) -> object:
        """Maps as dicts, lists as lists, texts with their references resolved.

        Nothing is resolved at and below the paths of `literal`.
        """
        raw = path in literal
        if isinstance(node, Map):
            return {
                key: self.data(value, (*path, key), literal=((*path, key),) if raw else literal)
                for key, value in node.entries.items()
            }
        if isinstance(node, Sequence):
            return [
                self.data(item, (*path, index), literal=((*path, index),) if raw else literal)
                for index, item in enumerate(node.items)
            ]
        if raw:
            return node.value
        if isinstance(node.value, str):
            return self.text(node.value, node.mark, path)
        if node.value is not None and len(path) > 1 and path[-2] in _TEXTS:
            return node.text
        return node.value

    def text(self, text: str, mark: Mark, path: Path) -> object:
        """One text; a whole one that is one reference keeps the resolved type."""
        if "${" not in text:
            return text
        try:
            value = self._value(parse(text), path)
            self.values[path] = value
            return Resolved(value) if isinstance(value, str) else value
        except Unresolved as error:
            self.failed.add(path)
            if error.code == UNASKED:
                return text
            mark = _within(self.source, mark, text)
            hide = "environment" in path
            self.problems.append(
                self.source.problem(error.code, error.what, mark, error.next_step, hide=hide)
            )
            return text

    def _value(self, parts: tuple[str | Reference, ...], path: Path) -> object:
        values = [
            part if isinstance(part, str) else self.resolve(self._inside(part, path), path)
            for part in parts
        ]
        return values[0] if len(values) == 1 else joined(values)

    def _inside(self, reference: Reference, path: Path) -> str:
        value = self._value(reference.inside, path) if reference.inside else ""
        if not isinstance(value, str):
            raise Unresolved(
                "reference-not-text",
                "a reference inside a reference must give text that is known before the deploy",
                "use one that gives text, such as ${stage} or ${env:NAME}",
            )
        return value


def joined(values: list[object]) -> str | Text:
    """One text of several values; a Text where AWS has yet to choose one of them."""
    parts: list[str | Ref] = []
    for value in values:
        if isinstance(value, dict | list | tuple):
            raise Unresolved(
                "reference-not-text",
                "a list or map cannot stand inside a text",
                "let the reference be the whole value, or name one of its parts",
            )
        if isinstance(value, Text):
            parts += value.parts
        elif isinstance(value, Ref):
            parts.append(value)
        elif value is None or isinstance(value, bool):
            parts.append("" if value is None else str(value).lower())
        else:
            parts.append(str(value))
    whole = [
        one
        for is_text, group in groupby(parts, lambda part: isinstance(part, str))
        for one in (["".join(map(str, group))] if is_text else group)
    ]
    if all(isinstance(part, str) for part in whole):
        return "".join(map(str, whole))
    return Text(tuple(whole))


def _within(source: Source, mark: Mark, text: str) -> Mark:
    """The place of the first reference of a scalar, where it stands on the scalar's first line."""
    start = source.line(mark.line).find("${", mark.column - 1)
    return mark if start < 0 or "\n" in text else Mark(mark.line, start + 1)
