"""lcli package: artifacts as files."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from lcli.cli.build_command import build_artifacts, show_artifacts
from lcli.cli.names import Functions
from lcli.cli.run import Run


def command(
    ctx: typer.Context,
    functions: Functions = None,
    to: Annotated[
        Path, typer.Option("--to", metavar="DIR", help="Where the zips go; made if absent.")
    ] = Path("dist"),
) -> None:
    """Write artifacts as FUNCTION.zip, reproducible to the byte."""
    run: Run = ctx.obj
    written = {}
    for key, artifact in build_artifacts(run, functions or []).items():
        to.mkdir(parents=True, exist_ok=True)
        target = to / f"{key.replace('layer:', 'layer-')}.zip"
        # The target is replaced as a whole: a killed run leaves the old zip or the new one.
        partial = target.with_suffix(".zip.partial")
        shutil.copyfile(artifact.path, partial)
        partial.replace(target)
        written[key] = replace(artifact, path=target)
    show_artifacts(run, written)
