"""A callback says nothing of its region: it is answered where it is."""

from __future__ import annotations

from typing import Any

import pytest

from lcli.aws.clients import AwsError
from lcli.errors import LcliError
from lcli.invoke.executions import succeed


class Region:
    def __init__(self, region: str, code: str = "") -> None:
        self.region = region
        self.code = code
        self.asked = 0

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        self.asked += 1
        if self.code:
            raise AwsError(self.code, "no", service=service, operation=operation)
        return {}


NOT_HERE, CLOSED = "ResourceNotFoundException", "CallbackTimeoutException"


@pytest.mark.parametrize(
    ("codes", "asked", "said"),
    [
        pytest.param([NOT_HERE, ""], [1, 1], "", id="in the second"),
        pytest.param(["", ""], [1, 0], "", id="in the first"),
        pytest.param([NOT_HERE, CLOSED], [1, 1], "answered or has timed out", id="closed"),
        pytest.param([NOT_HERE, NOT_HERE], [1, 1], "no such callback in r0 or r1", id="nowhere"),
    ],
)
def test_every_region_is_asked_until_one_has_it(
    codes: list[str], asked: list[int], said: str
) -> None:
    regions = [Region(f"r{number}", code) for number, code in enumerate(codes)]
    if said:
        with pytest.raises(LcliError, match=said):
            succeed(regions, "id", b"1")  # type: ignore[arg-type]
    else:
        succeed(regions, "id", b"1")  # type: ignore[arg-type]
    assert [region.asked for region in regions] == asked
