import pytest

from lcli.resources import naming


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        pytest.param("arn:aws:lambda:us-east-1:1:function:f", ("f", ""), id="function"),
        pytest.param("arn:aws:lambda:us-east-1:1:function:f:live", ("f", "live"), id="alias"),
    ],
)
def test_an_arn_taken_apart(arn, expected):
    assert naming.function_of(arn) == expected


def test_a_long_name_is_cut_with_a_hash_of_the_whole():
    one, two = (naming.derived_name("photos", "prod", "x" * 80 + end) for end in "ab")
    assert len(one) == len(two) == 64
    assert one != two
    assert naming.derived_name("photos", "", "imaging") == "photos-imaging"
