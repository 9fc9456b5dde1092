"""Whole situations that were recorded from AWS, replayed: everything that hangs on a function."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from recorded import SHAPES
from stage import QUEUE, STREAM, Play, Stage
from test_recorded_functions import SITUATIONS as FUNCTION_SITUATIONS
from transport import ACCOUNT, REGION

FN = {"FunctionName": "fn"}
S3: dict[str, Any] = {
    "Action": "lambda:InvokeFunction",
    "Principal": "s3.amazonaws.com",
    "SourceArn": "arn:aws:s3:::test-bucket",
}


def tag_lifecycle(play: Play) -> None:
    c, arn = play.client, play.stage.create()["FunctionArn"]

    def step(name: str, answer: Any) -> None:
        play.expect(f"{name}_response", answer)
        play.expect(f"{name}_response_listtags", c.list_tags(Resource=arn))

    step("tag_single", c.tag_resource(Resource=arn, Tags={"A": "tag-a"}))
    step("tag_multiple", c.tag_resource(Resource=arn, Tags={"B": "tag-b", "C": "tag-c"}))
    step("tag_overlap", c.tag_resource(Resource=arn, Tags={"C": "tag-c-newsuffix", "D": "tag-d"}))
    step("untag_single", c.untag_resource(Resource=arn, TagKeys=["A"]))
    step("untag_multiple", c.untag_resource(Resource=arn, TagKeys=["B", "C"]))
    step("untag_nonexisting", c.untag_resource(Resource=arn, TagKeys=["F"]))
    step("untag_existing_and_nonexisting", c.untag_resource(Resource=arn, TagKeys=["D", "F"]))


def add_lambda_permission_aws(play: Play) -> None:
    play.expect("create_lambda", play.stage.fixture())
    play.expect("add_permission", play.client.add_permission(**FN, StatementId="s3", **S3))
    play.expect("get_policy", play.client.get_policy(**FN))


def permission_exceptions(play: Play) -> None:
    c = play.client
    play.stage.create()
    s3 = {"StatementId": "s3", **S3}
    add, remove = c.add_permission, c.remove_permission
    play.refuse("add_permission_invalid_statement_id", add, **FN, **S3, StatementId="example.com")
    play.refuse(
        "add_permission_fn_qualifier_mismatch",
        add,
        **s3,
        FunctionName="fn:alias-not-42",
        Qualifier="42",
    )
    play.refuse(
        "add_permission_fn_qualifier_latest",
        add,
        **s3,
        FunctionName="fn:$LATEST",
        Qualifier="$LATEST",
    )
    foreign = {**s3, "Principal": "invalid.nonaws.com"}
    play.refuse("add_permission_principal_invalid", add, **FN, **foreign)
    play.refuse("get_policy_fn_doesnotexist", c.get_policy, FunctionName="doesnotexist")
    play.refuse("get_policy_fn_version_doesnotexist", c.get_policy, **FN, Qualifier="77")
    play.refuse("add_permission_fn_doesnotexist", add, **s3, FunctionName="doesnotexist")
    play.refuse("remove_permission_policy_doesnotexist", remove, **FN, StatementId="s3")
    alias = "fn:alias-doesnotexist"
    play.refuse("add_permission_fn_alias_doesnotexist", add, **s3, FunctionName=alias)
    play.refuse("add_permission_fn_version_doesnotexist", add, **FN, **s3, Qualifier="42")
    play.refuse(
        "add_permission_fn_qualifier_invalid",
        add,
        **FN,
        **s3,
        Qualifier="invalid-qualifier-with-?-char",
    )
    play.refuse(
        "add_permission_fn_qualifier_valid_doesnotexist",
        add,
        **FN,
        **s3,
        Qualifier="valid-with-$-but-doesnotexist",
    )
    permission_conflicts(play)


def permission_conflicts(play: Play) -> None:
    add, remove = play.client.add_permission, play.client.remove_permission
    s3 = {"StatementId": "s3", **S3}
    add(**FN, **s3)
    play.refuse("add_permission_conflicting_statement_id", add, **FN, **s3)
    missing = {"FunctionName": "doesnotexist", "StatementId": "s3"}
    play.refuse("remove_permission_fn_doesnotexist", remove, **missing)
    play.refuse(
        "remove_permission_fn_alias_doesnotexist",
        remove,
        **FN,
        StatementId="s3",
        Qualifier="alias-doesnotexist",
    )


def lambda_permission_fn_versioning(play: Play) -> None:
    c = play.client
    play.stage.fixture()
    play.expect("add_permission", c.add_permission(**FN, StatementId="s3", **S3))
    play.expect("get_policy", c.get_policy(**FN))
    play.expect("publish_version_result", c.publish_version(**FN))
    play.expect("get_function_result_after_publishing", c.get_function(**FN))
    play.expect("get_policy_after_publishing_latest", c.get_policy(**FN))
    play.refuse("get_policy_after_publishing_new_version", c.get_policy, **FN, Qualifier="1")
    c.add_permission(FunctionName="fn:1", Qualifier="1", StatementId="s3", **S3)
    play.expect("get_policy_version", c.get_policy(**FN, Qualifier="1"))
    alias = {"FunctionVersion": "1", "Name": "permission-alias"}
    created = play.expect("create_alias_response", c.create_alias(**FN, **alias))
    play.expect("get_alias", c.get_alias(**FN, Name="permission-alias"))
    play.refuse(
        "add_permission_alias_revision_exception",
        c.add_permission,
        **FN,
        **S3,
        StatementId="s3",
        Qualifier="permission-alias",
        RevisionId="wrong",
    )
    c.add_permission(
        FunctionName="fn:permission-alias",
        Qualifier="permission-alias",
        StatementId="s3",
        RevisionId=created["RevisionId"],
        **S3,
    )
    play.expect("get_policy_alias", c.get_policy(**FN, Qualifier="permission-alias"))
    policy = play.expect("get_policy_after_adding_to_new_version", c.get_policy(**FN))
    c.add_permission(**FN, StatementId="s3_2", RevisionId=policy["RevisionId"], **S3)
    play.expect("get_policy_after_adding_2", c.get_policy(**FN))


def lambda_permission_revisions(play: Play) -> None:
    """Recorded before AWS's refusal named GetPolicy; the newer record is the one kept to."""
    c = play.client
    recorded = {
        step: play.steps[step]["Configuration"]["Runtime"]
        for step in ("get_function_fn8", "get_function_fn8_v1")
    }
    play.stage.fixture(Runtime=recorded["get_function_fn8_v1"])
    for step, call in (
        ("add_permission_revision_id_doesnotmatch", c.add_permission),
        ("remove_permission_fn_revision_id_doesnotmatch", c.remove_permission),
    ):
        newer = play.steps[step]["message"].replace("GetFunction/GetAlias", "GetPolicy")
        play.steps[step] |= {"message": newer}
        play.steps[step]["Error"] |= {"Message": newer}
        more = {**S3, "StatementId": "s3_x"} if call == c.add_permission else {"StatementId": "s3"}
        play.refuse(step, call, **FN, **more, RevisionId="wrong")
        if call == c.add_permission:
            c.add_permission(**FN, StatementId="s3", **S3)
    c.publish_version(**FN)
    play.stage.update(Runtime=recorded["get_function_fn8"])
    c.add_permission(**FN, StatementId="s3_2", Qualifier="1", **S3)
    c.add_permission(**FN, StatementId="s3_2", **S3)
    play.expect("get_policy_after_publish_version", c.get_policy(**FN))
    play.expect("get_policy_v1_after_publish_version", c.get_policy(**FN, Qualifier="1"))
    play.expect("get_function_fn8", c.get_function(**FN))
    play.expect("get_function_fn8_v1", c.get_function(**FN, Qualifier="1"))
    c.add_permission(**FN, StatementId="s3_3", Qualifier="1", **S3)
    play.expect("get_function_fn9", c.get_function(**FN))
    play.expect("get_function_fn9_v1", c.get_function(**FN, Qualifier="1"))
    play.expect("get_policy_v1_after_add_permission9", c.get_policy(**FN, Qualifier="1"))


