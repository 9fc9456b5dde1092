"""`deploy --no-wait` leaves what gets ready by itself to AWS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from overlay.faults import Rewrite, Rule
from overlay.inside import lcli
from overlay.operations import Call
from overlay.server import overlay

MANIFEST = """
app: photos
region: us-east-1
functions:
  orders:
    runtime: python3.13
    handler: app.handler
    source: code
    concurrency: {provisioned: 1}
    triggers: [{sqs: orders}]
"""
NOT_READY = {
    "lambda:GetProvisionedConcurrencyConfig": {"Status": "IN_PROGRESS"},
    "lambda:GetEventSourceMapping": {"State": "Creating"},
}


def never_ready(call: Call) -> Rewrite:
    return Rewrite(change=lambda body: json.dumps(json.loads(body) | NOT_READY[call.name]).encode())


def test_what_gets_ready_by_itself_is_not_waited_for(cloud: Any, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context):\n    return 1\n")
    (tmp_path / "lcli.yaml").write_text(MANIFEST)
    cloud.clients().call("sqs", "CreateQueue", QueueName="orders")
    rule = Rule(never_ready, lambda call: call.name in NOT_READY)
    with overlay(cloud.url, rule) as between:
        environ = {**cloud.environ, "AWS_ENDPOINT_URL": between.url}
        said = lcli(tmp_path, environ, "deploy", "--yes", "--no-wait", "-o", "json")
        assert said.code == 0, said.stderr
        counts = between.counts()
    assert counts["lambda:PutProvisionedConcurrencyConfig"] == 1
    assert counts["lambda:CreateEventSourceMapping"] == 1
    assert said.seconds < 60  # of the ten minutes that it would wait
    again = lcli(tmp_path, cloud.environ, "deploy", "--yes")
    assert (again.code, "no changes" in again.stderr) == (0, True)
