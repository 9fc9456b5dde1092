from __future__ import annotations

import json
from dataclasses import replace
from io import BytesIO
from zipfile import ZipFile

import pytest

from lcli.aws.retry import patience
from lcli.errors import ExitCode, LcliError, Problem
from lcli.resources import kinds
from lcli.resources.bucket_notification import bucket_notification
from lcli.resources.model import Actual, Key, Resource, Verb
from lcli.resources.role_policy import TRUST, normal_policy


@pytest.fixture
def make_function(world):
    code = BytesIO()
    with ZipFile(code, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): pass")
    client = world.boto3("lambda")
    trust = json.dumps(normal_policy([TRUST]))
    world.boto3("iam").create_role(RoleName="run", AssumeRolePolicyDocument=trust)

    def make(name):
        client.create_function(
            FunctionName=f"photos-prod-{name}",
            Role=world.place.arn("iam", "role/run", region=""),
            Runtime="python3.13",
            Handler="app.handler",
            Code={"ZipFile": code.getvalue()},
        )
        client.get_waiter("function_active_v2").wait(
            FunctionName=f"photos-prod-{name}", WaiterConfig={"Delay": 0.05, "MaxAttempts": 100}
        )
        version = client.publish_version(FunctionName=f"photos-prod-{name}")["Version"]
        for alias in ("live", "canary"):
            client.create_alias(
                FunctionName=f"photos-prod-{name}", Name=alias, FunctionVersion=version
            )
            client.add_permission(
                FunctionName=f"photos-prod-{name}",
                Qualifier=alias,
                StatementId="s3",
                Action="lambda:InvokeFunction",
                Principal="s3.amazonaws.com",
            )
        return function_arn(world, name)

    make("thumbnail")
    return make


@pytest.fixture
def bucket(world, make_function):
    name = f"photos-{world.place.account}"
    world.boto3("s3").create_bucket(Bucket=name)
    yield name
    world.boto3("s3").put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={}
    )
    world.boto3("s3").delete_bucket(Bucket=name)


@pytest.fixture
def queue(world):
    sqs = world.boto3("sqs")
    url = sqs.create_queue(QueueName="theirs")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return attributes["Attributes"]["QueueArn"]


def function_arn(world, name="thumbnail"):
    return world.place.arn("lambda", f"function:photos-prod-{name}:live")


def rule(world, bucket, prefix="incoming/", *, function="thumbnail", **settings):
    events = settings.pop("events", ["s3:ObjectCreated:*"])
    return bucket_notification(
        world.place,
        bucket,
        function=function,
        function_arn=function_arn(world, function),
        events=events,
        prefix=prefix,
        **settings,
    )


def configuration(world, bucket):
    answer = world.boto3("s3").get_bucket_notification_configuration(Bucket=bucket)
    del answer["ResponseMetadata"]
    return answer


def test_written_together_in_one_call_and_then_left_alone(world, bucket):
    two = [rule(world, bucket), rule(world, bucket, "raw/", suffix=".nef")]
    world.merge(*((Verb.CREATE, one) for one in two))
    assert world.mutations() == ["s3:PutBucketNotificationConfiguration"]
    assert world.converge("bucket_notification", *two) == []
    world.merge(*((Verb.CREATE, one) for one in two))
    assert world.mutations() == []


def test_everybody_elses_rules_stay_as_they_were(world, bucket, queue, make_function):
    theirs = {
        "QueueConfigurations": [
            {"Id": "theirs", "QueueArn": queue, "Events": ["s3:ObjectRemoved:*"]}
        ],
        "LambdaFunctionConfigurations": [
            {
                "Id": "lcli.photos.staging.thumbnail.0123",
                "LambdaFunctionArn": make_function("other"),
                "Events": ["s3:ObjectTagging:*"],
                "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "x/"}]}},
            }
        ],
    }
    s3 = world.boto3("s3")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=theirs)
    before = configuration(world, bucket)
    one = rule(world, bucket)
    world.merge((Verb.CREATE, one))
    after = configuration(world, bucket)
    assert after["QueueConfigurations"] == before["QueueConfigurations"]
    ours = after["LambdaFunctionConfigurations"].pop()
    assert after == before
    assert ours["Id"] == one.key.name.partition("/")[2]
    assert [*world.read("bucket_notification", [one])] == [one.key]
    world.merge((Verb.DELETE, one))
    assert configuration(world, bucket) == before


