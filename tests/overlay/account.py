"""Everything that an account holds, so that two accounts can be compared.

Ids and addresses that AWS chooses are left out; what they belong to is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lcli.aws.clients import AwsError
from lcli.aws.session import Session

_HASH = re.compile(r"\b[0-9a-f]{16}\b")
SETTINGS = ("Runtime", "Handler", "MemorySize", "Timeout", "CodeSha256", "Role")


def everything(session: Session) -> list[str]:
    """A sorted line for each thing that there is; equal things give equal lines.

    The hashes in ids that lcli derives are left out: what is hashed may name the account.
    """
    parts = (_functions, _mappings, _layers, _roles, _log_groups, _apis, _notifications)
    return sorted(_HASH.sub("HASH", line) for part in parts for line in part(session))


def listed(session: Session, service: str, operation: str, member: str, **of: Any) -> list[Any]:
    """All items of all pages; none where there is nothing of that name."""
    try:
        return [one for page in session.pages(service, operation, **of) for one in page[member]]
    except AwsError as error:
        if "NotFound" in error.code:
            return []
        raise


def asked(session: Session, operation: str, **of: Any) -> dict[str, Any]:
    """One Lambda call; empty where there is nothing of that name."""
    try:
        return session.call("lambda", operation, **of)
    except AwsError as error:
        if "NotFound" in error.code:
            return {}
        raise


def _functions(session: Session) -> Iterator[str]:
    for one in listed(session, "lambda", "ListFunctions", "Functions"):
        name = one["FunctionName"]
        tags = asked(session, "GetFunction", FunctionName=name).get("Tags", {})
        tags.pop("lcli:digest", None)  # a killed run may end without it, never with a false one
        yield f"function {name} tags {sorted(tags.items())}"
        reserved = asked(session, "GetFunctionConcurrency", FunctionName=name)
        yield f"function {name} reserved {reserved.get('ReservedConcurrentExecutions')}"
        versions = listed(
            session, "lambda", "ListVersionsByFunction", "Versions", FunctionName=name
        )
        for version in versions:
            settings = {key: version.get(key) for key in SETTINGS}
            variables = sorted(version.get("Environment", {}).get("Variables", {}))
            layers = [layer["Arn"] for layer in version.get("Layers", [])]
            yield f"version {name}:{version['Version']} {settings} {variables} {layers}"
        aliases = listed(session, "lambda", "ListAliases", "Aliases", FunctionName=name)
        for alias in aliases:
            yield f"alias {name}:{alias['Name']} → {alias['FunctionVersion']}"
        qualifiers = [alias["Name"] for alias in aliases]
        for qualifier in ["", *qualifiers, *(version["Version"] for version in versions)]:
            yield from _attached(session, name, qualifier)
        for operation, member in (
            ("ListProvisionedConcurrencyConfigs", "ProvisionedConcurrencyConfigs"),
            ("ListFunctionEventInvokeConfigs", "FunctionEventInvokeConfigs"),
            ("ListFunctionUrlConfigs", "FunctionUrlConfigs"),
        ):
            for config in listed(session, "lambda", operation, member, FunctionName=name):
                arn = config["FunctionArn"]
                yield f"{member} {arn} {_kept(config, 'LastModified', 'FunctionUrl')}"


def _attached(session: Session, name: str, qualifier: str) -> Iterator[str]:
    which = {"Qualifier": qualifier} if qualifier and qualifier != "$LATEST" else {}
    policy = asked(session, "GetPolicy", FunctionName=name, **which).get("Policy")
    for statement in json.loads(policy)["Statement"] if policy else []:
        conditions = sorted(
            ".".join(part for part in str(value).split(":")[:3])
            for condition in statement.get("Condition", {}).values()
            for value in condition.values()
        )
        yield f"statement {name}:{qualifier} {statement['Sid']} {conditions}"


def _kept(of: dict[str, Any], *without: str) -> list[tuple[str, Any]]:
    return sorted(
        (key, str(value))
        for key, value in of.items()
        if key not in without and not key.endswith(("Time", "Date"))
    )


def _mappings(session: Session) -> Iterator[str]:
    for one in listed(session, "lambda", "ListEventSourceMappings", "EventSourceMappings"):
        source = one["EventSourceArn"].partition("/stream/")[0]
        yield f"mapping {one['FunctionArn']} ← {source} batch {one['BatchSize']} {one['State']}"


def _layers(session: Session) -> Iterator[str]:
    for one in listed(session, "lambda", "ListLayers", "Layers"):
        name = one["LayerName"]
        for version in listed(
            session, "lambda", "ListLayerVersions", "LayerVersions", LayerName=name
        ):
            yield f"layer {name}:{version['Version']} {version.get('Description')}"


def _roles(session: Session) -> Iterator[str]:
    for one in listed(session, "iam", "ListRoles", "Roles"):
        name = one["RoleName"]
        yield f"role {one['Path']}{name}"
        for policy in listed(session, "iam", "ListRolePolicies", "PolicyNames", RoleName=name):
            content = session.call("iam", "GetRolePolicy", RoleName=name, PolicyName=policy)
            document = str(content["PolicyDocument"]).partition("/stream/")[0]
            yield f"role policy {name}/{policy} {document}"
        attached = listed(
            session, "iam", "ListAttachedRolePolicies", "AttachedPolicies", RoleName=name
        )
        for policy in attached:
            yield f"role policy {name} attached {policy['PolicyArn']}"


def _log_groups(session: Session) -> Iterator[str]:
    for one in listed(session, "logs", "DescribeLogGroups", "logGroups"):
        yield f"log group {one['logGroupName']} {one.get('retentionInDays')}"


def _apis(session: Session) -> Iterator[str]:
    for api in session.call("apigatewayv2", "GetApis")["Items"]:
        name, of = api["Name"], {"ApiId": api["ApiId"]}
        yield f"api {name}"
        integrations = session.call("apigatewayv2", "GetIntegrations", **of)["Items"]
        for one in integrations:
            yield f"integration {name} → {one['IntegrationUri']}"
        uris = {
            f"integrations/{one['IntegrationId']}": one["IntegrationUri"] for one in integrations
        }
        for route in session.call("apigatewayv2", "GetRoutes", **of)["Items"]:
            yield f"route {name} {route['RouteKey']} → {uris.get(route['Target'])}"
        for stage in session.call("apigatewayv2", "GetStages", **of)["Items"]:
            yield f"api stage {name} {stage['StageName']} {stage.get('AutoDeploy')}"


def _notifications(session: Session) -> Iterator[str]:
    for bucket in session.call("s3", "ListBuckets")["Buckets"]:
        rules = session.call("s3", "GetBucketNotificationConfiguration", Bucket=bucket["Name"])
        for one in rules.get("LambdaFunctionConfigurations", []):
            yield f"notification {bucket['Name']} {_kept(one)}"
