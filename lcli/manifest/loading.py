"""From nodes to the App: references, models and checks, with every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from lcli.aws.clients import Clients
from lcli.errors import ExitCode, LcliError, Problem
from lcli.manifest import checks, resolvers
from lcli.manifest.document import APP_MISSING
from lcli.manifest.explain import Explainer, Fault
from lcli.manifest.models import App, Function
from lcli.manifest.nodes import Map
from lcli.manifest.references import Interpolation, Path
from lcli.manifest.resolvers import Context
from lcli.manifest.scope import OUTSIDE, Scope
from lcli.resources.model import Key, Place, Ref
from lcli.triggers import settings_models

if TYPE_CHECKING:
    from lcli.manifest.document import Document, Named

_SOMEWHERE, _SOMEBODY = "us-east-1", "0" * 12
"""Region and account where a manifest is only checked and names none."""
_MOST = 100
"""Problems shown; the rest is counted."""


def load(
    document: Document,
    place: Place,
    clients: Clients | None,
    functions: Collection[str] | None,
    *,
    every_stage: bool = False,
) -> App:
    """See Document.load."""
    app, problems = _Loading(document, place, clients, document.unasked).load(functions)
    if every_stage:
        problems += _other_stages(document, place)
    if problems or app is None:
        raise LcliError(_ordered(problems), ExitCode.USAGE)
    return app


def every_problem(document: Document) -> list[Problem]:
    """All that is wrong with a manifest, as far as it shows without asking AWS."""
    place = _presumed(document, Place("", document.stage, _SOMEWHERE, _SOMEBODY))
    unasked = document.unasked | set(resolvers.REMOTE)
    return _ordered(_Loading(document, place, None, unasked).load(None)[1])


def _other_stages(document: Document, place: Place) -> list[Problem]:
    """What is wrong with the stages that were not asked for, each merged as for a deploy."""
    found: list[Problem] = []
    for stage in document.stages:
        if stage == document.stage:
            continue
        try:
            other = document.at_stage(stage, OUTSIDE)
        except LcliError as error:
            found += error.problems
            continue
        problems = _Loading(other, _presumed(other, place), None, OUTSIDE).load(None)[1]
        found += [replace(one, what=f"{one.what} (stage {stage})") for one in problems]
    return found


def _presumed(document: Document, place: Place) -> Place:
    """Where a manifest says that its stage is; `place` says what it does not."""
    identity = document.identified[0]
    return replace(
        place,
        app=identity.app,
        stage=identity.stage,
        region=next(iter(identity.regions), place.region),
        account=identity.account or place.account,
    )


class _Loading:
    """One manifest, one stage, one place on the way to an App."""

    def __init__(
        self,
        document: Document,
        place: Place,
        clients: Clients | None,
        unasked: frozenset[str],
    ) -> None:
        self.document, self.place = document, place
        found, self.naming = document.named(place)
        self.named = {each.key: each for each in found}
        self.context = _context(document, place, clients)
        parts = _parts(document, place, self.named)
        self.scope = Scope(self.context, _variables(place), parts, unasked)
        self.resolving = Interpolation(document.source, self.scope.resolve)
        identity = document.identified[1]
        if any(one.code == APP_MISSING for one in identity):
            self.resolving.failed.add(("app",))
        self.problems = [*identity, *self.naming.problems]
        self.explainer = Explainer(document.source, document.root, self.resolving.failed)

    def load(self, functions: Collection[str] | None) -> tuple[App | None, list[Problem]]:
        """The App, None where its top level is wrong, and every problem."""
        app = self._top()
        chosen = {key for key in self.named if functions is None or key in functions}
        loaded: dict[str, Function] = {}
        wrong: dict[str, frozenset[Path]] = {}
        for key in self.named:
            if key in chosen:
                function, wrong[key] = self._function(key, self.resolving, self.explainer)
                loaded |= {key: function} if function else {}
        faults = [*self._across(loaded, chosen), *self._each(loaded)]
        told = [each for each in faults if not _known_wrong(each.path, wrong)]
        found = [*self.resolving.problems, *self.explainer.problems]
        problems = [*self.problems, *found, *self.explainer.faults(told)]
        if app is None or problems:
            return None, problems
        app = app.model_copy(update={"functions": loaded})
        app._secrets = frozenset(self.context.secrets)
        app._notices = _notices(self.context)
        return _finished(self.document, self.place, app, self.named), []

    def _top(self) -> App | None:
        """Everything but the functions; what concerns a kind of triggers has a model of its own."""
        entries = self.document.root.entries
        top = {
            key: self.resolving.data(node, (key,), literal=(("local",), ("name",)))
            for key, node in entries.items()
            if key != "functions" or not isinstance(node, Map)
        }
        settings = {
            kind: self.explainer.model(model, top.pop(kind), (kind,))
            for kind, model in settings_models().items()
            if kind in top
        }
        is_map = isinstance(entries.get("functions"), Map)
        app = self.explainer.model(App, top | ({"functions": {}} if is_map else {}), ())
        if app is not None:
            app._settings = {kind: one for kind, one in settings.items() if one is not None}
        return app

    def _function(
        self, key: str, resolving: Interpolation, explainer: Explainer
    ) -> tuple[Function | None, frozenset[Path]]:
        path: Path = ("functions", key)
        data = resolving.data(self.document.function_nodes()[key], path)
        if isinstance(data, dict):
            data["name"] = self.named[key].name
        return explainer.function(data, path)

    def _across(self, loaded: Mapping[str, Function], chosen: Collection[str]) -> Iterator[Fault]:
        """Checks over all functions, also over those that the command does not name.

        Of these nothing outside of the manifest is asked, and nothing is told of them alone.
        """
        scope = replace(self.scope, unasked=OUTSIDE)
        resolving = Interpolation(self.document.source, scope.resolve)
        aside = Explainer(self.document.source, self.document.root, resolving.failed)
        all_of_them: dict[str, Function] = {}
        for key in self.named:
            function = loaded.get(key)
            if key not in chosen:
                function = self._function(key, resolving, aside)[0]
            all_of_them |= {key: function} if function else {}
        known = [
            one
            for key, one in self.named.items()
            if ("functions", key, "name") not in self.naming.failed
        ]
        yield from checks.names(known)
        yield from checks.routes(all_of_them)
        yield from checks.app(self.document.root)

    def _each(self, loaded: Mapping[str, Function]) -> Iterator[Fault]:
        layers = _keys(self.document, "layers")
        for key, function in loaded.items():
            yield from checks.function(key, function, self.document.path.parent, layers)
            if self.place.local:
                yield from checks.local(key, function)


def _known_wrong(path: Path, wrong: Mapping[str, Collection[Path]]) -> bool:
    inside = path[2:]
    return len(path) > 2 and any(
        inside[: len(part)] == part
        for part in wrong.get(str(path[1]), ())
        if path[0] == "functions"
    )


def _finished(document: Document, place: Place, app: App, named: Mapping[str, Named]) -> App:
    """Tell the models what they cannot know themselves: keys, AWS names and places."""
    app._names = {key: each.name for key, each in named.items()}
    for key, function in app.functions.items():
        function._key = key
        function._where = named[key].where
        function._handler_where = document.where(("functions", key, "handler"))
        function._triggers_where = tuple(
            document.where(("functions", key, "triggers", index))
            for index in range(len(function.triggers))
        )
    for key, layer in app.layers.items():
        layer._key = key
        layer._name = layer_name(place, key)
        layer._where = document.where(("layers", key))
    return app


def layer_name(place: Place, key: str) -> str:
    """A layer's name in AWS."""
    return "-".join(filter(None, (place.app, place.stage, key)))