def function_revisions_permissions(play: Play) -> None:
    play.stage.create()
    wrong = {"StatementId": "s3", "RevisionId": "wrong", **S3}
    play.refuse("add_permission_revision_exception", play.client.add_permission, **FN, **wrong)


def url_config_lifecycle(play: Play) -> None:
    c = play.client
    play.stage.create()
    play.expect("url_creation", c.create_function_url_config(**FN, AuthType="NONE"))
    play.refuse("failed_duplication", c.create_function_url_config, **FN, AuthType="NONE")
    play.expect("get_url_config", c.get_function_url_config(**FN))
    play.expect("updated_url_config", c.update_function_url_config(**FN, AuthType="AWS_IAM"))
    c.delete_function_url_config(**FN)
    play.refuse("failed_getter", c.get_function_url_config, **FN)


def event_source_mapping_lifecycle(play: Play) -> None:
    c, stage = play.client, play.stage
    stage.create()
    play.seen.add("update_table_response")  # DynamoDB's answer
    created = c.create_event_source_mapping(
        **FN,
        EventSourceArn=STREAM,
        DestinationConfig={"OnFailure": {"Destination": QUEUE}},
        BatchSize=1,
        StartingPosition="TRIM_HORIZON",
        MaximumBatchingWindowInSeconds=1,
        MaximumRetryAttempts=1,
    )
    play.expect("create_response", created)
    stage.settle()
    uuid = {"UUID": created["UUID"]}
    play.expect("get_response", c.get_event_source_mapping(**uuid))
    play.expect("delete_response", c.delete_event_source_mapping(**uuid))


