"""A durable function that the manifest no longer calls one: it stays so, and its role allows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from app_on_cloud import OnCloud, problems

MANIFEST = """
app: shop
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
  order: {api: {DurableConfig: {ExecutionTimeout: 60}}}
  plain: {}
"""
CHECKPOINT = "lambda:CheckpointDurableExecution"
ALLOWED = "arn:aws:lambda:us-east-1:{}:function:shop-order:*"


def checkpoints(app: OnCloud, function: str) -> list[str]:
    """What the role may write checkpoints of."""
    policy = app.session().call(
        "iam", "GetRolePolicy", RoleName=f"shop-{function}-us-east-1", PolicyName="lcli"
    )["PolicyDocument"]
    statements = (json.loads(policy) if isinstance(policy, str) else policy)["Statement"]
    return [arn for one in statements if CHECKPOINT in one["Action"] for arn in one["Resource"]]


def test_the_role_keeps_what_the_function_needs(cloud: Any, tmp_path: Path) -> None:
    app = OnCloud(tmp_path, cloud.url, cloud.account)
    allowed = [ALLOWED.format(cloud.account)]
    app.manifest(MANIFEST)
    assert problems(app.deploy()) == []
    assert (checkpoints(app, "order"), checkpoints(app, "plain")) == (allowed, [])
    without = MANIFEST.replace("{api: {DurableConfig: {ExecutionTimeout: 60}}}", "{}")
    app.manifest(without)
    prepared = app.prepare()
    assert prepared.plan.empty
    assert any("it keeps DurableConfig" in one for one in prepared.notices)
    # Another change of the policy leaves it there, too.
    app.manifest(without.replace("order: {}", "order: {tracing: true}"))
    assert "update role shop-order-us-east-1" in app.plan()
    assert problems(app.deploy()) == []
    assert checkpoints(app, "order") == allowed
    assert app.plan() == []
