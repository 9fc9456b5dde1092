"""The root command: global options, and the subcommands, each imported when it is needed.

Nothing here imports boto3, rich, yaml or pydantic: `lcli --version` and shell completion must
answer at once (tests/unit/cli/test_startup.py holds it).
"""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

import lcli
from lcli.cli.options import add_global_options
from lcli.cli.run import Run

COMMANDS = (
    "validate",
    "plan",
    "deploy",
    "delete",
    "list",
    "status",
    "invoke",
    "executions",
    "event",
    "events",
    "cost",
    "logs",
    "versions",
    "rollback",
    "build",
    "package",
    "local",
    "schema",
    "completion",
)
"""Each is a module of this package with a ``command`` function or, for groups, an ``app``."""


class LazyCommands(TyperGroup):
    """A group whose commands are imported on first use."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in self.commands:
            self.commands[cmd_name] = load(cmd_name)
        return self.commands[cmd_name]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As the base does; the nearest names are looked for among all commands."""
        if args and args[0] not in COMMANDS:
            for name in COMMANDS:
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)


def load(name: str) -> TyperCommand | TyperGroup:
    """Import one command's module and give its command the global options."""
    module = import_module(f"lcli.cli.{name}_command")
    app: typer.Typer | None = getattr(module, "app", None)
    if app is None:
        app = _new_app()
        app.command(name)(module.command)
    built = typer.main.get_command(app)
    built.name = name
    members = built.commands.values() if isinstance(built, TyperGroup) else ()
    for one in (built, *members):
        add_global_options(one, hidden=True)
        one.epilog = EPILOG
    return built  # type: ignore[return-value]


EPILOG = "Global options (see lcli --help) are accepted here too."


def _new_app(**settings: Any) -> typer.Typer:
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        **settings,
    )


root = _new_app(cls=LazyCommands, no_args_is_help=True)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"lcli {lcli.__version__}")
        raise typer.Exit


@root.callback()
def lcli_command(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Run AWS Lambda from a terminal.

    One YAML manifest describes many functions and what triggers them; deploy makes AWS agree
    with it and shows what it will do first. --local runs all of it on this machine.
    """


def command(run: Run) -> Any:
    """The root command, ready for `main()`; its global options land in `run`."""
    built = typer.main.get_command(root)
    add_global_options(built, hidden=False)
    built.context_settings["obj"] = run
    return built
