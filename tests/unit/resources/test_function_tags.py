import pytest

from lcli.errors import ExitCode, LcliError
from lcli.resources import function_tags as tagging
from lcli.resources.model import Key, Place

PLACE = Place("photos", "prod", "us-east-1", "123456789012")


def test_parts_name_what_is_attached_and_where():
    keys = [
        Key("function", "f"),
        Key("alias", "f:live"),
        Key("function_url", "f:live"),
        Key("permission", "f:live/lcli-1"),
        Key("permission", "f:live/lcli-2"),
        Key("reserved_concurrency", "f"),
        Key("event_source_mapping", "f<-arn:aws:sqs:us-east-1:123456789012:q"),
    ]
    names = ("alias=live", "mapping", "permissions=live", "reserved", "url=live")
    assert tagging.part_names(keys) == names


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param("permission", ("", "live"), id="with and without an alias"),
        pytest.param("function_url", ("prod",), id="one"),
        pytest.param("alias", (), id="none"),
    ],
)
def test_the_tag_says_where_to_look(kind, expected):
    assert tagging.qualifiers("permissions permissions=live url=prod", kind) == expected


def test_an_alias_too_long_for_the_tag_is_refused():
    with pytest.raises(LcliError) as caught:
        tagging.parts_value([f"alias={'a' * 120}", f"permissions={'a' * 120}"])
    (problem,) = caught.value.problems
    assert problem.what == "the tag lcli:parts would be 259 characters long; AWS allows 256"
    assert caught.value.exit_code is ExitCode.USAGE


def test_own_tags_name_the_manifests():
    assert tagging.own(PLACE, "thumbnail", {"team": "media", "cost center": "7"}) == {
        "cost center": "7",
        "team": "media",
        "lcli:app": "photos",
        "lcli:stage": "prod",
        "lcli:function": "thumbnail",
        "lcli:tags": "cost center / team",
    }


def test_names_that_do_not_fit_are_left_out_whole():
    many = {f"name-{number:03}" * 5: "x" for number in range(20)}
    value = tagging.own(PLACE, "f", many)["lcli:tags"]
    assert len(value) <= 256
    assert set(value.split(" / ")) < set(many)


def test_tags_of_others_do_not_count():
    tags = {"lcli:app": "photos", "lcli:code": "x", "lcli:tags": "old", "old": "1", "aws:x": "y",
            "theirs": "2", "new": "3"}  # fmt: skip
    assert tagging.governed(tags, {"new": "4"}) == {
        "lcli:app": "photos",
        "lcli:tags": "old",
        "old": "1",
        "new": "3",
    }


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        pytest.param({"lcli:app": "a", "lcli:stage": "dev"}, "lcli app a, stage dev", id="app"),
        pytest.param({"lcli:app": "shop"}, "lcli app shop", id="no stage"),
        pytest.param(
            {"aws:cloudformation:stack-name": "site"}, "CloudFormation stack site", id="stack"
        ),
        pytest.param({}, "someone who left no lcli tags on it", id="unknown"),
    ],
)  # fmt: skip
def test_the_owner_is_named(tags, expected):
    assert tagging.owner(tags) == expected


@pytest.mark.parametrize("place", [None, Place("photos", "", "us-east-1", "1")])
def test_hidden_tags_make_a_function_nobody_else_s(place):
    arn = "arn:aws:lambda:us-east-1:1:function:f"
    shown = {
        "Configuration": {"FunctionName": "f", "FunctionArn": arn},
        "TagsError": {"ErrorCode": "AccessDeniedException", "Message": "no lambda:ListTags"},
    }
    with pytest.raises(LcliError) as caught:
        tagging.check_owner(shown, place)
    (problem,) = caught.value.problems
    assert (problem.code, problem.where) == ("tags-hidden", arn)
    assert problem.next_step == "allow lambda:ListTags on it to the credentials in use"


@pytest.mark.parametrize(
    ("sha", "tag", "expected"),
    [
        pytest.param("S1", "D1:S1", "D1", id="the tag fits"),
        pytest.param("S2", "D1:S1", "D2", id="the zip to be sent is there already"),
        pytest.param("S3", "D1:S1", "CodeSha256 S3", id="sent by someone else"),
        pytest.param("S3", "", "CodeSha256 S3", id="no tag"),
        pytest.param("", "", "CodeSha256 ", id="nothing known"),
    ],
)
def test_code_is_told_by_its_digest(sha, tag, expected):
    assert tagging.code_of(sha, {"lcli:code": tag}, "D2", "S2") == expected
