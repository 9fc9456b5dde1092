"""What pydantic and the checks refuse, as sentences with the place in the file."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lcli.errors import Problem
from lcli.manifest.models import Function
from lcli.manifest.nearest import listed, nearest
from lcli.manifest.nodes import Map, Node, Sequence, locate
from lcli.manifest.references import Path
from lcli.manifest.remainder import remainder, validated
from lcli.manifest.resolvers import Asked
from lcli.manifest.source import Source
from lcli.resources.model import Ref, Text
from lcli.triggers import settings_models, triggers
from lcli.triggers.base import Trigger

M = TypeVar("M", bound=BaseModel)
_LONG = 60

_EXPECTED: dict[str, str] = {
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    **dict.fromkeys(("string_type", "string_sub_type"), "text"),
    **dict.fromkeys(("list_type", "tuple_type"), "a list"),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "a map of settings"),
    "int_parsing_size": "a smaller number",
    "literal_error": "{expected}",
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "string_pattern_mismatch": "text that matches {pattern}",
}
"""By pydantic's type of error: what completes "expected …"."""
_SHALLOW = ("string_type", "model_type", "literal_error", "dict_type", "too_short", "tuple_type")
"""Errors of a union's other branches, pointless where something deeper is wrong."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What a check refuses: a problem that has a path instead of a place."""

    path: Path
    code: str
    what: str
    next_step: str
    at_key: bool = False
    """Point at the key instead of the value."""
    uses: tuple[Path, ...] = ()
    """In a function, what it goes by; empty for the whole key of the function that `path` is in."""

    def holds(self, wrong: Collection[Path]) -> bool:
        """Whether nothing that it goes by is among what is wrong of its function."""
        inside = self.path[2:]
        uses = self.uses or (inside[: 2 if inside[:1] == ("triggers",) else 1],)
        return not any(
            within(used, wrong) or any(within(one, (used,)) for one in wrong) for used in uses
        )


