import pytest

from lcli.resources.mapping_fields import (
    defaults,
    kept_fields,
    normal,
    read_fields,
    source_of,
    unknown_fields,
)

QUEUE = "arn:aws:sqs:us-east-1:123456789012:orders"
STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/clicks"
MAPPING = {
    "EventSourceArn": QUEUE,
    "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:f:live",
    "State": "Enabled",
    "BatchSize": 10,
}


def test_an_answer_without_settings_has_the_defaults():
    assert read_fields(MAPPING, {}) == defaults(QUEUE) | {"FunctionName": MAPPING["FunctionArn"]}


@pytest.mark.parametrize(
    ("state", "enabled"),
    [("Enabled", True), ("Enabling", True), ("Updating", True), ("Disabled", False)],
)
def test_the_state_says_whether_it_polls(state, enabled):
    assert read_fields(MAPPING | {"State": state}, {})["Enabled"] is enabled


@pytest.mark.parametrize(
    ("field", "given", "expected"),
    [
        pytest.param(
            "FilterCriteria", {"Filters": [{"Pattern": '{"b": 1, "a": 2}'}]}, ('{"a":2,"b":1}',),
            id="filter",
        ),
        pytest.param("FilterCriteria", {}, (), id="no filter"),
        pytest.param("DestinationConfig", {"OnFailure": {}}, {}, id="no destination"),
        pytest.param(
            "DestinationConfig", {"OnFailure": {"Destination": "a"}, "OnSuccess": {}},
            {"OnFailure": {"Destination": "a"}}, id="destination",
        ),
    ],
)  # fmt: skip
def test_normal_form(field, given, expected):
    assert normal(field, given) == expected


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        pytest.param({"EventSourceArn": STREAM}, STREAM, id="ARN"),
        pytest.param({"EventSourceArn": "arn:m", "Topics": ["b", "a"]}, "arn:m/a/b", id="topics"),
        pytest.param(
            {
                "SelfManagedEventSource": {
                    "Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["h2:9092", "h1:9092"]}
                },
                "Topics": ["t"],
            },
            "h1:9092/h2:9092/t",
            id="own servers",
        ),
    ],
)
def test_what_tells_sources_apart(mapping, expected):
    assert source_of(mapping) == expected


def test_a_hidden_filter_is_unknown():
    hidden = MAPPING | {"FilterCriteriaError": {"ErrorCode": "KMSAccessDeniedException"}}
    assert unknown_fields(hidden) == frozenset({"FilterCriteria"})
    assert unknown_fields(MAPPING) == frozenset()


def test_what_aws_adds_to_provisioned_pollers_is_no_difference():
    shown = MAPPING | {"ProvisionedPollerConfig": {"MinimumPollers": 2, "MaximumPollers": 200}}
    pollers = {"ProvisionedPollerConfig": {"MinimumPollers": 2}}
    assert read_fields(shown, pollers)["ProvisionedPollerConfig"] == {"MinimumPollers": 2}
    assert read_fields(shown, {"ProvisionedPollerConfig": {}})["ProvisionedPollerConfig"]


def test_what_no_call_takes_away_is_told_unless_it_is_wanted():
    logging = MAPPING | {"LoggingConfig": {"SystemLogLevel": "DEBUG"}}
    assert kept_fields(logging, {}) == ("LoggingConfig",)
    assert kept_fields(logging, {"LoggingConfig": {"SystemLogLevel": "INFO"}}) == ()
    assert kept_fields(MAPPING, {}) == ()
