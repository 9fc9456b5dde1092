"""lcli package: artifacts as files."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lcli.cli.build_command import build_artifacts, show_artifacts
from lcli.cli.names import Functions
from lcli.cli.run import Run
from lcli.errors import LcliError, Problem

if TYPE_CHECKING:
    from lcli.artifact.model import Artifact


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
        target = to / f"{key.replace('layer:', 'layer-')}.zip"
        try:
            _write(artifact, target)
        except OSError as error:
            problem = Problem(
                "package-not-written",
                f"the zip of {key} cannot be written: {error.strerror or error}",
                str(target),
                "let --to name a folder that you may write to, with space for the zips",
            )
            raise LcliError(problem) from error
        written[key] = replace(artifact, path=target)
    show_artifacts(run, written)


def _write(artifact: Artifact, target: Path) -> None:
    """The target is replaced as a whole: a killed run leaves the old zip or the new one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".zip.partial")
    try:
        shutil.copyfile(artifact.path, partial)
        partial.replace(target)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
