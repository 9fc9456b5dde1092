"""A command over several regions hides the secrets of all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from overlay.inside import lcli

MANIFEST = """
app: photos
regions: [us-east-1, eu-west-1]
functions:
  one:
    runtime: python3.13
    handler: app.handler
    source: code
    triggers: [{sqs: "${ssm:/photos/queue}"}]
"""
VALUES = {"us-east-1": "canary-us-7301", "eu-west-1": "canary-eu-7302"}


@pytest.mark.parametrize(
    "words", [("plan",), ("plan", "-o", "json"), ("deploy", "--yes", "-o", "json")]
)
def test_secrets_of_every_region_are_hidden(
    cloud: Any, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context):\n    return 1\n")
    (tmp_path / "lcli.yaml").write_text(MANIFEST)
    for region, value in VALUES.items():
        clients = cloud.clients(region)
        clients.call("sqs", "CreateQueue", QueueName=value)
        clients.call("ssm", "PutParameter", Name="/photos/queue", Type="SecureString", Value=value)
    environ = {name: one for name, one in cloud.environ.items() if "REGION" not in name}
    said = lcli(tmp_path, environ, *words)
    assert said.code == 0, said.stderr
    assert said.stdout.count(":(secret)") >= 2
    lines = f"{said.stdout}\n{said.stderr}".splitlines()
    assert [one for one in lines if any(value in one for value in VALUES.values())] == []
