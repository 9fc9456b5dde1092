"""Whole situations that were recorded from AWS, replayed: functions, versions, aliases."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import ECHO, OTHER, Play, Stage


def _wrapped(answer: object) -> dict[str, object]:
    return {"CreateFunctionResponse": answer, "CreateEventSourceMappingResponse": None}


def function_lifecycle(play: Play) -> None:
    c, stage = play.client, play.stage
    play.expect("create_response", stage.fixture(MemorySize=256, Timeout=5))
    play.expect("get_function_response", c.get_function(FunctionName="fn"))
    updated = stage.update(
        Runtime="python3.11",
        Description="Changed-Description",
        MemorySize=512,
        Timeout=10,
        Environment={"Variables": {"ENV_A": "a"}},
    )
    play.expect("update_func_conf_response", updated)
    play.expect("get_function_response_postupdate", c.get_function(FunctionName="fn"))
    play.expect("update_code_response", c.update_function_code(FunctionName="fn", ZipFile=OTHER))
    stage.settle()
    play.expect("get_function_response_postcodeupdate", c.get_function(FunctionName="fn"))
    play.expect("delete_response", c.delete_function(FunctionName="fn"))
    play.refuse("delete_postdelete", c.delete_function, FunctionName="fn")


def redundant_updates(play: Play) -> None:
    c, stage = play.client, play.stage
    play.expect("create_response", stage.fixture(Description="Initial description"))
    play.expect("first_update_result", stage.update(Description="1st update description"))
    play.expect("get_fn_config_result", c.get_function_configuration(FunctionName="fn"))
    play.expect("get_fn_result", c.get_function(FunctionName="fn"))
    play.expect("redundant_update_result", stage.update(Description="1st update description"))
    play.expect("get_fn_result_after_redundant_update", c.get_function(FunctionName="fn"))


def publish_version_on_create(play: Play) -> None:
    c, stage = play.client, play.stage
    play.expect("create_response", stage.create(Publish=True))
    play.expect("get_function_result", c.get_function(FunctionName="fn"))
    play.expect("get_function_version_result", c.get_function(FunctionName="fn", Qualifier="1"))
    play.expect(
        "get_function_latest_result", c.get_function(FunctionName="fn", Qualifier="$LATEST")
    )
    play.expect("list_versions_result", c.list_versions_by_function(FunctionName="fn"))
    repeated = c.publish_version(FunctionName="fn", Description="Repeated version description :)")
    play.expect("repeated_publish_response", repeated)
    play.expect(
        "list_versions_result_after_publish", c.list_versions_by_function(FunctionName="fn")
    )


def version_lifecycle(play: Play) -> None:
    c, stage = play.client, play.stage
    play.expect("create_response", stage.create(Description="No version :("))
    play.expect("get_function_result", c.get_function(FunctionName="fn"))
    play.expect("list_versions_result", c.list_versions_by_function(FunctionName="fn"))
    play.expect("first_update_response", stage.update(Description="First version :)"))
    play.expect("first_update_get_function", c.get_function(FunctionName="fn"))
    first = c.publish_version(FunctionName="fn", Description="First version description :)")
    play.expect("first_publish_response", first)
    one = {"FunctionName": "fn", "Qualifier": first["Version"]}
    play.expect("first_publish_get_function", c.get_function(**one))
    play.expect("first_publish_get_function_config", c.get_function_configuration(**one))
    play.expect("second_update_response", stage.update(Description="Second version :))"))
    play.expect("first_publish_get_function_after_update", c.get_function(**one))
    play.expect("second_publish_response", c.publish_version(FunctionName="fn"))
    again = c.publish_version(FunctionName="fn", Description="Third version description :)))")
    play.expect("third_publish_response", again)
    play.expect(
        "list_versions_result_after_third_publish", c.list_versions_by_function(FunctionName="fn")
    )
    c.delete_function(**one)
    play.expect(
        "list_versions_result_after_deletion_of_first_version",
        c.list_versions_by_function(FunctionName="fn"),
    )


def publish_with_update(play: Play) -> None:
    c, stage = play.client, play.stage
    play.expect("create_response", stage.create())
    play.expect("get_function_result", c.get_function(FunctionName="fn"))
    updated = c.update_function_code(FunctionName="fn", ZipFile=OTHER, Publish=True)
    play.expect("update_function_code_result", updated)
    play.expect("get_function_version_result", c.get_function(FunctionName="fn", Qualifier="1"))
    play.expect(
        "get_function_latest_result", c.get_function(FunctionName="fn", Qualifier="$LATEST")
    )


def alias_lifecycle(play: Play) -> None:
    c, stage = play.client, play.stage
    play.expect("create_response", stage.create(Environment={"Variables": {"testenv": "staging"}}))
    play.expect("publish_v1", c.publish_version(FunctionName="fn"))
    stage.update(Environment={"Variables": {"testenv": "prod"}})
    play.expect("publish_v2", c.publish_version(FunctionName="fn"))
    fn = {"FunctionName": "fn"}
    weights = {"AdditionalVersionWeights": {"2": 0.2}}
    first = c.create_alias(
        **fn,
        Name="aliasname1_1",
        FunctionVersion="1",
        Description="custom-alias",
        RoutingConfig=weights,
    )
    play.expect("create_alias_1_1", first)
    play.expect("get_alias_1_1", c.get_alias(**fn, Name="aliasname1_1"))
    play.expect("get_function_alias_1_1", c.get_function(**fn, Qualifier="aliasname1_1"))
    arn = first["AliasArn"]
    play.expect("get_function_byarn_alias_1_1", c.get_function(FunctionName=arn))
    missing = "aliasdoesnotexist"
    play.refuse("get_function_alias_notfound_exc", c.get_function, **fn, Qualifier=missing)
    play.refuse(
        "get_function_alias_byarn_notfound_exc",
        c.get_function,
        FunctionName=arn.replace("aliasname1_1", missing),
    )
    described = {"Description": "custom-alias"}
    for step, version, more in (("1_2", "1", described), ("1_3", "1", {}), ("2", "2", described)):
        made = c.create_alias(**fn, Name=f"aliasname{step}", FunctionVersion=version, **more)
        play.expect(f"create_alias_{step}", made)
        play.expect(f"get_alias_{step}", c.get_alias(**fn, Name=f"aliasname{step}"))
    pages = c.get_paginator("list_aliases").paginate(**fn, PaginationConfig={"PageSize": 1})
    play.expect("list_aliases_for_fnname", pages.build_full_result())
    changed = c.update_alias(
        **fn, Name="aliasname1_1", RoutingConfig={"AdditionalVersionWeights": {}}
    )
    play.expect("update_alias_1_1", changed)
    play.expect("get_alias_1_1_after_update", c.get_alias(**fn, Name="aliasname1_1"))
    play.expect("list_aliases_for_fnname_after_update", c.list_aliases(**fn))
    play.expect("update_alias_1_2", c.update_alias(**fn, Name="aliasname1_2"))
    play.expect("get_alias_1_2_after_update", c.get_alias(**fn, Name="aliasname1_2"))
    play.expect("list_aliases_for_fnname_after_update_2", c.list_aliases(**fn))
    play.expect("list_aliases_for_version", c.list_aliases(**fn, FunctionVersion="1"))
    play.expect("delete_alias_response", c.delete_alias(**fn, Name="aliasname1_1"))
    play.expect("list_aliases_for_fnname_afterdelete", c.list_aliases(**fn))


def function_revisions_basic(play: Play) -> None:
    c, stage = play.client, play.stage
    play.expect("create_function_response_rev1", stage.fixture(Handler="index.handler"))
    active = play.expect("get_function_response_rev2", c.get_function(FunctionName="fn"))
    play.refuse(
        "update_function_revision_exception",
        c.update_function_code,
        FunctionName="fn",
        ZipFile=ECHO,
        RevisionId="wrong",
    )
    updated = c.update_function_code(
        FunctionName="fn", ZipFile=ECHO, RevisionId=active["Configuration"]["RevisionId"]
    )
    play.expect("update_function_code_response_rev3", updated)
    stage.settle()
    settled = play.expect("get_function_response_rev4", c.get_function(FunctionName="fn"))
    play.refuse(
        "update_function_configuration_revision_exception",
        c.update_function_configuration,
        FunctionName="fn",
        Runtime="python3.11",
        RevisionId="wrong",
    )
    revision = settled["Configuration"]["RevisionId"]
    changed = stage.update(
        Runtime=play.steps["get_function_response_rev6"]["Configuration"]["Runtime"],
        RevisionId=revision,
    )
    play.expect("update_function_configuration_response_rev5", changed)
    play.expect("get_function_response_rev6", c.get_function(FunctionName="fn"))


def function_revisions_version_and_alias(play: Play) -> None:
    c, stage, fn = play.client, play.stage, {"FunctionName": "fn"}
    play.expect("create_function_response_rev1", stage.fixture())
    active = play.expect("get_function_active_rev2", c.get_function(**fn))
    play.refuse("publish_version_revision_exception", c.publish_version, **fn, RevisionId="wrong")
    version = c.publish_version(**fn, RevisionId=active["Configuration"]["RevisionId"])
    play.expect("publish_version_response_rev_v1", version)
    play.expect("get_function_published_version_rev_v2", c.get_function(**fn, Qualifier="1"))
    play.expect("get_function_latest_rev3", c.get_function(**fn))
    alias = c.create_alias(**fn, Name="revision_alias", FunctionVersion="1")
    play.expect("create_alias_response_rev_a1", alias)
    play.expect("get_function_latest_rev4", c.get_function(**fn))
    play.expect("get_function_published_version_rev_v3", c.get_function(**fn, Qualifier="1"))
    play.refuse(
        "update_alias_revision_exception",
        c.update_alias,
        **fn,
        Name="revision_alias",
        RevisionId="wrong",
    )
    changed = c.update_alias(
        **fn,
        Name="revision_alias",
        Description="something changed",
        RevisionId=alias["RevisionId"],
    )
    play.expect("update_alias_response_rev_a2", changed)


def lambda_concurrent_code_updates(play: Play) -> None:
    play.expect("create-function-response", play.stage.create(Handler="handler.handler"))
    play.client.update_function_code(FunctionName="fn", ZipFile=OTHER)
    play.refuse(
        "update-during-in-progress-update-exc",
        play.client.update_function_code,
        FunctionName="fn",
        ZipFile=ECHO,
    )


def snapstart_lifecycle(play: Play) -> None:
    c, stage, fn = play.client, play.stage, {"FunctionName": "fn"}
    recorded = play.steps["create_function_response"]
    kept = ("Runtime", "Handler", "MemorySize", "Timeout")
    created = stage.create(**{key: recorded[key] for key in kept})
    play.expect("create_function_response", created)
    play.expect("get_function_response_latest", c.get_function(**fn))
    c.publish_version(**fn, Description="version1")
    play.expect("get_function_response_version_1", c.get_function(**fn, Qualifier="1"))


def vpc_config(play: Play) -> None:
    c, stage, fn = play.client, play.stage, {"FunctionName": "fn"}
    one = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    two = {"SubnetIds": ["subnet-2"], "SecurityGroupIds": ["sg-2"]}
    none: dict[str, list[str]] = {"SubnetIds": [], "SecurityGroupIds": []}
    play.expect("create_response", stage.fixture(MemorySize=256, Timeout=5, VpcConfig=one))
    play.expect("get_function_response", c.get_function(**fn))
    play.matcher.bound.pop("vpc_id")  # made up here from the subnets
    play.expect("update_vpcconfig_update_response", stage.update(VpcConfig=two))
    play.expect("update_vpcconfig_get_function_response", c.get_function(**fn))
    play.expect("delete_vpcconfig_update_response", stage.update(VpcConfig=none))
    play.expect("delete_vpcconfig_get_function_response", c.get_function(**fn))


def function_advanced_logging_configuration(play: Play) -> None:
    c, stage, fn = play.client, play.stage, {"FunctionName": "fn"}
    wanted = {"MemorySize": 256, "Timeout": 5}
    play.expect("create_response", stage.fixture(LoggingConfig={"LogFormat": "JSON"}, **wanted))
    play.expect("get_function_response", c.get_function(**fn))
    play.expect("function_config", c.get_function_configuration(**fn))
    changed = stage.update(LoggingConfig={"LogFormat": "JSON", "LogGroup": "cool_lambda"})
    play.expect("updated_config", changed)
    play.expect("received_config", c.get_function_configuration(**fn))


SITUATIONS = {
    play.__name__: play
    for play in (
        function_lifecycle,
        redundant_updates,
        publish_version_on_create,
        version_lifecycle,
        publish_with_update,
        alias_lifecycle,
        function_revisions_basic,
        function_revisions_version_and_alias,
        lambda_concurrent_code_updates,
        vpc_config,
        function_advanced_logging_configuration,
    )
} | {"snapstart_lifecycle[java11]": snapstart_lifecycle}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_functions_answer_as_aws_did(situation: str, tmp_path: Path) -> None:
    play = Play(situation, Stage(tmp_path))
    SITUATIONS[situation](play)
    assert play.seen == set(play.steps)
