from __future__ import annotations

import zipfile
from dataclasses import replace

import pytest

from lcli.errors import LcliError
from lcli.resources import kinds
from lcli.resources.code import Code

NAME = "photos-prod-thumbnail"
FUNCTION, PARTS, VERSION = (f"{kind} {NAME}" for kind in ("function", "parts", "version"))
LIVE = f"alias {NAME}:live"
CONSTANT = {"DescribeLogGroups", "ListRoles", "GetApis", "ListLayers", "GetDomainNames"}
"""Lists of other kinds, whose number does not grow with the functions'."""


@pytest.fixture
def deployed(app):
    app.deploy(app.resources())
    app.calls()
    return app


def test_made_with_two_writes_a_role_not_counted(app):
    done = app.deploy(app.resources(publish=True))
    assert done == [f"create {one}" for one in (FUNCTION, PARTS, VERSION, LIVE)]
    assert app.mutations() == ["CreateFunction", "CreateAlias"]


def test_a_second_deploy_reads_twice_and_writes_nothing(deployed):
    assert deployed.deploy(deployed.resources(), named=frozenset({"thumbnail"})) == []
    of_functions = [one for one in deployed.calls() if one not in CONSTANT]
    assert of_functions == ["GetFunction", "GetFunction"]


def test_what_lambda_holds(deployed):
    function = deployed.boto3("lambda").get_function(FunctionName=NAME)
    code = deployed.zip("one")
    assert function["Tags"] == {
        "lcli:app": "photos",
        "lcli:stage": "prod",
        "lcli:function": "thumbnail",
        "lcli:parts": "alias=live",
        "lcli:code": f"{code.digest}:{code.code_sha256}",
    }
    alias = deployed.boto3("lambda").get_alias(FunctionName=NAME, Name="live")
    assert alias["FunctionVersion"] == "1"


@pytest.mark.parametrize(
    ("settings", "paths"),
    [
        pytest.param({"MemorySize": 256}, ["MemorySize"], id="memory"),
        pytest.param({"Environment": {"SIZE": "1"}}, ["Environment.SIZE"], id="variable"),
        pytest.param(
            {"LoggingConfig": {"LogFormat": "JSON"}},
            [
                "LoggingConfig.ApplicationLogLevel",
                "LoggingConfig.LogFormat",
                "LoggingConfig.SystemLogLevel",
            ],
            id="log format",
        ),
        pytest.param({"TracingConfig": {"Mode": "Active"}}, ["TracingConfig.Mode"], id="tracing"),
        pytest.param({"EphemeralStorage": {"Size": 1024}}, ["EphemeralStorage.Size"], id="storage"),
        pytest.param({"Description": "thumbs"}, ["Description"], id="description"),
    ],
)
def test_a_setting_changes_publishes_and_goes_back_to_the_default(deployed, settings, paths):
    planned = deployed.plan(deployed.resources(settings=settings))
    changed = {str(one.resource.key): [c.path for c in one.changes] for one in planned.changes}
    assert changed == {FUNCTION: paths, VERSION: ["Version", *paths], LIVE: ["FunctionVersion"]}
    deployed.deploy(deployed.resources(settings=settings))
    assert deployed.mutations() == ["UpdateFunctionConfiguration", "PublishVersion", "UpdateAlias"]
    assert deployed.deploy(deployed.resources(settings=settings)) == []
    done = deployed.deploy(deployed.resources())
    assert done == [f"update {FUNCTION}", f"replace {VERSION}", f"update {LIVE}"]
    assert deployed.deploy(deployed.resources()) == []


KEY = "arn:aws:kms:us-east-1:123456789012:key/zips"


