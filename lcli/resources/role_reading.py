"""What AWS holds of execution roles, in as few calls as the API allows.

ListRoles gives neither tags nor boundary nor policies, and what somebody changed there by hand
must be found. So a role costs four calls; from `MANY` roles on, GetAccountAuthorizationDetails
gives all of that for hundreds of roles at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from lcli.aws.clients import AwsError, Clients
from lcli.aws.expected import expecting
from lcli.resources.model import Reading

GONE = ("NoSuchEntity", "NoSuchEntityException")
"""What IAM says of what is not there."""
POLICY_NAME = "lcli"
"""The inline policy that lcli writes; others are somebody's who widens or narrows the role."""
MANY = 10
"""More roles than this are read by one listing of the account's, if that is allowed."""


@dataclass(frozen=True, slots=True)
class Held:
    """One role."""

    path: str
    arn: str
    description: str
    trust: Mapping[str, Any]
    """The policy document."""
    boundary: str
    tags: Mapping[str, str]
    policy: Mapping[str, Any]
    """The document of lcli's inline policy; empty where there is none."""
    inline: tuple[str, ...]
    """Names of the other inline policies, sorted."""
    attached: tuple[str, ...]
    """ARNs of managed policies, sorted."""


def held(
    reading: Reading, listed: Mapping[str, Mapping[str, Any]], others: Iterable[str]
) -> dict[str, Held]:
    """The roles of these names, those that exist; `listed` are in ListRoles' form.

    Raises AwsError.
    """
    found = _details(reading.clients, listed) if len(listed) > MANY else {}
    names = sorted({*listed, *others} - found.keys())
    read = reading.each(lambda name: _held(reading.clients, name), names)
    return found | {name: one for name, one in zip(names, read, strict=True) if one is not None}


def existing(clients: Clients, names: Set[str]) -> Set[str]:
    """Of many roles those that exist, by one listing; few are asked for one by one anyway.

    Raises AwsError.
    """
    if len(names) <= MANY:
        return names
    pages = clients.pages("iam", "ListRoles", MaxItems=1000)
    return names & {one["RoleName"] for page in pages for one in page["Roles"]}


def _details(clients: Clients, listed: Mapping[str, Mapping[str, Any]]) -> dict[str, Held]:
    """From GetAccountAuthorizationDetails, which shows all but the description."""
    try:
        return {
            one["RoleName"]: _from_details(one, listed[one["RoleName"]].get("Description", ""))
            for page in clients.pages(
                "iam", "GetAccountAuthorizationDetails", Filter=["Role"], MaxItems=1000
            )
            for one in page["RoleDetailList"]
            if one["RoleName"] in listed
        }
    except AwsError as error:
        if error.status == 403:
            return {}
        raise


def _from_details(role: Mapping[str, Any], description: str) -> Held:
    inline = {one["PolicyName"]: one["PolicyDocument"] for one in role.get("RolePolicyList", ())}
    attached = [one["PolicyArn"] for one in role.get("AttachedManagedPolicies", ())]
    policy = inline.pop(POLICY_NAME, {})
    return _made({**role, "Description": description}, policy, inline, attached)


def _held(clients: Clients, name: str) -> Held | None:
    with expecting(*GONE):
        role = clients.call("iam", "GetRole", RoleName=name)["Role"]
        policy: Mapping[str, Any] = {}
        with expecting(*GONE):
            own = clients.call("iam", "GetRolePolicy", RoleName=name, PolicyName=POLICY_NAME)
            policy = own["PolicyDocument"]
        others = {*inline(clients, name)} - {POLICY_NAME}
        return _made(role, policy, others, attached(clients, name))
    return None


def _made(
    role: Mapping[str, Any],
    policy: Mapping[str, Any],
    inline: Iterable[str],
    attached: Iterable[str],
) -> Held:
    return Held(
        role["Path"],
        role["Arn"],
        role.get("Description", ""),
        role["AssumeRolePolicyDocument"],
        role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
        {tag["Key"]: tag["Value"] for tag in role.get("Tags", ())},
        policy,
        tuple(sorted(inline)),
        tuple(sorted(attached)),
    )


def inline(clients: Clients, name: str) -> list[str]:
    """Names of all the inline policies of a role. Raises AwsError."""
    pages = clients.pages("iam", "ListRolePolicies", RoleName=name)
    return [str(policy) for page in pages for policy in page["PolicyNames"]]


def attached(clients: Clients, name: str) -> list[str]:
    """ARNs of the managed policies of a role. Raises AwsError."""
    pages = clients.pages("iam", "ListAttachedRolePolicies", RoleName=name)
    return [policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]]