def _context(document: Document, place: Place, clients: Clients | None) -> Context:
    def literal(inside: str, path: Path) -> object:
        return f"${{{inside}}}"

    node = document.root.entries.get("local")
    local = Interpolation(document.source, literal).data(node, literal=((),)) if node else {}
    return Context(
        document.environ,
        document.path.parent,
        clients,
        is_local=place.local,
        local=local if isinstance(local, dict) else {},
    )


def _variables(place: Place) -> dict[str, str]:
    return {
        "app": place.app,
        "stage": place.stage,
        "region": place.region,
        "account": place.account,
        "partition": place.partition,
    }


def _keys(document: Document, part: str) -> frozenset[str]:
    node = document.root.entries.get(part)
    return frozenset(node.entries) if isinstance(node, Map) else frozenset()


def _parts(
    document: Document, place: Place, named: Mapping[str, Named]
) -> dict[str, Callable[[], Mapping[str, Mapping[str, object]]]]:
    @cache
    def functions() -> Mapping[str, Mapping[str, object]]:
        return {key: _attributes(document, place, each) for key, each in named.items()}

    @cache
    def layers() -> Mapping[str, Mapping[str, object]]:
        return {
            key: {"arn": Ref(Key("layer", layer_name(place, key)), "arn")}
            for key in _keys(document, "layers")
        }

    return {"function": functions, "layer": layers}


def _attributes(document: Document, place: Place, named: Named) -> Mapping[str, object]:
    """What other parts can say of a function; only its URL is AWS's to choose."""
    arn = place.arn("lambda", f"function:{named.name}")
    found: dict[str, object] = {"name": named.name, "arn": arn}
    qualified = f"{named.name}:{named.alias}" if named.alias else named.name
    if named.alias:
        found["alias_arn"] = f"{arn}:{named.alias}"
    node = document.function_nodes()[named.key]
    if isinstance(node, Map) and "url" in node.entries:
        found["url"] = Ref(Key("function_url", qualified), "url")
    return found


def _notices(context: Context) -> tuple[str, ...]:
    if not context.placeholders:
        return ()
    told = ", ".join(f"${{{each}}}" for each in sorted(context.placeholders))
    return (
        f"no local value for {told}: placeholders are used; set them under local: in the manifest",
    )


def _ordered(problems: list[Problem]) -> list[Problem]:
    """By place, without repetitions (defaults reach every function), the first hundred."""

    def place(problem: Problem) -> tuple[int, int]:
        line, column = problem.where.rsplit(":", 2)[-2:]
        return int(line), int(column)

    unique: dict[tuple[str, str, str], Problem] = {}
    for problem in sorted(problems, key=place):
        unique.setdefault((problem.where, problem.code, problem.next_step), problem)
    found = list(unique.values())
    more = len(found) - _MOST
    if more <= 0:
        return found
    return [
        *found[:_MOST],
        Problem("more-problems", f"{more} more problems", next_step="correct these first"),
    ]