def test_the_key_of_the_zip_comes_and_goes_with_the_code(deployed):
    with_key = deployed.resources(api={"Code": {"SourceKMSKeyArn": KEY}})
    done = deployed.deploy(with_key)
    assert done == [f"update {FUNCTION}", f"replace {VERSION}", f"update {LIVE}"]
    assert "UpdateFunctionCode" in deployed.mutations()
    shown = deployed.boto3("lambda").get_function(FunctionName=NAME, Qualifier="live")
    assert shown["Code"]["SourceKMSKeyArn"] == KEY
    assert deployed.deploy(with_key) == []
    changed = deployed.plan(deployed.resources()).changes[0].changes
    assert [(one.path, one.before, one.after) for one in changed] == [("SourceKMSKeyArn", KEY, "")]
    deployed.deploy(deployed.resources())
    assert deployed.deploy(deployed.resources()) == []
    shown = deployed.boto3("lambda").get_function(FunctionName=NAME)
    assert "SourceKMSKeyArn" not in shown["Code"]


def test_a_setting_that_no_call_takes_away_is_told(app):
    durable = {"DurableConfig": {"ExecutionTimeout": 60}}
    app.deploy(app.resources(api=durable))
    assert app.plan(app.resources(api=durable)).notices == ()
    left = app.plan(app.resources())
    assert left.empty
    assert left.notices == (
        f"function {NAME}: it keeps DurableConfig, which the manifest does not set and no call "
        "takes away",
    )


def test_a_function_becomes_durable_by_being_made_anew_and_is_changed_in_place_later(deployed):
    durable = {"DurableConfig": {"ExecutionTimeout": 60}}
    (replaced, *_) = deployed.plan(deployed.resources(api=durable)).changes
    assert (replaced.verb.value, replaced.confirm) == ("replace", f"replaces function {NAME}")
    deployed.deploy(deployed.resources(api=durable))
    deployed.mutations()
    longer = deployed.resources(api={"DurableConfig": {"ExecutionTimeout": 90}})
    assert deployed.deploy(longer)[0] == f"update {FUNCTION}"
    assert "UpdateFunctionConfiguration" in deployed.mutations()
    assert deployed.deploy(longer) == []


def test_a_function_is_made_with_the_key_of_its_zip(app):
    with_key = app.resources(api={"Code": {"SourceKMSKeyArn": KEY}})
    app.deploy(with_key)
    assert app.deploy(with_key) == []


def test_code_is_sent_once_and_published(deployed):
    done = deployed.deploy(deployed.resources(source="two"))
    assert done == [f"update {FUNCTION}", f"replace {VERSION}", f"update {LIVE}"]
    assert deployed.mutations() == [
        "TagResource",
        "UpdateFunctionCode",
        "PublishVersion",
        "UpdateAlias",
    ]
    assert deployed.deploy(deployed.resources(source="two")) == []
    assert deployed.mutations() == []


def test_another_compressor_is_no_other_code(deployed):
    stored = Code(deployed.zip("one", zipfile.ZIP_STORED))
    assert stored.code_sha256 != deployed.zip("one").code_sha256
    assert deployed.deploy(deployed.resources(code=stored)) == []


def test_code_sent_by_someone_else_is_sent_again(deployed):
    blob = deployed.zip("theirs").path.read_bytes()
    deployed.boto3("lambda").update_function_code(FunctionName=NAME, ZipFile=blob)
    assert deployed.deploy(deployed.resources()) == [f"update {FUNCTION}"]
    assert deployed.deploy(deployed.resources()) == []


def test_a_run_killed_between_update_and_publish_heals(deployed):
    blob = deployed.zip("two").path.read_bytes()
    deployed.boto3("lambda").update_function_code(FunctionName=NAME, ZipFile=blob)
    done = deployed.deploy(deployed.resources(source="two"))
    assert done == [f"replace {VERSION}", f"update {LIVE}"]
    assert deployed.deploy(deployed.resources(source="two")) == []


def test_a_run_killed_before_the_alias_moved_heals(deployed):
    client = deployed.boto3("lambda")
    client.update_function_code(
        FunctionName=NAME, ZipFile=deployed.zip("two").path.read_bytes(), Publish=True
    )
    deployed.deploy(deployed.resources(source="two"))
    versions = client.list_versions_by_function(FunctionName=NAME)["Versions"]
    assert [one["Version"] for one in versions] == ["$LATEST", "1", "2"]
    assert client.get_alias(FunctionName=NAME, Name="live")["FunctionVersion"] == "2"


