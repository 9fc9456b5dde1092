"""A manifest that was read for one stage: its identity at once, the whole App when asked for.

Importing this module, `read` and `Document.functions` need yaml alone; pydantic and the SDK's
data are loaded by `Document.load`.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcli.aws.clients import Clients
from lcli.errors import ExitCode, LcliError, Problem
from lcli.manifest import nodes, stages
from lcli.manifest.references import Interpolation
from lcli.manifest.resolvers import Context
from lcli.manifest.scope import Scope
from lcli.manifest.source import Mark, Source, decode, refused
from lcli.resources.model import Place

if TYPE_CHECKING:
    from lcli.manifest.models import App

FILE = "lcli.yaml"
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


def find(start: Path, *, file: str = "", environ: Mapping[str, str] | None = None) -> Path:
    """The manifest: `file`, else LCLI_FILE, else lcli.yaml in `start` or a folder above it.

    Raises LcliError where there is none. What -f or LCLI_FILE name is not checked here.
    """
    named = file or (os.environ if environ is None else environ).get("LCLI_FILE", "")
    if named:
        return start / named
    here = start.absolute()
    for folder in (here, *here.parents):
        if (folder / FILE).is_file():
            return folder / FILE
    raise refused(
        Problem(
            "no-manifest",
            f"there is no {FILE} in {here} or a folder above it",
            next_step="write one (docs/manifest.md), or name another with -f FILE",
        )
    )


def read(path: Path, *, stage: str = "", environ: Mapping[str, str] | None = None) -> Document:
    """Parse a manifest and merge one stage into it.

    Raises LcliError (USAGE) for a file that cannot be read, is not YAML, passes the limits of
    nodes.py, or has no such stage.
    """
    source = decode(path, _display(path))
    root = nodes.parse(source)
    merged = stages.effective(root, stage, source)
    return Document(
        path=path,
        source=source,
        stage=stage,
        stages=stages.stage_names(root),
        root=merged,
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
    environ: Mapping[str, str] = field(repr=False)

    @property
    def file(self) -> str:
        """The file as messages call it."""
        return self.source.name

    @cached_property
    def identity(self) -> Identity:
        """App, stage, regions and account. Raises LcliError (USAGE)."""
        context = Context(self.environ, self.path.parent)
        known = {"stage": self.stage}
        scope = Scope(context, known)
        found: dict[str, Any] = {}
        resolving = Interpolation(self.source, scope.resolve)
        for key in _IDENTITY:
            node = self.root.entries.get(key)
            if node is not None:
                found[key] = resolving.data(node, (key,))
                known |= {key: str(found[key])} if key == "app" else {}
        problems = resolving.problems
        if not isinstance(app := found.get("app"), str) or not app:
            mark = self.root.entries["app"].mark if "app" in self.root.entries else Mark()
            problems.append(
                self.source.problem(
                    "app-missing", "the manifest has no app name", mark, "write app: NAME"
                )
            )
        if problems:
            raise LcliError(problems, ExitCode.USAGE)
        several = found.get("regions")
        regions = (
            several
            if isinstance(several, list)
            else [found["region"]]
            if found.get("region")
            else []
        )
        return Identity(
            str(app), self.stage, tuple(map(str, regions)), str(found.get("account", ""))
        )

    def functions(self, place: Place | None = None) -> tuple[Named, ...]:
        """The functions' names, in the manifest's order, without validating anything else.

        Without `place` its account and region are what the manifest says. Raises LcliError (USAGE).
        """
        resolving = Interpolation(self.source, self._scope(place).resolve)
        found = tuple(
            self._named(key, node, resolving) for key, node in self.function_nodes().items()
        )
        if resolving.problems:
            raise LcliError(resolving.problems, ExitCode.USAGE)
        return found

    def load(
        self,
        place: Place,
        *,
        clients: Clients | None = None,
        functions: Collection[str] | None = None,
    ) -> App:
        """The validated manifest with all references of the named functions (all by default).

        `clients` answer ``${ssm:…}`` and the like; without them such a reference is an error
        (under --local a placeholder). Raises LcliError (USAGE) with every problem found, each
        with its place.
        """
        from lcli.manifest.loading import load

        return load(self, place, clients, functions)

    def where(self, path: tuple[str | int, ...]) -> str:
        """The place of a part, or of the nearest part above it: ``lcli.yaml:12:5``."""
        from lcli.manifest.explain import locate

        return self.source.where(locate(self.root, path))

    def function_nodes(self) -> dict[str, nodes.Node]:
        """The functions as they are written, stage and defaults merged."""
        functions = self.root.entries.get("functions")
        return functions.entries if isinstance(functions, nodes.Map) else {}

    def _scope(self, place: Place | None) -> Scope:
        identity = self.identity
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
        return Scope(Context(self.environ, self.path.parent), variables)

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
            name = "-".join(filter(None, (self.identity.app, self.stage, key)))
        alias = own.get("alias")
        alias_value = resolving.data(alias, (*path, "alias")) if alias else "live"
        group = resolving.data(log_node, (*path, "log", "group")) if log_node else ""
        mark = self.root.entries["functions"]
        at = mark.keys.get(key, node.mark) if isinstance(mark, nodes.Map) else node.mark
        return Named(
            key=key,
            name=name,
            alias=str(alias_value) if alias_value else "",
            log_group=str(group) or f"/aws/lambda/{name}",
            where=self.source.where(at),
        )


def _display(path: Path) -> str:
    try:
        near = os.path.relpath(path)
    except ValueError:
        return str(path)
    return near if len(near) <= len(str(path)) else str(path)
