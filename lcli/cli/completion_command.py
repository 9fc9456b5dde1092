"""lcli completion: the shell's completion script."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Shell(StrEnum):
    """Shells that completions exist for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def command(
    shell: Annotated[Shell, typer.Argument(help="The shell to complete in.", show_default=False)],
) -> None:
    """Print a shell's completion script.

    It completes commands, options and the manifest's function names.

    \b
    lcli completion bash > ~/.local/share/bash-completion/completions/lcli
    """
    typer.echo(script(shell))


def script(shell: Shell) -> str:
    """The script for one shell, as kept in completions/."""
    from typer._completion_shared import get_completion_script

    return get_completion_script(prog_name="lcli", complete_var="_LCLI_COMPLETE", shell=shell.value)
