from __future__ import annotations

from dataclasses import replace

import pytest

from lcli.resources.model import Place
from lcli.resources.role import role_arn, role_name, role_path
from lcli.resources.role_policy import destination, normal_policy, statements

PLACE = Place("photos", "prod", "eu-west-1", "123456789012", partition="aws-cn")
GROUP = "arn:aws-cn:logs:eu-west-1:123456789012:log-group:/aws/lambda/f:*"
LOGS = {
    "Effect": "Allow",
    "Action": ("logs:CreateLogStream", "logs:PutLogEvents"),
    "Resource": GROUP,
}


def actions(**settings):
    given = statements(PLACE, log_group="/aws/lambda/f", **settings)
    return [
        (each["Action"] if isinstance(each["Action"], str) else each["Action"][0], each["Resource"])
        for each in given[1:]
    ]


def test_a_plain_function_may_write_to_its_own_log_group_and_nothing_else():
    assert statements(PLACE, log_group="/aws/lambda/f") == (LOGS,)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param({"vpc": True}, [("ec2:AssignPrivateIpAddresses", "*")], id="network"),
        pytest.param({"tracing": True}, [("xray:PutTelemetryRecords", "*")], id="tracing"),
        pytest.param({"kms_key": "arn:k"}, [("kms:Decrypt", "arn:k")], id="key"),
        pytest.param(
            {"file_systems": ["arn:fs"]}, [("elasticfilesystem:ClientMount", "arn:fs")], id="files"
        ),
        pytest.param(
            {"destinations": ["arn:aws-cn:sqs:r:1:q", "arn:aws-cn:sns:r:1:t"]},
            [
                ("sqs:SendMessage", "arn:aws-cn:sqs:r:1:q"),
                ("sns:Publish", "arn:aws-cn:sns:r:1:t"),
            ],
            id="destinations",
        ),
    ],
)
def test_each_setting_brings_what_it_needs(settings, expected):
    assert actions(**settings) == expected


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        pytest.param("arn:aws:lambda:r:1:function:f", ["lambda:InvokeFunction"], id="function"),
        pytest.param("arn:aws:events:r:1:event-bus/b", ["events:PutEvents"], id="bus"),
        pytest.param("arn:aws:s3:::b", ["s3:PutObject", "s3:ListBucket"], id="bucket"),
        pytest.param("arn:aws:kafka:r:1:cluster/c", [], id="unknown"),
    ],
)
def test_destinations(arn, expected):
    assert [each["Action"] for each in destination(arn)] == expected


def test_one_normal_form_whatever_the_order():
    get = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:b"}
    also = {**get, "Action": ["s3:GetObject"], "Resource": ["arn:a"]}
    denied = {**get, "Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": False}}}
    expected = {
        "Version": "2012-10-17",
        "Statement": (
            {
                "Effect": "Deny",
                "Action": ("s3:GetObject",),
                "Resource": ("arn:b",),
                "Condition": {"Bool": {"aws:SecureTransport": ("false",)}},
            },
            {
                "Effect": "Allow",
                "Action": ("s3:GetObject",),
                "Resource": ("arn:a", "arn:b"),
            },
        ),
    }
    assert normal_policy([get, denied, also]) == expected
    assert normal_policy([also, get, denied]) == expected
    assert normal_policy(expected["Statement"]) == expected
    assert normal_policy([]) == {}


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        pytest.param(PLACE, "/lcli/photos/prod/", id="stage"),
        pytest.param(Place("photos", "", "eu-west-1", "1"), "/lcli/photos/", id="no stage"),
    ],
)
def test_path(place, expected):
    assert role_path(place) == expected


@pytest.mark.parametrize(
    ("stage", "function", "expected"),
    [
        pytest.param("prod", "photos-prod-thumb", "photos-prod-thumb-eu-west-1", id="derived"),
        pytest.param("prod", "thumb", "thumb-photos-prod-eu-west-1", id="given"),
        pytest.param("", "thumb", "thumb-photos-eu-west-1", id="given, no stage"),
    ],
)
def test_names_say_which_app_and_stage_the_role_is_for(stage, function, expected):
    assert role_name(replace(PLACE, stage=stage), function) == expected


def test_names_end_with_the_region_and_are_never_too_long():
    long = [role_name(PLACE, "a" * 63 + end) for end in "bc"]
    long.append(role_name(replace(PLACE, stage="dev"), "a" * 63 + "b"))
    assert [len(name) for name in long] == [64, 64, 64]
    assert len({*long}) == 3
    assert all(name.endswith("-eu-west-1") for name in long)


def test_the_arn_is_known_beforehand():
    assert role_arn(PLACE, "photos-prod-thumb") == (
        "arn:aws-cn:iam::123456789012:role/lcli/photos/prod/photos-prod-thumb-eu-west-1"
    )
