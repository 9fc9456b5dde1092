"""Policy documents of managed roles: what a function's settings need, and one normal form; pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from lcli.resources.model import Place, Text

Statement = Mapping[str, Any]
"""One statement as IAM writes it: ``{"Effect": "Allow", "Action": …, "Resource": …}``."""

TRUST: Statement = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
_LOGGING = ("logs:CreateLogStream", "logs:PutLogEvents")
# What the managed policies AWSLambdaVPCAccessExecutionRole and AWSXRayDaemonWriteAccess allow.
_VPC: Statement = {
    "Effect": "Allow",
    "Action": [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    ],
    "Resource": "*",
}
_TRACING: Statement = {
    "Effect": "Allow",
    "Action": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
    "Resource": "*",
}
INLINE_LIMIT = 10_240
"""Characters of a role's inline policies, white space not counted ("IAM and AWS STS quotas")."""
_DESTINATIONS = {
    "sqs": ("sqs:SendMessage", ""),
    "sns": ("sns:Publish", ""),
    "lambda": ("lambda:InvokeFunction", ""),
    "events": ("events:PutEvents", ""),
    "s3": ("s3:PutObject", "/*"),
}
"""By the service of its ARN: what Lambda needs to deliver to a destination, and on what below."""


def destination(arn: str) -> tuple[Statement, ...]:
    """The statements that an on-success, on-failure or dead-letter destination needs.

    Lambda developer guide, "Retaining records of asynchronous invocations" and the pages of the
    event sources; S3 destinations also list the bucket.
    """
    service = arn.split(":")[2]
    if service not in _DESTINATIONS:
        return ()
    action, below = _DESTINATIONS[service]
    statements: tuple[Statement, ...] = (
        {"Effect": "Allow", "Action": action, "Resource": arn + below},
    )
    if service == "s3":
        statements += ({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": arn},)
    return statements


def statements(
    place: Place,
    *,
    log_group: str,
    vpc: bool = False,
    tracing: bool = False,
    destinations: Iterable[str] = (),
    kms_key: str = "",
    file_systems: Iterable[str] = (),
) -> tuple[Statement, ...]:
    """What a function needs for its own settings: logs, network, tracing, destinations, key.

    `log_group` is a name, `destinations` and `file_systems` (access points) are ARNs. The log
    group is made by lcli, so the function may only write to it.
    """
    group = place.arn("logs", f"log-group:{log_group}:*")
    found: list[Statement] = [
        {
            "Effect": "Allow",
            "Action": _LOGGING,
            "Resource": group,
        }
    ]
    if vpc:
        found.append(_VPC)
    if tracing:
        found.append(_TRACING)
    for arn in destinations:
        found.extend(destination(arn))
    if kms_key:
        found.append({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": kms_key})
    for arn in file_systems:
        found.append(
            {
                "Effect": "Allow",
                "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                "Resource": arn,
            }
        )
    return tuple(found)


def durable(place: Place, function_name: str) -> Statement:
    """What the function of this AWS name needs to be durable.

    Developer guide, "Security and permissions for Lambda durable functions".
    """
    return {
        "Effect": "Allow",
        "Action": ["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState"],
        "Resource": place.arn("lambda", f"function:{function_name}:*"),
    }


def normal_policy(statements: Iterable[Statement]) -> dict[str, object]:
    """A policy document in normal form: lists sorted, statements of one effect joined.

    Statements that differ in their resources alone become one, and all are sorted, since
    neither changes what is allowed; so the order of triggers in a manifest is no difference.
    Without statements the document is empty.
    """
    joined: dict[str, dict[str, Any]] = {}
    for statement in statements:
        normal = _normal_statement(statement)
        same = _text({k: v for k, v in normal.items() if k != "Resource"})
        if same in joined and "Resource" in normal:
            both = {*joined[same]["Resource"], *normal["Resource"]}
            joined[same]["Resource"] = tuple(sorted(both, key=str))
        else:
            joined[same] = normal
    if not joined:
        return {}
    ordered = sorted(joined.values(), key=_text)
    return {"Version": "2012-10-17", "Statement": tuple(ordered)}


def least(policy: Any) -> dict[str, object]:
    """A document in normal form with the one statement of it that every function's role has."""
    kept = [
        one
        for one in policy.get("Statement", ())
        if (one["Effect"], one.get("Action")) == ("Allow", _LOGGING) and len(one["Resource"]) == 1
    ]
    return {**policy, "Statement": tuple(kept)}


def size(part: object) -> int:
    """Characters of a policy, or of a part of it, as IAM counts them."""
    return len("".join(json.dumps(part, separators=(",", ":"), default=str).split()))


def largest(policy: Mapping[str, Any], count: int = 3) -> tuple[str, ...]:
    """The largest statements of a document in normal form, in a few words each."""
    found = sorted(policy.get("Statement", ()), key=size, reverse=True)[:count]
    return tuple(map(_summary, found))


def _summary(statement: Statement) -> str:
    actions, resources = (statement.get(key, ("…",)) for key in ("Action", "Resource"))
    first = actions[0] if len(actions) == 1 else f"{actions[0]} and {len(actions) - 1} more"
    on = resources[0] if len(resources) == 1 else f"{len(resources)} resources"
    return f"{first} on {on} ({size(statement):,})"


def _normal_statement(statement: Statement) -> dict[str, Any]:
    normal: dict[str, Any] = {}
    for key, value in statement.items():
        if isinstance(value, Mapping):
            if value:
                normal[key] = _normal_lists(value)
        else:
            normal[key] = value if key in ("Effect", "Sid") else _sorted(value)
    return normal


def _normal_lists(block: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _normal_lists(value) if isinstance(value, Mapping) else _sorted(value)
        for key, value in block.items()
    }


def _text(part: object) -> str:
    return json.dumps(part, sort_keys=True, default=str)


def _sorted(value: object) -> tuple[str | Text, ...]:
    items = value if isinstance(value, list | tuple | set | frozenset) else (value,)
    return tuple(sorted({_item(one) for one in items}, key=str))


def _item(value: object) -> str | Text:
    if isinstance(value, Text):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)
