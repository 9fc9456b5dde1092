"""lcli build: artifacts into the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from lcli.cli.names import Functions, Named, keys
from lcli.cli.preparing import load_app, problems_of, workshop
from lcli.cli.run import Run
from lcli.errors import ExitCode, LcliError

if TYPE_CHECKING:
    from lcli.artifact.model import Artifact
    from lcli.resources.model import Place


def command(ctx: typer.Context, functions: Functions = None) -> None:
    """Build artifacts, reproducible to the byte.

    They are cached by content: an unchanged function is not built again.
    """
    run: Run = ctx.obj
    show_artifacts(run, build_artifacts(run, functions or []))


def build_artifacts(run: Run, texts: list[str]) -> dict[str, Artifact]:
    """The artifacts of the named functions and their layers, by manifest key.

    AWS is asked for nothing that a build does not use.
    """
    from lcli.deploy.code import build_all
    from lcli.manifest.loading import BUILT

    named = keys(texts, run.document, lambda arn: _as_written(run, arn))
    app = load_app(run, run.presumed_place(), named, BUILT)
    try:
        functions, layers = build_all(app, workshop(run))
    except LcliError as error:
        if error.exit_code is not ExitCode.USAGE:
            raise
        raise problems_of(run, error.problems) from error
    return functions | {f"layer:{key}": artifact for key, artifact in layers.items()}


def _as_written(run: Run, arn: Named) -> Place:
    """Where the manifest is deployed by its own word; what it does not say, the ARN says."""
    from lcli.resources.model import Place

    if not arn.region:
        return run.naming_place()
    app, regions = run.identity, run.regions
    region = arn.region if arn.region in regions or regions == ("",) else regions[0]
    return Place(app.app, app.stage, region, app.account or arn.account)


def show_artifacts(run: Run, artifacts: dict[str, Artifact]) -> None:
    """A line an artifact: key, size, files, digest, path."""
    if run.json:
        run.print_json(
            {
                key: {
                    "path": str(one.path),
                    "size": one.size,
                    "unzipped": one.unzipped,
                    "files": one.files,
                    "digest": one.digest,
                    "code_sha256": one.code_sha256,
                }
                for key, one in artifacts.items()
            }
        )
        return
    from lcli.ui.measures import size
    from lcli.ui.tables import PlainTable

    table = PlainTable("Function", ">Size", ">Files", "Digest", "Path")
    for key, one in artifacts.items():
        table.add_row(key, size(one.size), str(one.files), one.digest[:12], str(one.path))
    run.terminal.show(table)