class Explainer:
    """Validates models and collects what is wrong with them."""

    def __init__(
        self,
        source: Source,
        root: Map,
        failed: Collection[Path],
        secret: Collection[Path] = (),
        placeholders: Mapping[Path, Asked] | None = None,
    ) -> None:
        self.source = source
        self.root = root
        self.failed = failed
        """Where a reference has no value, so that what pydantic says of it means nothing."""
        self.secret = secret
        """Where secrets are referred to, whose values no sentence may repeat, not even in part."""
        self.placeholders = {} if placeholders is None else placeholders
        """Where references have placeholders, and which those are."""
        self.problems: list[Problem] = []

    def model(self, model: type[M], data: object, prefix: Path) -> M | None:
        """The data as a model, or None with its problems collected."""
        return self._validated(model, data, prefix)[0]

    def top(
        self, model: type[M], data: dict[str, Any], stands_in: Mapping[str, Any]
    ) -> tuple[M | None, bool]:
        """The top level as a model, and whether all of it is right.

        Where it is not, its problems are collected, and what is wrong is left out, for the checks
        of the rest: of layers one alone, and of what must be there `stands_in` takes the place.
        """
        found, wrong = self._validated(model, data, ())
        if found is not None:
            return found, True
        left = {key: one for key, one in data.items() if (key,) not in wrong}
        if isinstance(layers := left.get("layers"), dict):
            left["layers"] = {k: one for k, one in layers.items() if ("layers", k) not in wrong}
        try:
            return model.model_validate({**stands_in, **left}), False
        except ValidationError:
            return None, False

    def _validated(
        self, model: type[M], data: object, prefix: Path
    ) -> tuple[M | None, Collection[Path]]:
        """The model, or its parts that are wrong: keys, and members of ``layers``."""
        try:
            return model.model_validate(data), ()
        except ValidationError as error:
            errors = error.errors(include_url=False)
        self._explain(model, prefix, errors)
        return None, {e["loc"][: 2 if e["loc"][:1] == ("layers",) else 1] for e in errors}

    def function(self, data: object, prefix: Path) -> tuple[Function | None, frozenset[Path]]:
        """A function as a model, and its parts that are wrong (then left out, for the checks).

        Such a part is a key, one inside it, or one of its triggers.
        """
        found = validated(data)
        if isinstance(found, Function):
            return found, frozenset()
        self._explain(Function, prefix, found)
        return remainder(data, found) if isinstance(data, dict) else (None, frozenset())

    def _explain(self, model: type[BaseModel], prefix: Path, errors: list[ErrorDetails]) -> None:
        faults: dict[Path, list[Mapping[str, Any]]] = {}
        for each in errors:
            faults.setdefault(self._path(prefix, each), []).append(each)
        above = {path[:length] for path in faults for length in range(len(path))}
        for path, group in faults.items():
            if within(path, self.failed) or self._unknown(path, group):
                continue
            told = [e for e in group if not (path in above and e["type"] in _SHALLOW)]
            if told:
                self.problems += self.faults([_fault(model, prefix, path, told)])

    def _unknown(self, path: Path, group: list[Mapping[str, Any]]) -> bool:
        """Whether the errors are about several values of a part, one of which is not known."""
        return all(one["type"] == "value_error" for one in group) and any(
            failed[: len(path)] == path for failed in self.failed
        )

    def faults(self, faults: Iterable[Fault]) -> list[Problem]:
        """Problems of the checks' faults."""
        return [
            self.source.problem(
                fault.code,
                fault.what,
                locate(self.root, fault.path, at_key=fault.at_key),
                fault.next_step,
                hide="environment" in fault.path,
            )
            for fault in map(self._of_value, faults)
            if not within(fault.path, self.failed)
        ]

    def _of_value(self, fault: Fault) -> Fault:
        """What is wrong with a value, without it where it is a secret; where it is a placeholder,
        how to set it."""
        if fault.at_key:
            return fault
        if within(fault.path, self.secret):
            what = "the secret value that is referred to here is none that it takes"
            fault = replace(fault, what=f"{dotted(fault.path)}: {what}")
        above = (fault.path[:length] for length in range(len(fault.path) + 1))
        asked = next((self.placeholders[path] for path in above if path in self.placeholders), None)
        if asked is None:
            return fault
        kind, argument = asked
        next_step = f"say what it stands for: local: {{{kind}: {{{argument}: …}}}}"
        return replace(fault, next_step=next_step)

    def _path(self, prefix: Path, error: Mapping[str, Any]) -> Path:
        """Where the error is in the manifest: pydantic's names of union branches left out."""
        path: list[str | int] = list(prefix)
        node: Node | None = _at(self.root, prefix)
        loc = error["loc"]
        for index, step in enumerate(loc):
            if isinstance(node, Map) and step in node.entries:
                node = node.entries[step]
            elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
                node = node.items[step]
            elif not (error["type"] in ("missing", "extra_forbidden") and index == len(loc) - 1):
                continue
            path.append(step)
        return tuple(path)


def within(path: Path, parts: Collection[Path]) -> bool:
    """Whether a path is one of the parts (a set), or leads into one."""
    return any(path[:length] in parts for length in range(len(path) + 1))


def _at(root: Node, path: Path) -> Node | None:
    node: Node = root
    for step in path:
        if isinstance(node, Map) and step in node.entries:
            node = node.entries[str(step)]
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            return None
    return node