def test_a_lost_answer_to_the_creation_is_found_again(app):
    wanted = {one.key.kind: one for one in app.resources()}["function"]
    app.clients.call(
        "lambda",
        "CreateFunction",
        FunctionName=NAME,
        Role=app.role,
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": app.zip("one").path.read_bytes()},
        Tags=app.place.tags("thumbnail"),
    )
    from lcli.deploy.applying import Known, Work

    work = Work(app.place, app.clients, Known({}), lambda doing: None)
    assert kinds()["function"].create(wanted, work)["state"] == "Active"
    assert app.mutations() == ["CreateFunction", "CreateFunction"]


def test_a_function_of_someone_else_is_refused_with_its_owner(app):
    app.boto3("lambda").create_function(
        FunctionName=NAME,
        Role=app.role,
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": app.zip("one").path.read_bytes()},
        Tags={"lcli:app": "other", "lcli:stage": "prod"},
    )
    (refusal, *_) = app.plan(app.resources()).refusals
    assert (
        refusal.what == f"function {NAME} exists already and belongs to lcli app other, stage prod"
    )
    assert app.deploy(app.resources(), adopt=frozenset({"thumbnail"}))[0] == f"update {FUNCTION}"
    assert app.deploy(app.resources()) == []


def test_an_update_by_someone_else_since_the_plan_is_not_overwritten(deployed):
    from lcli.deploy.applying import Known, Work

    planned = deployed.plan(deployed.resources(settings={"MemorySize": 256}))
    action = next(one for one in planned.changes if one.resource.key.kind == "function")
    deployed.boto3("lambda").update_function_configuration(FunctionName=NAME, Timeout=60)
    work = Work(deployed.place, deployed.clients, Known({}), lambda doing: None)
    with pytest.raises(LcliError) as caught:
        kinds()["function"].update(action.resource, action.actual, action.changes, work)
    arn = deployed.place.arn("lambda", f"function:{NAME}")
    (problem,) = caught.value.problems
    assert problem.what == f"someone else changed Timeout of {NAME} since the plan"
    assert (problem.code, problem.where) == ("changed-meanwhile", arn)


def test_tags_of_the_manifest_come_and_go_and_others_stay(deployed):
    arn = deployed.place.arn("lambda", f"function:{NAME}")
    client = deployed.boto3("lambda")
    client.tag_resource(Resource=arn, Tags={"theirs": "1"})
    deployed.deploy(deployed.resources(tags={"team": "media"}))
    tags = client.list_tags(Resource=arn)["Tags"]
    assert (tags["team"], tags["lcli:tags"], tags["theirs"]) == ("media", "team", "1")
    assert deployed.deploy(deployed.resources(tags={"team": "media"})) == []
    deployed.deploy(deployed.resources())
    tags = client.list_tags(Resource=arn)["Tags"]
    assert {"team", "lcli:tags"}.isdisjoint(tags)
    assert tags["theirs"] == "1"


def test_what_someone_else_owns_is_kept(deployed):
    more = {
        "settings": {"Environment": {"SIZE": "1"}},
        "ignored": ["Environment.INJECTED", "Timeout"],
    }
    deployed.boto3("lambda").update_function_configuration(
        FunctionName=NAME, Environment={"Variables": {"INJECTED": "x"}}, Timeout=60
    )
    deployed.deploy(deployed.resources(**more))
    now = deployed.boto3("lambda").get_function_configuration(FunctionName=NAME)
    assert now["Environment"]["Variables"] == {"INJECTED": "x", "SIZE": "1"}
    assert now["Timeout"] == 60
    assert deployed.deploy(deployed.resources(**more)) == []


def test_environment_values_are_secret_in_a_plan(deployed):
    planned = deployed.plan(deployed.resources(settings={"Environment": {"TOKEN": "x"}}))
    changes = [c for one in planned.changes for c in one.changes if c.path == "Environment.TOKEN"]
    assert [one.secret for one in changes] == [True, True]


def test_a_renamed_alias_publishes_nothing(deployed):
    done = deployed.deploy(deployed.resources(alias_name="prod"))
    assert done == [
        f"update {PARTS}",
        f"create alias {NAME}:prod",
        f"delete {LIVE}",
        f"update {PARTS}",
    ]
    assert deployed.deploy(deployed.resources(alias_name="prod")) == []


