"""Permission statements: who else may invoke a function, one statement a source."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from lcli.aws.clients import Clients
from lcli.aws.expected import expecting
from lcli.resources import function_tags as tagging
from lcli.resources.function_state import GONE
from lcli.resources.function_update import PRECONDITION
from lcli.resources.kind import Applying, Ask, Kind
from lcli.resources.leaving import leaving_aliases
from lcli.resources.model import Actual, Key, Outputs, Place, Reading, Ref, Resource, Text, Value
from lcli.resources.naming import (
    PREFIX,
    attached_to,
    function_key,
    qualified,
    short_hash,
    unqualified,
)

INVOKE = "lambda:InvokeFunction"
INVOKE_URL = "lambda:InvokeFunctionUrl"
_SECONDS = 60.0
"""How long a statement that other writers undo is written again."""
CONDITIONS: Mapping[str, str] = {
    "aws:sourcearn": "SourceArn",
    "aws:sourceaccount": "SourceAccount",
    "aws:principalorgid": "PrincipalOrgID",
    "lambda:eventsourcetoken": "EventSourceToken",
    "lambda:functionurlauthtype": "FunctionUrlAuthType",
    "lambda:invokedviafunctionurl": "InvokedViaFunctionUrl",
}
"""Condition keys (lower case, since IAM does not mind) and AddPermission's parameters."""


def permission(
    place: Place,
    name: str,
    qualifier: str,
    *,
    principal: str,
    function: str,
    action: str = INVOKE,
    source_arn: str | Ref | Text = "",
    source_account: str = "",
    principal_org_id: str = "",
    event_source_token: str = "",
    url_auth: str = "",
    via_url: bool = False,
    where: str = "",
) -> Resource:
    """One statement in the policy of the AWS function `name` or its alias `qualifier`.

    `principal` is a service (``s3.amazonaws.com``), an account, an ARN or ``*``; `url_auth` is
    FunctionUrlAuthType. The statement's id is derived from all of it, before references are
    settled.
    """
    given: dict[str, Value] = {
        "Action": action,
        "EventSourceToken": event_source_token,
        "FunctionUrlAuthType": url_auth,
        "InvokedViaFunctionUrl": via_url,
        "Principal": _principal(principal),
        "PrincipalOrgID": principal_org_id,
        "SourceAccount": source_account,
        "SourceArn": source_arn,
    }
    fields = {field: value for field, value in given.items() if value}
    sid = PREFIX + short_hash(*(repr(item) for item in sorted(fields.items(), key=str)))
    refs = source_arn.parts if isinstance(source_arn, Text) else (source_arn,)
    return Resource(
        _key(name, qualifier, sid),
        fields,
        needs=(*attached_to(name, qualifier), *(r.key for r in refs if isinstance(r, Ref))),
        function=function,
        where=where,
    )


def url_permissions(
    place: Place, name: str, qualifier: str, *, function: str, where: str = ""
) -> tuple[Resource, ...]:
    """Both statements that a URL with ``auth: none`` needs.

    "Control access to Lambda function URLs": since October 2025 InvokeFunctionUrl, and
    InvokeFunction under the condition lambda:InvokedViaFunctionUrl.
    """
    return (
        permission(
            place,
            name,
            qualifier,
            principal="*",
            function=function,
            action=INVOKE_URL,
            url_auth="NONE",
            where=where,
        ),
        permission(
            place, name, qualifier, principal="*", function=function, via_url=True, where=where
        ),
    )


def _key(name: str, qualifier: str, sid: str) -> Key:
    return Key("permission", f"{qualified(name, qualifier)}/{sid}")


def _principal(principal: str) -> str:
    """An account is its root: the policy shows ``arn:aws:iam::ACCOUNT:root``."""
    parts = principal.split(":")
    return parts[4] if len(parts) == 6 and parts[2] == "iam" and parts[5] == "root" else principal


