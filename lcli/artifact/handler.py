"""Is the handler inside the artifact? Said before Lambda says Runtime.ImportModuleError."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import NamedTuple, TypeAlias

from lcli.artifact.model import Source, Target
from lcli.artifact.tree import refused
from lcli.errors import LcliError


@dataclass(frozen=True, slots=True)
class Files:
    """What an artifact or a layer holds, as far as it is known."""

    modes: Mapping[str, int]
    """Each file's name and mode, 0644 or 0755."""
    read: Callable[[str], bytes]
    may_bring: Callable[[str], bool] = lambda handler: False
    """Whether what is not known of it, such as an install to come, may hold a handler."""
    unzipped: int = 0
    """Bytes of the files that are known."""
    largest: tuple[tuple[str, int], ...] = ()
    """The biggest of them, as `Artifact` has them."""
    _names: dict[str, frozenset[str]] = field(default_factory=dict)

    def names(self, name: str) -> frozenset[str]:
        """What a Python file binds at its top level; "*" where that cannot be told."""
        if name not in self._names:
            try:
                tree = ast.parse(self.read(name))
            except (SyntaxError, ValueError, RecursionError):
                # It was written for another Python than the one that runs lcli.
                self._names[name] = frozenset("*")
            else:
                self._names[name] = frozenset(_top_level(tree.body))
        return self._names[name]


UNKNOWN = Files({}, lambda name: b"", may_bring=lambda handler: True)
"""A layer that is not looked into."""
Layers: TypeAlias = Callable[[], Sequence[Files]]
"""Gives a function's layers, where its own code lacks the handler; `tuple`: it has none."""


def check_handler(files: Files, source: Source, target: Target, layers: Layers = tuple) -> None:
    """Refuses an artifact without the file, or the Python name, that the handler calls.

    The file may be in a layer; where one of them is unknown, only what `files` hold is checked.
    Compiled runtimes (java, dotnet, go) are not looked into.

    Raises:
        LcliError: (USAGE) what was expected, and the nearest that is there.
    """
    if target.runtime.startswith("provided"):
        _check_bootstrap(files, source, layers)
    named = (one for prefix, one in _LANGUAGES.items() if target.runtime.startswith(prefix))
    language = next(named, None)
    if not source.handler or language is None:
        return
    if language is not _RUBY and "." not in source.handler.rpartition("/")[2]:
        raise _no_function(source)
    own = language.own(source.handler)
    held, name = files, _first(own, files)
    if name is None:
        others = layers()
        if any(one.may_bring(source.handler) for one in (files, *others)):
            return
        if language is _RUBY and others:  # gems have too many places
            return
        there = language.in_layer(source.handler, target.runtime)
        found = ((one, _first(there, one)) for one in others)
        held, name = next(((one, name) for one, name in found if name), (files, None))
    if name is None:
        raise _missing(own, files.modes, source)
    if language is _PYTHON:
        _check_python_name(held, name, source)


def _first(names: Iterable[str], files: Files) -> str | None:
    return next((name for name in names if name in files.modes), None)


class _Language(NamedTuple):
    """Where its runtime looks for a handler; the likeliest names first."""

    own: Callable[[str], list[str]]
    """In the function's code."""
    in_layer: Callable[[str, str], list[str]]
    """In a layer, for a handler and a runtime ("Working with layers", paths of each runtime)."""


def _python_files(handler: str) -> list[str]:
    base = handler.rpartition(".")[0].replace(".", "/")
    return [f"{base}.py", f"{base}/__init__.py", f"{base}.so", f"{base}.pyc"]


def _python_in_layer(handler: str, runtime: str) -> list[str]:
    folders = (f"python/lib/{runtime}/site-packages/", "python/")
    return [folder + name for folder in folders for name in _python_files(handler)]


