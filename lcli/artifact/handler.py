"""Is the handler inside the artifact? Said before Lambda says Runtime.ImportModuleError."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from lcli.artifact.model import Source, Target
from lcli.artifact.tree import refused
from lcli.errors import LcliError


@dataclass(frozen=True, slots=True)
class Files:
    """What an artifact holds."""

    modes: Mapping[str, int]
    """Each file's name and mode, 0644 or 0755."""
    read: Callable[[str], bytes]
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


def check_handler(files: Files, source: Source, target: Target) -> None:
    """Refuses an artifact without the file, or the Python name, that the handler calls.

    Compiled runtimes (java, dotnet, go) are not looked into.

    Raises:
        LcliError: (USAGE) what was expected, and the nearest that is there.
    """
    if target.runtime.startswith("provided"):
        _check_bootstrap(files.modes, source)
    if not source.handler or source.layered:
        return
    for prefix, expected in _EXPECTED.items():
        if target.runtime.startswith(prefix):
            if prefix != "ruby" and "." not in source.handler.rpartition("/")[2]:
                raise _no_function(source)
            names = expected(source.handler)
            found = next((name for name in names if name in files.modes), None)
            if found is None:
                raise _missing(names, files.modes, source)
            if prefix == "python":
                _check_python_name(files, found, source)


def _python_files(handler: str) -> list[str]:
    base = handler.rpartition(".")[0].replace(".", "/")
    return [f"{base}.py", f"{base}/__init__.py", f"{base}.so", f"{base}.pyc"]


def _node_files(handler: str) -> list[str]:
    folder, slash, name = handler.rpartition("/")
    base = folder + slash + name.partition(".")[0]
    return [f"{base}.js", f"{base}.mjs", f"{base}.cjs"]


def _ruby_files(handler: str) -> list[str]:
    return [handler.partition(".")[0] + ".rb"]


_EXPECTED: Mapping[str, Callable[[str], list[str]]] = {
    "python": _python_files,
    "nodejs": _node_files,
    "ruby": _ruby_files,
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


def _check_bootstrap(modes: Mapping[str, int], source: Source) -> None:
    if source.layered or modes.get("bootstrap") == 0o755:
        return
    where = source.where or str(source.path)
    if "bootstrap" in modes:
        raise refused(
            "bootstrap-not-executable",
            "the file bootstrap may not be executed",
            where,
            "chmod +x bootstrap",
        )
    near = [name for name in modes if PurePosixPath(name).name == "bootstrap"]
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
