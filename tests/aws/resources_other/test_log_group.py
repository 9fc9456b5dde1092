from __future__ import annotations

import pytest

from lcli.aws.clients import AwsError
from lcli.resources import kinds
from lcli.resources.log_group import log_group
from lcli.resources.model import Actual, Key, Resource

NAME = "/aws/lambda/photos-prod-thumbnail"


def wanted(world, days=14, name=NAME, **settings):
    return log_group(world.place, name, retention_days=days, function="thumbnail", **settings)


def groups(world):
    found = world.boto3("logs").describe_log_groups()["logGroups"]
    return {group["logGroupName"]: group.get("retentionInDays") for group in found}


def test_made_once_with_its_tags(world):
    one = wanted(world, tags={"team": "media"})
    assert world.converge("log_group", one) == ["create"]
    assert world.mutations() == ["logs:CreateLogGroup", "logs:PutRetentionPolicy"]
    assert world.converge("log_group", one) == []
    assert world.mutations() == []
    arn = f"arn:aws:logs:us-east-1:{world.place.account}:log-group:{NAME}"
    tags = world.boto3("logs").list_tags_for_resource(resourceArn=arn)["tags"]
    assert tags == {
        "team": "media",
        "lcli:app": "photos",
        "lcli:stage": "prod",
        "lcli:function": "thumbnail",
        "lcli:tags": "team",
    }


def test_retention_is_changed_and_lifted(world):
    world.converge("log_group", wanted(world))
    assert world.converge("log_group", wanted(world, 30)) == ["update RetentionInDays"]
    assert groups(world) == {NAME: 30}
    assert world.converge("log_group", wanted(world, None)) == ["update RetentionInDays"]
    assert groups(world) == {NAME: None}
    assert world.converge("log_group", wanted(world, None)) == []


def test_one_that_lambda_made_is_taken_over(world):
    world.boto3("logs").create_log_group(logGroupName=NAME)
    (update,) = world.converge("log_group", wanted(world))
    assert update == ("update RetentionInDays, Tags.lcli:app, Tags.lcli:function, Tags.lcli:stage")
    assert world.converge("log_group", wanted(world)) == []
    (found,) = world.read("log_group", [wanted(world)]).values()
    kinds()["log_group"].delete(found, world)
    assert groups(world) == {}


def test_one_that_lambda_makes_between_plan_and_apply_is_taken_over(world):
    world.boto3("logs").create_log_group(logGroupName=NAME)
    arn = f"arn:aws:logs:us-east-1:{world.place.account}:log-group:{NAME}"
    assert kinds()["log_group"].create(wanted(world), world) == {"arn": arn}
    assert groups(world) == {NAME: 14}


def test_any_number_of_groups_in_one_folder_is_one_listing(world):
    many = [wanted(world, name=f"/aws/lambda/photos-prod-{n}") for n in range(60)]
    world.converge("log_group", *many)
    world.sent.clear()
    assert len(world.read("log_group", many)) == 60
    # DescribeLogGroups gives fifty a page.
    listed = [one.operation for one in world.sent]
    assert (listed[:2], {*listed[2:]}) == (["DescribeLogGroups"] * 2, {"GetResources"})
    assert len(listed) < 8


def test_groups_of_functions_that_exist_are_found_but_others_groups_are_not(world):
    logs = world.boto3("logs")
    for name in (NAME, f"{NAME}-other", "/aws/lambda/unrelated"):
        logs.create_log_group(logGroupName=name)
    function = Actual(
        Resource(
            Key("function", "photos-prod-thumbnail"),
            {"LoggingConfig": {"LogGroup": NAME}},
            function="thumbnail",
        )
    )
    read = world.read("log_group", found=[function])
    assert [(key.name, one.resource.function) for key, one in read.items()] == [(NAME, "thumbnail")]


def function_with(world, tags, group=NAME):
    """The function of the group, as it was read."""
    fields = {"LoggingConfig": {"LogGroup": group}, "Tags": tags}
    key = Key("function", "photos-prod-thumbnail")
    return Actual(Resource(key, fields, function="thumbnail"))


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        pytest.param({"team": "media"}, [], id="as they were"),
        pytest.param({"team": "web"}, ["update Tags.team"], id="another value"),
        pytest.param({}, ["update Tags.lcli:tags, Tags.team"], id="gone"),
    ],
)
def test_tags_of_the_manifest_come_and_go(world, tags, expected):
    world.converge("log_group", wanted(world, tags={"team": "media"}))
    world.mutations()
    assert world.converge("log_group", wanted(world, tags=tags)) == expected
    assert "logs:PutRetentionPolicy" not in world.mutations()
    seen = tags_of(world)
    assert {key: value for key, value in seen.items() if not key.startswith("lcli:")} == tags


def tags_of(world, **change):
    """The group's tags, after a change by hand if one is given."""
    logs = world.boto3("logs")
    arn = f"arn:aws:logs:us-east-1:{world.place.account}:log-group:{NAME}"
    if change:
        logs.tag_resource(resourceArn=arn, tags=change)
    return logs.list_tags_for_resource(resourceArn=arn)["tags"]


