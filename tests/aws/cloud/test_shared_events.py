"""Shareable test events in the local cloud's EventBridge Schemas, by plain boto3 and by lcli."""

from __future__ import annotations

import json

import pytest
from overlay.faults import Reset, Rule, first
from overlay.inside import lcli
from overlay.outages import project
from overlay.server import overlay

from lcli.aws.session import connect
from lcli.errors import ExitCode, LcliError
from lcli.invoke.shared_events import (
    REGISTRY,
    delete_shared_event,
    put_shared_event,
    shared_event,
    shared_events,
)


@pytest.fixture
def schemas(cloud):
    return cloud.boto3("schemas")


def test_what_lcli_keeps_has_the_shape_that_the_console_and_sam_read(cloud, schemas):
    put_shared_event(cloud.clients(), "hello", "one", b'{"a": 1}', replace=False)
    schema = schemas.describe_schema(RegistryName=REGISTRY, SchemaName="_hello-schema")
    assert (schema["Type"], schema["SchemaVersion"]) == ("OpenApi3", "1")
    content = json.loads(schema["Content"])
    assert content["components"]["examples"] == {"one": {"value": {"a": 1}}}
    assert content["components"]["schemas"]["Event"]["properties"] == {"a": {"type": "number"}}


def test_what_the_console_and_sam_keep_is_read(cloud, schemas):
    schemas.create_registry(RegistryName=REGISTRY)
    example = {"one": {"value": [1, "ü"]}, "other tool's": {"externalValue": "https://…"}}
    content = {"openapi": "3.0.0", "info": {}, "paths": {}, "components": {"examples": example}}
    schemas.create_schema(
        RegistryName=REGISTRY,
        SchemaName="_hello-schema",
        Type="OpenApi3",
        Content=json.dumps(content),
    )
    assert shared_events(cloud.clients(), "hello") == {"one": [1, "ü"]}
    assert shared_event(cloud.clients(), "hello", "one") == '[1, "ü"]'.encode()
    put_shared_event(cloud.clients(), "hello", "two", b"null", replace=False)
    after = schemas.describe_schema(RegistryName=REGISTRY, SchemaName="_hello-schema")
    examples = json.loads(after["Content"])["components"]["examples"]
    assert examples == example | {"two": {"value": None}}


def test_an_event_that_is_replaced_keeps_what_else_is_said_of_it(cloud, schemas):
    put_shared_event(cloud.clients(), "hello", "one", b"1", replace=False)
    named = {"RegistryName": REGISTRY, "SchemaName": "_hello-schema"}
    content = json.loads(schemas.describe_schema(**named)["Content"])
    content["components"]["examples"]["one"]["summary"] = "theirs"
    schemas.update_schema(**named, Type="OpenApi3", Content=json.dumps(content))
    put_shared_event(cloud.clients(), "hello", "one", b"2", replace=True)
    content = json.loads(schemas.describe_schema(**named)["Content"])
    assert content["components"]["examples"] == {"one": {"value": 2, "summary": "theirs"}}


def test_one_that_was_kept_although_the_answer_was_lost_is_no_other_s(cloud):
    lost = Rule(Reset(processed=True), first(1), frozenset({"schemas:CreateSchema"}))
    with overlay(cloud.url, lost) as between:
        session = connect(
            region=cloud.region, endpoint_url=between.url, local_account=cloud.account
        )
        assert put_shared_event(session, "hello", "one", b"1", replace=False) is False
        assert between.faults()
    assert shared_events(cloud.clients(), "hello") == {"one": 1}


def test_five_versions_are_kept_as_the_console_does(cloud, schemas):
    for number in range(8):
        event = json.dumps(number).encode()
        assert put_shared_event(cloud.clients(), "hello", "n", event, replace=True) == (number > 0)
    answer = schemas.list_schema_versions(RegistryName=REGISTRY, SchemaName="_hello-schema")
    kept = [version["SchemaVersion"] for version in answer["SchemaVersions"]]
    assert kept == ["4", "5", "6", "7", "8"]
    assert shared_event(cloud.clients(), "hello", "n") == b"7"


