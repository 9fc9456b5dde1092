"""Requests to parameters and violations: what the service model says, without any state."""

from __future__ import annotations

import struct
from typing import Any
from zlib import crc32

import pytest

from lcli.local.lambda_api.errors import ApiError, conflict, not_found, violation
from lcli.local.lambda_api.eventstream import event
from lcli.local.lambda_api.names import parse
from lcli.local.lambda_api.service import service

ROLE = "arn:aws:iam::111111111111:role/r"
CODE = {"ZipFile": b"x"}
SOUND = {"FunctionName": "fn", "Role": ROLE, "Code": CODE}


@pytest.mark.parametrize(
    ("method", "target", "query", "operation", "parameters"),
    [
        pytest.param("GET", "/2015-03-31/functions", {}, "ListFunctions", {}, id="list"),
        pytest.param("GET", "/2015-03-31/functions/", {}, "ListFunctions", {}, id="slash"),
        pytest.param(
            "GET",
            "/2015-03-31/functions/arn%3Aaws%3Alambda/policy",
            {},
            "GetPolicy",
            {"FunctionName": "arn:aws:lambda"},
            id="encoded",
        ),
        pytest.param(
            "DELETE",
            "/2015-03-31/functions/f/policy/s%2F1",
            {},
            "RemovePermission",
            {"FunctionName": "f", "StatementId": "s/1"},
            id="two-parameters",
        ),
        pytest.param(
            "GET",
            "/2019-09-30/functions/f/provisioned-concurrency",
            {},
            "GetProvisionedConcurrencyConfig",
            {"FunctionName": "f"},
            id="one-by-query",
        ),
        pytest.param(
            "GET",
            "/2019-09-30/functions/f/provisioned-concurrency",
            {"List": ["ALL"]},
            "ListProvisionedConcurrencyConfigs",
            {"FunctionName": "f"},
            id="other-by-query",
        ),
        pytest.param(
            "GET",
            "/2018-10-31/layers",
            {"find": ["LayerVersion"]},
            "GetLayerVersionByArn",
            {},
            id="find",
        ),
        pytest.param(
            "GET",
            "/2019-09-25/functions/f/event-invoke-config/list",
            {},
            "ListFunctionEventInvokeConfigs",
            {"FunctionName": "f"},
            id="literal-at-the-end",
        ),
    ],
)
def test_a_request_line_leads_to_its_operation(
    method: str, target: str, query: Any, operation: str, parameters: dict[str, str]
) -> None:
    found, in_path = service().route(method, target, query)
    assert (found.name, in_path) == (operation, parameters)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        pytest.param("GET", "/", id="root"),
        pytest.param("PATCH", "/2015-03-31/functions", id="method"),
        pytest.param("GET", "/2015-03-31/functions/f/nothing", id="path"),
        pytest.param("GET", "/1999-01-01/functions", id="date"),
    ],
)
def test_no_operation_there(method: str, target: str) -> None:
    with pytest.raises(ApiError) as caught:
        service().route(method, target, {})
    assert caught.value.status == 404
    assert caught.value.message == f"no Lambda operation is {method} {target}"


def read(operation: str, body: bytes = b"", **query: list[str]) -> dict[str, Any]:
    return service().operations[operation].read({}, query, {}, body)


def test_parameters_come_from_everywhere() -> None:
    found = (
        service()
        .operations["Invoke"]
        .read(
            {"FunctionName": "f"}, {"Qualifier": ["1"]}, {"x-amz-invocation-type": "Event"}, b"[1]"
        )
    )
    assert found == {
        "FunctionName": "f",
        "Qualifier": "1",
        "InvocationType": "Event",
        "Payload": b"[1]",
    }


