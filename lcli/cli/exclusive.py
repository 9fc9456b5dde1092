"""Options that make no sense together."""

from __future__ import annotations

from collections.abc import Iterable

import typer

from lcli.cli.run import Run, usage


def refuse_together(ctx: typer.Context, run: Run, sets: Iterable[tuple[str, ...]]) -> None:
    """Refuse more than one option of each of these sets; names as the user writes them.

    ``-o json`` stands for itself, ``FUNCTION`` for names of functions. Raises LcliError (USAGE).
    """
    given = {
        option.opts[-1]: ctx.params.get(option.name or "")
        for option in ctx.command.params
        if not is_default(ctx, option.name or "")
    }
    given |= {"-o json": run.json, "FUNCTION": given.get("functions")}
    for names in sets:
        together = [name for name in names if given.get(name)]
        if len(together) > 1:
            what = f"{together[0]} and {together[1]} exclude each other"
            raise usage("usage", what, "leave one out")


def is_default(ctx: typer.Context, name: str) -> bool:
    """Whether a parameter has its default, since the user gave it neither here nor elsewhere."""
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "DEFAULT"
