"""lcli validate: every error of the manifest and the sources at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from lcli.cli.preparing import problems_of, workshop
from lcli.cli.run import Run

if TYPE_CHECKING:
    from lcli.errors import Problem
    from lcli.manifest.loading import Checked


def command(ctx: typer.Context) -> None:
    """Check manifest and sources; show every error at once.

    The sources are looked into, too: whether they can be packed and hold the handlers. Without
    --stage every stage of the manifest is checked, and an error that only some have names them;
    with --stage that one alone.

    AWS is asked only for references such as ${ssm:…}, and for those of a stage only with --stage.
    Exit 2 if anything is wrong.
    """
    run: Run = ctx.obj
    found = run.check(run.presumed_place())
    stages = () if run.document.stage else run.document.stages
    problems = [*found.problems, *_of_sources(run, found), *_of_stages(run, stages)]
    if found.app is None or problems:
        raise problems_of(run, problems)
    if run.json:
        names = sorted(found.app.functions)
        run.print_json({"valid": True, "functions": names, "stages": list(stages)})
        return
    from lcli.ui.measures import counted

    count = counted(len(found.app.functions), "function")
    also = f", stages {', '.join(stages)}" if stages else ""
    run.terminal.note(f"{run.document.file}: {count}{also}, no errors")


def _of_stages(run: Run, stages: tuple[str, ...]) -> list[Problem]:
    """What is wrong with each stage, and says which."""
    from lcli.manifest.loading import at_stage, check_stage
    from lcli.manifest.stages import refuse_many

    if stages:
        refuse_many(run.document.whole, run.document.root, run.document.source)
    problems: list[Problem] = []
    for stage in stages:
        found = check_stage(run.document, stage, run.presumed_place())
        problems += found.problems
        problems += [at_stage(one, stage) for one in _of_sources(run, found)]
    return problems


def _of_sources(run: Run, found: Checked) -> list[Problem]:
    from lcli.deploy.code import check_sources

    return check_sources(found.functions, found.layers, workshop(run))
