"""Secret values appear in no output of any command, whatever goes wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from overlay.faults import Refuse, Rule, first
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

    def lcli(*words: str, url: str) -> tuple[int, str]:
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
            code, said = lcli("-v", "deploy", "--yes", "-o", "json", url=between.url)
        assert code == 1, said
        assert not (shown := [one for one in CANARIES if one in said]), (shown, said)
    for words in (
        ["plan", "-v"],
        ["plan", "-o", "json"],
        ["deploy", "--yes", "-v"],
        ["status", "one", "-o", "json"],
    ):
        code, said = lcli(*words, url=cloud.url)
        assert code == 0, said
        assert not (shown := [one for one in CANARIES if one in said]), (words, shown, said)
    configuration = clients.call("lambda", "GetFunction", FunctionName="photos-one")
    variables = configuration["Configuration"]["Environment"]["Variables"]
    assert set(variables.values()) == {LITERAL, PARAMETER, SECRET, ENVIRONMENT}
    assert not list((tmp_path / "tmp").rglob("*"))
    kept = [path for path in (tmp_path / ".cache").rglob("*") if path.is_file()]
    for canary in CANARIES:
        assert not [path for path in kept if canary.encode() in path.read_bytes()]
