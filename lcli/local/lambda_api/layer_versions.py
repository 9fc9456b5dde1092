"""Publish, read, list and delete layer versions, and who else may use them."""

from __future__ import annotations

import json
import re
from typing import Any

from lcli.local.lambda_api.code import stored, zip_url
from lcli.local.lambda_api.context import Call, Operation, Parameters, new_revision
from lcli.local.lambda_api.errors import STALE_POLICY, conflict, invalid, not_found, stale
from lcli.local.lambda_api.layers import find
from lcli.local.lambda_api.paging import page
from lcli.local.lambda_api.state import Layer, LayerVersion, Policy

_ABSENT = "The resource you requested does not exist."
_DETAILS = ("Description", "LicenseInfo", "CompatibleRuntimes", "CompatibleArchitectures")


async def publish_layer_version(call: Call, parameters: Parameters) -> Parameters:
    """PublishLayerVersion: always a new number."""
    code = await stored(call, parameters["Content"])
    name = _name(parameters)
    layer = call.region.layers.setdefault(name, Layer(name, call.region.arn(f"layer:{name}")))
    number = layer.next_number
    layer.next_number += 1
    details = {key: parameters[key] for key in _DETAILS if key in parameters}
    version = LayerVersion(
        arn=f"{layer.arn}:{number}",
        number=number,
        code=code,
        created=call.stamp(),
        details={"Description": "", **details},
    )
    layer.versions[number] = version
    return _shown(call, version)


def get_layer_version(call: Call, parameters: Parameters) -> Parameters:
    """GetLayerVersion."""
    version = _version(call, parameters)
    if version is None:
        raise not_found(_ABSENT)
    return _shown(call, version)


def get_layer_version_by_arn(call: Call, parameters: Parameters) -> Parameters:
    """GetLayerVersionByArn."""
    version = find(call, parameters["Arn"])
    if version is None:
        raise not_found(_ABSENT)
    return _shown(call, version)


def delete_layer_version(call: Call, parameters: Parameters) -> None:
    """DeleteLayerVersion: functions that use it keep it; a missing one is no error."""
    version = _version(call, parameters)
    if version is not None:
        version.deleted = True
        version.policy = None


def list_layer_versions(call: Call, parameters: Parameters) -> Parameters:
    """ListLayerVersions, the newest first."""
    layer = call.region.layers.get(_name(parameters))
    versions = _living(layer, parameters) if layer is not None else []
    shown, marker = page(versions, parameters)
    return {"LayerVersions": [_listed(version) for version in shown], "NextMarker": marker}


def list_layers(call: Call, parameters: Parameters) -> Parameters:
    """ListLayers, each with its newest version that fits the filters."""
    rows = [
        (layer, versions[0])
        for _, layer in sorted(call.region.layers.items())
        if (versions := _living(layer, parameters))
    ]
    shown, marker = page(rows, parameters)
    return {
        "Layers": [
            {
                "LayerName": layer.name,
                "LayerArn": layer.arn,
                "LatestMatchingVersion": _listed(version),
            }
            for layer, version in shown
        ],
        "NextMarker": marker,
    }


def _living(layer: Layer, parameters: Parameters) -> list[LayerVersion]:
    return [
        version
        for _, version in sorted(layer.versions.items(), reverse=True)
        if not version.deleted
        and _fits(version, "CompatibleRuntimes", parameters.get("CompatibleRuntime"))
        and _fits(version, "CompatibleArchitectures", parameters.get("CompatibleArchitecture"))
    ]


def _fits(version: LayerVersion, key: str, wanted: str | None) -> bool:
    return wanted is None or wanted in version.details.get(key, ())


def _name(parameters: Parameters) -> str:
    return str(parameters["LayerName"].rpartition(":")[2])


def _version(call: Call, parameters: Parameters) -> LayerVersion | None:
    if parameters["VersionNumber"] < 1:
        raise invalid("Layer Version Cannot be less than 1")
    layer = call.region.layers.get(_name(parameters))
    version = layer.versions.get(parameters["VersionNumber"]) if layer is not None else None
    return None if version is None or version.deleted else version