class Permission(Kind):
    """A statement of a function's own policy, by an id that lcli derived."""

    name = "permission"
    title = "permission"
    reads_after: ClassVar[tuple[str, ...]] = ("function",)
    within = "function"
    fixed: ClassVar[frozenset[str]] = frozenset({"Action", "Principal", *CONDITIONS.values()})

    def usual(self, wanted: Resource) -> Mapping[str, Value]:
        """Most statements let somebody invoke."""
        return {"Action": INVOKE}

    def ahead(self, wanted: Resource) -> Ask:
        """GetPolicy of what it is a statement for."""
        return Ask("GetPolicy", tuple(_of(_function_part(wanted.key)).items()))

    def read(self, reading: Reading) -> Iterable[Actual]:
        """The statements with ids of lcli's, one GetPolicy a function and qualifier.

        Of the wanted ones and of every qualifier that ``lcli:parts`` names; others' statements
        are left out, but for those that keep an alias.
        """
        functions = {one.resource.key.name: one for one in reading.existing("function")}
        wanted = [_function_part(one.key) for one in reading.wanted("permission")]
        for name, function in functions.items():
            named = tagging.qualifiers(function.outputs["parts"], "permission")
            wanted += [qualified(name, qualifier) for qualifier in named]
        leaving = leaving_aliases(reading)
        wanted += leaving
        targets = [one for one in dict.fromkeys(wanted) if unqualified(one)[0] in functions]
        policies = reading.each(lambda target: policy_of(reading.clients, target), targets)
        for target, statements in zip(targets, policies, strict=True):
            for statement in statements:
                made_here = statement.get("Sid", "").startswith(PREFIX)
                if made_here or target in leaving:
                    found = _actual(functions[unqualified(target)[0]], target, statement)
                    yield found if made_here else replace(found, ours=False)

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """AddPermission to the policy that was read, and a look whether it is there.

        Parallel writers lose some, and the first statement of a policy has no RevisionId to send.
        """
        parameters = {field: applying.settle(value) for field, value in wanted.fields.items()}
        _until(True, wanted.key, applying, **parameters)
        return {}

    def delete(self, actual: Actual, applying: Applying) -> None:
        """RemovePermission from the policy that was read, and a look whether it is gone."""
        _until(False, actual.resource.key, applying)


def _until(there: bool, key: Key, applying: Applying, **parameters: Any) -> None:
    """Add the statement until it is there, or remove it until it is not.

    Ids are derived from content: a statement that is there already, or gone, is as it should be.
    A policy that somebody else changed in between (PreconditionFailed) is read again.
    """

    target, sid = _function_part(key), _sid(key)
    operation = "AddPermission" if there else "RemovePermission"

    def done() -> bool | None:
        statements, revision = _policy(applying.clients, target)
        if _holds(statements, sid) is there:
            return True
        guard = {"RevisionId": revision} if revision else {}
        with expecting(PRECONDITION, "ResourceConflictException" if there else GONE):
            applying.clients.call(
                "lambda", operation, StatementId=sid, **_of(target), **guard, **parameters
            )
        return True if _holds(policy_of(applying.clients, target), sid) is there else None

    doing = "adding a permission to" if there else "removing a permission from"
    applying.poll(done, f"{doing} {target}", _SECONDS)


def _function_part(key: Key) -> str:
    return key.name.partition("/")[0]


def _sid(key: Key) -> str:
    return key.name.partition("/")[2]


def _of(target: str) -> dict[str, str]:
    name, qualifier = unqualified(target)
    return {"FunctionName": name} | ({"Qualifier": qualifier} if qualifier else {})


def policy_of(clients: Clients, target: str) -> list[dict[str, Any]]:
    """The statements of ``FN`` or ``FN:ALIAS``, whoever made them; GetPolicy. Raises AwsError."""
    return _policy(clients, target)[0]


def _policy(clients: Clients, target: str) -> tuple[list[dict[str, Any]], str]:
    """The statements and the policy's RevisionId; neither where there is no policy."""
    with expecting(GONE):
        answer = clients.call("lambda", "GetPolicy", **_of(target))
        statements = json.loads(answer["Policy"])["Statement"]
        found = statements if isinstance(statements, list) else [statements]
        return found, str(answer.get("RevisionId", ""))
    return [], ""


def _holds(statements: Iterable[Mapping[str, Any]], sid: str) -> bool:
    return any(one.get("Sid") == sid for one in statements)


def _actual(function: Actual, target: str, statement: Mapping[str, Any]) -> Actual:
    name, qualifier = unqualified(target)
    alias = (Key("alias", target),) if qualifier else ()
    return Actual(
        Resource(
            _key(name, qualifier, statement.get("Sid", "")),
            statement_fields(statement),
            needs=(function_key(name), Key("parts", name), *alias),
            function=function.resource.function,
        ),
        ours=function.ours,
        owner=function.owner,
    )


def statement_fields(statement: Mapping[str, Any]) -> dict[str, Value]:
    """A policy's statement as AddPermission's parameters would have made it; pure."""
    principal = statement.get("Principal", "")
    if isinstance(principal, Mapping):
        principal = next(iter(principal.values()), "")
    fields: dict[str, Value] = {
        "Action": statement.get("Action", ""),
        "Principal": _principal(str(principal)),
    }
    for conditions in statement.get("Condition", {}).values():
        for key, value in conditions.items():
            field = CONDITIONS.get(key.lower(), key)
            fields[field] = value == "true" if field == "InvokedViaFunctionUrl" else value
    return fields


KINDS = (Permission(),)
