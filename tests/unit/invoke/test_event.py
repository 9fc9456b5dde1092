import base64
import gzip
import json
from pathlib import Path

import pytest

from lcli.errors import ExitCode, LcliError
from lcli.invoke.event import KINDS, override, read_event, sample

SOURCES = json.loads(Path(__file__).with_name("event_keys.json").read_text())
"""By kind: the page or template that shows the event, and the paths of all its fields. What lies in
the maps below is the sender's own."""
OPEN = frozenset(
    {
        *("headers", "multiValueHeaders", "queryStringParameters", "pathParameters"),
        *("multiValueQueryStringParameters", "stageVariables", "claims", "detail", "properties"),
        *("messageAttributes", "MessageAttributes", "Keys", "NewImage", "OldImage"),
        *("ResourceProperties", "fullDocument"),
        *("userAttributes", "validationData", "clientMetadata"),
    }
)
BY_NAME = frozenset({"records", "rmqMessagesByQueue"})
"""Maps whose keys are the names of topics and queues."""


def paths(value, path=""):
    if isinstance(value, list):
        return {found for item in value for found in paths(item, f"{path}[]")}
    if not isinstance(value, dict):
        return set()
    found = set()
    for key, inner in value.items():
        here = f"{path}.{key}" if path else key
        found.add(here)
        if key in BY_NAME and isinstance(inner, dict):
            found |= {each for one in inner.values() for each in paths(one, f"{here}.*")}
        elif not (key in OPEN and isinstance(inner, dict)):
            found |= paths(inner, here)
    return found


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_sample_has_the_fields_that_aws_shows(kind):
    assert sorted(paths(json.loads(sample(kind)))) == SOURCES[kind]["keys"]


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("s3", "aws:s3"),
        ("sqs", "aws:sqs"),
        ("dynamodb", "aws:dynamodb"),
        ("kinesis", "aws:kinesis"),
        ("s3-delete", "aws:s3"),
        ("ses", "aws:ses"),
    ],
)
def test_records_name_their_source(kind, source):
    records = json.loads(sample(kind))["Records"]
    assert {record["eventSource"] for record in records} == {source}


def test_the_data_of_logs_is_a_zipped_message():
    data = base64.b64decode(json.loads(sample("logs"))["awslogs"]["data"])
    assert json.loads(gzip.decompress(data))["messageType"] == "DATA_MESSAGE"


def test_an_event_of_the_project_wins_over_a_sample(tmp_path):
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "s3.json").write_text("{}")
    (tmp_path / "events" / "big-order.json").write_text("[1]")
    assert read_event("s3", tmp_path) == b"{}"
    assert read_event("big-order", tmp_path) == b"[1]"
    assert read_event("sqs", tmp_path) == sample("sqs")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("sq", "did you mean sqs?", id="near"),
        pytest.param("../secret", "there are " + ", ".join(sorted(KINDS)), id="outside"),
    ],
)
def test_an_unknown_event_names_those_that_exist(name, hint):
    with pytest.raises(LcliError) as caught:
        read_event(name, None)
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.problems[0].next_step == hint


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param("a=2", {"a": 2, "t": "x", "l": [{"k": None}]}, id="a number"),
        pytest.param("t=2", {"a": 1, "t": "2", "l": [{"k": None}]}, id="text stays text"),
        pytest.param("a=cat.jpg", {"a": "cat.jpg", "t": "x", "l": [{"k": None}]}, id="not JSON"),
        pytest.param("l[0].k={}", {"a": 1, "t": "x", "l": [{"k": {}}]}, id="in an array"),
        pytest.param("l[1]=5", {"a": 1, "t": "x", "l": [{"k": None}, 5]}, id="appended"),
        pytest.param(
            'n["x.y"][0].z=a=b',
            {"a": 1, "t": "x", "l": [{"k": None}], "n": {"x.y": [{"z": "a=b"}]}},
            id="made on the way",
        ),
        pytest.param("a=NaN", {"a": "NaN", "t": "x", "l": [{"k": None}]}, id="no JSON either"),
        pytest.param("t=", {"a": 1, "t": "", "l": [{"k": None}]}, id="empty"),
    ],
)
def test_single_values_are_replaced(change, expected):
    assert json.loads(override(b'{"a":1,"t":"x","l":[{"k":null}]}', [change])) == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("a", "--set a: this is no path=value"),
        ("=1", "--set =1: this is no path=value"),
        ("l[5]=1", "--set l[5]=1: there is no 5 in an array of 1"),
        ("a.b=1", "--set a.b=1: there is no 'b' in int"),
        ("l.b=1", "--set l.b=1: there is no 'b' in an array of 1"),
    ],
)
def test_a_path_that_leads_nowhere_is_told(change, message):
    with pytest.raises(LcliError) as caught:
        override(b'{"a":1,"l":[1]}', [change])
    assert caught.value.problems[0].what == message


@pytest.mark.parametrize(
    ("event", "change", "code"),
    [
        pytest.param("{}", "a=1e999", "set-impossible", id="a number that is too large"),
        pytest.param("{}", "a=" + "[" * 999 + "]" * 999, "set-impossible", id="a deep value"),
        pytest.param("{}", "a=" + "[" * 60_000, "set-impossible", id="brackets"),
        pytest.param("{}", "a" + ".a" * 3_000 + "=1", "set-malformed", id="a long path"),
        pytest.param('{"b": 1e999}', "a=1", "set-impossible", id="in the event"),
        pytest.param('{"b": ' + "7" * 9_000 + "}", "a=1", "set-impossible", id="many digits"),
    ],
)
def test_what_would_not_be_sent_as_it_is_written_is_refused(event, change, code):
    with pytest.raises(LcliError) as caught:
        override(event.encode(), [change])
    assert [problem.code for problem in caught.value.problems] == [code]


def test_half_a_surrogate_pair_stays_the_escape_that_it_was():
    assert override(b'{"a": "\\ud800"}', ["b=1"]) == b'{"a": "\\ud800", "b": 1}'
