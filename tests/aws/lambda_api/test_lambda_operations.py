"""Which of Lambda's operations are here, which are not, and that lists come in pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from stage import QUEUE, Stage, refusal

from lcli.local.lambda_api.api import OPERATIONS
from lcli.local.lambda_api.service import service

FN = {"FunctionName": "fn"}
NOT_YET = {
    "Functions run on this machine alone: it has no instances to manage, and lcli makes none": (
        "CreateCapacityProvider",
        "DeleteCapacityProvider",
        "GetCapacityProvider",
        "ListCapacityProviders",
        "ListFunctionVersionsByCapacityProvider",
        "UpdateCapacityProvider",
    ),
    "Scaling is that of functions with a capacity provider": (
        "GetFunctionScalingConfig",
        "PutFunctionScalingConfig",
    ),
    "They read and replace a whole policy; lcli adds and removes its own statements only": (
        "DeleteResourcePolicy",
        "GetResourcePolicy",
        "PutResourcePolicy",
    ),
}
"""Operations that the SDK knows and the local cloud does not have, by the reason."""


def test_every_operation_is_here_or_has_a_reason() -> None:
    missing = [name for names in NOT_YET.values() for name in names]
    known = set(service().operations)
    assert (set(OPERATIONS) | set(missing)) & known == known
    assert not set(OPERATIONS) & set(missing)


def test_an_operation_that_is_not_here_is_named(tmp_path: Path) -> None:
    response = refusal(Stage(tmp_path).client.list_capacity_providers)
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert response["Error"]["Message"] == (
        "The local cloud does not have Lambda's ListCapacityProviders."
    )


def functions(stage: Stage) -> None:
    for number in range(3):
        stage.create(f"fn{number}")


def versions(stage: Stage) -> None:
    stage.create()
    for number in range(2):
        stage.update(Description=str(number))
        stage.client.publish_version(**FN)


def aliases(stage: Stage) -> None:
    stage.create()
    for number in range(3):
        stage.client.create_alias(**FN, Name=f"a{number}", FunctionVersion="$LATEST")


def mappings(stage: Stage) -> None:
    stage.create()
    for number in range(3):
        stage.client.create_event_source_mapping(**FN, EventSourceArn=f"{QUEUE}{number}")


def layers(stage: Stage) -> None:
    for number in range(3):
        stage.layer(f"layer{number}")


def layer_versions(stage: Stage) -> None:
    for _ in range(3):
        stage.layer()


def urls(stage: Stage) -> None:
    aliases(stage)
    for number in range(3):
        stage.client.create_function_url_config(**FN, Qualifier=f"a{number}", AuthType="NONE")


def event_invokes(stage: Stage) -> None:
    versions(stage)
    for qualifier in ("$LATEST", "1", "2"):
        stage.client.put_function_event_invoke_config(
            **FN, Qualifier=qualifier, MaximumRetryAttempts=0
        )


def provisioned(stage: Stage) -> None:
    versions(stage)
    stage.update(Description="third")
    stage.client.publish_version(**FN)
    for qualifier in ("1", "2", "3"):
        stage.client.put_provisioned_concurrency_config(
            **FN, Qualifier=qualifier, ProvisionedConcurrentExecutions=1
        )


def signing(stage: Stage) -> None:
    for _ in range(3):
        stage.client.create_code_signing_config(
            AllowedPublishers={
                "SigningProfileVersionArns": [
                    "arn:aws:signer:us-east-1:111111111111:/signing-profiles/p"
                ]
            }
        )


LISTS: dict[str, tuple[Any, str, dict[str, str]]] = {
    "list_functions": (functions, "Functions", {}),
    "list_versions_by_function": (versions, "Versions", FN),
    "list_aliases": (aliases, "Aliases", FN),
    "list_event_source_mappings": (mappings, "EventSourceMappings", {}),
    "list_layers": (layers, "Layers", {}),
    "list_layer_versions": (layer_versions, "LayerVersions", {"LayerName": "layer"}),
    "list_function_url_configs": (urls, "FunctionUrlConfigs", FN),
    "list_function_event_invoke_configs": (event_invokes, "FunctionEventInvokeConfigs", FN),
    "list_provisioned_concurrency_configs": (provisioned, "ProvisionedConcurrencyConfigs", FN),
    "list_code_signing_configs": (signing, "CodeSigningConfigs", {}),
}


@pytest.mark.parametrize("operation", LISTS)
def test_three_things_come_in_two_pages(operation: str, tmp_path: Path) -> None:
    prepare, member, parameters = LISTS[operation]
    stage = Stage(tmp_path)
    prepare(stage)
    listing = getattr(stage.client, operation)
    first = listing(**parameters, MaxItems=2)
    second = listing(**parameters, MaxItems=2, Marker=first["NextMarker"])
    assert [len(page[member]) for page in (first, second)] == [2, 1]
    assert "NextMarker" not in second
    whole = listing(**parameters)[member]
    assert first[member] + second[member] == whole


@pytest.mark.parametrize(
    ("operation", "member", "most"),
    [
        pytest.param("list_functions", "Functions", 50, id="functions"),
        pytest.param("list_event_source_mappings", "EventSourceMappings", 100, id="mappings"),
    ],
)
def test_a_page_has_an_end_whatever_was_asked_for(
    operation: str, member: str, most: int, tmp_path: Path
) -> None:
    stage = Stage(tmp_path)
    for number in range(51):
        stage.create(f"fn{number}", settle=False)
    stage.settle()
    for number in range(101):
        stage.client.create_event_source_mapping(
            FunctionName="fn0", EventSourceArn=f"{QUEUE}{number}"
        )
    answer = getattr(stage.client, operation)(MaxItems=10_000)
    assert len(answer[member]) == most


def test_a_marker_of_somebody_else_is_refused(tmp_path: Path) -> None:
    response = refusal(Stage(tmp_path).client.list_functions, Marker="bm9wZQ==")
    assert response["Error"] == {
        "Code": "InvalidParameterValueException",
        "Message": "Invalid marker",
    }
