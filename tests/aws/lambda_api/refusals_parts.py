"""How to provoke each recorded refusal that concerns what hangs on functions, and layers."""

from __future__ import annotations

from typing import Any

from refusals_functions import ARN, FN, Provoke, alias, function, having, of, version
from stage import ECHO, QUEUE, STREAM, Stage, refusal
from transport import ACCOUNT, REGION, client_of

ADD = {
    "StatementId": "s3",
    "Action": "lambda:InvokeFunction",
    "Principal": "s3.amazonaws.com",
}
ONE = {"ProvisionedConcurrentExecutions": 1}
LAYER = {"LayerName": "layer", "VersionNumber": 1}
SHARE = {"Action": "lambda:GetLayerVersion", "Principal": "*", "StatementId": "s1"}
LAYER_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer"
CSC = f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-0123456789abcdefx"
KAFKA = {
    **FN,
    "Topics": ["topic"],
    "SourceAccessConfigurations": [{"Type": "BASIC_AUTH", "URI": "arn:aws:secretsmanager:x:y"}],
}


def layers(stage: Stage) -> None:
    function(stage)
    stage.layer()
    stage.layer()


def shared_layer(stage: Stage) -> None:
    stage.layer()
    stage.client.add_layer_version_permission(**LAYER, **SHARE)


def event_invoke(**config: Any) -> Provoke:
    return having(alias)(of("put_function_event_invoke_config", **FN, **config))


def destination(arn: str, side: str = "OnSuccess") -> Provoke:
    return event_invoke(DestinationConfig={side: {"Destination": arn}})


def layered(*numbers: str) -> Provoke:
    arns = [f"{LAYER_ARN}:layer:{number}" for number in numbers]
    return having(layers)(of("update_function_configuration", **FN, Layers=arns))


def six_layers(stage: Stage) -> Any:
    arns = [stage.layer(f"layer-{number}")["LayerVersionArn"] for number in range(6)]
    return refusal(stage.create, Layers=arns)


def layer_elsewhere(stage: Stage) -> Any:
    elsewhere = client_of(stage.api, region="eu-west-1")
    layer = elsewhere.publish_layer_version(LayerName="layer", Content={"ZipFile": ECHO})
    return refusal(stage.create, Layers=[layer["LayerVersionArn"]])


