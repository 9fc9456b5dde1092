from __future__ import annotations

import pytest

from lcli.resources import kinds
from lcli.resources.event_source_mapping import event_source_mapping

NAME = "photos-prod-thumbnail"
KEY = "thumbnail"


@pytest.fixture
def queue(app):
    def make(name="orders"):
        sqs = app.boto3("sqs")
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return found["Attributes"]["QueueArn"]

    return make


@pytest.fixture
def stream(app):
    kinesis = app.boto3("kinesis")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    return kinesis.describe_stream(StreamName="clicks")["StreamDescription"]["StreamARN"]


def mapping(app, source, qualifier="live", **settings):
    return event_source_mapping(app.place, NAME, qualifier, source, settings=settings, function=KEY)


def filters(*patterns):
    return {"Filters": [{"Pattern": pattern} for pattern in patterns]}


def listed(app):
    return app.boto3("lambda").list_event_source_mappings()["EventSourceMappings"]


QUEUE_SETTINGS = {
    "BatchSize": 5,
    "Enabled": False,
    "FilterCriteria": filters('{"body": {"a": [1]}}'),
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "MaximumBatchingWindowInSeconds": 5,
    "ScalingConfig": {"MaximumConcurrency": 4},
}
STREAM_SETTINGS = {
    "BisectBatchOnFunctionError": True,
    "MaximumRecordAgeInSeconds": 3600,
    "MaximumRetryAttempts": 3,
    "ParallelizationFactor": 2,
    "TumblingWindowInSeconds": 30,
}


@pytest.mark.parametrize(
    ("source", "fixed", "settings"),
    [
        pytest.param("queue", {}, QUEUE_SETTINGS, id="queue"),
        pytest.param("stream", {"StartingPosition": "LATEST"}, STREAM_SETTINGS, id="stream"),
    ],
)
def test_all_settings_change_in_place_and_go_back_to_defaults(
    app, request, source, fixed, settings
):
    made = request.getfixturevalue(source)
    arn = made if isinstance(made, str) else made()
    plain, changed = mapping(app, arn, **fixed), mapping(app, arn, **fixed, **settings)
    app.deploy(app.resources(plain))
    (before,) = listed(app)
    planned = app.plan(app.resources(changed))
    (action,) = planned.changes
    assert {change.path.partition(".")[0] for change in action.changes} == set(settings)
    assert app.deploy(app.resources(changed)) == [f"update {plain.key}"]
    assert app.deploy(app.resources(changed)) == []
    assert app.deploy(app.resources(plain)) == [f"update {plain.key}"]
    assert app.deploy(app.resources(plain)) == []
    assert [one["UUID"] for one in listed(app)] == [before["UUID"]]


def test_another_starting_position_is_a_replacement(app, stream):
    app.deploy(app.resources(mapping(app, stream, StartingPosition="LATEST")))
    changed = mapping(app, stream, StartingPosition="TRIM_HORIZON")
    assert app.deploy(app.resources(changed)) == [f"replace {changed.key}"]
    assert app.deploy(app.resources(changed)) == []


def test_a_failure_destination_comes_and_goes(app, stream, queue):
    start = {"StartingPosition": "LATEST"}
    failed = {"DestinationConfig": {"OnFailure": {"Destination": queue("failed")}}}
    plain = mapping(app, stream, **start)
    app.deploy(app.resources(plain))
    assert app.deploy(app.resources(mapping(app, stream, **start, **failed))) == [
        f"update {plain.key}"
    ]
    assert app.deploy(app.resources(mapping(app, stream, **start, **failed))) == []
    app.deploy(app.resources(plain))
    assert app.deploy(app.resources(plain)) == []


def test_another_alias_keeps_the_mapping(app, queue):
    app.deploy(app.resources(mapping(app, queue())))
    (before,) = listed(app)
    moved = mapping(app, queue(), "prod")
    done = app.deploy(app.resources(moved, alias_name="prod"))
    assert f"update {moved.key}" in done
    (after,) = listed(app)
    assert after["UUID"] == before["UUID"]
    assert after["FunctionArn"].endswith(":prod")
    assert app.deploy(app.resources(moved, alias_name="prod")) == []


def test_one_list_for_all_mappings(app, queue):
    both = [mapping(app, queue("orders")), mapping(app, queue("returns"))]
    app.deploy(app.resources(*both))
    app.calls()
    app.plan(app.resources(*both))
    assert app.calls().count("ListEventSourceMappings") == 1


def test_what_left_the_manifest_goes_and_what_others_made_stays(app, queue):
    one = mapping(app, queue("orders"))
    app.deploy(app.resources(one, mapping(app, queue("returns"))))
    app.boto3("lambda").create_event_source_mapping(
        EventSourceArn=queue("theirs"), FunctionName=f"{NAME}:live"
    )
    gone = mapping(app, queue("returns")).key
    assert app.deploy(app.resources(one)) == [f"delete {gone}"]
    left = {item["EventSourceArn"].rpartition(":")[2] for item in listed(app)}
    assert left == {"orders", "theirs"}
    assert app.deploy(app.resources(one)) == []


def test_one_made_by_hand_is_taken_and_tagged(app, queue):
    app.deploy(app.resources())
    app.boto3("lambda").create_event_source_mapping(
        EventSourceArn=queue(), FunctionName=f"{NAME}:live"
    )
    one = mapping(app, queue())
    assert app.deploy(app.resources(one)) == [f"update parts {NAME}", f"update {one.key}"]
    (found,) = listed(app)
    tags = app.boto3("lambda").list_tags(Resource=found["EventSourceMappingArn"])["Tags"]
    assert tags == app.place.tags(KEY)


def test_one_that_is_there_already_gets_what_is_wanted_when_it_has_settled(app, queue, told):
    """As after an answer that was lost; nothing can be changed of one that is being made."""
    app.deploy(app.resources())
    app.boto3("lambda").create_event_source_mapping(
        EventSourceArn=queue(), FunctionName=f"{NAME}:live", BatchSize=7
    )
    states = iter(["Creating", "Creating", "Enabled", "Updating", "Enabled"])
    clients = told(lambda name: {"State": next(states)} if name.startswith("Get") else None)
    wanted = mapping(app, queue(), BatchSize=5)
    made = kinds()["event_source_mapping"].create(wanted, clients.work(app.place))
    (found,) = listed(app)
    assert found["BatchSize"] == 5
    assert made == {"uuid": found["UUID"], "state": "Enabled"}
    assert clients.asked == [
        "CreateEventSourceMapping",
        *["GetEventSourceMapping"] * 3,
        "UpdateEventSourceMapping",
        *["GetEventSourceMapping"] * 2,
    ]


def test_filters_are_equal_whatever_their_order_and_spaces(app, queue):
    first = filters('{"body":{"b":[2],"a":[1]}}', '{"body":{"c":[3]}}')
    second = filters('{"body": {"c": [3]}}', '{"body": {"a": [1], "b": [2]}}')
    app.deploy(app.resources(mapping(app, queue(), FilterCriteria=first)))
    assert app.deploy(app.resources(mapping(app, queue(), FilterCriteria=second))) == []


def test_that_it_stands_still_is_told_unless_it_is_asked_for(app, queue):
    meant, polled = mapping(app, queue(), Enabled=False), mapping(app, queue(), Enabled=True)
    app.deploy(app.resources(meant))
    assert app.plan(app.resources(meant)).notices == ()
    (action,) = app.plan(app.resources(polled)).changes
    assert action.reason == "disabled: USER_INITIATED"
