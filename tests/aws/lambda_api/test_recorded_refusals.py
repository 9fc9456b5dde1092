"""Every refusal recorded from AWS, provoked: status, code and whole message."""

from __future__ import annotations

from pathlib import Path

import pytest
from recorded import ERRORS, Matcher
from refusals_functions import REFUSALS as OF_FUNCTIONS
from refusals_parts import REFUSALS as OF_PARTS
from stage import Stage

from lcli.local.lambda_api import ObjectMissing

REFUSALS = OF_FUNCTIONS | OF_PARTS
NOT_YET = {
    (
        "layer_exceptions",
        "list_layers_exc_compatibleruntime_invalid",
    ): "AWS lists runtimes of its own that were recorded in part; the SDK's are listed here",
    (
        "invalid_vpc_config_subnet",
        "create-response-non-existent-subnet-id",
    ): "the local cloud has no EC2 to ask for subnets",
    (
        "invalid_vpc_config_security_group",
        "create-response-non-existent-security-group",
    ): "the local cloud has no EC2 to ask for security groups",
}
"""Recorded refusals that are not here, and why."""
RECORDED_LENGTH = 600
"""Characters after which longer messages were cut."""


def fetch_object(account: str, bucket: str, key: str, version: str | None) -> bytes:
    if bucket != "bucket":
        raise ObjectMissing("NoSuchBucket", "The specified bucket does not exist")
    raise ObjectMissing("NoSuchKey", "The specified key does not exist.")


@pytest.mark.parametrize(
    ("situation", "step"), [pytest.param(*key, id="-".join(key)) for key in REFUSALS]
)
def test_refused_in_the_words_of_aws(situation: str, step: str, tmp_path: Path) -> None:
    recorded = ERRORS[situation, step]
    stage = Stage(tmp_path, fetch_object=fetch_object)
    response = REFUSALS[situation, step](stage)
    status = str(response["ResponseMetadata"]["HTTPStatusCode"])
    assert (status, response["Error"]["Code"]) == (recorded["status"], recorded["code"])
    message = response["Error"]["Message"]
    if len(recorded["message"]) == RECORDED_LENGTH:
        message = message[:RECORDED_LENGTH]
    if recorded["message"]:  # AWS's words about other accounts were not recorded
        Matcher().check(recorded["message"], message)


def test_every_recorded_refusal_is_here_or_has_a_reason() -> None:
    assert set(REFUSALS) | set(NOT_YET) == set(ERRORS)
    assert not set(REFUSALS) & set(NOT_YET)
