"""Execution roles that lcli makes: one a function, least-privileged, found by their path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lcli.aws.clients import AwsError
from lcli.errors import LcliError, Problem
from lcli.resources.compare import left
from lcli.resources.function_tags import are_ours, governed, own, owner, qualifiers
from lcli.resources.kind import Applying, Kind
from lcli.resources.model import Actual, Change, Key, Outputs, Place, Reading, Resource, Value
from lcli.resources.naming import short_hash
from lcli.resources.owners import owners
from lcli.resources.role_policy import TRUST, Statement, least, normal_policy
from lcli.resources.role_reading import POLICY_NAME, Held, attached, existing, held, inline
from lcli.resources.role_writing import FIELDS, as_text, converge, remove, tag_list

NAME_LENGTH = 64
"""The longest name of a role (IAM CreateRole)."""
_COMMA = (",", ":")
"""Role names may hold commas, tags' values may not; role names never hold colons."""


def role_path(place: Place) -> str:
    """``/lcli/APP/STAGE/``, or ``/lcli/APP/`` without a stage."""
    return "/" + "".join(f"{part}/" for part in ("lcli", place.app, place.stage) if part)


def role_name(place: Place, function_name: str) -> str:
    """The name of a function's managed role: IAM is global, so it ends with the region.

    It says for which app and stage it is, as the function's own name may: who takes a function
    over from another stage makes a role beside that stage's. A name that would be too long is cut
    and gets a hash of the whole.
    """
    app = "-".join(filter(None, (place.app, place.stage)))
    is_told = function_name.startswith(f"{app}-")
    name = function_name if is_told else f"{function_name}-{app}"
    if len(f"{name}-{place.region}") <= NAME_LENGTH:
        return f"{name}-{place.region}"
    tail = f"-{short_hash(name, length=8)}-{place.region}"
    return name[: NAME_LENGTH - len(tail)] + tail


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
        role_key(place, function_name, name),
        {
            "Path": path or role_path(place),
            "Description": _description(place, function_name),
            "AssumeRolePolicyDocument": normal_policy([TRUST]),
            "PermissionsBoundary": boundary,
            "Policy": normal_policy(statements),
            "InlinePolicies": (),
            "ManagedPolicies": tuple(sorted(set(policies))),
            "Tags": own(place, function, tags or {}),
        },
        function=function,
        where=where,
    )


def _kept(place: Place) -> str:
    """How the descriptions of the roles of this app, stage and region end."""
    stage = f", stage {place.stage}" if place.stage else ""
    return f" in {place.region}, kept by lcli for {place.app}{stage}"


def _description(place: Place, function_name: str) -> str:
    return f"Execution role of the Lambda function {function_name}{_kept(place)}"


def role_part(place: Place, wanted: Resource) -> tuple[str, ...]:
    """What ``lcli:parts`` says of a managed role that its path and name do not lead to."""
    path, name = str(wanted.fields["Path"]), wanted.key.name
    return () if _leads(place, path, name) else (f"role={name.replace(*_COMMA)}",)


def _leads(place: Place, path: str, name: str) -> bool:
    return path == role_path(place) and name.endswith(f"-{place.region}")


def role_key(place: Place, function_name: str, name: str = "") -> Key:
    """The key of a function's managed role; `name` overrides the derived one."""
    return Key("role", name or role_name(place, function_name))


def role_arn(place: Place, function_name: str, *, name: str = "", path: str = "") -> str:
    """The ARN that a managed role has or will have; `name` and `path` as `role` takes them."""
    key = role_key(place, function_name, name)
    return place.arn("iam", f"role{path or role_path(place)}{key.name}", region="")


