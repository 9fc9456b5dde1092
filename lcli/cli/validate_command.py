"""lcli validate: every error of the manifest at once."""

from __future__ import annotations

import typer

from lcli.cli.preparing import workshop
from lcli.cli.run import Run
from lcli.errors import ExitCode, LcliError


def command(ctx: typer.Context) -> None:
    """Check the manifest and show every error at once.

    The sources are looked into, too: whether they can be packed and hold the handlers. AWS
    is asked only for references such as ${ssm:…}, and for those of other stages than the selected
    one not at all. Exit 2 if anything is wrong.
    """
    from lcli.deploy.code import check_sources

    run: Run = ctx.obj
    app = run.app(run.presumed_place(), every_stage=True)
    problems = check_sources(app, workshop(run))
    if problems:
        raise LcliError([run.document.shown(one) for one in problems], ExitCode.USAGE)
    count = len(app.functions)
    if run.json:
        run.print_json({"valid": True, "functions": sorted(app.functions)})
    else:
        run.terminal.note(f"{run.document.file}: {count} function{'s' * (count != 1)}, no errors")
