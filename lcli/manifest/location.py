"""Where the manifest is; light, since commands that work without one ask too."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from lcli.errors import ExitCode, LcliError, Problem

FILE = "lcli.yaml"


def find(start: Path, *, file: str = "", environ: Mapping[str, str] | None = None) -> Path:
    """The manifest: `file`, else LCLI_FILE, else lcli.yaml in `start` or a folder above it.

    Raises LcliError where there is none. What -f or LCLI_FILE name is not checked here.
    """
    named = file or (os.environ if environ is None else environ).get("LCLI_FILE", "")
    if named:
        return start / named
    here = start.absolute()
    for folder in (here, *here.parents):
        if (folder / FILE).is_file():
            return folder / FILE
    raise LcliError(
        Problem(
            "no-manifest",
            f"there is no {FILE} in {here} or a folder above it",
            next_step="write one (docs/manifest.md), or name another with -f FILE",
        ),
        ExitCode.USAGE,
    )
