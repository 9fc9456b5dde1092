"""Options that make no sense together, or without another."""

from __future__ import annotations

from collections.abc import Iterable

import typer

from lcli.cli.run import Run, usage


def refuse_together(ctx: typer.Context, run: Run, sets: Iterable[tuple[str, ...]]) -> None:
    """Refuse more than one option of each of these sets; names as the user writes them.

    ``-o json`` stands for itself, ``FUNCTION`` for names of functions. Raises LcliError (USAGE).
    """
    given = _given(ctx, run)
    for names in sets:
        together = [name for name in names if given.get(name)]
        if len(together) > 1:
            what = f"{together[0]} and {together[1]} exclude each other"
            raise usage("usage", what, "leave one out")


def refuse_alone(ctx: typer.Context, run: Run, sets: Iterable[tuple[str, ...]]) -> None:
    """Refuse the first option of each of these sets without any of the others.

    Names as for `refuse_together`. Raises LcliError (USAGE).
    """
    given = _given(ctx, run)
    for option, *needed in sets:
        if option in given and not any(given.get(name) for name in needed):
            advice = f"add {' or '.join(needed)}, or leave {option} out"
            raise usage("usage", f"{option} is for {' and '.join(needed)}", advice)


def _given(ctx: typer.Context, run: Run) -> dict[str, object]:
    """What the user gave, by the options' long names; not what is so by default."""
    given = {
        option.opts[-1]: ctx.params.get(option.name or "")
        for option in ctx.command.params
        if not _is_default(ctx, option.name or "")
    }
    return given | {"-o json": run.json, "FUNCTION": given.get("functions")}


def _is_default(ctx: typer.Context, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "DEFAULT"
