"""The table of how a function's settings change, against the installed SDK's own model."""

from __future__ import annotations

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from lcli.resources.function_fields import WAYS, Way

LAMBDA = ServiceModel(Loader().load_service_model("lambda", "service-2"), "lambda")


def members(operation: str) -> frozenset[str]:
    shape = LAMBDA.operation_model(operation).input_shape
    return frozenset(shape.members if shape else ())


BESIDE = {"Role", "Tags"}
"""Tags are written by TagResource."""


@pytest.mark.parametrize("name", sorted(members("CreateFunction") - BESIDE))
def test_every_parameter_changes_the_way_the_table_says(name: str) -> None:
    way = WAYS.get(name, Way.CONFIGURATION)
    in_update = name in members("UpdateFunctionConfiguration") - {"FunctionName"}
    in_code = name in members("UpdateFunctionCode") - {"FunctionName", "Publish", "PublishTo"}
    match way:
        case Way.CONFIGURATION:
            assert in_update
        case Way.CODE:
            assert in_code or name == "Code"
        case _:
            assert (in_update, in_code) == (False, False)


@pytest.mark.parametrize(
    "operation",
    [
        "PutFunctionCodeSigningConfig",
        "PutFunctionRecursionConfig",
        "PutRuntimeManagementConfig",
    ],
)
def test_what_has_a_call_of_its_own_is_there(operation: str) -> None:
    assert operation in LAMBDA.operation_names
