"""Layers and their versions."""

from __future__ import annotations

from lcli.local.lambda_api.context import Call
from lcli.local.lambda_api.errors import ApiError, invalid
from lcli.local.lambda_api.state import LayerVersion, Region

LAYERS_LIMIT = 5


def checked(call: Call, arns: list[str]) -> None:
    """ApiError for layer versions that a function cannot use."""
    if len(arns) > LAYERS_LIMIT:
        raise invalid(f"Cannot reference more than {LAYERS_LIMIT} layers.")
    seen: dict[str, str] = {}
    for arn in arns:
        parts = arn.split(":")
        if parts[3] and parts[3] != call.region.name:
            raise invalid(
                "Layers are not in the same region as the function. "
                f"Layers are expected to be in region {call.region.name}."
            )
        _check_known(call, arn, parts)
        layer = ":".join(parts[:7])
        if layer in seen:
            raise invalid(
                "Two different versions of the same layer are not allowed to be referenced in the "
                f"same function. {seen[layer]} and {arn} are versions of the same layer."
            )
        seen[layer] = arn


def _check_known(call: Call, arn: str, parts: list[str]) -> None:
    if parts[4] == call.region.account:
        if find(call, arn) is None:
            raise invalid(f"Layer version {arn} does not exist.")
    elif not call.shared.seams.foreign_layers:
        user = f"arn:{call.region.partition}:iam::{call.region.account}:root"
        raise ApiError(
            "AccessDeniedException",
            f"User: {user} is not authorized to perform: lambda:GetLayerVersion on resource: {arn} "
            "because no resource-based policy allows the lambda:GetLayerVersion action",
            403,
        )


def find(call: Call, arn: str) -> LayerVersion | None:
    """A layer version of this account by its ARN, if it was not deleted."""
    found = kept(call.region, arn)
    return None if found is None or found.deleted else found


def kept(region: Region, arn: str) -> LayerVersion | None:
    """A layer version of this account by its ARN, deleted or not."""
    parts = arn.split(":")
    layer = region.layers.get(parts[6]) if parts[4] == region.account else None
    return layer.versions.get(int(parts[7])) if layer is not None else None


def size_of(call: Call, arn: str) -> int:
    """CodeSize of a layer version; 0 where it is not here."""
    found = kept(call.region, arn)
    return found.code.size if found is not None else 0


def unzipped_of(call: Call, arn: str) -> int:
    """Bytes of the layer's files; 0 where it is not here."""
    found = kept(call.region, arn)
    return found.code.unzipped if found is not None else 0
