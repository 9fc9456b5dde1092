"""How large a function's resource policy becomes, before Lambda refuses it; pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from lcli.resources.model import Place, Resource
from lcli.resources.permission import CONDITIONS

LIMIT = 20_480
"""Bytes of the policy of a function, version or alias ("Lambda quotas")."""


def sizes(permissions: Iterable[Resource], place: Place) -> dict[str, int]:
    """The bytes of the policies that desired statements make, by ``FN`` or ``FN:ALIAS``.

    What only AWS can name counts as the text that stands for it. Others' statements come on top.
    """
    statements: dict[str, list[dict[str, Any]]] = {}
    for one in permissions:
        target, _, sid = one.key.name.partition("/")
        arn = place.arn("lambda", f"function:{target}")
        statements.setdefault(target, []).append(_statement(one, sid, arn, place))
    return {target: _size(those) for target, those in statements.items()}


def _size(statements: list[dict[str, Any]]) -> int:
    document = {"Version": "2012-10-17", "Id": "default", "Statement": statements}
    return len(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())


def _statement(permission: Resource, sid: str, arn: str, place: Place) -> dict[str, Any]:
    """As GetPolicy shows it."""
    fields = permission.fields
    conditions: dict[str, dict[str, str]] = {}
    for key, field in CONDITIONS.items():
        if value := fields.get(field):
            operator = _OPERATORS.get(field, "StringEquals")
            conditions.setdefault(operator, {})[key] = str(value)
    made = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": _principal(str(fields["Principal"]), place),
        "Action": fields["Action"],
        "Resource": arn,
    }
    return made | ({"Condition": conditions} if conditions else {})


_OPERATORS: Mapping[str, str] = {"SourceArn": "ArnLike", "InvokedViaFunctionUrl": "Bool"}


def _principal(principal: str, place: Place) -> Any:
    if principal == "*":
        return principal
    if principal.isdecimal():
        return {"AWS": place.arn("iam", "root", region="", account=principal)}
    return {"AWS" if principal.startswith("arn:") else "Service": principal}
