"""Execution roles that lcli makes: one a function, least-privileged, found by their path."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lcli.aws.clients import AwsError, Clients
from lcli.errors import LcliError, Problem
from lcli.resources.function_tags import are_ours, governed, own, owner
from lcli.resources.kind import Applying, Kind
from lcli.resources.model import Actual, Change, Key, Outputs, Place, Reading, Resource
from lcli.resources.naming import short_hash
from lcli.resources.role_policy import TRUST, Statement, normal_policy

POLICY_NAME = "lcli"
"""The one inline policy of a managed role."""
NAME_LENGTH = 64
"""The longest name of a role (IAM CreateRole)."""


def role_path(place: Place) -> str:
    """``/lcli/APP/STAGE/``, or ``/lcli/APP/`` without a stage."""
    return "/" + "".join(f"{part}/" for part in ("lcli", place.app, place.stage) if part)


def role_name(place: Place, function_name: str) -> str:
    """The name of a function's managed role: IAM is global, so it ends with the region.

    A name that would be too long is cut and gets a hash of the whole.
    """
    name = f"{function_name}-{place.region}"
    if len(name) <= NAME_LENGTH:
        return name
    tail = f"-{short_hash(function_name, length=8)}-{place.region}"
    return function_name[: NAME_LENGTH - len(tail)] + tail


def role(
    place: Place,
    function: str,
    function_name: str,
    *,
    statements: Iterable[Statement],
    name: str = "",
    path: str = "",
    boundary: str = "",
    policies: Iterable[str] = (),
    tags: Mapping[str, str] | None = None,
    where: str = "",
) -> Resource:
    """The execution role of a function (`function` is its manifest key).

    `name` and `path` override the derived ones; `policies` are ARNs of managed policies; `tags`
    are the user's, lcli's own are added. Its ARN is known beforehand: `role_arn`.
    """
    return Resource(
        Key("role", name or role_name(place, function_name)),
        {
            "Path": path or role_path(place),
            "Description": f"Execution role of the Lambda function {function_name}, kept by lcli",
            "AssumeRolePolicyDocument": normal_policy([TRUST]),
            "PermissionsBoundary": boundary,
            "Policy": normal_policy(statements),
            "ManagedPolicies": tuple(sorted(set(policies))),
            "Tags": own(place, function, tags or {}),
        },
        function=function,
        where=where,
    )


def role_arn(place: Place, wanted: Resource) -> str:
    """The ARN that a managed role has or will have."""
    return place.arn("iam", f"role{wanted.fields['Path']}{wanted.key.name}", region="")


class Role(Kind):
    """An execution role under ``/lcli/APP/STAGE/`` whose name ends with the region."""

    name = "role"
    title = "execution role"
    reads_after = ("function",)
    fixed = frozenset({"Path"})

    def read(self, reading: Reading) -> Iterable[Actual]:
        """ListRoles by path, then what each role holds (3 calls a role).

        A role elsewhere than under lcli's path is looked up by its name; so is one that a
        function is about to lose.
        """
        clients, path = reading.clients, role_path(reading.place)
        suffix = f"-{reading.place.region}"
        listed = {
            found["RoleName"]
            for page in clients.pages("iam", "ListRoles", PathPrefix=path)
            for found in page["Roles"]
            if found["Path"] == path and found["RoleName"].endswith(suffix)
        }
        wanted = reading.wanted("role")
        elsewhere = {one.key.name for one in wanted if one.fields["Path"] != path}
        elsewhere |= _left_behind(reading) - listed
        named = {one.key.name for one in wanted}
        if reading.functions is not None:
            keys = [*reading.desired, *reading.found]
            functions = {key.name for key in keys if key.kind == "function"}
            listed &= named | {role_name(reading.place, name) for name in functions}
        roles = reading.each(lambda name: self._read(reading, name), sorted(listed | elsewhere))
        return [found for found in roles if found is not None]

    def _read(self, reading: Reading, name: str) -> Actual | None:
        clients = reading.clients
        found = _unless_gone(lambda: clients.call("iam", "GetRole", RoleName=name))
        if found is None:
            return None
        role = found["Role"]
        policy = _unless_gone(
            lambda: clients.call("iam", "GetRolePolicy", RoleName=name, PolicyName=POLICY_NAME)
        )
        tags = {tag["Key"]: tag["Value"] for tag in role.get("Tags", ())}
        wanted = reading.desired.get(Key("role", name))
        ours = role["Path"] == role_path(reading.place) or are_ours(tags, reading.place)
        return Actual(
            Resource(
                Key("role", name),
                {
                    "Path": role["Path"],
                    "Description": role.get("Description", ""),
                    "AssumeRolePolicyDocument": _document(role["AssumeRolePolicyDocument"]),
                    "PermissionsBoundary": role.get("PermissionsBoundary", {}).get(
                        "PermissionsBoundaryArn", ""
                    ),
                    "Policy": _document(policy["PolicyDocument"]) if policy else {},
                    "ManagedPolicies": tuple(sorted(_attached(clients, name))),
                    "Tags": governed(tags, _tags(wanted)),
                },
                function=tags.get("lcli:function", ""),
            ),
            outputs={"arn": role["Arn"]},
            ours=ours,
            owner="" if ours else owner(tags),
        )

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """CreateRole with its boundary and tags, then its policies.

        A role that exists already is taken over if its path or its tags say that it is ours
        (an answer was lost, or a run was killed), and refused otherwise.
        """
        fields = wanted.fields
        boundary = fields["PermissionsBoundary"]
        name = wanted.key.name
        applying.say("making the execution role")
        try:
            made = applying.clients.call(
                "iam",
                "CreateRole",
                RoleName=name,
                Path=fields["Path"],
                Description=fields["Description"],
                AssumeRolePolicyDocument=_json(fields["AssumeRolePolicyDocument"]),
                Tags=_tag_list(fields["Tags"]),
                **({"PermissionsBoundary": boundary} if boundary else {}),
            )
        except AwsError as error:
            if error.code != "EntityAlreadyExists":
                raise
            return self._adopt(wanted, applying)
        _converge(wanted, {"ManagedPolicies": ()}, ("Policy", "ManagedPolicies"), applying)
        return {"arn": made["Role"]["Arn"]}

    def _adopt(self, wanted: Resource, applying: Applying) -> Outputs:
        name = wanted.key.name
        role = applying.clients.call("iam", "GetRole", RoleName=name)["Role"]
        tags = {tag["Key"]: tag["Value"] for tag in role.get("Tags", ())}
        if role["Path"] != role_path(applying.place) and not are_ours(tags, applying.place):
            raise LcliError(
                Problem(
                    "role-not-ours",
                    f'the role "{name}" exists already and belongs to {owner(tags)}',
                    role["Arn"],
                    "give the function another role name (role: {name: …}), or name this role by "
                    "its ARN (role: arn:…)",
                )
            )
        attached = tuple(sorted(_attached(applying.clients, name)))
        before = {"ManagedPolicies": attached, "Tags": governed(tags, _tags(wanted))}
        _converge(wanted, before, tuple(_STEPS), applying)
        return {"arn": role["Arn"]}

    def update(
        self, wanted: Resource, actual: Actual, changes: Sequence[Change], applying: Applying
    ) -> Outputs:
        """One call for each field that differs."""
        fields = sorted({change.path.partition(".")[0] for change in changes})
        applying.say("changing the execution role")
        _converge(wanted, actual.resource.fields, fields, applying)
        return actual.outputs

    def delete(self, actual: Actual, applying: Applying) -> None:
        """Detach and delete its policies, then DeleteRole."""
        clients, name = applying.clients, actual.resource.key.name

        def remove(operation: str, **which: str) -> None:
            # Each by itself: an answer that was lost makes its repetition find nothing.
            _unless_gone(lambda: clients.call("iam", operation, RoleName=name, **which))

        for arn in _unless_gone(lambda: _attached(clients, name)) or ():
            remove("DetachRolePolicy", PolicyArn=arn)
        for policy in _unless_gone(lambda: _inline(clients, name)) or ():
            remove("DeleteRolePolicy", PolicyName=policy)
        remove("DeleteRole")


def _left_behind(reading: Reading) -> set[str]:
    """Roles that our functions have but will not have any more; their names may be anything."""
    found = set()
    for function in reading.existing("function"):
        arn = function.outputs["role"]
        wanted = reading.desired.get(function.resource.key)
        if function.ours and arn and (wanted is None or wanted.fields.get("Role") != arn):
            found.add(arn.rpartition("/")[2])
    return found


def _put_policy(name: str, policy: Any, before: Any, clients: Clients) -> None:
    if policy:
        clients.call(
            "iam",
            "PutRolePolicy",
            RoleName=name,
            PolicyName=POLICY_NAME,
            PolicyDocument=_json(policy),
        )
    else:
        _unless_gone(
            lambda: clients.call("iam", "DeleteRolePolicy", RoleName=name, PolicyName=POLICY_NAME)
        )


def _put_attached(name: str, wanted: Any, before: Any, clients: Clients) -> None:
    for arn in sorted({*wanted} - {*before}):
        clients.call("iam", "AttachRolePolicy", RoleName=name, PolicyArn=arn)
    for arn in sorted({*before} - {*wanted}):
        _unless_gone(
            lambda arn=arn: clients.call(  # type: ignore[misc]
                "iam", "DetachRolePolicy", RoleName=name, PolicyArn=arn
            )
        )


def _put_boundary(name: str, boundary: Any, before: Any, clients: Clients) -> None:
    if boundary:
        clients.call(
            "iam", "PutRolePermissionsBoundary", RoleName=name, PermissionsBoundary=boundary
        )
    else:
        _unless_gone(lambda: clients.call("iam", "DeleteRolePermissionsBoundary", RoleName=name))


def _put_tags(name: str, wanted: Any, before: Any, clients: Clients) -> None:
    gone = sorted({*before} - {*wanted})
    if gone:
        clients.call("iam", "UntagRole", RoleName=name, TagKeys=gone)
    clients.call("iam", "TagRole", RoleName=name, Tags=_tag_list(wanted))


def _put_trust(name: str, policy: Any, before: Any, clients: Clients) -> None:
    clients.call("iam", "UpdateAssumeRolePolicy", RoleName=name, PolicyDocument=_json(policy))


def _put_description(name: str, description: Any, before: Any, clients: Clients) -> None:
    clients.call("iam", "UpdateRole", RoleName=name, Description=description)


# A boundary comes first when it is set, so that the role is never wider than it may be.
_STEPS: Mapping[str, Callable[[str, Any, Any, Clients], None]] = {
    "PermissionsBoundary": _put_boundary,
    "AssumeRolePolicyDocument": _put_trust,
    "Policy": _put_policy,
    "ManagedPolicies": _put_attached,
    "Description": _put_description,
    "Tags": _put_tags,
}


def _converge(
    wanted: Resource, before: Mapping[str, Any], fields: Iterable[str], applying: Applying
) -> None:
    for field, step in _STEPS.items():
        if field in fields:
            value = applying.settle(wanted.fields[field])
            step(wanted.key.name, value, before.get(field), applying.clients)


def _attached(clients: Clients, name: str) -> list[str]:
    pages = clients.pages("iam", "ListAttachedRolePolicies", RoleName=name)
    return [policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]]


def _inline(clients: Clients, name: str) -> list[str]:
    pages = clients.pages("iam", "ListRolePolicies", RoleName=name)
    return [str(policy) for page in pages for policy in page["PolicyNames"]]


def _document(document: Mapping[str, Any]) -> dict[str, object]:
    statements = document.get("Statement", ())
    return normal_policy([statements] if isinstance(statements, Mapping) else statements)


def _json(document: object) -> str:
    return json.dumps(document, separators=(",", ":"))


def _tag_list(tags: Any) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def _tags(wanted: Resource | None) -> Mapping[str, object]:
    tags = wanted.fields["Tags"] if wanted else {}
    return tags if isinstance(tags, Mapping) else {}


def _unless_gone(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except AwsError as error:
        if error.code in ("NoSuchEntity", "NoSuchEntityException"):
            return None
        raise


KINDS = (Role(),)
