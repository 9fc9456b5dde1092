"""What `--local` says of runtimes that this machine has in another version, or not at all."""

from __future__ import annotations

from collections.abc import Mapping

from lcli.cli.run import Run
from lcli.errors import ExitCode, LcliError, Problem


def check_runtimes(
    run: Run, runtimes: Mapping[str, str], *, strict: bool, remedies: bool = True
) -> None:
    """One notice for each runtime (given with its place in the manifest) that does not fit.

    With `remedies` it says what to install. Raises LcliError (USAGE) if `strict` (``local: {strict:
    true}``) and another version would run.
    """
    from lcli.local.daemon import interpreter
    from lcli.local.runtime.interpreters import interpreted, own_client, remedy

    problems = []
    for runtime, where in sorted(runtimes.items()):
        if advice := own_client(runtime):
            run.terminal.note(f"{runtime} does not run here as it is: {advice}")
        if not interpreted(runtime):
            continue
        found = interpreter(runtime, run.environ)
        if found.exact:
            continue
        said = found.instead(runtime)
        if strict:
            only = said.replace(": ", ", only ").replace(" runs instead", "")
            what = f"{only}, and `local: {{strict: true}}` refuses others"
            problems.append(Problem("runtime-missing", what, where, remedy(runtime)))
        else:
            advice = f"; for the same version, {remedy(runtime)}" if remedies else ""
            run.terminal.note(f"{said}{advice}")
    if problems:
        raise LcliError(problems, ExitCode.USAGE)


def check_runtime_of(run: Run, key: str) -> None:
    """The same for one function of the manifest, before it is invoked."""
    function = run.document.function_nodes()[key]
    runtime = _scalar(function, "runtime")
    if isinstance(runtime, str):
        where = run.document.where(("functions", key, "runtime"))
        strict = _scalar(run.document.root.entries.get("local"), "strict") is True
        check_runtimes(run, {runtime: where}, strict=strict, remedies=False)


def _scalar(node: object, key: str) -> object:
    """A value as it is written."""
    from lcli.manifest.nodes import Map, Scalar

    found = node.entries.get(key) if isinstance(node, Map) else None
    return found.value if isinstance(found, Scalar) else None