def _fault(
    model: type[BaseModel],
    prefix: Path,
    path: Path,
    errors: list[Mapping[str, Any]],
) -> Fault:
    error = errors[0]
    kind, context = error["type"], error.get("ctx", {})
    name, at_key = dotted(path), error["loc"][-1:] == ("[key]",)
    if kind == "missing":
        whole = _thing(path[:-1])
        return Fault(path, "missing-key", f"{whole} has no {path[-1]}", f"add {path[-1]}:")
    if kind == "extra_forbidden":
        known = set(_known(model, error["loc"][:-1]))
        return unknown(path, _thing(path[:-1]), known)
    if kind == "union_tag_invalid":
        known = set(re.findall(r"'([^']*)'", context["expected_tags"]))
        # Two of AWS's services may have names that are alike: sns is not a wrong sqs.
        return unknown((*path, context["tag"]), "triggers", known, what="event source", cutoff=0.7)
    if kind == "union_tag_not_found":
        return Fault(
            path,
            "wrong-type",
            "a trigger is a map with one key, the kind of its source",
            f"write - KIND: NAME or - KIND: {{…}}; kinds: {', '.join(triggers())}",
        )
    if kind == "value_error":
        what = f"{name}: {context['error']}{_got(path, error)}"
        return Fault(path, "wrong-value", what, SEE, at_key=at_key)
    expected = dict.fromkeys(_expected(each) for each in errors)
    if isinstance(error["input"], Ref | Text):
        return Fault(
            path,
            "known-after-apply",
            f"{name} cannot be a value that AWS has yet to choose",
            "use it in environment or layers",
        )
    what = f"{name}: expected {' or '.join(expected)}{_got(path, error)}"
    return Fault(path, "wrong-value", what, SEE, at_key=at_key)


SEE = "see docs/manifest.md"


def unknown(
    path: Path,
    whole: str,
    known: Collection[str],
    *,
    what: str = "key",
    code: str = "unknown-key",
    cutoff: float = 0.6,
) -> Fault:
    """An unknown last step of a path, with the nearest known one or all of them."""
    word = str(path[-1])
    plain = word.lower().replace("-", "_")
    near = nearest(word, known, cutoff=cutoff) or nearest(plain, known, cutoff=cutoff)
    hint = f"did you mean {near}?" if near else f"known: {listed(known)}"
    return Fault(path, code, f"{whole} has no {what} {shortened(word)!r}", hint, at_key=True)


def _expected(error: Mapping[str, Any]) -> str:
    template = _EXPECTED.get(error["type"])
    if template is None:
        return str(error["msg"]).removeprefix("Input should be ").lower()
    return template.format(**error.get("ctx", {}))


def _got(path: Path, error: Mapping[str, Any]) -> str:
    value = error["input"]
    if "environment" in path or (error["type"] == "value_error" and _quoted(error)):
        return ""
    if isinstance(value, bool) or value is None:
        return f", not {'null' if value is None else str(value).lower()}"
    if isinstance(value, int | float):
        return f", not {value}"
    if isinstance(value, str):
        return f", not {shortened(value)!r}"
    if isinstance(value, Mapping | list | tuple):
        if "_length" in str(error.get("ctx")):
            return f", not {len(value)}"
        return ", not a map" if isinstance(value, Mapping) else ", not a list"
    return ""


def _quoted(error: Mapping[str, Any]) -> bool:
    """Whether the sentence names the value already, or is about several."""
    return not str(error["ctx"]["error"]).startswith("expected")


def dotted(path: Path) -> str:
    """A path without what its place says already: ``memory``, ``triggers[0].sqs.batch_size``."""
    rest = path[2:] if len(path) > 2 and path[0] in ("functions", "layers") else path
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in rest)
    return text.removeprefix(".") or "the manifest"


def _thing(path: Path) -> str:
    if not path:
        return "the manifest"
    if len(path) == 2 and path[0] in ("functions", "layers"):
        return f"the {str(path[0])[:-1]} {path[1]}"
    return dotted(path)


def shortened(text: str) -> str:
    """A text that is quoted in a message, cut where it is long."""
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


def _known(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """The keys that the model at a place of pydantic's path takes."""
    at: list[type[BaseModel]] = [model]
    for step in loc:
        fields = _fields(at)
        if step in fields:
            at = _models(fields[str(step)]) or at
        elif any(issubclass(each, Trigger) for each in at) and step in triggers():
            at = [triggers()[str(step)]]
        else:
            at = [each for each in at if each.__name__ == step] or at
    known = list(_fields(at))
    more = ("stages", "defaults", *settings_models())
    return [*known, *more] if "functions" in known else known


def _fields(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    return {
        field.alias or name: field.annotation
        for model in models
        for name, field in model.model_fields.items()
    }


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for each in get_args(annotation) for model in _models(each)]
