"""What the manifest alone shows to be wrong is told before AWS is asked anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from overlay.inside import lcli
from overlay.outages import project
from overlay.server import overlay

LAYERS = ", ".join(f"'arn:aws:lambda:us-east-1:123456789012:layer:l{n}:1'" for n in range(6))
WRONG = {
    "layers": (f"layers: [{LAYERS}]", "layers: expected at most 5 of them, not 6"),
    "environment": (f"environment: {{AA: {'x' * 3000}, BB: {'y' * 1200}}}", "4,217 bytes"),
    "environment beside a parameter": (
        f'environment: {{AA: {"x" * 4200}, BB: "${{ssm:/photos/token}}"}}',
        "the environment has 4,209 bytes",
    ),
    "code with its layers": (
        "layers: [big]",
        "Largest: data.bin (layer big) 262,144,000 B, data.bin",
    ),
    "a key": ("memroy: 512", "did you mean memory?"),
    "a key beside a parameter": (
        'memory: 64, description: "${ssm:/photos/token}"',
        "memory: expected at least 128, not 64",
    ),
}
COMMANDS = (("plan",), ("deploy", "--yes"), ("deploy", "--yes", "--quick", "one"), ("status",))


@pytest.fixture
def app(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    return project(tmp_path), {
        "AWS_ACCESS_KEY_ID": "123456789012",
        "AWS_SECRET_ACCESS_KEY": "local",
        "LCLI_CACHE_DIR": str(tmp_path / "cache"),
    }


@pytest.mark.parametrize("account", ["", 'account: "123456789012"\n'], ids=["", "account"])
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(("setting", "told"), WRONG.values(), ids=WRONG)
def test_a_wrong_manifest_is_told_before_any_call(
    cloud: Any,
    app: tuple[Path, dict[str, str]],
    setting: str,
    told: str,
    words: tuple[str, ...],
    account: str,
) -> None:
    directory, environ = app
    manifest = directory / "lcli.yaml"
    text = manifest.read_text().replace("one: {", f"one: {{{setting}, ")
    if "big" in setting:
        text += "layers: {big: {source: big}}\n"
        (directory / "big").mkdir()
        with (directory / "big" / "data.bin").open("wb") as file:
            file.truncate(262_144_000)
    manifest.write_text(account + text)
    with overlay(cloud.url) as between:
        said = lcli(directory, {**environ, "AWS_ENDPOINT_URL": between.url}, *words)
        assert between.calls == []
    assert said.code == 2, said
    assert told in said.stderr


@pytest.mark.parametrize(
    "setting",
    [
        pytest.param(f'environment: {{AA: {"x" * 4040}, BB: "${{ssm:/{"long" * 9}}}"}}', id="size"),
        pytest.param(
            "runtime: '${ssm:/runtime}', handler: '${ssm:/handler}', source: '${ssm:/source}'",
            id="code",
        ),
        pytest.param(
            "permissions: [{principal: '${ssm:/who}', source_arn: 'arn:aws:s3:::*'}]", id="whose"
        ),
        pytest.param(
            "permissions: [{principal: s3.amazonaws.com, source_account: '${ssm:/account}'}]",
            id="account",
        ),
        pytest.param("log: {format: '${ssm:/format}', level: info}", id="level"),
        pytest.param("triggers: [{sqs: {queue: '${ssm:/q}', batch_size: 20}}]", id="trigger"),
    ],
)
def test_what_is_not_known_yet_is_asked_for(
    cloud: Any, app: tuple[Path, dict[str, str]], setting: str
) -> None:
    directory, environ = app
    manifest = directory / "lcli.yaml"
    given = "" if "runtime:" in setting else "runtime: python3.13, handler: app.handler, "
    source = "" if "source:" in setting else "source: code, "
    manifest.write_text(
        f"app: photos\nregion: us-east-1\nfunctions:\n  one: {{{given}{source}{setting}}}\n"
    )
    with overlay(cloud.url) as between:
        lcli(directory, {**environ, "AWS_ENDPOINT_URL": between.url}, "plan")
        assert "ssm:GetParameters" in between.counts() or "ssm:GetParameter" in between.counts()
