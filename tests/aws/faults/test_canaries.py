"""Secret values appear in no output of any command, whatever goes wrong."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from overlay.faults import Refuse, Rewrite, Rule, first
from overlay.inside import lcli
from overlay.operations import Call
from overlay.outages import Said, project
from overlay.server import overlay

LITERAL, PARAMETER, SECRET, ENVIRONMENT = (
    f"canary-{word}-{number}"
    for number, word in enumerate(("literal", "parameter", "secret", "environment"), 7301)
)
CANARIES = (LITERAL, PARAMETER, SECRET, ENVIRONMENT, "X-Amz-Signature", "AWS4-HMAC")
MANIFEST = f"""
app: photos
region: us-east-1
functions:
  one:
    runtime: python3.13
    handler: app.handler
    source: code
    description: "its token: ${{ssm:/photos/token}}, its key: ${{secret:photos#key}}"
    environment:
      LITERAL: {LITERAL}
      PARAMETER: "${{ssm:/photos/token}}"
      SECRET: "${{secret:photos#key}}"
      GIVEN: "${{env:GIVEN}}"
"""
TOO_LARGE = Refuse(
    status=400,
    code="InvalidParameterValueException",
    message="Lambda was unable to configure your environment variables because the environment "
    "variables you have provided exceeded the 4KB limit. String measured: "
    f'{{"LITERAL":"{LITERAL}","PARAMETER":"{PARAMETER}","SECRET":"{SECRET}"}}',
)
MALFORMED = Refuse(
    status=400,
    code="ValidationException",
    message="1 validation error detected: Value '{LITERAL="
    f"{LITERAL}, SECRET={SECRET}}}' at 'environment.variables' failed to satisfy constraint",
)
DENIED = Refuse(status=403, code="AccessDeniedException", message=f"not for {PARAMETER}")
CREATE = frozenset({"lambda:CreateFunction"})


@pytest.mark.slow
def test_no_secret_is_ever_shown(cloud: Any, tmp_path: Path) -> None:
    clients = cloud.clients()
    clients.call("ssm", "PutParameter", Name="/photos/token", Type="SecureString", Value=PARAMETER)
    clients.call(
        "secretsmanager", "CreateSecret", Name="photos", SecretString=f'{{"key": "{SECRET}"}}'
    )
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context):\n    return 1\n")
    (tmp_path / "lcli.yaml").write_text(MANIFEST)
    (tmp_path / "tmp").mkdir()

    def installed(*words: str, url: str) -> tuple[int, str]:
        environ = {
            **cloud.environ,
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "TMPDIR": str(tmp_path / "tmp"),
            "GIVEN": ENVIRONMENT,
            "AWS_ENDPOINT_URL": url,
            "LCLI_DEBUG": "1",
        }
        command = [sys.executable, "-m", "lcli", *words]
        ran = subprocess.run(
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60
        )
        return ran.returncode, ran.stdout + ran.stderr

    for refusal in (TOO_LARGE, MALFORMED, DENIED):
        with overlay(cloud.url, Rule(refusal, first(1), CREATE)) as between:
            code, said = installed("-v", "deploy", "--yes", "-o", "json", url=between.url)
        assert code == 1, said
        assert not (shown := [one for one in CANARIES if one in said]), (shown, said)
    for words in (
        ["plan", "-v"],
        ["plan", "-o", "json"],
        ["deploy", "--yes", "-v"],
        ["status", "one", "-o", "json"],
    ):
        code, said = installed(*words, url=cloud.url)
        assert code == 0, said
        assert not (shown := [one for one in CANARIES if one in said]), (words, shown, said)
    configuration = clients.call("lambda", "GetFunction", FunctionName="photos-one")
    variables = configuration["Configuration"]["Environment"]["Variables"]
    assert set(variables.values()) == {LITERAL, PARAMETER, SECRET, ENVIRONMENT}
    assert not list((tmp_path / "tmp").rglob("*"))
    kept = [path for path in (tmp_path / ".cache").rglob("*") if path.is_file()]
    for canary in CANARIES:
        assert not [path for path in kept if canary.encode() in path.read_bytes()]


EVERY = (
    ("validate",),
    ("plan",),
    ("deploy", "--yes", "--events", "-o", "json"),
    ("deploy", "--yes"),
    ("status",),
    ("status", "one"),
    ("list",),
    ("versions", "one"),
    ("invoke", "one", "--dry-run"),
    ("logs",),
    ("logs", "--insights", "fields @message"),
    ("events", "put", "one", "mine", "-p", "{}"),
    ("events", "list", "one"),
    ("events", "get", "one", "mine"),
    ("events", "delete", "one", "mine"),
    ("executions", "list", "one"),
    ("rollback", "one", "--to", "1"),
    ("build",),
    ("package",),
    ("delete", "--yes"),
)
LOUDNESS = (
    *(pytest.param(one, marks=pytest.mark.whole) for one in ((), ("-q",), ("-v",))),
    *(("-vv",), ("-o", "json")),
)
REPEATED = json.dumps(
    {
        "plain": f"{PARAMETER} {SECRET}",
        "url": quote(f"token={PARAMETER}&key={SECRET}", safe=""),
        "base64": base64.b64encode(f"{PARAMETER}:{SECRET}".encode()).decode(),
        "signed": "GET /code?X-Amz-Signature=0a1b2c3d4e5f&X-Amz-Security-Token=IQoJb3Jp",
        "header": "Authorization: AWS4-HMAC-SHA256 Credential=AKIA, Signature=0a1b2c3d4e5f",
    }
)
ENCODED = [
    base64.b64encode(one.encode())[:-4].decode() for one in (PARAMETER, "xx" + SECRET, "x" + SECRET)
]
SIGNED = ("0a1b2c3d4e5f", "IQoJb3Jp")
LOCATION = (
    "https://awslambda-us-east-1-tasks.s3.us-east-1.amazonaws.com/snapshots/photos-one?versionId=x"
    f"&X-Amz-Security-Token={SIGNED[1]}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=600"
    f"&X-Amz-Credential=ASIA&X-Amz-Signature={SIGNED[0]}"
)
"""Where AWS says that a function's code is: whoever has it can fetch the code."""


