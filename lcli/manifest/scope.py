"""What ``${…}`` can stand for at a place of the manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lcli.manifest import resolvers
from lcli.manifest.arguments import TAKEN_APART
from lcli.manifest.lookup import among
from lcli.manifest.nearest import nearest
from lcli.manifest.references import UNASKED, Path, Resolve, Unresolved
from lcli.manifest.resolvers import Context

VARIABLES = ("app", "stage", "region", "account", "partition", "function")
INSIDE = ("function", "layer")
"""Kinds that refer to another part of the manifest."""
OUTSIDE = frozenset((*resolvers.LIGHT, *resolvers.REMOTE))
"""Kinds that refer to what lies outside of the manifest."""
KINDS = (*resolvers.LIGHT, *resolvers.REMOTE, *INSIDE)

Parts = Callable[[], Mapping[str, Mapping[str, object]]]


@dataclass
class Scope:
    """Gives the value of a reference by where it stands."""

    context: Context
    variables: Mapping[str, str]
    """``app``, ``stage``, ``region``, ``account``, ``partition`` as far as they are known."""
    parts: Mapping[str, Parts] = field(default_factory=dict)
    """By kind (function, layer): attributes of each part by its key."""
    unasked: frozenset[str] = frozenset()
    """Kinds and variables that are not asked for: they count as right, whatever they would be."""
    only: frozenset[str] | None = None
    """Keys of functions and layers for which AWS is asked; None for all places."""

    def resolve(self, inside: str, path: Path) -> Any:
        """The value of ``${inside}`` at a path. Raises Unresolved."""
        kind, colon, argument = inside.partition(":")
        kind, argument = kind.strip(), argument.strip()
        if not colon:
            return self._variable(kind, path)
        if kind not in KINDS:
            raise _unknown(inside, kind, KINDS)
        if not argument:
            raise Unresolved(
                "reference-malformed", f"${{{kind}:}} names nothing", f"write ${{{kind}:NAME}}"
            )
        if taken_apart := TAKEN_APART.get(kind):
            taken_apart(argument)
        if kind in self.unasked or (kind in resolvers.REMOTE and not self._is_used(path)):
            raise Unresolved(UNASKED, f"${{{inside}}} was not asked for", "")
        if kind in INSIDE:
            return self._part(kind, argument)
        return resolvers.resolve(kind, argument, self.context, path)

    def _is_used(self, path: Path) -> bool:
        return self.only is None or (len(path) > 2 and path[2] in self.only)

    def _variable(self, name: str, path: Path) -> str:
        if name not in VARIABLES:
            raise _unknown(name, name, (*VARIABLES, *(f"{kind}:" for kind in KINDS)))
        if name in self.unasked:
            raise Unresolved(UNASKED, f"${{{name}}} was not asked for", "")
        if name == "function":
            if len(path) > 1 and path[0] == "functions":
                return str(path[1])
            raise Unresolved(
                "reference-absent",
                "${function} has a meaning only inside a function, defaults and name",
                "write ${function:NAME.arn} to refer to one",
            )
        value = self.variables.get(name, "")
        if not value and name != "stage":
            raise Unresolved(
                "reference-absent",
                f"${{{name}}} is not known here",
                f"set {name}: in the manifest, or do not use it in app, region, account or names",
            )
        return value

    def _part(self, kind: str, argument: str) -> Any:
        name, dot, attribute = argument.rpartition(".")
        if not dot:
            raise Unresolved(
                "reference-malformed",
                f"{argument!r} names no attribute",
                f"write ${{{kind}:{argument}.arn}}",
            )
        if kind not in self.parts:
            raise Unresolved(
                "reference-absent",
                f"${{{kind}:…}} is not known here",
                "do not use it in app, region, account or names",
            )
        part = among(self.parts[kind](), name, f"a {kind} of this manifest")
        return among(part, attribute, f"an attribute of the {kind} {name}")


def for_names(scope: Scope) -> Resolve:
    """For what decides where things are (app, region, name, alias, …): AWS is not asked.

    Under --local they have the values of the manifest's ``local:`` map. Errors name the key.
    """

    def resolve(inside: str, path: Path) -> Any:
        key = ".".join(map(str, path[2:] if path[0] == "functions" else path[:1]))
        try:
            value = scope.resolve(inside, path)
        except Unresolved as error:
            if error.code != resolvers.NOT_ASKED:
                raise
            raise Unresolved(error.code, f"{key}: {error.what}", error.next_step) from error
        if asked := scope.context.placeholders.get(path):
            raise Unresolved(
                "reference-absent",
                f"{key}: ${{{inside}}} has no value under local, and AWS is not asked for names",
                "say what it stands for: local: {{{}: {{{}: …}}}}".format(*asked),
            )
        return value

    return resolve


def _unknown(inside: str, word: str, known: tuple[str, ...]) -> Unresolved:
    near = nearest(word, known)
    hint = f"did you mean ${{{near}}}? " if near else ""
    return Unresolved(
        "unknown-reference",
        f"${{{inside}}} is no reference",
        f"{hint}known: {', '.join((*VARIABLES, *(f'{kind}:' for kind in KINDS)))}; "
        f"for the text itself write $${{{inside}}}",
    )
