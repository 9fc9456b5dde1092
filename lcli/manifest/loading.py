"""From nodes to the App: references, models and checks, with every problem at once."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from lcli.aws.clients import Clients
from lcli.errors import ExitCode, LcliError, Problem
from lcli.manifest import checks, code_checks, resolvers, trigger_checks
from lcli.manifest.document import APP_MISSING, Document
from lcli.manifest.explain import Explainer, Fault
from lcli.manifest.models import App, Function, Layer
from lcli.manifest.nearest import renew
from lcli.manifest.nodes import Map
from lcli.manifest.parts import keys, layer_name, parts, variables
from lcli.manifest.references import UNASKED, Interpolation, Path, Unresolved
from lcli.manifest.resolvers import Context
from lcli.manifest.scope import OUTSIDE, Scope
from lcli.resources.model import Place
from lcli.triggers import settings_models

_SOMEWHERE, _SOMEBODY = "us-east-1", "0" * 12
"""Region and account where a manifest is only checked and names none."""
_STAND_IN = {"app": "app", "functions": {}}
"""What must be there, for the checks of the rest."""
_MOST = 100
"""Problems shown; the rest is counted."""
_TREE = ("source", "build", "include", "exclude", "layers")
"""What of a function decides which files its code has."""
_CALLED = ("runtime", "handler")
"""What must be in them. A wrong one is left out, and nothing is looked for then."""
BUILT = frozenset((*_TREE, *_CALLED, "architecture", "architectures", "runtimes")) - {"layers"}
"""What of functions and layers a build uses."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found of a manifest at one stage."""

    app: App | None
    """None where anything is wrong."""
    problems: tuple[Problem, ...]
    functions: tuple[Function, ...]
    """Those of which enough is right to look into their sources."""
    layers: tuple[Layer, ...] = ()
    """The same of layers, also of those that no function uses."""
    secrets: frozenset[str] = frozenset()
    """Resolved ``ssm`` and ``secret`` values, for redaction by value."""


def load(
    document: Document,
    place: Place,
    *,
    clients: Clients | None = None,
    functions: Collection[str] | None = None,
) -> App:
    """The validated manifest with all references of the named functions (all by default).

    `clients` answer ``${ssm:…}`` and the like; without them such a reference is an error (under
    --local a placeholder). Raises LcliError (USAGE) with every problem found, each with its place.
    """
    found = check(document, place, clients=clients, functions=functions)
    if found.app is None:
        raise LcliError(in_order(found.problems), ExitCode.USAGE)
    return found.app


def check(
    document: Document,
    place: Place,
    *,
    clients: Clients | None = None,
    functions: Collection[str] | None = None,
    only: frozenset[str] | None = None,
) -> Checked:
    """The same with all that was found instead of an error.

    With `only` (`BUILT`) AWS is asked just for what those keys of functions and layers refer to;
    the others' references stay as they are written.
    """
    return _Loading(document, place, clients, document.unasked, only).load(functions)


def check_stage(document: Document, stage: str, place: Place) -> Checked:
    """Another stage, merged as for a deploy; what its references stand for is not asked.

    `place` says what the manifest does not. Problems name the stage.
    """
    try:
        other = document.at_stage(stage, OUTSIDE)
    except LcliError as error:
        return Checked(None, error.problems, ())
    found = _Loading(other, _presumed(other, place), None, OUTSIDE).load(None)
    return replace(found, problems=tuple(at_stage(one, stage) for one in found.problems))


def at_stage(problem: Problem, stage: str) -> Problem:
    """The problem with the stage that has it."""
    return replace(problem, what=f"{problem.what} (stage {stage})")


