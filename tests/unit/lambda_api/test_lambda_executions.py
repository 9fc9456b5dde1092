"""A durable execution by itself: retention, paging of its operations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lcli.local.lambda_api.durable.answers import page, place_of
from lcli.local.lambda_api.durable.execution import Execution, started
from lcli.local.lambda_api.durable.operations import forget_expired
from lcli.local.lambda_api.errors import ApiError
from lcli.local.lambda_api.state import Region

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ARN = "arn:aws:lambda:us-east-1:123456789012:function:f:1"


def execution(**config: int) -> Execution:
    return started(ARN, ARN, {"ExecutionTimeout": 60, **config}, b"{}", now=NOW, name="n")


@pytest.mark.parametrize(
    ("config", "days", "kept"),
    [
        pytest.param({}, 13, True, id="within the default of 14 days"),
        pytest.param({}, 14, False, id="after it"),
        pytest.param({"RetentionPeriodInDays": 1}, 1, False, id="after its own"),
    ],
)
def test_an_execution_is_kept_for_its_retention(
    config: dict[str, int], days: int, kept: bool
) -> None:
    one, region = execution(**config), Region("123456789012", "us-east-1")
    region.executions[one.arn] = one
    forget_expired(region, NOW + timedelta(days=400))
    assert one.arn in region.executions, "one that has not ended is kept"
    one.end("SUCCEEDED", NOW)
    forget_expired(region, NOW + timedelta(days=days))
    assert (one.arn in region.executions) is kept


def test_large_operations_come_page_by_page() -> None:
    one = execution()
    for number in range(4):
        key = f"s{number}"
        result = {"Result": "x" * 2_000_000}
        one.change({"Id": key, "Type": "STEP", "Status": "SUCCEEDED", "StepDetails": result})
    found, place = [], 0
    sizes = []
    while True:
        operations, marker = page(one, place, 1000)
        found += [operation["Id"] for operation in operations]
        sizes.append(len(operations))
        if marker is None:
            break
        place = place_of(one, marker)
    assert found == [*one.operations]
    assert sizes == [3, 2]
    one.tokens += 1
    with pytest.raises(ApiError, match="Invalid marker"):
        place_of(one, "0:3")
