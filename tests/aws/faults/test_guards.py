"""What is refused before anything is touched: the wrong account, and what nobody confirmed."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from overlay.faults import Refuse, Rule, among, at
from overlay.inside import lcli
from overlay.outages import REACHING, project
from overlay.server import overlay

from lcli.cli.run import Run
from lcli.errors import LcliError

ALIKE = frozenset({"invoke --async", "deploy --events"})
"""Like `invoke` and `deploy`, but for their output."""
OURS = {name: words for name, words in REACHING.items() if name not in ALIKE} | {
    "validate": ("validate",),
    "logs of one": ("logs", "one"),
    "versions --prune": ("versions", "one", "--prune", "1"),
}
ARN = "arn:aws:lambda:us-east-1:123456789012:function:foreign"
EXECUTION = f"{ARN}:1/durable-execution/order-1/{'0' * 36}"
NAMES = {"one": "foreign", "one/order-1": "foreign/order-1"}
ARNS = {"one": ARN, "one/order-1": EXECUTION}
"""What the words of `OURS` become for a function that is not in the manifest."""
GUARDED = OURS | {
    f"{name}, {how}": tuple(others.get(word, word) for word in words)
    for how, others in (("another's name", NAMES), ("an ARN", ARNS))
    for name, words in OURS.items()
    if others.keys() & {*words}
}
PARAMETER = '{environment: {TOKEN: "${ssm:/photos/token}"}, '


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    return project(tmp_path), cloud.environ | {"LCLI_CACHE_DIR": str(tmp_path / "cache")}


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(words, id=name, marks=[pytest.mark.whole] * name.endswith(("ARN", "name")))
        for name, words in GUARDED.items()
    ],
)
def test_nothing_is_asked_of_another_account(
    cloud: Any, app: tuple[Path, dict[str, str]], words: tuple[str, ...]
) -> None:
    directory, environ = app
    manifest = directory / "lcli.yaml"
    guarded = manifest.read_text().replace("one: {", f"one: {PARAMETER}")
    manifest.write_text(f'account: "999999999999"\n{guarded}')
    with overlay(cloud.url) as between:
        said = lcli(directory, {**environ, "AWS_ENDPOINT_URL": between.url}, *words)
        calls = [call.name for call in between.calls]
    assert calls == ["sts:GetCallerIdentity"]
    assert (said.code, said.stdout) == (2, "")
    assert said.stderr == (
        f"error: these credentials are of account {cloud.account}, the manifest says "
        "999999999999 [wrong-account]\n"
        "  at: lcli.yaml:1:10\n"
        '    account: "999999999999"\n'
        "             ^\n"
        "  next: choose another --profile or --stage; nothing was touched\n"
    )


def test_the_manifest_s_account_is_asked_for_once(
    cloud: Any, app: tuple[Path, dict[str, str]]
) -> None:
    directory, environ = app
    manifest = directory / "lcli.yaml"
    manifest.write_text(f'account: "{cloud.account}"\n{manifest.read_text()}')
    assert lcli(directory, environ, "deploy").code == 0
    with overlay(cloud.url) as between:
        there = {**environ, "AWS_ENDPOINT_URL": between.url}
        for words in (("invoke", "one"), ("list",), ("status", "one"), ("plan",)):
            between.calls.clear()
            assert lcli(directory, there, *words).code == 0
            assert between.counts()["sts:GetCallerIdentity"] == 1, words


@pytest.mark.parametrize("broken", ["app: [", "app: a\naccount: ${env:NOWHERE}"])
def test_a_manifest_that_is_broken_keeps_nobody_from_what_works_without_it(
    app: tuple[Path, dict[str, str]], broken: str
) -> None:
    directory, environ = app
    (directory / "lcli.yaml").write_text(broken)
    assert lcli(directory, environ, "list", "--all", "--region", "us-east-1").code == 0


def test_credentials_that_were_renewed_are_looked_at_anew(
    cloud: Any, app: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, environ = app
    manifest = directory / "lcli.yaml"
    manifest.write_text(f'account: "{cloud.account}"\n{manifest.read_text()}')
    monkeypatch.chdir(directory)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    run = Run()
    run.session()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "999999999999")
    run.reconnect()
    with pytest.raises(LcliError, match=f"999999999999, the manifest says {cloud.account}"):
        run.session()


@pytest.mark.parametrize(
    ("named", "tags", "owner"),
    [
        pytest.param("one", {}, "someone who left no lcli tags on it", id="nobody's"),
        pytest.param("one", {"lcli:app": "shop"}, "lcli app shop", id="another app's"),
        pytest.param("theirs", {}, "someone who left no lcli tags on it", id="not in the manifest"),
        pytest.param("ARN", {}, "someone who left no lcli tags on it", id="by its ARN"),
    ],
)
def test_versions_of_others_are_shown_and_stay(
    cloud: Any, app: tuple[Path, dict[str, str]], named: str, tags: dict[str, str], owner: str
) -> None:
    directory, environ = app
    name = "photos-one" if named == "one" else "theirs"
    function = cloud.function(name=name, Publish=True, Tags=tags)
    call = cloud.clients().call
    call("lambda", "UpdateFunctionConfiguration", FunctionName=name, Description="2")
    call("lambda", "PublishVersion", FunctionName=name)
    named = function.arn if named == "ARN" else named
    pruned = lcli(directory, environ, "versions", named, "--prune", "1")
    assert (pruned.code, pruned.stdout) == (2, "")
    assert pruned.stderr == (
        f"error: function {name} belongs to {owner} [not-ours]\n"
        f"  at: {function.arn}\n"
        "  next: take it over first with `lcli deploy --adopt`, or use the tools that made it\n"
    )
    assert lcli(directory, environ, "rollback", named) == replace(pruned, seconds=ANY)
    shown = lcli(directory, environ, "versions", named, "-o", "json")
    assert [one["version"] for one in json.loads(shown.stdout)["versions"]] == ["2", "1"]


def test_what_was_deleted_before_a_prune_failed_is_told(
    cloud: Any, app: tuple[Path, dict[str, str]]
) -> None:
    directory, environ = app
    cloud.function(
        name="loose", Publish=True, Tags={"lcli:app": "others", "lcli:function": "loose"}
    )
    call = cloud.clients().call
    for text in ("2", "3", "4", "5"):
        call("lambda", "UpdateFunctionConfiguration", FunctionName="loose", Description=text)
        call("lambda", "PublishVersion", FunctionName="loose")
    denied = Refuse(code="AccessDeniedException", status=403, message="no")
    rule = Rule(denied, among(lambda one: one.operation == "DeleteFunction", at(3)))
    with overlay(cloud.url, rule) as between:
        through = environ | {"AWS_ENDPOINT_URL": between.url}
        pruned = lcli(directory, through, "versions", "loose", "--prune", "1")
    told = pruned.stderr.splitlines()
    assert (pruned.code, pruned.stdout, told[0]) == (1, "", "loose, us-east-1: deleted 4, 3")
    assert "lambda:DeleteFunction was denied" in told[1]


CLOSED, OPEN = "url: {auth: iam}, ", "url: {auth: none}, "
POLICY = 'permissions: [{principal: "*", anybody: true}], '
EVERYBODY = "everybody may call the URL of photos-one"


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        pytest.param(None, OPEN, EVERYBODY, id="open URL"),
        pytest.param(CLOSED, OPEN, EVERYBODY, id="URL that is opened"),
        pytest.param(None, POLICY, "* may invoke photos-one on anybody's behalf", id="open policy"),
        pytest.param(
            "name: photos-a, ",
            "name: photos-b, ",
            "deletes function photos-a",
            id="another function",
        ),
        pytest.param(
            "name: photos-a, ", "GONE", "deletes function photos-a", id="function that goes"
        ),
        pytest.param(
            CLOSED, f"{CLOSED} alias: blue, ", "deletes function URL photos-one:live", id="address"
        ),
        pytest.param("triggers: [http: GET /], ", "", "deletes HTTP API photos", id="HTTP API"),
    ],
)
@pytest.mark.parametrize(
    "quiet", [(), pytest.param(("-q",), marks=pytest.mark.whole)], ids=["", "quiet"]
)
def test_what_nobody_confirmed_is_not_done(
    cloud: Any,
    app: tuple[Path, dict[str, str]],
    before: str | None,
    after: str,
    reason: str,
    quiet: tuple[str, ...],
) -> None:
    directory, environ = app
    manifest = directory / "lcli.yaml"
    text = manifest.read_text()
    if before is not None:
        manifest.write_text(text.replace("one: {", "one: {" + before))
        assert lcli(directory, environ, "deploy", "--yes").code == 0
    manifest.write_text(text.replace("one: {", "two: {" if after == "GONE" else "one: {" + after))
    with overlay(cloud.url) as between:
        there = {**environ, "AWS_ENDPOINT_URL": between.url}
        said = lcli(directory, there, "deploy", "--prune", *quiet)
        changes = [call.name for call in between.calls if call.changes]
    assert changes == []
    assert (said.code, said.stdout) == (2, "")
    assert said.stderr.endswith(
        f"error: no terminal to ask on whether this is meant: {reason} [not-confirmed]\n"
        "  next: run again with --yes if it is meant; nothing was touched\n"
    )
    assert lcli(directory, environ, "deploy", "--prune", "--yes").code == 0


@pytest.mark.parametrize("command", ["deploy", "rollback", "delete"])
def test_a_region_of_a_variable_is_worked_on_after_a_word(
    cloud: Any, app: tuple[Path, dict[str, str]], command: str
) -> None:
    """In another region than the manifest's two versions were deployed, by --region's word."""
    directory, environ = app
    elsewhere = {**environ, "LCLI_REGION": "eu-west-1"}
    deploy = ("deploy", "--region", "eu-west-1")
    told = "works in eu-west-1 ({}), the manifest says us-east-1"
    for text in ("1", "2"):
        (directory / "code" / "app.py").write_text(f"def handler(event, context):\n    {text}\n")
        made = lcli(directory, environ, *deploy)
        assert (made.code, made.stderr.count(told.format("--region"))) == (0, 1)
    assert lcli(directory, elsewhere, "deploy").code == 0  # nothing is done, and nothing asked
    if command == "deploy":
        (directory / "code" / "app.py").write_text("def handler(event, context):\n    3\n")
    told = told.format("LCLI_REGION")
    assert lcli(directory, elsewhere, "plan").stderr.count(told) == 1
    with overlay(cloud.url) as between:
        said = lcli(directory, {**elsewhere, "AWS_ENDPOINT_URL": between.url}, command)
        assert [call.name for call in between.calls if call.changes] == []
    assert (said.code, said.problem) == (2, "not-confirmed")
    assert said.stderr.startswith(f"{told}\n")
    assert f"no terminal to ask on whether this is meant: {told}" in said.stderr
    assert lcli(directory, elsewhere, command, "--yes").code == 0


def _leaves(code: Path) -> None:
    (code / "odd").symlink_to("/etc/passwd")


def _loops(code: Path) -> None:
    (code / "odd").symlink_to(code)


def _pipes(code: Path) -> None:
    os.mkfifo(code / "odd")


def _is_not_utf8(code: Path) -> None:
    (code / os.fsdecode(b"odd\xff")).touch()


def _is_large(code: Path) -> None:
    with (code / "odd").open("wb") as file:
        file.truncate(262_144_001)


TREES = {
    "link-leaves-source": _leaves,
    "link-loop": _loops,
    "not-a-file": _pipes,
    "name-not-utf8": _is_not_utf8,
    "artifact-too-large": _is_large,
}
LAYERED = "layers: {common: {source: more, build: {kind: none}}}\n"


@pytest.mark.parametrize("of_layer", [False, True], ids=["code", "layer"])
@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("command", ["plan", "deploy", "status"])
def test_a_source_that_cannot_be_packed_is_refused_before_any_call(
    cloud: Any, app: tuple[Path, dict[str, str]], command: str, tree: str, of_layer: bool
) -> None:
    directory, environ = app
    manifest = directory / "lcli.yaml"
    text = manifest.read_text().replace("one: {", f"one: {PARAMETER}layers: [common], ")
    manifest.write_text('account: "123456789012"\n' + LAYERED + text)
    (directory / "more").mkdir()
    (directory / "more" / "lib.py").touch()
    TREES[tree](directory / ("more" if of_layer else "code"))
    with overlay(cloud.url) as between:
        said = lcli(directory, {**environ, "AWS_ENDPOINT_URL": between.url}, command)
        assert [call.name for call in between.calls] == []
    assert (said.code, said.stdout) == (2, "")
    assert said.stderr.count(f"[{tree}]") == said.stderr.count("error:") == 1
    assert "odd" in said.stderr


@pytest.mark.parametrize("command", ["validate", "build", "package", "plan", "deploy"])
def test_what_is_wrong_with_a_source_is_told_with_its_line(
    app: tuple[Path, dict[str, str]], command: str
) -> None:
    directory, environ = app
    (directory / "code" / "app.py").write_text("")
    said = lcli(directory, environ, command)
    lines = said.stderr.splitlines()
    assert (said.code, lines[0].endswith("[handler-missing]")) == (2, True)
    assert "app.handler" in lines[2]
    assert lines[3].strip() == "^"


def test_validate_measures_sources(app: tuple[Path, dict[str, str]]) -> None:
    directory, environ = app
    _is_large(directory / "code")
    said = lcli(directory, environ, "validate")
    assert said.code == 2
    assert "[artifact-too-large]" in said.stderr


def test_sources_that_only_aws_can_name_are_left_for_later(
    cloud: Any, app: tuple[Path, dict[str, str]]
) -> None:
    """What `${account}` and `${ssm:…}` stand for is not guessed."""
    directory, environ = app
    _leaves(directory / "code")
    for number, source in enumerate(("code/${account}", "${ssm:/photos/source}")):
        (directory / f"app{number}").mkdir()
        where = project(directory / f"app{number}")
        manifest = where / "lcli.yaml"
        manifest.write_text(manifest.read_text().replace("source: code", f"source: '{source}'"))
        with overlay(cloud.url) as between:
            there = {**environ, "AWS_ENDPOINT_URL": between.url}
            said = lcli(where, there, "plan")
            assert between.calls[0].name == "sts:GetCallerIdentity"
        assert said.code == 2
