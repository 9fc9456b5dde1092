import pytest

from lcli.resources.model import Key, Place, Ref, Text
from lcli.resources.permission import permission, statement_fields

PLACE = Place("photos", "", "us-east-1", "123456789012")
API = Key("http_api", "photos")


def sid(**settings):
    given = {"principal": "s3.amazonaws.com", "function": "f"} | settings
    return permission(PLACE, "f", "live", **given).key.name


def test_the_id_is_derived_from_the_content():
    assert sid() == sid()
    assert sid().startswith("f:live/lcli-")
    assert sid(source_arn="arn:aws:s3:::a") != sid(source_arn="arn:aws:s3:::b")


def test_the_id_is_derived_before_aws_chooses():
    one = Text(("arn:", Ref(API, "id"), "/*"))
    assert sid(source_arn=one) == sid(source_arn=Text(("arn:", Ref(API, "id"), "/*")))
    assert sid(source_arn=one) != sid(source_arn=Text(("arn:", Ref(API, "id"), "/x")))


def test_what_it_refers_to_comes_first():
    made = permission(
        PLACE, "f", "live", principal="p", function="f", source_arn=Text((Ref(API, "id"),))
    )
    assert made.needs == (
        Key("function", "f"),
        Key("parts", "f"),
        Key("alias", "f:live"),
        API,
    )


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        pytest.param(
            {
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "lambda:InvokeFunction",
                "Condition": {
                    "StringEquals": {"AWS:SourceAccount": "1"},
                    "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"},
                },
            },
            {
                "Action": "lambda:InvokeFunction",
                "Principal": "s3.amazonaws.com",
                "SourceAccount": "1",
                "SourceArn": "arn:aws:s3:::b",
            },
            id="bucket",
        ),
        pytest.param(
            {
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                "Action": "lambda:InvokeFunction",
            },
            {"Action": "lambda:InvokeFunction", "Principal": "123456789012"},
            id="account",
        ),
        pytest.param(
            {
                "Principal": "*",
                "Action": "lambda:InvokeFunction",
                "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
            },
            {
                "Action": "lambda:InvokeFunction",
                "InvokedViaFunctionUrl": True,
                "Principal": "*",
            },
            id="via URL",
        ),
    ],
)
def test_a_statement_reads_as_it_was_asked_for(statement, expected):
    assert statement_fields(statement) == expected
