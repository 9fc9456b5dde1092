import pytest

from lcli.resources.compare import changes
from lcli.resources.model import Actual, Change, Key, Resource

KEY = Key("function", "f")


def resource(**fields):
    return Resource(KEY, fields, secret=frozenset({"Environment.TOKEN"}))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param({"Memory": 128}, {"Memory": 128}, (), id="same"),
        pytest.param({"Memory": 128}, {"Memory": 256}, (Change("Memory", 128, 256),), id="changed"),
        pytest.param({"Other": 1}, {}, (), id="what lcli does not govern"),
        pytest.param({}, {"Memory": 1}, (Change("Memory", None, 1),), id="absent before"),
        pytest.param(
            {"Environment": {"A": "1", "TOKEN": "x"}},
            {"Environment": {"B": "2", "TOKEN": "y"}},
            (
                Change("Environment.A", "1", None),
                Change("Environment.B", None, "2"),
                Change("Environment.TOKEN", "x", "y", secret=True),
            ),
            id="mapping by key",
        ),
        pytest.param(
            {},
            {"Environment": {"TOKEN": "y"}},
            (Change("Environment", None, {"TOKEN": "y"}, secret=True),),
            id="a whole mapping with a secret in it",
        ),
    ],
)
def test_each_changed_field_is_named(before, after, expected):
    assert changes(resource(**after), Actual(resource(**before))) == expected


def test_a_field_that_aws_would_not_show_is_not_a_change():
    actual = Actual(resource(Environment={}), unknown=frozenset({"Environment"}))
    assert changes(resource(Environment={"A": "1"}), actual) == ()