def kafka_twice(*endpoints: str) -> Provoke:
    source = {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": list(endpoints)}}

    def provoke(stage: Stage) -> Any:
        function(stage)
        create = stage.client.create_event_source_mapping
        create(**KAFKA, SelfManagedEventSource=source)
        return refusal(create, **KAFKA, SelfManagedEventSource=source)

    return provoke


def provisioned(first: str, second: str) -> Provoke:
    def provoke(stage: Stage) -> Any:
        alias(stage)
        put = stage.client.put_provisioned_concurrency_config
        put(**FN, Qualifier=first, **ONE)
        return refusal(put, **FN, Qualifier=second, **ONE)

    return provoke


def reserving(operation: str, over: int, **more: Any) -> Provoke:
    """Asking for the account's limit and some more."""
    key = "Reserved" if operation == "put_function_concurrency" else "Provisioned"

    def provoke(stage: Stage) -> Any:
        version(stage)
        limit = stage.client.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
        wanted = {f"{key}ConcurrentExecutions": limit + over}
        return refusal(getattr(stage.client, operation), **FN, **wanted, **more)

    return provoke


def mapping(**parameters: Any) -> Provoke:
    return having(function)(of("create_event_source_mapping", **FN, **parameters))


def tagging(arn: str, tags: dict[str, str] | None = None) -> Provoke:
    wanted = {"A": "B"} if tags is None else tags
    return having(function)(of("tag_resource", Resource=arn, Tags=wanted))


def url(name: str, qualifier: str) -> Provoke:
    return having(version)(
        of("create_function_url_config", FunctionName=name, Qualifier=qualifier, AuthType="NONE")
    )


INVOKE = "lambda_eventinvokeconfig_exceptions"
PROVISION = "provisioned_concurrency_exceptions"
PERMIT = "permission_exceptions"
LAYERS = "layer_exceptions"
SHARING = "layer_policy_exceptions"
USE = "layer_function_exceptions"
BAD_LAYER = {"LayerName": "other", "Content": {"ZipFile": ECHO}}
UUID = "1b1b1b1b-0000-4000-8000-000000000000"

get_async, put_async = "get_function_event_invoke_config", "put_function_event_invoke_config"
get_ready, put_ready = "get_provisioned_concurrency_config", "put_provisioned_concurrency_config"
add_layer = "add_layer_version_permission"

REFUSALS: dict[tuple[str, str], Provoke] = {
    (INVOKE, "put_functionname_name_notfound"): of(
        put_async, FunctionName="doesnotexist", MaximumRetryAttempts=1
    ),
    (INVOKE, "put_functionname_nootherargs"): of(put_async, FunctionName="doesnotexist"),
    (INVOKE, "put_destination_lambda_doesntexist"): destination(f"{ARN}:doesnotexist"),
    (INVOKE, "put_destination_recursive"): destination(f"{ARN}:fn"),
    (INVOKE, "put_destination_invalid_service_arn"): destination(
        f"arn:aws:iam:{REGION}:{ACCOUNT}:function:fn"
    ),
    (INVOKE, "put_destination_invalid_arn_pattern"): destination(
        f"arn:aws:_-/!lambda:{REGION}:{ACCOUNT}:function:fn", "OnFailure"
    ),
    (INVOKE, "delete_function_not_found"): having(function)(
        of("delete_function_event_invoke_config", **FN)
    ),
    (INVOKE, "delete_function_doesnotexist"): of(
        "delete_function_event_invoke_config", FunctionName="doesnotexist"
    ),
    (INVOKE, "get_qualifier_doesnotexist"): having(function)(
        of(get_async, **FN, Qualifier="doesnotexist")
    ),
    (INVOKE, "get_eventinvokeconfig_doesnotexist"): having(function)(
        of(get_async, FunctionName=f"{ARN}:fn:eventinvokealias")
    ),
    ("lambda_eventinvokeconfig_lifecycle", "get_invokeconfig_postpublish"): having(version)(
        of(get_async, **FN, Qualifier="1")
    ),
    (
        "function_concurrency_exceptions",
        "put_function_concurrency_with_function_name_doesnotexist",
    ): of("put_function_concurrency", FunctionName="doesnotexist", ReservedConcurrentExecutions=1),
    ("function_concurrency_exceptions", "put_function_concurrency_with_qualified_arn"): having(
        function
    )(
        of(
            "put_function_concurrency",
            FunctionName=f"{ARN}:fn:$LATEST",
            ReservedConcurrentExecutions=0,
        )
    ),
    (
        "function_concurrency_limits",
        "put_function_concurrency_account_limit_exceeded",
    ): reserving("put_function_concurrency", 1),
    (
        "provisioned_concurrency_limits",
        "put_provisioned_concurrency_account_limit_exceeded",
    ): reserving(put_ready, 1, Qualifier="1"),
    (
        "provisioned_concurrency_limits",
        "put_provisioned_concurrency_below_unreserved_min_value",
    ): reserving(put_ready, 0, Qualifier="1"),
    (PROVISION, "get_provisioned_config_doesnotexist"): having(version)(
        of(get_ready, **FN, Qualifier="1")
    ),
    (PROVISION, "get_provisioned_functionname_doesnotexist"): of(
        get_ready, FunctionName="doesnotexist", Qualifier="noalias"
    ),
    (PROVISION, "get_provisioned_qualifier_doesnotexist"): having(function)(
        of(get_ready, **FN, Qualifier="noalias")
    ),
    (PROVISION, "get_provisioned_latest"): having(function)(
        of(get_ready, **FN, Qualifier="$LATEST")
    ),
    (PROVISION, "delete_provisioned_functionname_doesnotexist"): of(
        "delete_provisioned_concurrency_config", FunctionName="doesnotexist", Qualifier="1"
    ),
    (PROVISION, "put_provisioned_invalid_param_0"): having(version)(
        of(put_ready, **FN, Qualifier="1", ProvisionedConcurrentExecutions=0)
    ),
    (PROVISION, "put_provisioned_qualifier_doesnotexist"): having(function)(
        of(put_ready, **FN, Qualifier="doesnotexist", **ONE)
    ),
    (PROVISION, "put_provisioned_latest"): having(function)(
        of(put_ready, **FN, Qualifier="$LATEST", **ONE)
    ),
    (
        "lambda_provisioned_lifecycle",
        "put_provisioned_on_alias_versionconflict",
    ): provisioned("1", "custom"),
    ("lambda_provisioned_lifecycle", "put_provisioned_on_version_conflict"): provisioned(
        "custom", "1"
    ),
    ("lambda_provisioned_lifecycle", "get_provisioned_alias_postaliasdelete"): having(version)(
        of(get_ready, **FN, Qualifier="gone")
    ),
    ("remove_multi_permissions", "remove_permission_exception_nonexisting_sid"): having(
        function, lambda s: s.client.add_permission(**FN, **ADD)
    )(of("remove_permission", **FN, StatementId="non-existent")),
    (PERMIT, "add_permission_invalid_statement_id"): having(function)(
        of("add_permission", **FN, **{**ADD, "StatementId": "example.com"})
    ),
    (PERMIT, "add_permission_fn_qualifier_latest"): having(function)(
        of("add_permission", FunctionName="fn:$LATEST", Qualifier="$LATEST", **ADD)
    ),
    (PERMIT, "add_permission_principal_invalid"): having(function)(
        of("add_permission", **FN, **{**ADD, "Principal": "invalid.nonaws.com"})
    ),
    (PERMIT, "remove_permission_policy_doesnotexist"): having(function)(
        of("remove_permission", **FN, StatementId="s3")
    ),
    (PERMIT, "add_permission_fn_alias_doesnotexist"): having(function)(
        of("add_permission", FunctionName="fn:alias-doesnotexist", **ADD)
    ),
    (PERMIT, "add_permission_fn_version_doesnotexist"): having(function)(
        of("add_permission", **FN, Qualifier="42", **ADD)
    ),
    (PERMIT, "add_permission_fn_qualifier_invalid"): having(function)(
        of("add_permission", **FN, Qualifier="invalid-qualifier-with-?-char", **ADD)
    ),
    (PERMIT, "add_permission_fn_qualifier_valid_doesnotexist"): having(function)(
        of("add_permission", **FN, Qualifier="valid-with-$-but-doesnotexist", **ADD)
    ),
    (PERMIT, "add_permission_conflicting_statement_id"): having(
        function, lambda s: s.client.add_permission(**FN, **ADD)
    )(of("add_permission", **FN, **ADD)),
    (PERMIT, "remove_permission_fn_doesnotexist"): of(
        "remove_permission", FunctionName="doesnotexist", StatementId="s3"
    ),
    ("lambda_permission_fn_versioning", "add_permission_alias_revision_exception"): having(alias)(
        of("add_permission", **FN, **ADD, Qualifier="custom", RevisionId="wrong")
    ),
    ("url_config_lifecycle", "failed_duplication"): having(
        function, lambda s: s.client.create_function_url_config(**FN, AuthType="NONE")
    )(of("create_function_url_config", **FN, AuthType="NONE")),
    ("url_config_list_paging", "list_function_notfound"): of(
        "list_function_url_configs", FunctionName="doesnotexist"
    ),
    (
        "url_config_exceptions",
        "create_function_url_config_name_doesnotexist_qualifier",
    ): url("doesnotexist", "1"),
    (
        "url_config_exceptions",
        "create_function_url_config_qualifier_version_doesnotexist",
    ): url("fn", "2"),
    ("url_config_exceptions", "create_function_url_config_qualifier_latest"): url("fn", "$LATEST"),
    ("code_signing_not_found_excs", "delete_csc_notfound"): of(
        "delete_code_signing_config", CodeSigningConfigArn=CSC
    ),
    ("code_signing_not_found_excs", "delete_function_csc_fnnotfound"): of(
        "delete_function_code_signing_config", FunctionName="csc-test-doesnotexist"
    ),
    ("code_signing_not_found_excs", "put_function_csc_invalid_csc_arn"): having(function)(
        of("put_function_code_signing_config", **FN, CodeSigningConfigArn=CSC)
    ),
    ("event_source_mapping_exceptions", "create_no_event_source_arn"): of(
        "create_event_source_mapping", FunctionName="doesnotexist"
    ),
    ("event_source_mapping_exceptions", "create_unknown_params"): of(
        "create_event_source_mapping", FunctionName="doesnotexist", EventSourceArn=QUEUE
    ),
    ("event_source_mapping_exceptions", "destination_config_failure"): mapping(
        EventSourceArn=QUEUE, DestinationConfig={"OnFailure": {"Destination": QUEUE}}
    ),
    ("create_event_source_validation", "no_starting_position"): mapping(EventSourceArn=STREAM),
    ("create_event_source_validation", "invalid_starting_position"): mapping(
        EventSourceArn=STREAM, StartingPosition="invalid"
    ),
    ("create_event_source_validation", "incompatible_starting_position"): mapping(
        EventSourceArn=STREAM, StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=1
    ),
    ("create_event_source_self_managed", "missing-source-access-configuration"): mapping(
        Topics=["topic"],
        SelfManagedEventSource={"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["kafka:1000"]}},
    ),
    ("create_event_source_self_managed", "duplicate-source"): kafka_twice("kafka:1000"),
    ("create_event_source_self_managed", "multiple-duplicate-source"): kafka_twice(
        "kafka:1000", "kafka:2000"
    ),
    ("tag_exceptions", "tag_lambda_invalidarn"): tagging("arn:aws:something"),
    ("tag_exceptions", "tag_lambda_doesnotexist"): tagging(f"{ARN}:doesnotexist"),
    ("tag_exceptions", "tag_lambda_qualifier_doesnotexist"): tagging(f"{ARN}:fn:v1"),
    ("tag_exceptions", "untag_empty_keys"): having(function)(
        of("untag_resource", Resource=f"{ARN}:fn", TagKeys=[])
    ),
    ("tag_exceptions", "tag_empty_tags"): tagging(f"{ARN}:fn", {}),
    ("tag_limits", "tag_lambda_too_many_tags"): tagging(
        f"{ARN}:fn", {f"{number}_key": "value" for number in range(51)}
    ),
    ("tag_exceptions[lambda_function]", "not_found_exception_tag"): tagging(f"{ARN}:missing"),
    ("tag_exceptions[lambda_function]", "invalid_arn_exception"): tagging(
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:foobar:fn"
    ),
    ("tag_exceptions[event_source_mapping]", "not_found_exception_tag"): tagging(
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{UUID}"
    ),
    ("tag_exceptions[event_source_mapping]", "aliased_arn_exception"): tagging(
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{UUID}:alias"
    ),
    ("tag_exceptions[capacity_provider]", "not_found_exception_tag"): tagging(
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:capacity-provider:cp"
    ),
    ("tag_exceptions[capacity_provider]", "aliased_arn_exception"): tagging(
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:capacity-provider:cp:alias"
    ),
    ("put_function_recursion_config_invalid_value", "put_recursion_invalid_value_error"): having(
        function
    )(of("put_function_recursion_config", **FN, RecursiveLoop="InvalidValue")),
    (LAYERS, "list_layers_exc_compatiblearchitecture_invalid"): of(
        "list_layers", CompatibleArchitecture="archdoesnotexist"
    ),
    (LAYERS, "get_layer_version_exc_layer_version_doesnotexist_negative"): of(
        "get_layer_version", LayerName="layer", VersionNumber=-1
    ),
    (LAYERS, "get_layer_version_by_arn_exc_invalidarn"): of(
        "get_layer_version_by_arn", Arn=f"{LAYER_ARN}:layer"
    ),
    (LAYERS, "publish_layer_version_exc_invalid_runtime_arch"): of(
        "publish_layer_version",
        **BAD_LAYER,
        CompatibleRuntimes=["invalidruntime"],
        CompatibleArchitectures=["invalidarch"],
    ),
    (LAYERS, "publish_layer_version_exc_partially_invalid_values"): of(
        "publish_layer_version",
        **BAD_LAYER,
        CompatibleRuntimes=["invalidruntime", "invalidruntime2", "nodejs20.x"],
        CompatibleArchitectures=["invalidarch", "x86_64"],
    ),
    (SHARING, "layer_permission_action_invalid"): having(shared_layer)(
        of(add_layer, **LAYER, **{**SHARE, "Action": "*"})
    ),
    (SHARING, "layer_permission_duplicate_statement"): having(shared_layer)(
        of(add_layer, **LAYER, **SHARE)
    ),
    (SHARING, "layer_permission_wrong_revision"): having(shared_layer)(
        of(add_layer, **LAYER, **{**SHARE, "StatementId": "s2"}, RevisionId="wrong")
    ),
    (SHARING, "layer_permission_layername_doesnotexist_add"): of(
        add_layer, **{**LAYER, "LayerName": "layer-doesnotexist"}, **SHARE
    ),
    (SHARING, "layer_permission_layerversion_doesnotexist_add"): having(shared_layer)(
        of(add_layer, **{**LAYER, "VersionNumber": 2}, **SHARE)
    ),
    (SHARING, "layer_permission_statementid_doesnotexist_remove"): having(shared_layer)(
        of("remove_layer_version_permission", **LAYER, StatementId="doesnotexist")
    ),
    (USE, "two_layer_versions_single_function_exc"): layered("1", "2"),
    (USE, "two_identical_layer_versions_single_function_exc"): layered("1", "1"),
    (USE, "add_nonexistent_layer_exc"): having(layers)(
        of("update_function_configuration", **FN, Layers=[f"{LAYER_ARN}:doesnotexist:1"])
    ),
    (USE, "add_nonexistent_layer_version_exc"): layered("9"),
    (USE, "add_layer_arn_without_version_exc"): having(layers)(
        of("update_function_configuration", **FN, Layers=[f"{LAYER_ARN}:layer"])
    ),
    (USE, "create_function_with_layer_in_different_region"): layer_elsewhere,
    ("layer_function_quota_exception", "create_function_with_six_layers"): six_layers,
}