def create_tag_on_esm_create(play: Play) -> None:
    c = play.client
    play.stage.create()
    made = c.create_event_source_mapping(**FN, EventSourceArn=QUEUE, Tags={"testtag": "x"})
    found = c.get_event_source_mapping(UUID=made["UUID"])
    same = found["EventSourceMappingArn"] == made["EventSourceMappingArn"]
    play.expect("get_event_source_mapping_with_tag", same)
    play.expect("list_tags_result", c.list_tags(Resource=made["EventSourceMappingArn"]))


def lambda_provisioned_lifecycle(play: Play) -> None:
    c = play.client
    play.stage.fixture()
    play.expect("publish_version_result", c.publish_version(**FN))
    play.expect("create_alias_result", c.create_alias(**FN, Name="a", FunctionVersion="1"))
    put, get = c.put_provisioned_concurrency_config, c.get_provisioned_concurrency_config
    one = {"ProvisionedConcurrentExecutions": 1}
    play.expect("put_provisioned_on_version", put(**FN, Qualifier="1", **one))
    play.refuse("put_provisioned_on_alias_versionconflict", put, **FN, Qualifier="a", **one)
    play.stage.settle()
    assert get(**FN, Qualifier="1")["Status"] == "READY"
    deleted = c.delete_provisioned_concurrency_config(**FN, Qualifier="1")
    play.expect("delete_provisioned_version", deleted)
    play.refuse("get_provisioned_version_postdelete", get, **FN, Qualifier="1")
    play.expect("put_provisioned_on_alias", put(**FN, Qualifier="a", **one))
    play.refuse("put_provisioned_on_version_conflict", put, **FN, Qualifier="1", **one)
    play.expect("delete_alias_result", c.delete_alias(**FN, Name="a"))
    play.refuse("get_provisioned_alias_postaliasdelete", get, **FN, Qualifier="a")
    play.expect("list_response_postdeletes", c.list_provisioned_concurrency_configs(**FN))


def layer_lifecycle(play: Play) -> None:
    c, stage = play.client, play.stage
    stage.fixture()
    play.expect("get_fn_result", c.get_function(**FN))
    play.expect("get_fn_config_result", c.get_function_configuration(**FN))
    details = {
        "CompatibleRuntimes": ["python3.12"],
        "CompatibleArchitectures": ["x86_64"],
        "LicenseInfo": "licence",
        "Description": "what",
    }
    play.matcher.bound.pop("code-sha256:1")  # layer and function have the same code here
    first = play.expect("publish_result", stage.layer(**details))
    play.expect("publish_result_2", stage.layer(**details))
    arn = first["LayerVersionArn"]
    play.expect("update_fn_config", stage.update(Layers=[arn]))
    play.expect("get_fn_config", c.get_function_configuration(**FN))
    one = {"LayerName": "layer", "VersionNumber": 1}
    play.expect("get_layer_ver_result", c.get_layer_version(**one))
    play.expect("get_layer_by_arn_version", c.get_layer_version_by_arn(Arn=arn))
    play.expect("list_layer_versions_predelete", c.list_layer_versions(LayerName="layer"))
    play.expect("delete_layer_1", c.delete_layer_version(**one))
    play.expect("get_fn_config_postdelete", c.get_function_configuration(**FN))
    two = {"LayerName": "layer", "VersionNumber": 2}
    play.expect("delete_layer_2", c.delete_layer_version(**two))
    play.expect("list_layer_versions_postdelete", c.list_layer_versions(LayerName="layer"))
    play.expect("publish_result_3", stage.layer(**details))