def every_problem(
    document: Document, functions: Collection[str] | None = None, place: Place | None = None
) -> list[Problem]:
    """All that is wrong with a manifest, as far as it shows without asking AWS.

    Of single functions only of those (all by default). Without `place` it is where the manifest
    says.
    """
    place = place or _presumed(document, Place("", document.stage, _SOMEWHERE, _SOMEBODY))
    unasked = document.unasked | set(resolvers.REMOTE)
    if not place.local:
        unasked |= {"partition"} if document.identified[0].account else {"account", "partition"}
    return in_order(_Loading(document, place, None, unasked).load(functions).problems)


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
        only: frozenset[str] | None = None,
    ) -> None:
        renew()
        self.document, self.place = document, place
        found, self.naming = document.named(place)
        self.named = {each.key: each for each in found}
        self.context = _context(document, place, clients)
        inside = parts(document, place, self.named)
        self.scope = Scope(self.context, variables(place), inside, unasked, only)
        self.resolving = Interpolation(document.source, self._resolve)
        identity = document.identified[1]
        if any(one.code == APP_MISSING for one in identity):
            self.resolving.failed.add(("app",))
        self.problems = [*identity, *self.naming.problems]
        self.explainer = Explainer(
            document.source,
            document.root,
            self.resolving.failed,
            self.context.secret_paths,
            self.context.placeholders,
        )

    def _resolve(self, inside: str, path: Path) -> object:
        if path in self.naming.failed:
            raise Unresolved(UNASKED, f"${{{inside}}} was refused already", "")
        return self.scope.resolve(inside, path)

    def load(self, functions: Collection[str] | None) -> Checked:
        """The App, if all of it is right, and every problem."""
        app, is_right = self._top()
        chosen = {key for key in self.named if functions is None or key in functions}
        loaded: dict[str, Function] = {}
        wrong: dict[str, frozenset[Path]] = {}
        for key in self.named:
            if key in chosen:
                function, wrong[key] = self._function(key, self.resolving, self.explainer)
                loaded |= {key: function} if function else {}
        unknown = self._unknown()
        faults = [*self._across(loaded, chosen), *self._each(loaded, unknown)]
        faults += code_checks.runtimes(app.layers) if app else ()
        not_right = {key: frozenset((*parts, *unknown[key])) for key, parts in wrong.items()}
        told = [each for each in faults if not _known_wrong(each, not_right)]
        found = [*self.resolving.problems, *self.explainer.problems]
        problems = [*self.problems, *found, *self.explainer.faults(told)]
        self._tell(loaded)
        layers, secrets = tuple(self._layers(app)) if app else (), frozenset(self.context.secrets)
        if app is None or not is_right or problems:
            unsound = self._unsound(faults, wrong)
            sound = (one for key, one in loaded.items() if key not in unsound)
            return Checked(None, tuple(problems), tuple(sound), layers, secrets)
        app = app.model_copy(update={"functions": loaded})
        app._notices = (*_notices(self.context), *self._accepted(loaded.values()))
        app._names = {key: each.name for key, each in self.named.items()}
        groups = Counter(each.log_group for each in self.named.values())
        app._shared_log_groups = frozenset(one for one, count in groups.items() if count > 1)
        app._secret_texts = frozenset(self._secret_texts())
        return Checked(app, (), tuple(loaded.values()), layers, secrets)

    def _secret_texts(self) -> Iterator[str]:
        """What stands where secrets are referred to; variables are masked anyway."""
        for path in self.context.secret_paths:
            if path[2:3] != ("environment",):
                yield from resolvers.texts(self.resolving.values.get(path))

    def _layers(self, app: App) -> Iterator[Layer]:
        """The layers, told their names and places; without those whose source is not known."""
        failed = {path[:3] for path in self.resolving.failed}
        for key, layer in app.layers.items():
            layer._key = key
            layer._name = layer_name(self.place, key)
            layer._where = self.document.where(("layers", key, "source"))
            if failed.isdisjoint(("layers", key, part) for part in _TREE):
                yield layer

    def _accepted(self, functions: Iterable[Function]) -> Iterator[str]:
        """Of what the local cloud has nothing: roles and networks, layers of other accounts."""
        if not self.place.local:
            return
        found: dict[str, list[str]] = {}
        for one in functions:
            named = [f"role {one.role}"] if isinstance(one.role, str) else []
            named += ["a VPC"] if one.vpc else []
            own = f":{self.place.account}:"
            arns = (arn for arn in one.layers if isinstance(arn, str) and arn.startswith("arn:"))
            named += [f"layer {arn}" for arn in arns if own not in arn]
            for what in named:
                found.setdefault(what, []).append(one.key)
        if found:
            told = "; ".join(f"{what} ({', '.join(keys)})" for what, keys in found.items())
            yield f"taken as written, since the local cloud does not have it: {told}"

    def _tell(self, functions: Mapping[str, Function]) -> None:
        """Tell the models what they cannot know themselves: keys and places."""
        where = self.document.where
        for key, function in functions.items():
            function._key = key
            function._where = self.named[key].where
            function._handler_where = where(("functions", key, "handler"))
            function._triggers_where = tuple(
                where(("functions", key, "triggers", index))
                for index, _ in function.numbered_triggers
            )

    def _unsound(
        self, faults: Iterable[Fault], wrong: Mapping[str, Collection[Path]]
    ) -> frozenset[str]:
        """Keys of the functions of whose code something is not known, or was refused already."""
        refused = {("functions", key, *part) for key, parts in wrong.items() for part in parts}
        refused |= {fault.path for fault in faults}
        failed = self.resolving.failed
        return frozenset(
            str(path[1])
            for paths, parts in ((refused, _TREE), (failed, (*_TREE, *_CALLED)))
            for path in paths
            if path[0] == "functions" and path[2:] and path[2] in parts
        )

    def _top(self) -> tuple[App | None, bool]:
        """Everything but the functions, and whether all of it is right.

        What concerns a kind of triggers has a model of its own.
        """
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
        named = top | ({"functions": {}} if is_map else {})
        app, is_right = self.explainer.top(App, named, _STAND_IN)
        if app is not None:
            app._settings = {kind: one for kind, one in settings.items() if one is not None}
            app._settings_where = {
                kind: {name: self.document.where((kind, name)) for name in one.model_fields_set}
                for kind, one in app._settings.items()
            }
        return app, is_right

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
        failed = self.naming.failed
        unnamed = {key for key in self.named if ("functions", key, "name") in failed}
        yield from checks.names(self.named.values(), unnamed)
        yield from trigger_checks.sources(all_of_them, self.place, self.document.where)
        yield from trigger_checks.clashes(all_of_them)
        yield from checks.app(self.document.root)

    def _unknown(self) -> defaultdict[str, set[Path]]:
        """By function, its parts whose references have no value."""
        found: defaultdict[str, set[Path]] = defaultdict(set)
        for path in self.resolving.failed:
            if path[0] == "functions" and len(path) > 2:
                found[str(path[1])].add(path[2:])
        return found

    def _each(
        self, loaded: Mapping[str, Function], unknown: Mapping[str, Collection[Path]]
    ) -> Iterator[Fault]:
        layers, directory = keys(self.document, "layers"), self.document.path.parent
        for key, function in loaded.items():
            yield from checks.function(
                key, function, directory, layers, self.place, unknown=unknown[key]
            )
            if self.place.local:
                yield from checks.local(key, function)


def _known_wrong(fault: Fault, wrong: Mapping[str, Collection[Path]]) -> bool:
    path = fault.path
    in_function = len(path) > 2 and path[0] == "functions"
    return in_function and not fault.holds(wrong.get(str(path[1]), ()))


def _context(document: Document, place: Place, clients: Clients | None) -> Context:
    return Context(
        document.environ,
        document.path.parent,
        clients,
        is_local=place.local,
        local=document.local_values,
    )


def _notices(context: Context) -> tuple[str, ...]:
    if not context.absent:
        return ()
    told = ", ".join(f"${{{kind}:{argument}}}" for kind, argument in sorted(context.absent))
    return (
        f"no local value for {told}: placeholders are used; set them under local: in the manifest",
    )


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """By place, without repetitions (defaults reach every function), the first hundred.

    What has no place in the manifest, such as a file that cannot be read, comes last.
    """

    def place(problem: Problem) -> tuple[float, float]:
        line, _, column = problem.where.rpartition(":")
        line = line.rpartition(":")[2]
        if line.isdecimal() and column.isdecimal():
            return int(line), int(column)
        return math.inf, math.inf

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
