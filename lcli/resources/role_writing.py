"""What is written of a role: IAM has an operation for each of its fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lcli.aws.clients import AwsError, Clients
from lcli.aws.expected import expecting
from lcli.aws.texts import ROLE_HAS_POLICIES
from lcli.resources.function_tags import dropped
from lcli.resources.kind import Applying
from lcli.resources.model import Resource
from lcli.resources.role_reading import GONE, POLICY_NAME, attached, inline

_REMOVED = 60.0
"""Seconds for IAM to see that a role has no policies any more."""


def _put_policy(name: str, policy: Any, before: Any, clients: Clients) -> None:
    if policy:
        clients.call(
            "iam",
            "PutRolePolicy",
            RoleName=name,
            PolicyName=POLICY_NAME,
            PolicyDocument=as_text(policy),
        )
    else:
        with expecting(*GONE):
            clients.call("iam", "DeleteRolePolicy", RoleName=name, PolicyName=POLICY_NAME)


def _drop_inline(name: str, wanted: Any, before: Any, clients: Clients) -> None:
    for policy in sorted({*before} - {*wanted}):
        with expecting(*GONE):
            clients.call("iam", "DeleteRolePolicy", RoleName=name, PolicyName=policy)


def _put_attached(name: str, wanted: Any, before: Any, clients: Clients) -> None:
    for arn in sorted({*wanted} - {*before}):
        clients.call("iam", "AttachRolePolicy", RoleName=name, PolicyArn=arn)
    for arn in sorted({*before} - {*wanted}):
        with expecting(*GONE):
            clients.call("iam", "DetachRolePolicy", RoleName=name, PolicyArn=arn)


def _put_boundary(name: str, boundary: Any, before: Any, clients: Clients) -> None:
    if boundary:
        clients.call(
            "iam", "PutRolePermissionsBoundary", RoleName=name, PermissionsBoundary=boundary
        )
    else:
        with expecting(*GONE):
            clients.call("iam", "DeleteRolePermissionsBoundary", RoleName=name)


def _put_tags(name: str, wanted: Any, before: Any, clients: Clients) -> None:
    if gone := dropped(before, wanted):
        clients.call("iam", "UntagRole", RoleName=name, TagKeys=gone)
    clients.call("iam", "TagRole", RoleName=name, Tags=tag_list(wanted))


def _put_trust(name: str, policy: Any, before: Any, clients: Clients) -> None:
    clients.call("iam", "UpdateAssumeRolePolicy", RoleName=name, PolicyDocument=as_text(policy))


def _put_description(name: str, description: Any, before: Any, clients: Clients) -> None:
    clients.call("iam", "UpdateRole", RoleName=name, Description=description)


# A boundary comes first when it is set, so that the role is never wider than it may be.
_STEPS: Mapping[str, Callable[[str, Any, Any, Clients], None]] = {
    "PermissionsBoundary": _put_boundary,
    "AssumeRolePolicyDocument": _put_trust,
    "Policy": _put_policy,
    "InlinePolicies": _drop_inline,
    "ManagedPolicies": _put_attached,
    "Description": _put_description,
    "Tags": _put_tags,
}


FIELDS = tuple(_STEPS)


def converge(
    wanted: Resource, before: Mapping[str, Any], fields: Iterable[str], applying: Applying
) -> None:
    """Bring these `fields` of a role, which are `before` now, to what is wanted: a call each.

    Raises AwsError.
    """
    for field, step in _STEPS.items():
        if field in fields:
            value = applying.settle(wanted.fields[field])
            step(wanted.key.name, value, before.get(field), applying.clients)


def remove(name: str, applying: Applying) -> None:
    """Detach and delete a role's policies, then the role.

    What somebody else writes into it meanwhile goes, too, and a policy that IAM still sees is
    looked for again. Raises AwsError, and LcliError where that does not end.
    """
    clients = applying.clients

    def call(operation: str, **which: str) -> None:
        # Each by itself: an answer that was lost makes its repetition find nothing.
        with expecting(*GONE):
            clients.call("iam", operation, RoleName=name, **which)

    def removed() -> bool | None:
        with expecting(*GONE):
            for arn in attached(clients, name):
                call("DetachRolePolicy", PolicyArn=arn)
            for policy in inline(clients, name):
                call("DeleteRolePolicy", PolicyName=policy)
        try:
            call("DeleteRole")
        except AwsError as error:
            if ROLE_HAS_POLICIES.found(error):
                return None
            raise
        return True

    applying.poll(removed, f"taking the policies out of role {name}", _REMOVED)


def as_text(document: object) -> str:
    """A policy document as IAM takes it."""
    return json.dumps(document, separators=(",", ":"))


def tag_list(tags: Any) -> list[dict[str, str]]:
    """Tags as IAM takes them."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
