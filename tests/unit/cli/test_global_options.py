"""Every command takes every global option, before or after its name."""

from __future__ import annotations

import pytest
from typer.core import TyperGroup

from lcli.cli import app
from lcli.cli.options import Globals
from lcli.cli.run import Run

GLOBAL = {
    "--file", "--stage", "--output", "--quiet", "--verbose", "--region", "--profile",
    "--endpoint-url", "--local", "--no-color",
}  # fmt: skip


def flags(command: object) -> set[str]:
    return {flag for one in getattr(command, "params", ()) for flag in one.opts}


@pytest.mark.parametrize("name", sorted(app.COMMANDS))
def test_after_the_name(name: str) -> None:
    built = app.load(name)
    for one in built.commands.values() if isinstance(built, TyperGroup) else [built]:
        assert GLOBAL - flags(one) == set(), one.name
        assert "--version" not in flags(one) or name == "logs"


def test_before_the_name() -> None:
    found = flags(app.command(Run()))
    assert found >= {*GLOBAL, "--version", "-f", "-s", "-o", "-q", "-v"}


def test_each_has_its_variable() -> None:
    variables = {one.envvar for one in app.command(Run()).params if one.envvar}
    assert variables == {f"LCLI_{flag[2:].replace('-', '_').upper()}" for flag in GLOBAL}


@pytest.mark.parametrize(
    ("given", "command"),
    [
        pytest.param({}, "`lcli deploy x`", id="nothing"),
        pytest.param({"local": True}, "`lcli --local deploy x`", id="local"),
        pytest.param(
            {"stage": "prod", "file": "a b.yaml"},
            "`lcli --file 'a b.yaml' --stage prod deploy x`",
            id="values",
        ),
        pytest.param(
            {"local": True, "of_environment": {"local"}}, "`lcli deploy x`", id="environment"
        ),
        pytest.param({"output": "json", "quiet": True}, "`lcli deploy x`", id="elsewhere"),
    ],
)
def test_a_next_step_means_the_same_place(given: dict[str, object], command: str) -> None:
    asked = Globals(**given)  # type: ignore[arg-type]
    assert asked.repeated("`lcli deploy x` makes it") == f"{command} makes it"


@pytest.mark.parametrize("command", ["`lcli local stop`", "`lcli list --region us-east-1`", "lcli"])
def test_what_a_command_has_or_does_not_take_is_not_repeated(command: str) -> None:
    given = Globals(local="list" not in command, region="eu-west-1")
    assert given.repeated(f"run {command}") == f"run {command}"
