"""What is deleted is let go of: a local cloud runs for days, and apps come and go in it."""

from __future__ import annotations

import gc
import io
import json
import zipfile
from typing import Any

NAME = "let-go-of-"
OWNERS = ("moto.iam", "moto.logs", "lcli.local.lambda_api", "lcli.local.runtime")
TRUST = json.dumps(
    {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ]
    }
)


def held() -> list[str]:
    """Types of the objects that still are, for each that was made under a name of this test's."""
    gc.collect()
    ours = [each for each in gc.get_objects() if str(type(each).__module__).startswith(OWNERS)]
    return sorted(
        type(each).__qualname__
        for each in ours
        if any(NAME in str(getattr(each, name, "")) for name in ("name", "arn"))
    )


def packed() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return 1")
    return out.getvalue()


def test_nothing_is_held_of_deleted_functions_roles_and_log_groups(cloud: Any) -> None:
    functions, iam, logs = (cloud.boto3(name) for name in ("lambda", "iam", "logs"))
    names = [f"{NAME}{number}" for number in range(5)]
    for name in names:
        iam.create_role(RoleName=name, Path="/lcli/", AssumeRolePolicyDocument=TRUST)
        logs.create_log_group(logGroupName=f"/aws/lambda/{name}")
        functions.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Handler="app.handler",
            Role=f"arn:aws:iam::{cloud.account}:role/lcli/{name}",
            Code={"ZipFile": packed()},
            Publish=True,
        )
    made = held()
    assert {"Role", "LogGroup", "Function"} <= set(made)
    for name in names:
        functions.delete_function(FunctionName=name)
        logs.delete_log_group(logGroupName=f"/aws/lambda/{name}")
        iam.delete_role(RoleName=name)
    assert held() == []