class Role(Kind):
    """An execution role under ``/lcli/APP/STAGE/`` whose name ends with the region."""

    name = "role"
    title = "execution role"
    searched = True
    reads_after = ("function",)
    fixed = frozenset({"Path"})
    comes_along = True
    derived = frozenset({"AssumeRolePolicyDocument", "Description", "Tags"})

    instead = (
        "give the function another role name (role: {name: …}), or name this role by its ARN "
        "(role: arn:…)"
    )

    def is_adoptable(self, changes: Sequence[Change]) -> bool:
        """Only where it need not be deleted for that: others may rely on it."""
        return not any(self.is_fixed(change) for change in changes)

    def usual(self, wanted: Resource) -> Mapping[str, Value]:
        """lcli's own path, and a policy that allows no more than to write the log."""
        is_own = str(wanted.fields["Path"]).startswith("/lcli/")
        usual: dict[str, Value] = {"Path": wanted.fields["Path"]} if is_own else {}
        return usual | {"Policy": least(wanted.fields["Policy"])}

    def read(self, reading: Reading) -> Iterable[Actual]:
        """ListRoles by path, then what each role holds (`role_reading`).

        The paths are lcli's and those that the manifest gives, for a deletion all; the others'
        roles there are told by name or description. Roles that a function's ``lcli:parts`` names
        or that a function is about to lose may be anywhere: they are looked up by their names. So
        are those that are not there yet: one of that name may be somebody else's.
        """
        found = _listed(reading)
        named = {one.key.name for one in reading.wanted("role")}
        if reading.functions is not None:
            keys = [*reading.desired, *reading.found]
            functions = {key.name for key in keys if key.kind == "function"}
            names = named | {role_name(reading.place, name) for name in functions}
            texts = {_description(reading.place, name) for name in functions}
            found = {
                name: one
                for name, one in found.items()
                if name in names or one.get("Description") in texts
            }
        new = existing(reading.clients, named - found.keys())
        others = (new | _left_behind(reading) | _in_parts(reading)) - found.keys()
        used = _given(reading) - named
        listed = {name: one for name, one in found.items() if name not in used}
        place, known = reading.place, owners(reading)
        owner_keys = {_description(place, name): key for name, key in known.items()}
        return [
            _actual(reading, owner_keys, name, one)
            for name, one in held(reading, listed, others - used).items()
        ]

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
                AssumeRolePolicyDocument=as_text(fields["AssumeRolePolicyDocument"]),
                Tags=tag_list(fields["Tags"]),
                **({"PermissionsBoundary": boundary} if boundary else {}),
            )
        except AwsError as error:
            if error.code != "EntityAlreadyExists":
                raise
            return self._adopt(wanted, applying)
        converge(wanted, {"ManagedPolicies": ()}, ("Policy", "ManagedPolicies"), applying)
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
                    self.instead,
                )
            )
        before = {
            "InlinePolicies": {*inline(applying.clients, name)} - {POLICY_NAME},
            "ManagedPolicies": tuple(sorted(attached(applying.clients, name))),
            "Tags": governed(tags, wanted.fields["Tags"]),
        }
        converge(wanted, before, FIELDS, applying)
        return {"arn": role["Arn"]}

    def update(
        self, wanted: Resource, actual: Actual, changes: Sequence[Change], applying: Applying
    ) -> Outputs:
        """One call for each field that differs."""
        fields = sorted({change.path.partition(".")[0] for change in changes})
        applying.say("changing the execution role")
        converge(left(wanted, actual), actual.resource.fields, fields, applying)
        return actual.outputs

    def delete(self, actual: Actual, applying: Applying) -> None:
        """Detach and delete its policies, then DeleteRole."""
        remove(actual.resource.key.name, applying)


def _listed(reading: Reading) -> dict[str, Mapping[str, Any]]:
    """Roles that look like those of this app, stage and region, in ListRoles' form."""
    place = reading.place
    paths = {role_path(place), *(str(one.fields["Path"]) for one in reading.wanted("role"))}
    return {
        one["RoleName"]: one
        for path in (["/"] if "role" in reading.everywhere else sorted(paths))
        for page in reading.clients.pages("iam", "ListRoles", PathPrefix=path)
        for one in page["Roles"]
        if _leads(place, one["Path"], one["RoleName"])
        or one.get("Description", "").endswith(_kept(place))
    }


def _actual(reading: Reading, keys: Mapping[str, str], name: str, role: Held) -> Actual:
    """`keys` are the manifest's by descriptions: a tag says what the function's was once."""
    wanted = reading.desired.get(Key("role", name))
    ours = role.path == role_path(reading.place) or are_ours(role.tags, reading.place)
    return Actual(
        Resource(
            Key("role", name),
            {
                "Path": role.path,
                "Description": role.description,
                "AssumeRolePolicyDocument": _document(role.trust),
                "PermissionsBoundary": role.boundary,
                "Policy": _document(role.policy),
                "InlinePolicies": role.inline,
                "ManagedPolicies": role.attached,
                "Tags": governed(role.tags, wanted.fields["Tags"] if wanted else None),
            },
            function=keys.get(role.description) or role.tags.get("lcli:function", ""),
        ),
        outputs={"arn": role.arn},
        ours=ours,
        owner="" if ours else owner(role.tags),
    )


def _given(reading: Reading) -> set[str]:
    """Roles that the manifest gives functions by name: those are never touched."""
    arns = [one.fields.get("Role", "") for one in reading.wanted("function")]
    return {str(arn).rpartition("/")[2] for arn in arns}


def _ours(reading: Reading) -> list[Actual]:
    """Our functions; the roles of those that are taken over stay with whom they are taken from."""
    return [one for one in reading.existing("function") if one.ours and not one.adopted]


def _in_parts(reading: Reading) -> set[str]:
    """Roles that ``lcli:parts`` names: those whose path or name does not lead to them."""
    return {
        name.replace(_COMMA[1], _COMMA[0])
        for function in _ours(reading)
        for name in qualifiers(function.outputs["parts"], "role")
    }


def _left_behind(reading: Reading) -> set[str]:
    """Roles that our functions have but will not have any more; their names may be anything."""
    found = set()
    for function in _ours(reading):
        arn = function.outputs["role"]
        wanted = reading.desired.get(function.resource.key)
        if arn and (wanted is None or wanted.fields.get("Role") != arn):
            found.add(arn.rpartition("/")[2])
    return found


def _document(document: Mapping[str, Any]) -> dict[str, object]:
    statements = document.get("Statement", ())
    return normal_policy([statements] if isinstance(statements, Mapping) else statements)


KINDS = (Role(),)