def test_the_schema_goes_with_its_last_event(cloud, schemas):
    for name in ("one", "two"):
        put_shared_event(cloud.clients(), "hello", name, b"{}", replace=False)
    delete_shared_event(cloud.clients(), "hello", "one")
    assert shared_events(cloud.clients(), "hello") == {"two": {}}
    delete_shared_event(cloud.clients(), "hello", "two")
    with pytest.raises(schemas.exceptions.NotFoundException):
        schemas.describe_schema(RegistryName=REGISTRY, SchemaName="_hello-schema")
    assert shared_events(cloud.clients(), "hello") == {}


def refusal(act):
    with pytest.raises(LcliError) as raised:
        act()
    assert raised.value.exit_code == ExitCode.USAGE
    return str(raised.value)


def test_refusals(cloud):
    clients = cloud.clients()
    assert refusal(lambda: shared_event(clients, "hello", "x")) == "hello has no shared event 'x'"
    assert refusal(lambda: delete_shared_event(clients, "hello", "x")) == (
        "hello has no shared event 'x'"
    )
    assert refusal(lambda: put_shared_event(clients, "hello", "a/b", b"1", replace=False)) == (
        "'a/b' is no name of a shared event"
    )
    put_shared_event(clients, "hello", "one", b"1", replace=False)
    assert refusal(lambda: put_shared_event(clients, "hello", "one", b"2", replace=False)) == (
        "hello has a shared event 'one' already"
    )
    said = refusal(lambda: put_shared_event(clients, "hello", "e", b'{"e":1e400}', replace=False))
    assert said.endswith("the number 1e400 is too large")
    large = json.dumps("x" * 100_000).encode()
    for function in ("hello", "without"):
        said = refusal(lambda f=function: put_shared_event(clients, f, "l", large, replace=False))
        assert "characters together, over the 100,000 that AWS keeps" in said
    assert shared_events(clients, "hello") == {"one": 1}
    assert shared_events(clients, "without") == {}


def test_the_service_refuses_what_is_no_schema_and_names_that_are_taken(cloud, schemas):
    schemas.create_registry(RegistryName=REGISTRY)
    name = {"RegistryName": REGISTRY, "SchemaName": "_hello-schema"}
    with pytest.raises(schemas.exceptions.BadRequestException, match="no JSON"):
        schemas.create_schema(**name, Type="OpenApi3", Content="nonsense")
    with pytest.raises(schemas.exceptions.ClientError, match="already exists"):
        schemas.create_registry(RegistryName=REGISTRY)


class Broken:
    """EventBridge Schemas with a schema that somebody edited by hand."""

    def __init__(self, content):
        self.content = content

    def call(self, service, operation, **parameters):
        return {"Content": self.content, "SchemaArn": "arn:aws:schemas:eu-west-1:1:schema/r/s"}


@pytest.mark.parametrize(
    "content", ["[]", "{", '{"components": {"examples": {"e": {"value": 1e400}}}}']
)
def test_a_schema_that_somebody_broke_is_told_with_its_arn(content):
    with pytest.raises(LcliError, match="the schema of hello's shared events is no JSON") as raised:
        shared_events(Broken(content), "hello")
    assert raised.value.problems[0].where == "arn:aws:schemas:eu-west-1:1:schema/r/s"


def test_accounts_and_regions_have_registries_of_their_own(cloud):
    put_shared_event(cloud.clients(), "hello", "one", b"1", replace=False)
    assert shared_events(cloud.clients("us-west-2"), "hello") == {}
    assert shared_events(cloud.clients(account="999999999999"), "hello") == {}


def test_the_command_says_what_it_did_in_words_and_in_json(cloud, tmp_path):
    directory = project(tmp_path)
    environ = cloud.environ | {"LCLI_CACHE_DIR": str(tmp_path / "cache")}

    def said(*words):
        done = lcli(directory, environ, *words)
        return done.code, done.stdout + done.stderr

    assert lcli(directory, environ, "deploy").code == 0
    assert said("events", "put", "one", "a", "-p", "1") == (0, "photos-one: kept a\n")
    put = said("events", "put", "one", "a", "-p", "2", "--force", "-o", "json")
    assert json.loads(put[1]) == {"function": "photos-one", "event": "a", "done": "replaced"}
    assert said("events", "list", "one") == (0, "a\n")
    assert said("events", "get", "one", "a") == (0, "2\n")
    gone = said("events", "delete", "one", "a", "-o", "json")
    assert json.loads(gone[1]) == {"function": "photos-one", "event": "a", "done": "deleted"}
    assert said("events", "put", "one", "a")[0] == 2
