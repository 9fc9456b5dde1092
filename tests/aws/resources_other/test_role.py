from __future__ import annotations

import json
from dataclasses import replace

import pytest

from lcli.errors import LcliError
from lcli.resources import kinds, role_reading
from lcli.resources.model import Key
from lcli.resources.role import role
from lcli.resources.role_policy import statements

GROUP = "/aws/lambda/photos-prod-thumbnail"
READ_PHOTOS = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/*"}


def wanted(world, *extra, **settings):
    basic = statements(world.place, log_group=GROUP)
    return role(
        world.place,
        "thumbnail",
        "photos-prod-thumbnail",
        statements=[*basic, *extra],
        **settings,
    )


@pytest.fixture
def policy(world):
    iam = world.boto3("iam")

    def make(name):
        document = json.dumps({"Version": "2012-10-17", "Statement": [READ_PHOTOS]})
        return iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]

    return make


def test_made_once_and_then_left_alone(world, policy):
    one = wanted(world, READ_PHOTOS, policies=[policy("extra")], tags={"team": "media"})
    assert world.converge("role", one) == ["create"]
    world.mutations()
    assert world.converge("role", one) == []
    assert world.mutations() == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"tags": {"team": "x"}}, id="tags"),
        pytest.param({"boundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, id="boundary"),
        pytest.param({"policies": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}, id="attached"),
        pytest.param({"statement": READ_PHOTOS}, id="inline"),
    ],
)
def test_many_are_read_by_a_listing_and_look_the_same(world, change, monkeypatch):
    extra = [change.pop("statement")] if "statement" in change else []
    one = wanted(world, *extra, **change)
    world.converge("role", one)
    world.sent.clear()
    (alone,) = world.read("role", [one]).values()
    singly = sorted(call.operation for call in world.sent)
    monkeypatch.setattr(role_reading, "MANY", 0)
    world.sent.clear()
    (listed,) = world.read("role", [one]).values()
    assert listed == alone
    assert singly == [
        "GetRole",
        "GetRolePolicy",
        "ListAttachedRolePolicies",
        "ListRolePolicies",
        "ListRoles",
    ]
    assert [call.operation for call in world.sent] == [
        "ListRoles",
        "GetAccountAuthorizationDetails",
    ]


def test_what_the_role_holds_in_aws(world):
    world.converge("role", wanted(world, READ_PHOTOS))
    iam = world.boto3("iam")
    made = iam.get_role(RoleName="photos-prod-thumbnail-us-east-1")["Role"]
    assert made["Path"] == "/lcli/photos/prod/"
    assert {tag["Key"]: tag["Value"] for tag in made["Tags"]} == {
        "lcli:app": "photos",
        "lcli:stage": "prod",
        "lcli:function": "thumbnail",
    }
    policy = iam.get_role_policy(RoleName=made["RoleName"], PolicyName="lcli")["PolicyDocument"]
    account = world.place.account
    assert policy["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": [f"arn:aws:logs:us-east-1:{account}:log-group:{GROUP}:*"],
        },
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::photos/*"]},
    ]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param({"boundary": "POLICY"}, "update PermissionsBoundary", id="boundary"),
        pytest.param({"policies": "POLICY"}, "update ManagedPolicies", id="attached"),
        pytest.param({"tags": {"team": "x"}}, "update Tags.lcli:tags, Tags.team", id="tags"),
    ],
)
def test_each_setting_comes_and_goes(world, policy, settings, expected):
    arn = policy("a")
    made = {"boundary": arn, "policies": [arn]}
    settings = {key: made.get(key, value) for key, value in settings.items()}
    world.converge("role", wanted(world))
    assert world.converge("role", wanted(world, **settings)) == [expected]
    assert world.converge("role", wanted(world, **settings)) == []
    assert world.converge("role", wanted(world)) == [expected]
    assert world.converge("role", wanted(world)) == []


def test_a_changed_policy_and_one_that_somebody_deleted_are_written_again(world):
    world.converge("role", wanted(world))
    assert world.converge("role", wanted(world, READ_PHOTOS)) == ["update Policy.Statement"]
    name = "photos-prod-thumbnail-us-east-1"
    world.boto3("iam").delete_role_policy(RoleName=name, PolicyName="lcli")
    assert world.converge("role", wanted(world, READ_PHOTOS)) == [
        "update Policy.Statement, Policy.Version"
    ]
    assert world.converge("role", wanted(world, READ_PHOTOS)) == []


@pytest.mark.parametrize("many", [9, 0], ids=["read singly", "read by a listing"])
def test_inline_policies_of_others_are_seen_and_go(world, monkeypatch, many):
    monkeypatch.setattr(role_reading, "MANY", many)
    world.converge("role", wanted(world))
    which = {"RoleName": "photos-prod-thumbnail-us-east-1"}
    iam = world.boto3("iam")
    own = iam.get_role_policy(**which, PolicyName="lcli")["PolicyDocument"]
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    iam.put_role_policy(**which, PolicyName="hand", PolicyDocument=document)
    assert world.converge("role", wanted(world)) == ["update InlinePolicies"]
    assert iam.list_role_policies(**which)["PolicyNames"] == ["lcli"]
    assert iam.get_role_policy(**which, PolicyName="lcli")["PolicyDocument"] == own
    assert world.converge("role", wanted(world)) == []


def test_tags_of_others_stay(world):
    world.converge("role", wanted(world, tags={"team": "media"}))
    name = "photos-prod-thumbnail-us-east-1"
    iam = world.boto3("iam")
    iam.tag_role(RoleName=name, Tags=[{"Key": "cost", "Value": "42"}])
    world.converge("role", wanted(world))
    tags = {tag["Key"] for tag in iam.list_role_tags(RoleName=name)["Tags"]}
    assert tags == {"lcli:app", "lcli:stage", "lcli:function", "cost"}


def test_one_that_a_killed_run_left_is_completed(world):
    one = wanted(world, READ_PHOTOS)
    world.boto3("iam").create_role(
        RoleName=one.key.name, Path="/lcli/photos/prod/", AssumeRolePolicyDocument="{}"
    )
    arn = f"arn:aws:iam::{world.place.account}:role/lcli/photos/prod/{one.key.name}"
    assert kinds()["role"].create(one, world) == {"arn": arn}
    assert world.converge("role", one) == []


@pytest.mark.parametrize("many", [9, 0], ids=["asked for", "listed"])
def test_somebody_elses_role_is_refused(world, monkeypatch, many):
    monkeypatch.setattr(role_reading, "MANY", many)
    one = wanted(world)
    assert world.read("role", [one]) == {}
    world.boto3("iam").create_role(RoleName=one.key.name, AssumeRolePolicyDocument="{}")
    (found,) = world.read("role", [one]).values()
    assert (found.ours, found.owner) == (False, "someone who left no lcli tags on it")
    with pytest.raises(LcliError) as caught:  # it was made since the plan
        kinds()["role"].create(one, world)
    assert caught.value.problems[0].what == (
        'the role "photos-prod-thumbnail-us-east-1" exists already and belongs to someone who '
        "left no lcli tags on it"
    )


def test_leftovers_are_those_of_this_app_stage_and_region(world):
    world.converge("role", wanted(world))
    other_stage = replace(world.place, stage="")
    other_region = replace(world.place, region="eu-west-1")
    for place in (other_stage, other_region):
        one = role(place, "other", "photos-other", statements=[])
        iam = world.boto3("iam")
        path = str(one.fields["Path"])
        iam.create_role(RoleName=one.key.name, Path=path, AssumeRolePolicyDocument="{}")
    left = world.read("role")
    assert [*left] == [Key("role", "photos-prod-thumbnail-us-east-1")]
    assert left[Key("role", "photos-prod-thumbnail-us-east-1")].resource.function == "thumbnail"


def test_deleted_with_all_that_is_attached(world, policy):
    world.converge("role", wanted(world, policies=[policy("extra")]))
    kind = kinds()["role"]
    (left,) = world.read("role").values()
    kind.delete(left, world)
    assert world.read("role") == {}
    kind.delete(left, world)
