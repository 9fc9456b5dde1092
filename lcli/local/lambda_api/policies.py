"""Resource policies of functions, versions and aliases; statements as AWS writes them."""

from __future__ import annotations

import json
import re
from typing import Any

from lcli.local.lambda_api.context import Call, Operation, Parameters, new_revision, version_of
from lcli.local.lambda_api.errors import (
    STALE_POLICY,
    ApiError,
    alias_arn_not_found,
    conflict,
    function_not_found,
    invalid,
    not_found,
    stale,
)
from lcli.local.lambda_api.names import Target, function_of, target
from lcli.local.lambda_api.state import LATEST, Function, Policy

SIZE_LIMIT = 20_480
"""Bytes of a resource policy."""
URL_ACTION = "lambda:InvokeFunctionUrl"
_ACCOUNT = re.compile(r"\d{12}")
_PRINCIPAL_ARN = re.compile(r"arn:aws[a-zA-Z-]*:(iam|sts)::\d{12}:.+")
_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?")


def add_permission(call: Call, parameters: Parameters) -> Parameters:
    """AddPermission: one statement more in the policy of the qualifier."""
    function, wanted = _addressed(call, parameters)
    qualifier = wanted.qualifier or ""
    policy = function.policies.get(qualifier)
    _check_revision(function, qualifier, parameters.get("RevisionId"))
    statement = _statement(function.arn_of(qualifier), parameters, call.region.partition)
    statements = policy.statements if policy is not None else []
    if any(found["Sid"] == statement["Sid"] for found in statements):
        raise conflict(
            f"The statement id ({statement['Sid']}) provided already exists. "
            "Please provide a new statement id, or remove the existing statement."
        )
    grown = [*statements, statement]
    size = len(_document(grown))
    if size > SIZE_LIMIT:
        raise ApiError(
            "PolicyLengthExceededException",
            f"The final policy size ({size}) is bigger than the limit ({SIZE_LIMIT}).",
        )
    _put(function, qualifier, grown)
    return {"Statement": json.dumps(statement, separators=(",", ":"))}


def remove_permission(call: Call, parameters: Parameters) -> None:
    """RemovePermission; with the last statement the policy goes."""
    wanted = target(call.region, parameters)
    if wanted.name not in call.region.functions:
        raise not_found(f"No policy found for: {call.region.function_arn(wanted.name)}")
    function, wanted = _addressed(call, parameters)
    qualifier = wanted.qualifier or ""
    policy = function.policies.get(qualifier)
    if policy is None:
        raise not_found("No policy is associated with the given resource.")
    sid = parameters["StatementId"]
    left = [found for found in policy.statements if found["Sid"] != sid]
    if len(left) == len(policy.statements):
        raise not_found(f"Statement {sid} is not found in resource policy.")
    _check_revision(function, qualifier, parameters.get("RevisionId"))
    _put(function, qualifier, left)


def get_policy(call: Call, parameters: Parameters) -> Parameters:
    """GetPolicy."""
    wanted = target(call.region, parameters)
    function = call.region.functions.get(wanted.name)
    policy = function.policies.get(wanted.qualifier or "") if function is not None else None
    if policy is None:
        raise not_found("The resource you requested does not exist.")
    return {"Policy": _document(policy.statements), "RevisionId": policy.revision}


def _addressed(call: Call, parameters: Parameters) -> tuple[Function, Target]:
    """The function and the qualifier whose policy is meant; ApiError where they are not."""
    wanted = target(call.region, parameters)
    qualifier = wanted.qualifier
    if qualifier == LATEST:
        raise invalid("We currently do not support adding policies for $LATEST.")
    function = function_of(call.region, wanted)
    call.version(function, None)
    if qualifier and call.version(function, qualifier) is None:
        if qualifier.isdigit() or not re.fullmatch(r"[a-zA-Z0-9-_]+", qualifier):
            raise function_not_found(function.arn_of(qualifier))
        raise alias_arn_not_found(function.arn_of(qualifier))
    return function, wanted


def _revision(function: Function, qualifier: str) -> str:
    alias = function.aliases.get(qualifier)
    if alias is not None:
        return alias.revision
    version = version_of(function, qualifier)
    return version.revision if version is not None else ""


def _check_revision(function: Function, qualifier: str, given: str | None) -> None:
    if not given:
        return
    policy = function.policies.get(qualifier)
    latest = policy.revision if policy is not None else _revision(function, qualifier)
    if given != latest:
        raise stale(STALE_POLICY.format(api="GetPolicy"))


def _put(function: Function, qualifier: str, statements: list[dict[str, Any]]) -> None:
    """Store a policy; the revision of what it belongs to moves with it."""
    revision = new_revision()
    if statements:
        function.policies[qualifier] = Policy(revision, statements)
    else:
        function.policies.pop(qualifier, None)
    alias = function.aliases.get(qualifier)
    version = version_of(function, qualifier)
    if alias is not None:
        alias.revision = revision
    elif version is not None:
        version.revision = revision


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Id": "default", "Statement": statements}, separators=(",", ":")
    )


def _statement(arn: str, parameters: Parameters, partition: str) -> dict[str, Any]:
    if "FunctionUrlAuthType" in parameters and parameters["Action"] != URL_ACTION:
        raise invalid(f"FunctionUrlAuthType is only supported for {URL_ACTION} action")
    conditions: dict[str, dict[str, str]] = {}
    for name, operator, key in _CONDITIONS:
        value = parameters.get(name)
        if value is not None:
            text = str(value).lower() if isinstance(value, bool) else value
            conditions.setdefault(operator, {})[key] = text
    statement: dict[str, Any] = {
        "Sid": parameters["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(parameters["Principal"], partition),
        "Action": parameters["Action"],
        "Resource": arn,
    }
    if conditions:
        statement["Condition"] = conditions
    return statement


_CONDITIONS = (
    ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
    ("SourceArn", "ArnLike", "AWS:SourceArn"),
)
"""Parameters of AddPermission that become conditions: name, operator, key."""


def _principal(principal: str, partition: str) -> Any:
    if principal == "*":
        return "*"
    if _ACCOUNT.fullmatch(principal):
        return {"AWS": f"arn:{partition}:iam::{principal}:root"}
    if _PRINCIPAL_ARN.fullmatch(principal):
        return {"AWS": principal}
    if _SERVICE.fullmatch(principal):
        return {"Service": principal}
    raise invalid("The provided principal was invalid. Please check the principal and try again.")


OPERATIONS: dict[str, Operation] = {
    "AddPermission": add_permission,
    "RemovePermission": remove_permission,
    "GetPolicy": get_policy,
}
