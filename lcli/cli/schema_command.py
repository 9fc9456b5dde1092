"""lcli schema: the manifest's JSON Schema."""

from __future__ import annotations

import typer

from lcli.cli.run import Run


def command(ctx: typer.Context) -> None:
    """Print the JSON Schema of the manifest, for editors.

    \b
    lcli schema > lcli.schema.json
    and in lcli.yaml: # yaml-language-server: $schema=lcli.schema.json
    """
    from lcli.manifest.schema import schema

    run: Run = ctx.obj
    run.print_json(schema())
