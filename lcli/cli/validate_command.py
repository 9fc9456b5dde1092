"""lcli validate: every error of the manifest at once."""

from __future__ import annotations

import typer

from lcli.cli.run import Run


def command(ctx: typer.Context) -> None:
    """Check the manifest and show every error at once.

    AWS is asked only for references such as ${ssm:…}, and for those of other stages than the
    selected one not at all. Exit 2 if anything is wrong.
    """
    run: Run = ctx.obj
    app = run.app(run.presumed_place(), every_stage=True)
    count = len(app.functions)
    if run.json:
        run.print_json({"valid": True, "functions": sorted(app.functions)})
    else:
        run.terminal.note(f"{run.document.file}: {count} function{'s' * (count != 1)}, no errors")
