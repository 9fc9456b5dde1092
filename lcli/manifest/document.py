"""A manifest that was read for one stage: its identity and its functions' names.

This needs yaml alone; the whole App, with pydantic and the SDK's data, is what loading.py makes
of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from lcli.errors import ExitCode, LcliError, Problem
from lcli.manifest import nodes, stages
from lcli.manifest.references import Interpolation, kinds
from lcli.manifest.resolvers import SECRET, Context
from lcli.manifest.scope import Scope, for_names
from lcli.manifest.source import Mark, Source, decode
from lcli.resources.model import Place
from lcli.resources.naming import default_log_group

APP_MISSING = "app-missing"
_STAND_IN = "app"
"""The app's name while the other problems of a manifest without one are looked for."""
_IDENTITY = ("app", "region", "regions", "account")


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of an app before AWS is asked anything."""

    app: str
    stage: str
    """Empty without a stage."""
    regions: tuple[str, ...]
    """From ``region`` or ``regions``; empty where the manifest says neither."""
    account: str
    """Twelve digits; empty where the manifest does not guard it."""


@dataclass(frozen=True, slots=True)
class Named:
    """A function of the manifest by its names."""

    key: str
    name: str
    """In AWS."""
    alias: str
    """Empty with ``alias: false``."""
    log_group: str
    where: str
    """``lcli.yaml:12:3``."""
    architecture: str = "x86_64"
    billed_besides: tuple[str, ...] = ()
    """What is billed besides requests and duration: ``provisioned concurrency``."""


def read(
    path: Path,
    *,
    stage: str = "",
    environ: Mapping[str, str] | None = None,
    broken: list[Problem] | None = None,
) -> Document:
    """Parse a manifest and merge one stage into it.

    Raises LcliError (USAGE) for a file that cannot be read, is not YAML, passes the limits of
    nodes.py, or has no such stage; what `nodes.parse` adds to `broken` must be told, too.
    """
    source = decode(path, _display(path))
    root = nodes.parse(source, broken)
    source = replace(source, is_yaml=True)
    merged = stages.effective(root, stage, source)
    return Document(
        path=path,
        source=source,
        stage=stage,
        stages=stages.stage_names(root),
        root=merged,
        whole=root,
        environ=os.environ if environ is None else environ,
    )


@dataclass(frozen=True)
class Document:
    """A manifest, merged for one stage; nothing is resolved yet."""

    path: Path
    source: Source
    stage: str
    stages: tuple[str, ...]
    """The stages that it has."""
    root: nodes.Map
    whole: nodes.Map = field(repr=False)
    """As it is written, no stage merged."""
    environ: Mapping[str, str] = field(repr=False)
    unasked: frozenset[str] = frozenset()
    """Kinds of references (scope.OUTSIDE) that are left alone."""

    @property
    def file(self) -> str:
        """The file as messages call it."""
        return self.source.name

    @property
    def identity(self) -> Identity:
        """App, stage, regions and account. Raises LcliError (USAGE) with what is wrong of them."""
        identity, problems = self.identified
        if problems:
            raise LcliError(problems, ExitCode.USAGE)
        return identity

    @cached_property
    def identified(self) -> tuple[Identity, tuple[Problem, ...]]:
        """The identity as far as it can be told, and what is wrong with it."""
        context = Context(self.environ, self.path.parent)
        known = {"stage": self.stage}
        scope = Scope(context, known, unasked=self.unasked)
        found: dict[str, Any] = {}
        resolving = Interpolation(self.source, for_names(scope))
        for key in _IDENTITY:
            node = self.root.entries.get(key)
            if node is not None:
                found[key] = resolving.data(node, (key,))
                known |= {key: str(found[key])} if key == "app" else {}
        problems = resolving.problems
        for path in resolving.failed:
            found.pop(str(path[0]), None)
        if ("app",) in resolving.failed:
            found["app"] = _STAND_IN
        if not isinstance(app := found.get("app"), str) or not app:
            problems.append(self._no_app(app))
            app = _STAND_IN
        several = found.get("regions")
        regions = (
            several
            if isinstance(several, list)
            else [found["region"]]
            if found.get("region")
            else []
        )
        account = str(found.get("account", ""))
        identity = Identity(app, self.stage, tuple(map(str, regions)), account)
        return identity, tuple(problems)

    @property
    def written_regions(self) -> tuple[str, ...]:
        """The regions that the manifest itself names; none where it leaves one to a reference."""
        node = self.root.entries.get("regions") or self.root.entries.get("region")
        listed = node.items if isinstance(node, nodes.Sequence) else (node,)
        texts = tuple(one.text for one in listed if isinstance(one, nodes.Scalar) and one.text)
        return () if any("${" in text for text in texts) else texts

    def _no_app(self, value: object) -> Problem:
        """What is wrong with an ``app`` that is no name at all."""
        node = self.root.entries.get("app")
        if node is None or value in (None, ""):
            mark = node.mark if node else Mark()
            return self.source.problem(
                APP_MISSING, "the manifest has no app name", mark, "write app: NAME"
            )
        said = f", not {value}" if isinstance(value, int | float) else ""
        return self.source.problem(
            APP_MISSING,
            f"app: the app's name must be text{said}",
            node.mark,
            "write a name such as photos ([a-z][a-z0-9-]*)",
        )

    def functions(self, place: Place | None = None) -> tuple[Named, ...]:
        """The functions' names, in the manifest's order, without validating anything else.

        Without `place` its account and region are what the manifest says. Raises LcliError (USAGE).
        """
        found, resolving = self.named(place)
        if resolving.problems:
            raise LcliError(resolving.problems, ExitCode.USAGE)
        return found

    def named(self, place: Place | None = None) -> tuple[tuple[Named, ...], Interpolation]:
        """The same with what could not be resolved, instead of an error."""
        resolving = Interpolation(self.source, for_names(self._scope(place)))
        functions = self.function_nodes().items()
        return tuple(self._named(key, node, resolving) for key, node in functions), resolving

    def at_stage(self, stage: str, unasked: frozenset[str]) -> Document:
        """The same manifest merged for another stage. Raises LcliError (USAGE)."""
        root = stages.effective(self.whole, stage, self.source)
        return replace(self, stage=stage, root=root, unasked=unasked)

    def where(self, path: tuple[str | int, ...]) -> str:
        """The place of a part, or of the nearest part above it: ``lcli.yaml:12:5``."""
        return self.source.where(nodes.locate(self.root, path))

    def shown(self, problem: Problem) -> Problem:
        """The problem with the line of its place, where that is in this file."""
        name, _, place = problem.where.partition(f"{self.source.name}:")
        line, _, column = place.partition(":")
        if problem.excerpt or name or not (line.isdecimal() and column.isdecimal()):
            return problem
        mark = Mark(int(line), int(column))
        return replace(problem, excerpt=self.source.excerpt(mark))

    def triggers(self, place: Place) -> dict[str, tuple[tuple[str, object], ...]]:
        """By function, its triggers as they are written: kind, and what is said of the source.

        Nothing is validated; references that need AWS stay as they are.
        """
        resolving = Interpolation(self.source, self._scope(place).resolve)
        found: dict[str, tuple[tuple[str, object], ...]] = {}
        for key, node in self.function_nodes().items():
            own = node.entries.get("triggers") if isinstance(node, nodes.Map) else None
            data = resolving.data(own, ("functions", key, "triggers")) if own else []
            listed = data if isinstance(data, list) else []
            found[key] = tuple(
                one for each in listed if isinstance(each, dict) for one in each.items()
            )
        return found

    def refers_to_secret(self, function: str, key: str) -> bool:
        """Whether a text of a function holds ``${ssm:…}`` or ``${secret:…}``; nothing is asked."""
        own = self.function_nodes().get(function)
        node = own.entries.get(key) if isinstance(own, nodes.Map) else None
        return isinstance(node, nodes.Scalar) and not SECRET.isdisjoint(kinds(node.text))

    def function_nodes(self) -> dict[str, nodes.Node]:
        """The functions as they are written, stage and defaults merged."""
        functions = self.root.entries.get("functions")
        return functions.entries if isinstance(functions, nodes.Map) else {}

    def _scope(self, place: Place | None) -> Scope:
        identity = self.identified[0]
        variables = {"app": identity.app, "stage": self.stage}
        if place is None:
            region = next(iter(identity.regions), "") or self.environ.get("AWS_REGION", "")
            variables |= {"region": region, "account": identity.account, "partition": "aws"}
        else:
            variables |= {
                "region": place.region,
                "account": place.account,
                "partition": place.partition,
            }
        is_local = place is not None and place.local
        context = Context(
            self.environ, self.path.parent, is_local=is_local, local=self.local_values
        )
        return Scope(context, variables, unasked=self.unasked)

    @cached_property
    def local_values(self) -> Mapping[str, Any]:
        """What the top-level ``local`` says, as it is written."""
        node = self.root.entries.get("local")
        data = Interpolation(self.source, _as_written).data(node, literal=((),)) if node else {}
        return data if isinstance(data, dict) else {}

    def _named(self, key: str, node: nodes.Node, resolving: Interpolation) -> Named:
        path = ("functions", key)
        own = node.entries if isinstance(node, nodes.Map) else {}
        log = own.get("log")
        log_node = log.entries.get("group") if isinstance(log, nodes.Map) else None
        template = own.get("name") or self.root.entries.get("name")
        if isinstance(template, nodes.Scalar) and template.text:
            text = template.text
            if not self.stage:
                text = text.replace("-${stage}", "").replace("${stage}-", "")
            name = str(resolving.text(text, template.mark, (*path, "name")))
        else:
            name = "-".join(filter(None, (self.identified[0].app, self.stage, key)))
        alias = own.get("alias")
        alias_value = resolving.data(alias, (*path, "alias")) if alias else "live"
        group = resolving.data(log_node, (*path, "log", "group")) if log_node else ""
        processor = own.get("architecture")
        mark = self.root.entries["functions"]
        at = mark.keys.get(key, node.mark) if isinstance(mark, nodes.Map) else node.mark
        return Named(
            key=key,
            name=name,
            alias=str(alias_value) if alias_value else "",
            log_group=str(group) or default_log_group(name),
            where=self.source.where(at),
            architecture=str(resolving.data(processor, (*path, "architecture")))
            if processor
            else "x86_64",
            billed_besides=_billed_besides(own),
        )


def _as_written(inside: str, path: object) -> object:
    return f"${{{inside}}}"


_BILLED_BY_API = (("SnapStart", "SnapStart"), ("TenancyConfig", "tenant isolation"))


def _billed_besides(own: Mapping[str, nodes.Node]) -> tuple[str, ...]:
    """By the settings that a function has."""
    found = []
    concurrency, api, storage = own.get("concurrency"), own.get("api"), own.get("storage")
    if isinstance(concurrency, nodes.Map) and "provisioned" in concurrency.entries:
        found.append("provisioned concurrency")
    if isinstance(storage, nodes.Scalar) and storage.text != "512":
        found.append("storage above 512 MB")
    if isinstance(api, nodes.Map):
        found += [name for key, name in _BILLED_BY_API if key in api.entries]
    return tuple(found)


def _display(path: Path) -> str:
    try:
        near = os.path.relpath(path)
    except ValueError:
        return str(path)
    return near if len(near) <= len(str(path)) else str(path)