def test_another_alias_changes_the_rule_in_its_place(world, bucket):
    one, other = rule(world, bucket), rule(world, bucket, "raw/")
    world.merge((Verb.CREATE, one), (Verb.CREATE, other))
    arn = world.place.arn("lambda", "function:photos-prod-thumbnail:canary")
    moved = replace(one, fields={**one.fields, "LambdaFunctionArn": arn})
    assert moved.key == one.key
    world.merge((Verb.UPDATE, moved))
    rules = configuration(world, bucket)["LambdaFunctionConfigurations"]
    assert [each["LambdaFunctionArn"] for each in rules] == [arn, function_arn(world)]


def test_what_somebody_writes_meanwhile_is_merged_again(world, bucket, queue, afterwards):
    theirs = {"Id": "theirs", "QueueArn": queue, "Events": ["s3:ObjectRemoved:*"]}

    def overwrite():
        world.boto3("s3").put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [theirs]}
        )

    afterwards("PutBucketNotificationConfiguration", overwrite)
    one = rule(world, bucket)
    world.merge((Verb.CREATE, one))
    assert [*world.read("bucket_notification", [one])] == [one.key]
    assert [each["Id"] for each in configuration(world, bucket)["QueueConfigurations"]] == [
        "theirs"
    ]


def permission(world, bucket, function="thumbnail"):
    return Actual(
        Resource(
            Key("permission", f"photos-prod-{function}:live/lcli-1"),
            {"Principal": "s3.amazonaws.com", "SourceArn": f"arn:aws:s3:::{bucket}"},
            function=function,
        )
    )


def test_leftovers_are_found_by_the_functions_own_permissions(world, bucket):
    world.merge((Verb.CREATE, rule(world, bucket)))
    (left,) = world.read("bucket_notification", found=[permission(world, bucket)]).values()
    assert left.resource.function == "thumbnail"
    assert left.resource.needs == (Key("permission", "photos-prod-thumbnail:live/lcli-1"),)
    assert left.resource.shared == f"bucket {bucket}"


def test_a_bucket_that_is_gone_holds_nothing_to_remove(world):
    gone = f"gone-{world.place.account}"
    assert world.read("bucket_notification", found=[permission(world, gone)]) == {}
    world.merge((Verb.DELETE, rule(world, gone)))
    assert world.mutations() == []


def test_a_bucket_that_does_not_exist_is_named_in_the_plan(world):
    with pytest.raises(LcliError) as caught:
        world.read("bucket_notification", [rule(world, "nowhere-at-all", where="lcli.yaml:9:5")])
    (problem,) = caught.value.problems
    assert caught.value.exit_code is ExitCode.USAGE
    assert (problem.code, problem.what, problem.where) == (
        "bucket-not-found",
        'the bucket "nowhere-at-all" does not exist',
        "lcli.yaml:9:5",
    )


def test_the_local_cloud_may_still_make_the_bucket(world):
    world.place = replace(world.place, local=True)
    assert world.read("bucket_notification", [rule(world, "nowhere-at-all")]) == {}


def test_overlaps_with_foreign_rules_are_told_before_anything_is_written(world, bucket, queue):
    theirs = {"Id": "theirs", "QueueArn": queue, "Events": ["s3:ObjectCreated:Put"]}
    world.boto3("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [theirs]}
    )
    two = [rule(world, bucket, "in/"), rule(world, bucket, "out/", function="other")]
    with pytest.raises(LcliError) as caught:
        world.read("bucket_notification", two)
    assert [problem.what for problem in caught.value.problems] == [
        f'the bucket "{bucket}" cannot notify {function_arn(world)} of ObjectCreated:* of "in/*": '
        f'the rule "theirs" for {queue} takes ObjectCreated:Put of "*", and S3 allows one rule '
        "for an object's event",
        f'the bucket "{bucket}" cannot notify {function_arn(world, "other")} of ObjectCreated:* '
        f'of "out/*": the rule "theirs" for {queue} takes ObjectCreated:Put of "*", and S3 '
        "allows one rule for an object's event",
    ]