def test_tags_changed_by_hand_are_found_and_those_of_others_stay(world):
    one = wanted(world, tags={"team": "media"})
    world.converge("log_group", one)
    tags_of(world, team="web", cost="42")
    world.sent.clear()
    assert world.converge("log_group", one) == ["update Tags.team"]
    assert [call.operation for call in world.sent] == [
        "DescribeLogGroups", "GetResources", "ListTagsForResource", "TagResource"
    ]  # fmt: skip
    assert {**tags_of(world)}.items() >= {"team": "media", "cost": "42"}.items()


class NoIndex:
    """The tagging API is not allowed."""

    def __init__(self, real):
        self.real, self.region = real, real.region

    def call(self, *args, **named):
        return self.real.call(*args, **named)

    def pages(self, service, operation, **parameters):
        if service == "resourcegroupstaggingapi":
            raise AwsError("AccessDeniedException", "no", service=service, operation=operation)
        return self.real.pages(service, operation, **parameters)


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        pytest.param(NAME, ["update Tags.team"], id="its function tells"),
        pytest.param("/other", [], id="its function writes elsewhere"),
    ],
)
def test_without_the_tagging_api_the_functions_tags_stand_for_the_groups(world, group, expected):
    world.converge("log_group", wanted(world, tags={"team": "media"}))
    before = function_with(world, wanted(world, tags={"team": "media"}).fields["Tags"], group)
    world.clients = NoIndex(world.clients)
    one = wanted(world, tags={"team": "web"})
    assert world.converge("log_group", one, found=[before]) == expected


def test_tags_that_somebody_else_owns_stay(world):
    world.converge("log_group", wanted(world))
    tags_of(world, cost="42")
    one = wanted(world, tags={"cost": "1"}, ignored=["Tags"])
    assert world.converge("log_group", one) == []


def test_delete_spares_a_group_of_somebody_else(world):
    world.boto3("logs").create_log_group(logGroupName=NAME, tags={"lcli:app": "other"})
    (found,) = world.read("log_group", [wanted(world)]).values()
    kinds()["log_group"].delete(found, world)
    assert groups(world) == {NAME: None}


def test_delete_of_one_that_is_gone_is_fine(world):
    world.converge("log_group", wanted(world))
    (found,) = world.read("log_group", [wanted(world)]).values()
    world.boto3("logs").delete_log_group(logGroupName=NAME)
    kinds()["log_group"].delete(found, world)
    assert groups(world) == {}


SHARED = "/company/shared"


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param({}, id="made by hand"),
        pytest.param({"lcli:app": "billing", "lcli:stage": "prod"}, id="of another app"),
        pytest.param({"lcli:app": "photos", "lcli:stage": ""}, id="of another stage"),
    ],
)
def test_a_named_group_of_others_is_left_as_it_is(world, tags):
    logs = world.boto3("logs")
    logs.create_log_group(logGroupName=SHARED, tags=tags)
    logs.put_retention_policy(logGroupName=SHARED, retentionInDays=30)
    one = wanted(world, None, SHARED, is_named=True)
    assert world.converge("log_group", one) == []
    assert world.read("log_group", [one])[one.key].note == ""
    asked = wanted(world, 7, SHARED, is_named=True)
    assert world.converge("log_group", asked) == []
    assert world.read("log_group", [asked])[asked.key].note == (
        "was not made for this app, so its retention stays 30"
    )
    assert groups(world) == {SHARED: 30}
    arn = f"arn:aws:logs:us-east-1:{world.place.account}:log-group:{SHARED}"
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == tags


def test_a_named_group_that_we_made_is_kept_as_the_manifest_says(world):
    assert world.converge("log_group", wanted(world, 7, SHARED, is_named=True)) == ["create"]
    changed = wanted(world, 14, SHARED, is_named=True)
    assert world.converge("log_group", changed) == ["update RetentionInDays"]
    assert world.converge("log_group", changed) == []


def test_a_functions_group_with_the_tags_of_another_app_is_refused(world):
    tags = {"lcli:app": "billing", "lcli:stage": "prod"}
    world.boto3("logs").create_log_group(logGroupName=NAME, tags=tags)
    (found,) = world.read("log_group", [wanted(world)]).values()
    assert (found.ours, found.owner) == (False, "lcli app billing, stage prod")


def test_a_deletion_takes_no_named_group_of_others(world):
    logs = world.boto3("logs")
    logs.create_log_group(logGroupName=SHARED, tags={"lcli:app": "billing"})
    function = function_with(world, {}, SHARED)
    everywhere = frozenset({"log_group"})
    assert world.read("log_group", found=[function], everywhere=everywhere) == {}
    place = world.place.tags("thumbnail")
    arn = f"arn:aws:logs:us-east-1:{world.place.account}:log-group:{SHARED}"
    logs.tag_resource(resourceArn=arn, tags=place)
    (found,) = world.read("log_group", found=[function], everywhere=everywhere).values()
    assert (found.resource.key.name, found.resource.needs) == (SHARED, (function.resource.key,))