def _listed(version: LayerVersion) -> Parameters:
    return {
        **version.details,
        "LayerVersionArn": version.arn,
        "Version": version.number,
        "CreatedDate": version.created,
    }


def _shown(call: Call, version: LayerVersion) -> Parameters:
    content = {
        "Location": zip_url(call, version.code),
        "CodeSha256": version.code.sha256,
        "CodeSize": version.code.size,
    }
    return {
        **_listed(version),
        "LayerArn": version.arn.rpartition(":")[0],
        "Content": content,
    }


def add_layer_version_permission(call: Call, parameters: Parameters) -> Parameters:
    """AddLayerVersionPermission."""
    version = _for_policy(call, parameters)
    policy = version.policy
    _check_revision(policy, parameters)
    sid = parameters["StatementId"]
    statements = policy.statements if policy is not None else []
    if any(statement["Sid"] == sid for statement in statements):
        raise conflict(
            f"The statement id ({sid}) provided already exists. "
            "Please provide a new statement id, or remove the existing statement."
        )
    statement = _statement(call, version, parameters)
    version.policy = Policy(new_revision(), [*statements, statement])
    return {
        "Statement": json.dumps(statement, separators=(",", ":")),
        "RevisionId": version.policy.revision,
    }


def get_layer_version_policy(call: Call, parameters: Parameters) -> Parameters:
    """GetLayerVersionPolicy."""
    policy = _for_policy(call, parameters).policy
    if policy is None:
        raise not_found("No policy is associated with the given resource.")
    document = {"Version": "2012-10-17", "Id": "default", "Statement": policy.statements}
    return {
        "Policy": json.dumps(document, separators=(",", ":")),
        "RevisionId": policy.revision,
    }


def remove_layer_version_permission(call: Call, parameters: Parameters) -> None:
    """RemoveLayerVersionPermission."""
    version = _for_policy(call, parameters)
    policy = version.policy
    sid = parameters["StatementId"]
    statements = policy.statements if policy is not None else []
    left = [statement for statement in statements if statement["Sid"] != sid]
    if len(left) == len(statements):
        raise not_found(f"Statement {sid} is not found in resource policy.")
    _check_revision(policy, parameters)
    version.policy = Policy(new_revision(), left) if left else None


def _for_policy(call: Call, parameters: Parameters) -> LayerVersion:
    version = _version(call, parameters)
    if version is None:
        arn = call.region.arn(f"layer:{_name(parameters)}:{parameters['VersionNumber']}")
        raise not_found(f"Layer version {arn} does not exist.")
    return version


def _check_revision(policy: Policy | None, parameters: Parameters) -> None:
    given = parameters.get("RevisionId")
    if given and (policy is None or given != policy.revision):
        raise stale(STALE_POLICY.format(api="GetLayerPolicy"))


def _statement(call: Call, version: LayerVersion, parameters: Parameters) -> dict[str, Any]:
    principal: Any = parameters["Principal"]
    if re.fullmatch(r"\d{12}", principal):
        principal = {"AWS": f"arn:{call.region.partition}:iam::{principal}:root"}
    elif principal != "*":
        principal = {"AWS": principal}
    statement = {
        "Sid": parameters["StatementId"],
        "Effect": "Allow",
        "Principal": principal,
        "Action": parameters["Action"],
        "Resource": version.arn,
    }
    if "OrganizationId" in parameters:
        condition = {"aws:PrincipalOrgID": parameters["OrganizationId"]}
        statement["Condition"] = {"StringEquals": condition}
    return statement


OPERATIONS: dict[str, Operation] = {
    "PublishLayerVersion": publish_layer_version,
    "GetLayerVersion": get_layer_version,
    "GetLayerVersionByArn": get_layer_version_by_arn,
    "DeleteLayerVersion": delete_layer_version,
    "ListLayerVersions": list_layer_versions,
    "ListLayers": list_layers,
    "AddLayerVersionPermission": add_layer_version_permission,
    "GetLayerVersionPolicy": get_layer_version_policy,
    "RemoveLayerVersionPermission": remove_layer_version_permission,
}
