from __future__ import annotations

import json

import pytest

from lcli.resources.concurrency import provisioned_concurrency, reserved_concurrency
from lcli.resources.event_invoke_config import event_invoke_config
from lcli.resources.function_url import function_url
from lcli.resources.model import Key, Verb
from lcli.resources.permission import permission, url_permissions
from lcli.resources.runtime_settings import runtime_settings
from lcli.resources.version import prune_versions

NAME = "photos-prod-thumbnail"
KEY = "thumbnail"
SOURCE = "arn:aws:sns:us-east-1:123456789012:alerts"
CORS = {"AllowOrigins": ["https://b.example", "https://a.example"], "MaxAge": 60}


def s3(app, bucket="photos", qualifier="live"):
    return permission(
        app.place,
        NAME,
        qualifier,
        principal="s3.amazonaws.com",
        source_arn=f"arn:aws:s3:::{bucket}",
        source_account=app.place.account,
        function=KEY,
    )


MADE = {
    "reserved_concurrency": lambda app: reserved_concurrency(KEY, NAME, 5),
    "provisioned_concurrency": lambda app: provisioned_concurrency(KEY, NAME, "live", 1),
    "event_invoke_config": lambda app: event_invoke_config(KEY, NAME, "live", retries=1),
    "function_url": lambda app: function_url(KEY, NAME, "live", cors=CORS, stream=True),
    "permission": s3,
    "recursion": lambda app: runtime_settings(KEY, NAME, {"RecursiveLoop": "Allow"})[0],
    "runtime_management": lambda app: runtime_settings(
        KEY, NAME, {"RuntimeManagementConfig": {"UpdateRuntimeOn": "FunctionUpdate"}}
    )[0],
}
CHANGED = {
    "reserved_concurrency": lambda app: reserved_concurrency(KEY, NAME, 0),
    "provisioned_concurrency": lambda app: provisioned_concurrency(KEY, NAME, "live", 2),
    "event_invoke_config": lambda app: event_invoke_config(KEY, NAME, "live", max_age=60),
    "function_url": lambda app: function_url(KEY, NAME, "live", auth="NONE"),
    "recursion": lambda app: runtime_settings(KEY, NAME, {"RecursiveLoop": "Terminate"})[0],
    "runtime_management": lambda app: runtime_settings(
        KEY, NAME, {"RuntimeManagementConfig": {"UpdateRuntimeOn": "Auto"}}
    )[0],
}


@pytest.mark.parametrize("kind", MADE)
def test_made_then_quiet_then_taken_away(app, kind):
    wanted = MADE[kind](app)
    app.deploy(app.resources(wanted))
    app.calls()
    assert app.deploy(app.resources(wanted)) == []
    assert app.mutations() == []
    parts = f"update parts {NAME}"
    assert app.deploy(app.resources()) == [f"delete {wanted.key}", parts]
    assert app.deploy(app.resources()) == []


@pytest.mark.parametrize("kind", CHANGED)
def test_changed_in_place(app, kind):
    app.deploy(app.resources(MADE[kind](app)))
    wanted = CHANGED[kind](app)
    assert app.deploy(app.resources(wanted)) == [f"update {wanted.key}"]
    assert app.deploy(app.resources(wanted)) == []


@pytest.mark.parametrize("kind", MADE)
def test_added_later_the_tag_names_it_first(app, kind):
    app.deploy(app.resources())
    app.calls()
    wanted = MADE[kind](app)
    verb = "update" if kind in {"recursion", "runtime_management"} else "create"
    assert app.deploy(app.resources(wanted)) == [f"update parts {NAME}", f"{verb} {wanted.key}"]
    assert app.mutations()[0] == "TagResource"


@pytest.mark.parametrize("kind", ["function_url", "event_invoke_config", "permission"])
def test_a_renamed_alias_takes_what_is_attached_along(app, kind):
    app.deploy(app.resources(MADE[kind](app)))
    make = {
        "function_url": lambda: function_url(KEY, NAME, "prod"),
        "event_invoke_config": lambda: event_invoke_config(KEY, NAME, "prod"),
        "permission": lambda: s3(app, qualifier="prod"),
    }[kind]
    done = app.deploy(app.resources(make(), alias_name="prod"))
    assert f"create {make().key}" in done
    assert f"delete {MADE[kind](app).key}" in done or f"delete alias {NAME}:live" in done
    assert app.deploy(app.resources(make(), alias_name="prod")) == []
    found = app.boto3("lambda").list_aliases(FunctionName=NAME)["Aliases"]
    assert [one["Name"] for one in found] == ["prod"]


