from __future__ import annotations

from datetime import UTC, datetime

import botocore.session
import jsonschema
import pytest
from pydantic import ValidationError

from lcli.resources.model import Resolved
from lcli.triggers import triggers
from lcli.triggers.s3 import EVENTS


def parse(kind, **options):
    return triggers()[kind].model_validate(options)


def messages(kind, **options):
    with pytest.raises(ValidationError) as caught:
        parse(kind, **options)
    return [error["msg"].removeprefix("Value error, ") for error in caught.value.errors()]


def test_every_source_of_this_level_is_there():
    assert {*triggers()} >= {"s3", "sqs", "dynamodb", "kinesis", "http"}


@pytest.mark.parametrize("kind", sorted(triggers()))
def test_the_short_form_sets_a_field_and_every_field_is_described(kind):
    trigger = triggers()[kind]
    fields = trigger.model_fields
    assert fields[trigger.short].is_required()
    assert [name for name, field in fields.items() if not field.description] == []
    jsonschema.Draft202012Validator.check_schema(trigger.model_json_schema())


def test_events_are_those_of_the_sdk():
    model = botocore.session.get_session().get_service_model("s3")
    assert {*model.shape_for("Event").enum} == EVENTS


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        pytest.param(
            "s3", {"bucket": "Photos_"}, "'Photos_' is neither the name nor the ARN of a bucket",
            id="bucket's name",
        ),
        pytest.param(
            "s3", {"bucket": "photos", "events": ["ObjectCreate:*"]},
            "'ObjectCreate:*' is not an event of S3; did you mean 'ObjectCreated:*'?",
            id="event",
        ),
        pytest.param(
            "s3", {"bucket": "photos", "events": []}, "name at least one event", id="no event"
        ),
        pytest.param(
            "sqs", {"queue": "a b"}, "'a b' is neither the name nor the ARN of an SQS queue",
            id="queue's name",
        ),
        pytest.param(
            "sqs", {"queue": "orders\n"},
            "'orders\\n' is neither the name nor the ARN of an SQS queue", id="line's end",
        ),
        pytest.param(
            "dynamodb", {"table": "t"},
            "'t' is neither the name nor the ARN of a DynamoDB table or its stream",
            id="table's name",
        ),
        pytest.param(
            "dynamodb", {"table": "users", "max_age": 5},
            "max_age is -1 (never) or at least 60 seconds", id="age",
        ),
        pytest.param(
            "kinesis", {"stream": "clicks", "start": "noon"},
            "expected latest, trim_horizon or a time such as 2026-01-31T12:00:00Z", id="start",
        ),
        pytest.param(
            "http", {"route": "FETCH /x"},
            "'FETCH /x' is not a route: write a method (ANY, DELETE, GET, HEAD, OPTIONS, PATCH, "
            "POST, PUT) and a path, such as 'POST /orders/{id}', or $default",
            id="method",
        ),
        pytest.param(
            "http", {"route": "GET /x/{rest+}/y"},
            "'/x/{rest+}/y' is not a route's path: it begins with / and its parameters are "
            "{name}, the last one {name+} to take what remains",
            id="path",
        ),
        pytest.param(
            "http", {"route": "GET /", "cors": {}},
            "CORS belongs to the whole API: write it at the top of the manifest, http: {cors: …}",
            id="CORS of one route",
        ),
    ],
)  # fmt: skip
def test_impossible_values_are_refused(kind, options, expected):
    assert messages(kind, **options) == [expected]


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        pytest.param(
            "sqs", {"queue": "orders", "batch_size": 11},
            "a batch_size over 10 needs a batch_window of at least 1 second", id="large batch",
        ),
        pytest.param(
            "sqs", {"queue": "orders.fifo", "batch_window": 1},
            "a FIFO queue takes a batch_size of 10 at most and no batch_window", id="FIFO",
        ),
        pytest.param(
            "sqs", {"queue": "orders", "api": {"BatchSize": 1}},
            "api.BatchSize has a short name here: batch_size", id="api repeats",
        ),
        pytest.param(
            "sqs", {"queue": "orders", "api": {"FunctionName": "f"}},
            "api.FunctionName is set by lcli itself", id="api takes over",
        ),
    ],
)  # fmt: skip
def test_values_that_do_not_go_together_are_told(kind, options, expected):
    assert [*parse(kind, **options).contradictions()] == [expected]


@pytest.mark.parametrize(
    ("kind", "options", "field", "expected"),
    [
        pytest.param(
            "s3", {"bucket": "photos", "events": "ObjectRemoved:Delete"}, "events",
            ("s3:ObjectRemoved:Delete",), id="one event",
        ),
        pytest.param(
            "s3", {"bucket": "arn:aws-cn:s3:::photos"}, "name", "photos", id="bucket's ARN"
        ),
        pytest.param("s3", {"bucket": "b-c.d"}, "events", ("s3:ObjectCreated:*",), id="events"),
        pytest.param(
            "sqs", {"queue": "orders", "filter": {"body": {"type": ["paid"]}}}, "filter",
            ({"body": {"type": ["paid"]}},), id="one filter",
        ),
        pytest.param(
            "sqs", {"queue": "orders", "batch_size": Resolved("5")}, "batch_size", 5,
            id="what a reference stands for",
        ),
        pytest.param(
            "kinesis", {"stream": "clicks", "start": "2026-01-31T12:00:00+02:00"}, "start",
            datetime(2026, 1, 31, 10, tzinfo=UTC), id="time elsewhere",
        ),
        pytest.param(
            "kinesis", {"stream": "clicks", "start": "2026-01-31T12:00"}, "start",
            datetime(2026, 1, 31, 12, tzinfo=UTC), id="time without zone",
        ),
        pytest.param("http", {"route": "post  /a/{b}"}, "route", "POST /a/{b}", id="route"),
        pytest.param("http", {"route": "ANY /{p+}"}, "route", "ANY /{p+}", id="greedy route"),
        pytest.param("http", {"route": "$default"}, "route", "$default", id="default route"),
    ],
)  # fmt: skip
def test_forms_that_mean_the_same(kind, options, field, expected):
    assert getattr(parse(kind, **options), field) == expected


@pytest.mark.parametrize(
    ("kind", "value", "good"),
    [
        pytest.param("sqs", "orders", True, id="name"),
        pytest.param("sqs", "arn:aws:sqs:eu-west-1:123456789012:orders", True, id="ARN"),
        pytest.param("sqs", "arn:aws:sns:eu-west-1:123456789012:orders", False, id="other ARN"),
        pytest.param("kinesis", "a" * 129, False, id="long"),
    ],
)
def test_the_json_schema_says_what_the_model_checks(kind, value, good):
    trigger = triggers()[kind]
    options = {trigger.short: value}
    assert jsonschema.Draft202012Validator(trigger.model_json_schema()).is_valid(options) is good
    if good:
        assert getattr(parse(kind, **options), trigger.short) == value
    else:
        assert len(messages(kind, **options)) == 1
