"""From nodes to the App: references, models and checks, with every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING

from lcli.aws.clients import Clients
from lcli.errors import ExitCode, LcliError, Problem
from lcli.manifest import checks
from lcli.manifest.explain import Explainer, Fault
from lcli.manifest.models import App, Function
from lcli.manifest.nodes import Map
from lcli.manifest.references import Interpolation, Path
from lcli.manifest.resolvers import Context
from lcli.manifest.scope import Scope
from lcli.resources.model import Key, Place, Ref

if TYPE_CHECKING:
    from lcli.manifest.document import Document, Named

_MOST = 100
"""Problems shown; the rest is counted."""


def load(
    document: Document, place: Place, clients: Clients | None, functions: Collection[str] | None
) -> App:
    """See Document.load."""
    named = {each.key: each for each in document.functions(place)}
    context = _context(document, place, clients)
    scope = Scope(context, _variables(place), _parts(document, place, named))
    resolving = Interpolation(document.source, scope.resolve)
    explainer = Explainer(document.source, document.root, resolving.failed)
    chosen = [key for key in named if functions is None or key in functions]

    top = {
        key: resolving.data(node, (key,), literal=(("local",), ("name",)))
        for key, node in document.root.entries.items()
        if key != "functions" or not isinstance(node, Map)
    }
    is_map = isinstance(document.root.entries.get("functions"), Map)
    app = explainer.model(App, top | ({"functions": {}} if is_map else {}), ())
    loaded: dict[str, Function] = {}
    wrong: dict[str, frozenset[str]] = {}
    for key in chosen:
        path: Path = ("functions", key)
        data = resolving.data(document.function_nodes()[key], path)
        if isinstance(data, dict):
            data["name"] = named[key].name
        function, wrong[key] = explainer.function(data, path)
        if function is not None:
            loaded[key] = function
    faults: list[Fault] = [
        *checks.names(named.values()),
        *checks.routes(loaded),
        *checks.app(document.root),
        *(
            fault
            for key, function in loaded.items()
            for fault in checks.function(
                key, function, document.path.parent, _keys(document, "layers")
            )
        ),
    ]
    told = [each for each in faults if not _known_wrong(each.path, wrong)]
    problems = [*resolving.problems, *explainer.problems, *explainer.faults(told)]
    if problems or app is None:
        raise LcliError(_ordered(problems), ExitCode.USAGE)
    app = app.model_copy(update={"functions": loaded})
    app._secrets = frozenset(context.secrets)
    app._notices = _notices(context)
    return _finished(document, place, app, named)


def _known_wrong(path: Path, wrong: Mapping[str, Collection[str]]) -> bool:
    return len(path) > 2 and path[0] == "functions" and path[2] in wrong.get(str(path[1]), ())


def _finished(document: Document, place: Place, app: App, named: Mapping[str, Named]) -> App:
    """Tell the models what they cannot know themselves: keys, AWS names and places."""
    app._names = {key: each.name for key, each in named.items()}
    for key, function in app.functions.items():
        function._key = key
        function._where = named[key].where
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
