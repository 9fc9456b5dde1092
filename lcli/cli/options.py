"""The options that every command takes, before or after its name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from shlex import quote
from typing import Any

import typer
from typer.core import TyperOption

OUTPUTS = ("table", "json")


@dataclass(slots=True)
class Globals:
    """What the global options say; a flag wins over its LCLI_* variable."""

    file: str | None = None
    stage: str | None = None
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    local: bool = False
    output: str = "table"
    no_color: bool = False
    quiet: bool = False
    verbose: bool = False
    of_environment: set[str] = field(default_factory=set)
    """Names of those that an LCLI_* variable says."""

    def repeated(self, text: str) -> str:
        """`text`, its commands in backquotes with the options that this run was given of where to
        work: ``lcli deploy x`` typed after ``lcli --local invoke x`` must not go to AWS."""
        given = {
            _HELP[name][0][-1]: "" if value is True else f" {quote(value)}"
            for name in ("local", "file", "stage", "region", "profile", "endpoint_url")
            if (value := getattr(self, name)) and name not in self.of_environment
        }

        def complete(match: re.Match[str]) -> str:
            command = match[1]
            more = (f" {name}{value}" for name, value in given.items() if name not in command)
            return f"`lcli{''.join(more)}{command}`"

        return re.sub(r"`lcli( (?!local )[^`]*)`", complete, text)


_HELP: dict[str, tuple[tuple[str, ...], str, str]] = {
    "file": (("-f", "--file"), "PATH", "The manifest; else lcli.yaml here or upward."),
    "stage": (("-s", "--stage"), "NAME", "The manifest's stage to use."),
    "region": (("--region",), "REGION", "AWS region; else the manifest's, else the SDK's."),
    "profile": (("--profile",), "NAME", "Profile of the AWS configuration."),
    "endpoint_url": (("--endpoint-url",), "URL", "Send every AWS call there."),
    "local": (("--local",), "", "Use the local cloud on this machine, not AWS."),
    "output": (("-o", "--output"), "[table|json]", "What to print on stdout."),
    "no_color": (("--no-color",), "", "No colours (NO_COLOR does the same)."),
    "quiet": (("-q", "--quiet"), "", "Nothing on stderr but errors."),
    "verbose": (("-v", "--verbose"), "", "Say more on stderr."),
}


def add_global_options(command: Any, *, hidden: bool) -> None:
    """Append the global options to a command; values go to the Run in ``ctx.obj``.

    Only the root reads the LCLI_* variables, so that a flag after the command's name wins over
    them.
    """
    taken = {option for parameter in command.params for option in parameter.opts}
    for name, (flags, metavar, text) in _HELP.items():
        free = [flag for flag in flags if flag not in taken]
        if free:
            command.params.append(_option(name, free, metavar, text, hidden))


def _option(name: str, flags: list[str], metavar: str, text: str, hidden: bool) -> TyperOption:
    switch = not metavar
    return TyperOption(
        param_decls=[*flags, name],
        help=text,
        hidden=hidden,
        is_flag=switch,
        default=False if switch else None,
        metavar=metavar or None,
        envvar=None if hidden else f"LCLI_{name.upper()}",
        show_envvar=not hidden,
        show_default=False,
        expose_value=False,
        is_eager=True,
        callback=_store,
        autocompletion=_complete_output if name == "output" else None,
    )


def _complete_output(ctx: Any, args: list[str], incomplete: str) -> list[str]:
    return [one for one in OUTPUTS if one.startswith(incomplete)]


def _store(ctx: Any, parameter: Any, value: Any) -> Any:
    if parameter.name == "output" and value not in (None, *OUTPUTS):
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(OUTPUTS)}")
    if value:
        options = ctx.obj.options
        setattr(options, parameter.name, value)
        options.of_environment.discard(parameter.name)
        if ctx.get_parameter_source(parameter.name).name == "ENVIRONMENT":
            options.of_environment.add(parameter.name)
    return value