def _node_files(handler: str) -> list[str]:
    folder, slash, name = handler.rpartition("/")
    base = folder + slash + name.partition(".")[0]
    files = [f"{base}.js", f"{base}.mjs", f"{base}.cjs"]
    return [*files, *(f"node_modules/{name}" for name in _node_packages(handler))]


def _node_packages(handler: str) -> list[str]:
    """A handler that is no file may be the name of a package."""
    package = handler.rpartition("/")[2].partition(".")[0]
    return [f"{package}/package.json", f"{package}/index.js", f"{package}.js"]


def _node_in_layer(handler: str, runtime: str) -> list[str]:
    version = runtime.removeprefix("nodejs").removesuffix(".x")
    folders = ("nodejs/node_modules/", f"nodejs/node{version}/node_modules/")
    named = [name.removeprefix("/opt/") for name in _node_files(handler) if name[:5] == "/opt/"]
    return named + [folder + name for folder in folders for name in _node_packages(handler)]


def _ruby_files(handler: str) -> list[str]:
    return [handler.partition(".")[0] + ".rb"]


_PYTHON = _Language(_python_files, _python_in_layer)
_RUBY = _Language(_ruby_files, lambda handler, runtime: [])
_LANGUAGES = {
    "python": _PYTHON,
    "nodejs": _Language(_node_files, _node_in_layer),
    "ruby": _RUBY,
}


def _no_function(source: Source) -> LcliError:
    return refused(
        "handler-wrong",
        f'the handler "{source.handler}" does not say which function is called',
        source.handler_where or source.where or str(source.path),
        f"write FILE.FUNCTION, such as {source.handler}.handler",
    )


def _missing(names: list[str], held: Iterable[str], source: Source) -> LcliError:
    suffix = PurePosixPath(names[0]).suffix
    candidates = [name for name in held if name.endswith(suffix)]
    near = difflib.get_close_matches(names[0], candidates, n=1, cutoff=0.5)
    return refused(
        "handler-missing",
        f'the handler "{source.handler}" needs the file {names[0]}, which is not in the artifact',
        source.handler_where or source.where or str(source.path),
        f"did you mean the file {near[0]}?" if near else "correct handler, source or exclude",
    )


def _check_bootstrap(files: Files, source: Source, layers: Layers) -> None:
    if files.modes.get("bootstrap") == 0o755:
        return
    for one in (files, *layers()):
        if one.modes.get("bootstrap") == 0o755 or one.may_bring("bootstrap"):
            return
    where = source.where or str(source.path)
    if "bootstrap" in files.modes:
        raise refused(
            "bootstrap-not-executable",
            "the file bootstrap may not be executed",
            where,
            "chmod +x bootstrap",
        )
    near = [name for name in files.modes if PurePosixPath(name).name == "bootstrap"]
    raise refused(
        "handler-missing",
        "a provided runtime needs an executable file bootstrap at the artifact's root",
        where,
        f"move {near[0]} to the root" if near else "build it, and name it bootstrap",
    )


def _check_python_name(files: Files, name: str, source: Source) -> None:
    wanted = source.handler.rpartition(".")[2]
    if not name.endswith(".py"):
        return
    names = files.names(name)
    if wanted in names or names & {"*", "__getattr__"}:
        return
    near = difflib.get_close_matches(wanted, sorted(names), n=1, cutoff=0.5)
    raise refused(
        "handler-missing",
        f'{name} has no "{wanted}", which the handler "{source.handler}" names',
        source.handler_where or source.where or str(source.path),
        f'did you mean "{near[0]}"?' if near else f"define {wanted} at the top level of {name}",
    )


def _top_level(body: list[ast.stmt]) -> set[str]:
    """Names that running the statements may bind, those inside if, try and with included."""
    names: set[str] = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        else:
            names |= {
                each.id
                for each in ast.walk(node)
                if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
            }
            for part in ("body", "orelse", "finalbody"):
                names |= _top_level(getattr(node, part, []))
            for handler in getattr(node, "handlers", []):
                names |= _top_level(handler.body)
    return names