@pytest.mark.parametrize(("prefix", "overlaps"), [("incoming/new/", True), ("raw/", False)])
def test_rules_of_the_app_that_overlap_exclude_each_other(world, prefix, overlaps):
    wanted = rule(world, "pics", prefix, function="other", where="lcli.yaml:19:5")
    problem = kinds()["bucket_notification"].excludes(wanted, rule(world, "pics"))
    told = problem and (problem.code, problem.where)
    assert told == (("notifications-overlap", "lcli.yaml:19:5") if overlaps else None)


def refused(world, *actions):
    """The one problem that S3's refusal becomes."""
    with patience(0.1, lambda doing: None), pytest.raises(LcliError) as caught:
        world.merge(*actions)
    (problem,) = caught.value.problems
    return problem


@pytest.fixture
def dead(world, bucket, make_function):
    """Somebody's rule whose function is gone."""
    theirs = {
        "Id": "theirs",
        "LambdaFunctionArn": make_function("dead"),
        "Events": ["s3:ObjectRemoved:*"],
    }
    world.boto3("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [theirs]}
    )
    world.boto3("lambda").delete_function(FunctionName="photos-prod-dead")
    return theirs


def test_somebody_elses_dead_function_is_named(world, bucket, dead):
    one = rule(world, bucket, where="lcli.yaml:9:5")
    assert refused(world, (Verb.CREATE, one)) == Problem(
        "notification-destination-dead",
        f'S3 refuses to change the notifications of "{bucket}": its rule "theirs" goes to the '
        'function "photos-prod-dead", which does not exist',
        "lcli.yaml:9:5",
        "remove that rule, or set skip_validation: true on the s3 trigger",
    )
    world.merge((Verb.CREATE, replace(one, payload=True)))
    assert [*world.read("bucket_notification", [one])] == [one.key]


def test_a_dead_function_of_the_apps_own_goes_by_prune(world, bucket, make_function):
    make_function("left")
    world.merge((Verb.CREATE, rule(world, bucket, "old/", function="left")))
    world.boto3("lambda").delete_function(FunctionName="photos-prod-left")
    problem = refused(world, (Verb.CREATE, rule(world, bucket)))
    assert (problem.code, problem.next_step) == (
        "notification-destination-dead",
        "that rule is this app's: `lcli deploy --prune` removes it, or set skip_validation: true "
        "on the s3 trigger",
    )


def test_taking_rules_away_asks_no_destination(world, bucket, dead):
    one = rule(world, bucket)
    world.merge((Verb.CREATE, replace(one, payload=True)))
    world.merge((Verb.DELETE, one))
    held = configuration(world, bucket)["LambdaFunctionConfigurations"]
    assert [each["Id"] for each in held] == ["theirs"]


def test_one_trigger_lets_a_bucket_be_written_as_it_is(world, bucket, dead):
    first, second = rule(world, bucket), rule(world, bucket, "raw/")
    passing = replace(first, payload=True)
    world.merge((Verb.CREATE, passing))
    world.merge((Verb.NONE, passing), (Verb.CREATE, second))
    assert {*world.read("bucket_notification", [first, second])} == {first.key, second.key}


def test_a_function_that_does_not_allow_s3_is_told(world, bucket, make_function):
    world.boto3("lambda").remove_permission(
        FunctionName="photos-prod-thumbnail", Qualifier="live", StatementId="s3"
    )
    assert refused(world, (Verb.CREATE, rule(world, bucket))) == Problem(
        "notification-destination-refused",
        f'S3 may not call all destinations of the bucket "{bucket}": {function_arn(world)}',
        "",
        "see that each allows s3.amazonaws.com (function policy, queue policy, topic policy), or "
        "set skip_validation: true on the s3 trigger",
    )