def signed(answer: bytes) -> bytes:
    """GetFunction's answer as AWS gives it; the local cloud's location carries no signature."""
    told = json.loads(answer)
    if "Code" in told:
        told["Code"]["Location"] = LOCATION
    return json.dumps(told).encode()


SIGNING = Rule(Rewrite(change=signed), lambda call: call.name == "lambda:GetFunction")


@pytest.fixture
def app(cloud: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, dict[str, str]]:
    """The project, and an environment that has what it refers to; both stores hold canaries."""
    clients = cloud.clients()
    clients.call("ssm", "PutParameter", Name="/photos/token", Type="SecureString", Value=PARAMETER)
    clients.call(
        "secretsmanager", "CreateSecret", Name="photos", SecretString=f'{{"key": "{SECRET}"}}'
    )
    made = project(tmp_path)
    (made / "lcli.yaml").write_text(MANIFEST)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    environ = {"GIVEN": ENVIRONMENT, "LCLI_CACHE_DIR": str(tmp_path / "home" / "cache")}
    return made, {**cloud.environ, **environ}


def leaks(said: Said) -> list[str]:
    text = said.stdout + said.stderr
    return [one for one in (*CANARIES[:4], *ENCODED, *SIGNED) if one in text]


def kept(directory: Path) -> list[tuple[str, str]]:
    """Files with a canary in them but for the manifest."""
    files = [f for f in directory.rglob("*") if f.is_file() and f.name != "lcli.yaml"]
    canaries = (*CANARIES[:4], *SIGNED)
    return [(f.name, one) for f in files for one in canaries if one.encode() in f.read_bytes()]


@pytest.mark.parametrize("loudness", LOUDNESS, ids=" ".join)
def test_no_command_shows_a_secret(
    cloud: Any, app: tuple[Path, dict[str, str]], loudness: tuple[str, ...]
) -> None:
    directory, environ = app
    with overlay(cloud.url, SIGNING) as between:
        for words in EVERY:
            there = {**environ, "AWS_ENDPOINT_URL": between.url, "LCLI_DEBUG": "1"}
            said = lcli(directory, there, *words, *loudness)
            # Nothing was logged.
            assert said.code == 0 or words[0] == "logs", (words, said)
            assert leaks(said) == [], words
        assert between.faults()["rewrite"] >= 10
    assert kept(directory.parent) == []
    assert list((directory.parent / "tmp").iterdir()) == []


