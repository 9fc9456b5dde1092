"""Function names in all their forms: name, name:qualifier, partial ARN, ARN, qualified ARN."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lcli.local.lambda_api.errors import ApiError, function_not_found, invalid, not_found
from lcli.local.lambda_api.state import LATEST, Function, Region

_FORMS = re.compile(
    r"(?:arn:(?P<partition>aws[a-zA-Z-]*)?:lambda:)?"
    r"(?:(?P<region>[a-z]{2,4}(?:-[a-z]+)+-\d):)?"
    r"(?:(?P<account>\d{12}):)?"
    r"(?:function:)?"
    r"(?P<name>[a-zA-Z0-9-_.]+)"
    r"(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_$]+))?"
)


@dataclass(frozen=True, slots=True)
class Target:
    """What a request names: a function, and perhaps a version or an alias of it."""

    name: str
    qualifier: str | None


def parse(text: str) -> re.Match[str] | None:
    """The parts of a function's name in any form; None when it has none of the forms."""
    return _FORMS.fullmatch(text)


def target(region: Region, parameters: Mapping[str, Any], key: str = "FunctionName") -> Target:
    """The function a request names, its qualifier from the name or from `Qualifier`.

    Raises ApiError: another region (404), another account (403), qualifiers that differ (400).
    """
    found = parse(parameters[key])
    if found is None:
        raise invalid(f"Invalid function name: {parameters[key]}")
    if found["region"] and found["region"] != region.name:
        raise not_found(
            f"Functions from '{found['region']}' are not reachable in this region ('{region.name}')"
        )
    if found["account"] and found["account"] != region.account:
        raise ApiError(
            "AccessDeniedException",
            f"User: arn:{region.partition}:iam::{region.account}:root is not authorized to perform "
            f"this operation on resource: {parameters[key]}",
            403,
        )
    derived, given = found["qualifier"], parameters.get("Qualifier") or None
    if derived and given and derived != given:
        raise invalid(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    return Target(found["name"], given or derived)


def function_of(region: Region, wanted: Target) -> Function:
    """The function of a target; ApiError 404 with the ARN as it was asked for."""
    function = region.functions.get(wanted.name)
    if function is None:
        raise function_not_found(region.function_arn(wanted.name, wanted.qualifier))
    return function


def is_version(qualifier: str) -> bool:
    """Whether a qualifier is a version's number or $LATEST, no alias."""
    return qualifier == LATEST or qualifier.isdigit()


def unqualified(region: Region, parameters: Mapping[str, Any]) -> Function:
    """The function of an operation that takes no qualifier."""
    wanted = target(region, parameters)
    return function_of(region, wanted)
