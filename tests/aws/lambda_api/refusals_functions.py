"""How to provoke each recorded refusal that concerns functions, versions, aliases and code."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

from recorded import ERRORS
from stage import ECHO, OTHER, Stage, refusal
from transport import ACCOUNT, REGION

Provoke = Callable[[Stage], Any]
"""Gives the error response."""

FN = {"FunctionName": "fn"}
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function"
IMAGE = {"PackageType": "Image", "Code": {"ImageUri": f"{ACCOUNT}.dkr.ecr.{REGION}/x:1"}}


def of(operation: str, **parameters: Any) -> Provoke:
    """One call that is refused although nothing exists."""
    return lambda stage: refusal(getattr(stage.client, operation), **parameters)


def having(*prepare: Callable[[Stage], Any]) -> Callable[[Provoke], Provoke]:
    """A refusal that needs something to be there first."""

    def wrap(provoke: Provoke) -> Provoke:
        def act(stage: Stage) -> Any:
            for each in prepare:
                each(stage)
            return provoke(stage)

        return act

    return wrap


def function(stage: Stage) -> None:
    stage.create()


def version(stage: Stage) -> None:
    stage.create()
    stage.client.publish_version(**FN)


def two_versions(stage: Stage) -> None:
    version(stage)
    stage.update(Description="2")
    stage.client.publish_version(**FN)


def alias(stage: Stage) -> None:
    version(stage)
    stage.client.create_alias(**FN, Name="custom", FunctionVersion="1")


def creating(**settings: Any) -> Provoke:
    return lambda stage: refusal(stage.create, **settings)


def routed(versions: dict[str, float], target: str = "1", name: str = "fn") -> Provoke:
    return having(two_versions)(
        of(
            "create_alias",
            FunctionName=name,
            Name="custom",
            FunctionVersion=target,
            RoutingConfig={"AdditionalVersionWeights": versions},
        )
    )


def claiming(size: int) -> bytes:
    """A zip whose directory says that its file has `size` bytes."""
    data = bytearray(ECHO)
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, size)
    return bytes(data)


def updating_twice(stage: Stage) -> Any:
    stage.create()
    stage.client.update_function_code(**FN, ZipFile=OTHER)
    return refusal(stage.client.update_function_code, **FN, ZipFile=ECHO)


def oversized_request(stage: Stage) -> Any:
    return refusal(stage.create, Environment={"Variables": {"BIG": "x" * 70_167_212}})


def recorded_runtime(situation: str) -> str:
    return situation.partition("[")[2].rstrip("]")


ALIAS = "notfound_and_invalid_routingconfigs"
CREATE = "create_lambda_exceptions"
ARNS = "function_arns"
LARGE = json.dumps({"LARGE_VAR": "x" * 4081}, separators=(",", ":"))

REFUSALS: dict[tuple[str, str], Provoke] = {
    ("function_lifecycle", "delete_postdelete"): of("delete_function", **FN),
    ("ops_with_arn_qualifier_mismatch[delete_function]", "not_match_exception"): of(
        "delete_function", FunctionName=f"{ARN}:some-function:1", Qualifier="$LATEST"
    ),
    ("ops_with_arn_qualifier_mismatch[delete_function]", "match_exception"): of(
        "delete_function", FunctionName=f"{ARN}:some-function:$LATEST", Qualifier="$LATEST"
    ),
    ("ops_with_arn_qualifier_mismatch[get_function]", "match_exception"): of(
        "get_function", FunctionName=f"{ARN}:some-function:$LATEST", Qualifier="$LATEST"
    ),
    ("ops_on_nonexisting_version[get_function]", "version_not_found_exception"): having(function)(
        of("get_function", **FN, Qualifier="1221")
    ),
    (
        "ops_on_nonexisting_version[get_function_event_invoke_config]",
        "version_not_found_exception",
    ): having(function)(of("get_function_event_invoke_config", **FN, Qualifier="1221")),
    ("delete_on_nonexisting_version", "delete_function_response_non_existent"): of(
        "delete_function", **FN
    ),
    ("ops_on_nonexisting_fn[delete_function]", "not_found_exception"): of("delete_function", **FN),
    ("ops_on_nonexisting_fn[get_function_url_config]", "not_found_exception"): of(
        "get_function_url_config", **FN
    ),
    ("ops_on_nonexisting_fn[get_function_event_invoke_config]", "not_found_exception"): of(
        "get_function_event_invoke_config", **FN
    ),
    ("get_function_wrong_region[get_function]", "wrong_region_exception"): of(
        "get_function", FunctionName=f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:fn"
    ),
    ("publish_with_wrong_revisionid", "publish_wrong_revisionid_exc"): having(function)(
        of("publish_version", **FN, RevisionId="doesntexist")
    ),
    ("publish_with_wrong_sha256", "publish_wrong_sha256_exc"): having(function)(
        of("publish_version", **FN, CodeSha256="somenonexistentsha256")
    ),
    ("lambda_image_versions", "invalid_sha_publish"): having(lambda s: s.create(**IMAGE))(
        of("publish_version", **FN, CodeSha256="a" * 64)
    ),
    ("alias_lifecycle", "get_function_alias_notfound_exc"): having(function)(
        of("get_function", **FN, Qualifier="aliasdoesnotexist")
    ),
    (ALIAS, "routing_config_exc_toomany"): routed({"1": 0.8, "2": 0.2}),
    (ALIAS, "routing_config_exc_toohigh"): routed({"2": 2.0}),
    (ALIAS, "routing_config_exc_subzero"): routed({"2": -1.0}),
    (ALIAS, "routing_config_exc_sameversion"): routed({"1": 0.5}),
    (ALIAS, "target_version_doesnotexist"): routed({"2": 0.5}, target="10"),
    (ALIAS, "target_version_exc_version_latest"): routed({"1": 0.5}, target="$LATEST"),
    (ALIAS, "routing_config_exc_version_latest"): routed({"$LATEST": 0.5}),
    (ALIAS, "routing_config_exc_fn_doesnotexist"): routed({"2": 0.5}, name="fn-unknown"),
    (ALIAS, "routing_config_exc_already_exist"): having(alias)(
        of("create_alias", **FN, Name="custom", FunctionVersion="1")
    ),
    (ALIAS, "alias_does_not_exist_esc"): having(function)(
        of("get_alias", **FN, Name="non-existent")
    ),
    ("non_existent_alias_update", "update_alias_response"): having(function)(
        of("update_alias", **FN, Name="non-existent")
    ),
    ("alias_naming", "create_alias_number_exception"): having(version)(
        of("create_alias", **FN, Name="2024", FunctionVersion="1")
    ),
    ("oversized_lambda", "invalid_param_exc"): creating(Code={"ZipFile": claiming(262_144_001)}),
    ("oversized_request_create_lambda", "invalid_param_exc"): oversized_request,
    ("oversized_zipped_create_lambda", "invalid_param_exc"): creating(
        Code={"ZipFile": b"\0" * 52_428_801}
    ),
    ("large_environment_variables_fails", "failed_create_fn_result"): creating(
        Environment={"Variables": {"LARGE_VAR": "x" * 4081}}
    ),
    ("large_environment_fails_multiple_keys", "failured_create_fn_result_multi_key"): creating(
        Environment={"Variables": {"SMALL_VAR": "ok", "LARGE_VAR": "x" * 4064}}
    ),
    (CREATE, "invalid_role_arn_exc"): creating(Role="r1"),
    (CREATE, "invalid_runtime_exc"): creating(Runtime="non-existent-runtime"),
    (CREATE, "uppercase_runtime_exc"): creating(Runtime="PYTHON3.9"),
    (CREATE, "multiple_architectures"): creating(Architectures=["x86_64", "arm64"]),
    (CREATE, "uppercase_architecture"): creating(Architectures=["X86_64"]),
    (CREATE, "invalid_zip_exc"): creating(Code={"ZipFile": b"this is not a zipfile"}),
    ("list_functions", "list_functions_invalid_functionversion"): of(
        "list_functions", FunctionVersion="invalid"
    ),
    ("snapstart_exceptions", "create_function_invalid_snapstart_apply"): creating(
        SnapStart={"ApplyOn": "invalidOption"}
    ),
    ("lambda_image_crud", "image-to-zipfile-error"): having(lambda s: s.create(**IMAGE))(
        of("update_function_code", **FN, ZipFile=ECHO)
    ),
    ("lambda_zip_file_to_image", "zipfile-to-image-error"): having(function)(
        of("update_function_code", **FN, ImageUri="x:1")
    ),
    (ARNS, "invalid_function_name_exc"): creating(name="invalid:function:name"),
    (ARNS, "long_function_name_exc"): creating(name="a" * 65),
    (ARNS, "long_function_arn_exc"): creating(name=f"{ARN}:{'a' * (141 - len(ARN) - 1)}"),
    (ARNS, "function_arn_other_region_exc"): creating(
        name=f"arn:aws:lambda:ap-southeast-1:{ACCOUNT}:function:fn"
    ),
    (ARNS, "function_arn_other_account_exc"): creating(
        name=f"arn:aws:lambda:{REGION}:123456789012:function:fn"
    ),
    ("invalid_invoke", "invoke_function_name_pattern_exc"): of(
        "invoke", FunctionName="arn:aws:lambda:us-east-1:123400000000@function:myfn", Payload=b"{}"
    ),
    ("lambda_concurrent_code_updates", "update-during-in-progress-update-exc"): updating_twice,
    ("invalid_vpc_config_subnet", "create-response-invalid-format-subnet-id"): creating(
        VpcConfig={"SubnetIds": ["bad"], "SecurityGroupIds": ["sg-1"]}
    ),
    (
        "invalid_vpc_config_security_group",
        "create-response-invalid-format-security-group",
    ): creating(VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["bad"]}),
    ("lambda_code_location_s3_errors", "create-error-wrong-bucket"): creating(
        Code={"S3Bucket": "no-such-bucket", "S3Key": "x"}
    ),
    ("lambda_code_location_s3_errors", "create-error-wrong-key"): creating(
        Code={"S3Bucket": "bucket", "S3Key": "no-such-key"}
    ),
    **{
        (situation, step): creating(Runtime=recorded_runtime(situation))
        for situation, step in ERRORS
        if situation.startswith("create_deprecated_function_runtime")
    },
}