def lambda_eventinvokeconfig_lifecycle(play: Play) -> None:
    c = play.client
    play.stage.fixture()
    put, update = c.put_function_event_invoke_config, c.update_function_event_invoke_config
    get, listing = c.get_function_event_invoke_config, c.list_function_event_invoke_configs
    play.expect("put_invokeconfig_retries_0", put(**FN, MaximumRetryAttempts=0))
    play.expect("put_invokeconfig_eventage_60", put(**FN, MaximumEventAgeInSeconds=60))
    unchanged = update(**FN, MaximumEventAgeInSeconds=60)
    play.expect("update_invokeconfig_eventage_nochange", unchanged)
    play.expect("update_invokeconfig_retries", update(**FN, MaximumRetryAttempts=1))
    play.expect("get_invokeconfig", get(**FN))
    play.expect("get_invokeconfig_latest", get(**FN, Qualifier="$LATEST"))
    play.expect("list_single_invokeconfig", listing(**FN))
    play.expect("publish_version_result", c.publish_version(**FN))
    play.refuse("get_invokeconfig_postpublish", get, **FN, Qualifier="1")
    published = put(**FN, Qualifier="1", MaximumEventAgeInSeconds=120)
    play.expect("put_published_invokeconfig", published)
    play.expect("get_published_invokeconfig", get(**FN, Qualifier="1"))
    first = listing(**FN, MaxItems=1)
    rest = listing(**FN, MaxItems=1, Marker=first["NextMarker"])
    both = [page["FunctionEventInvokeConfigs"][0] for page in (first, rest)]
    assert both == listing(**FN)["FunctionEventInvokeConfigs"]
    c.delete_function_event_invoke_config(**FN)
    play.expect("list_paging_nolimit_postdelete", listing(**FN))


def function_concurrency_limits(play: Play) -> None:
    c = play.client
    play.stage.create()
    limit = c.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    for step, wanted in (
        ("put_function_concurrency_account_limit_exceeded", limit + 1),
        ("put_function_concurrency_below_unreserved_min_value", limit),
    ):
        answer = {"ReservedConcurrentExecutions": wanted}
        play.refuse(step, c.put_function_concurrency, **FN, **answer)


SITUATIONS = {
    play.__name__: play
    for play in (
        tag_lifecycle,
        add_lambda_permission_aws,
        permission_exceptions,
        lambda_permission_fn_versioning,
        lambda_permission_revisions,
        function_revisions_permissions,
        url_config_lifecycle,
        event_source_mapping_lifecycle,
        create_tag_on_esm_create,
        lambda_provisioned_lifecycle,
        layer_lifecycle,
        lambda_eventinvokeconfig_lifecycle,
        function_concurrency_limits,
    )
}
LATER_MEMBERS = {
    "lambda_permission_revisions": frozenset(
        {"LoggingConfig", "RuntimeVersionConfig", "SnapStart"}
    ),
    "function_concurrency_limits": frozenset({"Type"}),
}
"""Members that came to AWS's answers after a situation was recorded, or that it left out."""


@pytest.mark.parametrize("situation", SITUATIONS)
def test_parts_of_functions_answer_as_aws_did(situation: str, tmp_path: Path) -> None:
    play = Play(situation, Stage(tmp_path), LATER_MEMBERS.get(situation, frozenset()))
    SITUATIONS[situation](play)
    assert play.seen == set(play.steps)


def test_every_recorded_situation_is_replayed() -> None:
    assert set(SHAPES) == set(SITUATIONS) | set(FUNCTION_SITUATIONS)
    assert (ACCOUNT, REGION) == ("111111111111", "us-east-1")