@pytest.mark.parametrize("debug", ["", "1"], ids=["", "debug"])
@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ("lambda:GetFunction", ("plan",)),
        ("lambda:CreateFunction", ("deploy", "--yes")),
        ("lambda:CreateFunction", ("deploy", "--yes", "-o", "json")),
        ("lambda:CreateAlias", ("deploy", "-v", "--yes")),
        ("iam:PutRolePolicy", ("deploy", "-vv", "--yes")),
        ("logs:DescribeLogGroups", ("plan", "-o", "json")),
        ("lambda:GetFunction", ("status",)),
        ("lambda:CreateFunction", ("deploy", "--yes", "--events", "-o", "json")),
    ],
    ids=str,
)
def test_no_refusal_shows_a_secret(
    cloud: Any,
    app: tuple[Path, dict[str, str]],
    operation: str,
    words: tuple[str, ...],
    debug: str,
) -> None:
    directory, environ = app
    refusal = Refuse(status=400, code="InvalidRequestException", message=REPEATED)
    with overlay(cloud.url, Rule(refusal, lambda call: call.name == operation)) as between:
        there = {**environ, "AWS_ENDPOINT_URL": between.url, "LCLI_DEBUG": debug}
        said = lcli(directory, there, *words)
        assert between.faults().total() == 1
    assert said.code == 1, said
    assert "(secret)" in said.stdout + said.stderr
    assert leaks(said) == []


@pytest.mark.parametrize(
    "words",
    [
        ("events", "list", "one"),
        ("events", "put", "one", "mine", "-p", "{}", "-v"),
        ("executions", "list", "one", "-vv"),
        ("logs", "--insights", "fields @message"),
        ("invoke", "one", "-o", "json"),
    ],
    ids=" ".join,
)
def test_what_has_read_no_secrets_hides_signatures(
    cloud: Any, app: tuple[Path, dict[str, str]], words: tuple[str, ...]
) -> None:
    directory, environ = app
    refusal = Refuse(status=400, code="InvalidRequestException", message=REPEATED)
    with overlay(cloud.url, Rule(refusal, lambda call: call.service != "sts")) as between:
        there = {**environ, "AWS_ENDPOINT_URL": between.url, "LCLI_DEBUG": "1"}
        said = lcli(directory, there, *words)
    assert said.code == 1, said
    assert "X-Amz-Signature" in said.stdout + said.stderr
    assert [one for one in SIGNED if one in said.stdout + said.stderr] == []


@pytest.mark.parametrize("loudness", [(), ("-v", "-o", "json")], ids=["", "-v -o json"])
@pytest.mark.parametrize(
    "value",
    [
        "x: CANARY",
        '"CANARY',
        '"\\qCANARY"',
        "CANARY\n      LITERAL: CANARY",
        "!CANARY CANARY",
        "!!binary CANARY",
        "*CANARY",
        "\n\tCANARY",
        "{CANARY",
    ],
)
def test_a_manifest_that_cannot_be_read_shows_no_environment(
    tmp_path: Path, value: str, loudness: tuple[str, ...]
) -> None:
    directory = project(tmp_path)
    text = MANIFEST.replace(f"LITERAL: {LITERAL}", f"LITERAL: {value}")
    (directory / "lcli.yaml").write_text(text.replace("CANARY", LITERAL))
    for words in (("validate",), ("plan",), ("deploy", "--yes")):
        said = lcli(directory, {"LCLI_DEBUG": "1"}, *words, *loudness)
        assert said.code == 2, said
        assert "lcli.yaml:1" in said.stderr
        assert leaks(said) == [], said


def test_show_values_shows_them(cloud: Any, app: tuple[Path, dict[str, str]]) -> None:
    said = lcli(*app, "plan", "--show-values")
    assert [one for one in CANARIES[:4] if one not in said.stdout] == []


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_deploy_that_is_ended_leaves_no_secret(
    cloud: Any, app: tuple[Path, dict[str, str]], ending: signal.Signals
) -> None:
    directory, environ = app
    home = directory.parent
    begun: list[subprocess.Popen[str]] = []

    def strikes(call: Call) -> bool:
        if call.name == "lambda:CreateFunction":
            begun[0].send_signal(ending)
        return False

    with overlay(cloud.url, Rule(DENIED, strikes)) as between:
        kept_environ = {"PATH": os.environ["PATH"], "HOME": str(home / "home")}
        more = {"TMPDIR": str(home / "tmp"), "AWS_ENDPOINT_URL": between.url}
        command = subprocess.Popen(
            [sys.executable, "-m", "lcli", "deploy", "--yes", "-v"],
            cwd=directory,
            env={**kept_environ, **environ, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        begun.append(command)
        text = command.communicate(timeout=60)[0]
    assert command.returncode == (-9 if ending == signal.SIGKILL else 130), text
    assert leaks(Said(0, text, "", 0)) == []
    assert kept(home) == []
    assert list((home / "tmp").iterdir()) == []