def test_a_url_made_by_hand_is_refused(app):
    app.deploy(app.resources())
    app.boto3("lambda").create_function_url_config(
        FunctionName=NAME, Qualifier="live", AuthType="AWS_IAM"
    )
    planned = app.plan(app.resources(function_url(KEY, NAME, "live")))
    assert [one.what for one in planned.refusals] == [
        f"function URL {NAME}:live exists already and was not made by lcli"
    ]


def test_the_address_is_an_output(app):
    app.deploy(app.resources(function_url(KEY, NAME, "live")))
    planned = app.plan(app.resources(function_url(KEY, NAME, "live")))
    found = {one.resource.key.kind: one.actual for one in planned.actions}["function_url"]
    shown = app.boto3("lambda").get_function_url_config(FunctionName=NAME, Qualifier="live")
    assert found.outputs["url"] == shown["FunctionUrl"]


def test_a_public_url_gets_both_statements(app):
    both = url_permissions(app.place, NAME, "live", function=KEY)
    app.deploy(app.resources(*both, function_url(KEY, NAME, "live", auth="NONE")))
    policy = app.boto3("lambda").get_policy(FunctionName=NAME, Qualifier="live")["Policy"]
    shown = [
        (one["Principal"], one["Action"], one["Condition"])
        for one in json.loads(policy)["Statement"]
    ]
    assert sorted(shown, key=str) == [
        ("*", "lambda:InvokeFunction", {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}),
        (
            "*",
            "lambda:InvokeFunctionUrl",
            {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
        ),
    ]
    wanted = app.resources(*both, function_url(KEY, NAME, "live", auth="NONE"))
    assert app.deploy(wanted) == []


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"principal": "events.amazonaws.com"}, id="service alone"),
        pytest.param({"principal": "123456789012"}, id="account"),
        pytest.param({"principal": "*", "principal_org_id": "o-1234567890"}, id="organization"),
        pytest.param(
            {"principal": "iot.amazonaws.com", "event_source_token": "token"},
            id="token",
        ),
        pytest.param(
            {
                "principal": "sns.amazonaws.com",
                "source_arn": "arn:aws:sns:us-east-1:123456789012:t",
            },
            id="source",
        ),
    ],
)
def test_each_form_of_statement_is_read_as_it_was_written(app, settings):
    wanted = permission(app.place, NAME, "live", function=KEY, **settings)
    app.deploy(app.resources(wanted))
    assert app.deploy(app.resources(wanted)) == []


def test_statements_of_others_stay(app):
    app.deploy(app.resources(s3(app)))
    app.boto3("lambda").add_permission(
        FunctionName=NAME,
        Qualifier="live",
        StatementId="theirs",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
    )
    assert app.deploy(app.resources(s3(app))) == []
    app.deploy(app.resources(s3(app, "other")))
    policy = app.boto3("lambda").get_policy(FunctionName=NAME, Qualifier="live")["Policy"]
    sids = {one["Sid"] for one in json.loads(policy)["Statement"]}
    assert sids == {"theirs", s3(app, "other").key.name.partition("/")[2]}


def test_one_policy_is_read_once_for_many_statements(app):
    many = [s3(app, f"bucket{number}") for number in range(3)]
    app.deploy(app.resources(*many))
    app.calls()
    app.plan(app.resources(*many))
    assert app.calls().count("GetPolicy") == 1


def test_a_deleted_function_takes_all_along(app):
    app.deploy(app.resources(*(make(app) for make in MADE.values())))
    app.calls()
    planned = app.plan([], prune=True)
    assert [(one.verb, one.resource.key) for one in planned.changes] == [
        (Verb.DELETE, Key("function", NAME))
    ]


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        pytest.param(10, (), id="fewer than kept"),
        pytest.param(2, ("2",), id="weighted one stays"),
        pytest.param(1, ("3", "2"), id="current and weighted"),
    ],
)
def test_versions_in_use_are_never_pruned(app, keep, expected):
    for source in ("one", "two", "three", "four"):
        app.deploy(app.resources(source=source))
    weights = {"AdditionalVersionWeights": {"1": 0.1}}
    client = app.boto3("lambda")
    client.update_alias(FunctionName=NAME, Name="live", RoutingConfig=weights)
    assert prune_versions(app.clients, NAME, keep).gone == expected
    left = client.list_versions_by_function(FunctionName=NAME)["Versions"]
    assert {one["Version"] for one in left} == {"$LATEST", "1", "2", "3", "4"} - set(expected)
