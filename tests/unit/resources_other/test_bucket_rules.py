from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcli.resources.bucket_rules import Rule, holds, merge, rules_of

CREATED = ("s3:ObjectCreated:*",)


def rule(rule_id="one", *, events=CREATED, prefix="", suffix="", destination="arn:aws:lambda:::f"):
    return Rule(rule_id, destination, tuple(events), prefix, suffix)


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        pytest.param(rule(), rule(), True, id="both everything"),
        pytest.param(rule(prefix="a/"), rule(prefix="b/"), False, id="prefixes apart"),
        pytest.param(rule(prefix="a/"), rule(prefix="a/b/"), True, id="prefix in prefix"),
        pytest.param(rule(suffix=".jpg"), rule(suffix=".png"), False, id="suffixes apart"),
        pytest.param(rule(suffix=".jpg"), rule(suffix="a.jpg"), True, id="suffix in suffix"),
        pytest.param(
            rule(prefix="a/", suffix=".jpg"), rule(prefix="a/", suffix=".png"), False,
            id="same prefix, suffixes apart",
        ),
        pytest.param(
            rule(prefix="a/"), rule(suffix=".png"), True, id="prefix alone meets suffix alone"
        ),
        pytest.param(rule(), rule(events=["s3:ObjectRemoved:*"]), False, id="events apart"),
        pytest.param(rule(), rule(events=["s3:ObjectCreated:Put"]), True, id="event in group"),
        pytest.param(
            rule(events=["s3:ObjectCreated:Copy"]), rule(events=["s3:ObjectCreated:Put"]), False,
            id="events of one group apart",
        ),
    ],
)  # fmt: skip
def test_overlap(one, two, expected):
    assert one.overlaps(two) is expected
    assert two.overlaps(one) is expected


FOREIGN = {
    "TopicConfigurations": [{"Id": "t", "TopicArn": "arn:t", "Events": ["s3:ObjectRemoved:*"]}],
    "QueueConfigurations": [{"Id": "q", "QueueArn": "arn:q", "Events": ["s3:ObjectAcl:Put"]}],
    "LambdaFunctionConfigurations": [
        {
            "Id": "theirs",
            "LambdaFunctionArn": "arn:f",
            "Events": ["s3:ObjectTagging:Put", "s3:ObjectTagging:Delete"],
            "Filter": {"Key": {"FilterRules": [{"Name": "Suffix", "Value": ".x"}]}},
        },
        {"LambdaFunctionArn": "arn:without-id", "Events": ["s3:ObjectRestore:Post"]},
    ],
    "EventBridgeConfiguration": {},
}


def test_merge_keeps_everybody_elses_rules_as_they_were_read():
    merged = merge(FOREIGN, [rule(prefix="in/")], ["two"])
    mine = {
        "Id": "one",
        "LambdaFunctionArn": "arn:aws:lambda:::f",
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}},
    }
    functions = [*FOREIGN["LambdaFunctionConfigurations"], mine]
    assert merged == {**FOREIGN, "LambdaFunctionConfigurations": functions}


def test_merge_leaves_out_what_becomes_empty():
    only = merge({}, [rule()], [])
    assert merge(only, [], ["one"]) == {}


def test_merge_replaces_a_rule_in_its_place():
    two = merge({}, [rule("one"), rule("two", prefix="b/")], [])
    changed = merge(two, [rule("one", prefix="c/")], [])
    assert [(each.id, each.prefix) for each in rules_of(changed)] == [("one", "c/"), ("two", "b/")]


ids = st.sampled_from(["one", "two", "three", "theirs"])
some_rules = st.lists(
    st.builds(rule, ids, prefix=st.sampled_from(["", "a/", "b/"])),
    max_size=3,
    unique_by=lambda each: each.id,
)


@given(some_rules, some_rules, st.sets(ids))
def test_merge_is_done_after_the_first_time(existing, put, drop):
    drop -= {each.id for each in put}
    once = merge({**FOREIGN, **merge({}, existing, [])}, put, drop)
    assert merge(once, put, drop) == once
    assert holds(once, merge(once, put, drop))
    assert {*put} <= {*rules_of(once)}
    assert not drop & {each.id for each in rules_of(once)}


@pytest.mark.parametrize(
    ("now", "target", "expected"),
    [
        pytest.param(FOREIGN, FOREIGN, True, id="same"),
        pytest.param({}, {"EventBridgeConfiguration": {}}, False, id="EventBridge missing"),
        pytest.param(
            merge({}, [rule("a"), rule("b")], []), merge({}, [rule("b"), rule("a")], []), True,
            id="another order",
        ),
        pytest.param(merge({}, [rule("a")], []), {}, False, id="one too many"),
        pytest.param(
            merge({}, [rule("a")], []), merge({}, [rule("a", prefix="x")], []), False,
            id="another prefix",
        ),
    ],
)  # fmt: skip
def test_holds(now, target, expected):
    assert holds(now, target) is expected