def test_values_get_their_types() -> None:
    assert read("ListFunctions", MaxItems=["7"]) == {"MaxItems": 7}
    assert read("UntagResource", tagKeys=["a", "b"]) == {"TagKeys": ["a", "b"]}
    assert read("UpdateFunctionCode", b'{"ZipFile": "eHg=", "Publish": true, "Unknown": 1}') == {
        "ZipFile": b"xx",
        "Publish": True,
    }
    body = b'{"StartingPositionTimestamp": 1.5, "FilterCriteria": {"Filters": [{"Pattern": "x"}]}}'
    found = read("CreateEventSourceMapping", body)
    assert found["StartingPositionTimestamp"].timestamp() == 1.5
    assert found["FilterCriteria"] == {"Filters": [{"Pattern": "x"}]}


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        pytest.param(
            b"{",
            "InvalidRequestContentException",
            "Could not parse request body into json: Expecting property name enclosed in double "
            "quotes: line 1 column 2 (char 1)",
            id="no-json",
        ),
        pytest.param(
            b"[]",
            "InvalidRequestContentException",
            "Could not parse request body into json: an object is expected",
            id="no-object",
        ),
        pytest.param(
            b'{"Timeout": "3"}',
            "SerializationException",
            "Value of type str where Integer belongs",
            id="text-for-number",
        ),
        pytest.param(
            b'{"Timeout": true}',
            "SerializationException",
            "Value of type bool where Integer belongs",
            id="bool-for-number",
        ),
        pytest.param(
            b'{"Layers": "x"}',
            "SerializationException",
            "Value of type str where List belongs",
            id="text-for-list",
        ),
        pytest.param(
            b'{"Code": {"ZipFile": "?"}}',
            "SerializationException",
            "A blob must be encoded as base64",
            id="blob",
        ),
    ],
)
def test_a_body_that_does_not_fit(body: bytes, code: str, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        read("CreateFunction", body)
    assert (caught.value.code, caught.value.message) == (code, message)


@pytest.mark.parametrize(
    ("parameters", "violations"),
    [
        pytest.param(SOUND, [], id="sound"),
        pytest.param(
            {**SOUND, "Timeout": 0},
            [
                "Value '0' at 'timeout' failed to satisfy constraint: "
                "Member must have value greater than or equal to 1"
            ],
            id="number",
        ),
        pytest.param(
            {**SOUND, "Description": "x" * 257},
            [
                f"Value '{'x' * 257}' at 'description' failed to satisfy constraint: "
                "Member must have length less than or equal to 256"
            ],
            id="length",
        ),
        pytest.param(
            {"FunctionName": "fn"},
            [
                "Value null at 'role' failed to satisfy constraint: Member must not be null",
                "Value null at 'code' failed to satisfy constraint: Member must not be null",
            ],
            id="missing",
        ),
        pytest.param(
            {**SOUND, "TracingConfig": {"Mode": "on"}},
            [
                "Value 'on' at 'tracingConfig.mode' failed to satisfy constraint: "
                "Member must satisfy enum value set: [Active, PassThrough]"
            ],
            id="nested",
        ),
        pytest.param(
            {**SOUND, "Tags": {"a": "x" * 257}},
            [
                f"Value '{{a={'x' * 257}}}' at 'tags' failed to satisfy constraint: Map value must "
                "satisfy constraint: [Member must have length less than or equal to 256, Member "
                r"must satisfy regular expression pattern: ([\p{L}\p{Z}\p{N}_.:/=+\-@]*), Member "
                "must not be null]"
            ],
            id="map",
        ),
    ],
)
def test_violations_in_the_words_of_aws(parameters: dict[str, Any], violations: list[str]) -> None:
    assert service().operations["CreateFunction"].check(parameters) == violations


@pytest.mark.parametrize(
    ("error", "body"),
    [
        pytest.param(not_found("no"), {"Type": "User", "Message": "no"}, id="Message"),
        pytest.param(conflict("no"), {"Type": "User", "message": "no"}, id="message"),
        pytest.param(
            violation("a", "b"), {"message": "2 validation errors detected: a; b"}, id="front"
        ),
        pytest.param(
            ApiError("TooManyRequestsException", "no", 429, {"Reason": "r"}),
            {"Type": "User", "message": "no", "Reason": "r"},
            id="members",
        ),
    ],
)
def test_an_error_is_written_as_its_shape_says(error: ApiError, body: dict[str, str]) -> None:
    assert service().error_body(error) == body


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("fn", (None, None, "fn", None), id="name"),
        pytest.param("fn:live", (None, None, "fn", "live"), id="qualified"),
        pytest.param("fn:$LATEST", (None, None, "fn", "$LATEST"), id="latest"),
        pytest.param("function:fn", (None, None, "fn", None), id="function-name"),
        pytest.param(
            "111111111111:function:fn", (None, "111111111111", "fn", None), id="partial-arn"
        ),
        pytest.param(
            "arn:aws-us-gov:lambda:us-gov-west-1:111111111111:function:fn:7",
            ("us-gov-west-1", "111111111111", "fn", "7"),
            id="arn",
        ),
    ],
)
def test_a_function_is_named_in_many_ways(text: str, parts: tuple[str | None, ...]) -> None:
    found = parse(text)
    assert found is not None
    assert found.group("region", "account", "name", "qualifier") == parts


def test_an_event_has_lengths_and_checksums() -> None:
    message = event("PayloadChunk", b"data", "application/octet-stream")
    total, headers, checksum = struct.unpack("!III", message[:12])
    assert total == len(message)
    assert checksum == crc32(message[:8])
    assert message[12 + headers : -4] == b"data"
    assert struct.unpack("!I", message[-4:])[0] == crc32(message[:-4])
