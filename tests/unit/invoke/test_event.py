import base64
import gzip
import json

import pytest

from lcli.errors import ExitCode, LcliError
from lcli.invoke.event import KINDS, override, read_event, sample


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_a_sample(kind):
    assert isinstance(json.loads(sample(kind)), dict)


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("s3", "aws:s3"),
        ("sqs", "aws:sqs"),
        ("dynamodb", "aws:dynamodb"),
        ("kinesis", "aws:kinesis"),
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