def test_without_an_alias_nothing_is_published(app):
    assert app.deploy(app.resources(alias_name="")) == [f"create {FUNCTION}", f"create {PARTS}"]
    assert app.deploy(app.resources(alias_name="")) == []


def test_a_function_that_left_the_manifest_is_found_by_name_and_tags(deployed):
    planned = deployed.plan([], prune=True)
    assert [str(one.resource.key) for one in planned.changes] == [FUNCTION]
    deployed.deploy([], prune=True)
    assert deployed.boto3("lambda").list_functions()["Functions"] == []


def test_a_deletion_that_goes_on_is_waited_for(deployed, told):
    """DeleteFunction answers 202 and the function stays, ``Deleting``, for a while."""
    looks = iter(range(3))

    def tell(operation):
        if operation == "DeleteFunction":
            return {"StatusCode": 202}
        if operation == "GetFunction" and next(looks) == 2:
            deployed.boto3("lambda").delete_function(FunctionName=NAME)
        return None

    clients = told(tell)
    found = deployed.plan(deployed.resources()).actions[0].actual
    kinds()["function"].delete(found, clients.work(deployed.place))
    assert clients.asked == ["DeleteFunction", *["GetFunction"] * 3]
    assert deployed.boto3("lambda").list_functions()["Functions"] == []


def test_a_rollback_is_told_and_ended(deployed):
    deployed.deploy(deployed.resources(source="two"))
    client = deployed.boto3("lambda")
    client.update_alias(FunctionName=NAME, Name="live", FunctionVersion="1")
    arn = deployed.place.arn("lambda", f"function:{NAME}")
    client.tag_resource(Resource=arn, Tags={"lcli:held": "1"})
    planned = deployed.plan(deployed.resources(source="two"))
    assert planned.confirmations == (f"ends the rollback of {NAME}:live",)
    deployed.deploy(deployed.resources(source="two"))
    assert client.get_alias(FunctionName=NAME, Name="live")["FunctionVersion"] == "2"
    assert "lcli:held" not in client.list_tags(Resource=arn)["Tags"]


def test_traffic_in_flight_ends_when_the_alias_moves(deployed):
    deployed.deploy(deployed.resources(source="two"))
    client = deployed.boto3("lambda")
    weights = {"AdditionalVersionWeights": {"1": 0.1}}
    client.update_alias(FunctionName=NAME, Name="live", RoutingConfig=weights)
    deployed.deploy(deployed.resources(source="three"))
    alias = client.get_alias(FunctionName=NAME, Name="live")
    assert alias["FunctionVersion"] == "3"
    assert alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}) == {}


def test_the_architecture_goes_with_the_code(deployed):
    deployed.deploy(deployed.resources(settings={"Architectures": ("arm64",)}))
    assert deployed.mutations() == [
        "TagResource",
        "UpdateFunctionCode",
        "PublishVersion",
        "UpdateAlias",
    ]
    assert deployed.deploy(deployed.resources(settings={"Architectures": ("arm64",)})) == []


def test_code_from_s3_is_compared_by_its_address(app):
    s3 = app.boto3("s3")
    s3.create_bucket(Bucket="artifacts")
    for key in ("a.zip", "b.zip"):
        s3.put_object(Bucket="artifacts", Key=key, Body=app.zip(key).path.read_bytes())
    one, two = (Code(s3_bucket="artifacts", s3_key=key) for key in ("a.zip", "b.zip"))
    app.deploy(app.resources(code=one))
    assert app.deploy(app.resources(code=one)) == []
    done = app.deploy(app.resources(code=two))
    assert done == [f"update {FUNCTION}", f"replace {VERSION}", f"update {LIVE}"]
    assert app.deploy(app.resources(code=two)) == []


def test_a_function_that_failed_at_its_creation_is_made_anew(deployed):
    desired = deployed.resources()
    kind = kinds()["function"]
    found = deployed.plan(desired).actions[0].actual
    failed = replace(found, outputs={**found.outputs, "state": "Failed"})
    assert [one.path for one in kind.diff(desired[0], failed)] == ["State"]
    assert "State" in kind.fixed
