"""A source's own build: the manifest's command, and the folder that it fills."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from lcli.artifact.cache import alone, folder
from lcli.artifact.index import content_hashes, tree_digest
from lcli.artifact.model import Source
from lcli.artifact.process import run_tool
from lcli.artifact.tree import Entry, read_tree, refused
from lcli.errors import LcliError, Problem


def command_inputs(source: Source) -> list[Entry]:
    """The files of which the command makes its output.

    Raises:
        LcliError: (USAGE) the source is no directory, or see `read_tree`.
    """
    if source.kind != "directory":
        raise refused(
            "command-needs-directory",
            f'build.command runs in a directory, and "{source.path}" is none',
            source.where or str(source.path),
            "let source be the directory, or remove build.command",
        )
    return read_tree(source.path, exclude=[f"/{source.build.output}"])


def command_output(source: Source, cache: Path) -> Path:
    """A copy of what `build.command` makes of the source's files as they are now.

    The command runs in the source, without a shell, when no build of the same files by the same
    command is in `cache`. What .lcliignore names, and the output itself, does not count.

    Raises:
        LcliError: USAGE: the source is no directory; FAILED: the command failed, or made nothing.
    """
    where = source.where or str(source.path)
    build, output = source.build, source.path / source.build.output

    def fill(made: Path) -> None:
        run_tool(
            list(build.command),
            cwd=source.path,
            code="build-failed",
            what=f'the build command of "{source.path}" failed',
            where=where,
            next_step=f"correct it, or build.command; it runs in {source.path}",
        )
        if not output.is_dir():
            what = f'the build command ended well, but there is no folder "{output}"'
            raise LcliError(Problem("build-output-missing", what, where, "correct build.output"))
        shutil.copytree(output, made, symlinks=True, dirs_exist_ok=True)

    name = hashlib.sha256(str(source.path).encode("utf-8", "surrogateescape")).hexdigest()
    with alone(f"build command {source.path}"):
        inputs = command_inputs(source)
        digest = tree_digest(inputs, content_hashes(inputs, cache / "index" / f"{name}.json"))
        key = hashlib.sha256(f"{build.command} {build.output} {digest}".encode()).hexdigest()
        return folder(cache, key, fill)
