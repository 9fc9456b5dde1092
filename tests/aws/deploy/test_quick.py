"""`deploy --quick`: what it asks, what it finds, what it trusts, and when it does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import READS, OnCloud, problems

from lcli.aws.clients import AwsError
from lcli.deploy import engine
from lcli.deploy.report import Report

MANIFEST = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code}
http: {cors: {origins: ["https://a.example"]}}
functions:
  thumb:
    environment: {SECRET: hush}
    concurrency: {reserved: 5}
    permissions:
      - principal: events.amazonaws.com
        source_arn: arn:aws:events:us-east-1:111122223333:rule/r
  gallery:
    url: {auth: iam}
    triggers: [{http: GET /}]
  plain: {alias: false}
  other: {}
"""
USES_ANOTHER = ("SECRET: hush", 'SECRET: hush, GALLERY: "${function:gallery.url}"')
ALL = ["gallery", "other", "plain", "thumb"]
READ_ONLY = {
    "lambda:GetFunction": 4,
    "lambda:ListFunctions": 1,
    "resourcegroupstaggingapi:GetResources": 1,
    "iam:ListRoles": 1,
    "apigatewayv2:GetApis": 1,
    "apigatewayv2:GetStage": 1,
    "apigatewayv2:GetIntegrations": 1,
    "apigatewayv2:GetRoutes": 1,
}
"""One call a function; the lists and what the functions share are the same for any number."""


@pytest.fixture
def cloud(prepared: Any) -> Any:
    return prepared.empty("quick")


@pytest.fixture
def app(cloud: Any, prepared: Any, tmp_path: Path) -> OnCloud:
    """Deployed, with no calls counted yet."""
    app = OnCloud(tmp_path, cloud.url, cloud.account)
    app.manifest(MANIFEST)
    prepared.after("quick", app.deploy_well)
    app.calls()
    return app


def edited(app: OnCloud, before: str, after: str) -> None:
    assert before in MANIFEST
    app.manifest(MANIFEST.replace(before, after))


def quick(app: OnCloud, *functions: str) -> Report:
    report = app.deploy(*functions, quick=True)
    assert problems(report) == []
    return report


def statuses(report: Report) -> dict[str, str]:
    return {row.function: row.status for row in report.rows}


def test_nothing_to_do_takes_one_call_a_function(app: OnCloud) -> None:
    report = quick(app)
    assert app.calls() == READ_ONLY
    assert statuses(report) == dict.fromkeys(ALL, "unchanged")
    assert report.notices == (
        "--quick: 4 of 4 functions are as they were last deployed, by their digests; whether "
        "something else changed them in AWS (drift) was not looked for",
    )


def test_what_was_drifted_elsewhere_is_not_seen_but_code_and_settings_are(app: OnCloud) -> None:
    session = app.session()
    session.call("lambda", "DeleteAlias", FunctionName="photos-other", Name="live")
    assert quick(app).notices[0].startswith("--quick: 4 of 4")
    session.call(
        "lambda", "UpdateFunctionConfiguration", FunctionName="photos-other", MemorySize=512
    )
    assert statuses(quick(app))["other"] == "updated"
    assert app.plan() == []
    assert quick(app).notices[0].startswith("--quick: 4 of 4")


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        pytest.param("  other: {}", "  other: {memory: 256}", ["other"], id="settings"),
        pytest.param("hush", "hushhush", ["thumb"], id="a secret"),
        pytest.param("reserved: 5", "reserved: 6", ["thumb"], id="an optional part"),
        pytest.param("rule/r", "rule/s", ["thumb"], id="a permission"),
        pytest.param("GET /}", "POST /}", ["gallery"], id="a route"),
        pytest.param("a.example", "b.example", [""], id="what it shares"),
        pytest.param("alias: false", "alias: blue", ["plain"], id="an alias"),
        pytest.param("  other: {}", "  other: {tags: {a: b}}", ["other"], id="tags"),
        pytest.param("[{http: GET /}]", "[]", ["gallery"], id="the last route"),
        pytest.param("  other: {}", "  other: {log: {retention_days: 7}}", ["other"], id="logs"),
        pytest.param("  plain:", "  more: {}\n  plain:", ["more"], id="a new function"),
    ],
)
def test_what_the_manifest_changes_is_deployed_in_full(
    app: OnCloud, before: str, after: str, changed: list[str]
) -> None:
    edited(app, before, after)
    report = quick(app)
    found = {one.action.resource.function for one in report.outcomes if one.status == "done"}
    assert found - {""} == set(changed) - {""}
    assert found
    assert app.plan() == []
    app.calls()
    quick(app)
    assert app.mutations() == []
    app.manifest(MANIFEST)
    quick(app)
    assert app.plan(prune=True) == [one for one in app.plan(prune=True) if "photos-more" in one]


def test_new_code_is_seen(app: OnCloud) -> None:
    app.code("2")
    assert set(statuses(quick(app)).values()) == {"updated"}
    assert app.plan() == []
    app.calls()
    quick(app)
    assert app.calls() == READ_ONLY


def test_a_function_whose_address_is_made_anew_takes_along_who_uses_it(app: OnCloud) -> None:
    edited(app, *USES_ANOTHER)
    quick(app)
    session = app.session()
    session.call("lambda", "DeleteFunction", FunctionName="photos-gallery")
    report = quick(app)
    assert statuses(report) == dict.fromkeys(ALL, "unchanged") | {
        "gallery": "created",
        "thumb": "updated",
    }
    assert app.plan() == []


def test_the_address_that_another_function_had_before_is_found(app: OnCloud) -> None:
    edited(app, *USES_ANOTHER)
    quick(app)
    # As after a deploy of the other one alone, which gave it another address.
    old = {"Variables": {"SECRET": "hush", "GALLERY": "https://old.example/"}}
    app.session().call(
        "lambda", "UpdateFunctionConfiguration", FunctionName="photos-thumb", Environment=old
    )
    assert statuses(quick(app))["thumb"] == "updated"
    assert app.plan() == []


def digest(app: OnCloud, name: str) -> str:
    tags = app.session().call("lambda", "GetFunction", FunctionName=f"photos-{name}")["Tags"]
    return str(tags.get("lcli:digest", ""))


SHARED = MANIFEST.replace("  other: {}", "  other: {triggers: [{http: GET /other}]}")


def test_what_a_deploy_of_some_changed_for_all_is_put_right(app: OnCloud) -> None:
    app.manifest(SHARED)
    quick(app)
    app.manifest(SHARED.replace("a.example", "b.example"))
    assert problems(app.deploy("gallery")) == []
    # The function that was named has left: nothing but the API itself tells of that deploy.
    app.manifest(SHARED.replace("    triggers: [{http: GET /}]", "    alias: false"))
    assert problems(app.deploy("gallery")) == []
    before = digest(app, "other")
    assert before
    app.calls()
    report = quick(app)
    assert app.mutations() == [
        "lambda:UntagResource",
        "apigatewayv2:UpdateApi",
        "lambda:TagResource",
    ]
    assert report.notices[0].startswith("--quick: 3 of 4")
    assert (digest(app, "other"), app.plan()) == (before, [])


def test_an_api_that_somebody_deleted_is_made_again_with_all_routes(app: OnCloud) -> None:
    app.manifest(SHARED)
    quick(app)
    session = app.session()
    (api,) = session.call("apigatewayv2", "GetApis")["Items"]
    session.call("apigatewayv2", "DeleteApi", ApiId=api["ApiId"])
    assert quick(app).notices[0].startswith("--quick: 2 of 4")
    assert app.plan() == []


class Refusing:
    """Clients that AWS refuses one operation."""

    def __init__(self, session: Any, operation: str) -> None:
        self.session, self.operation, self.region = session, operation, session.region

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        if operation == self.operation:
            raise AwsError("BadRequestException", "no", service=service, operation=operation)
        answer: dict[str, Any] = self.session.call(service, operation, **parameters)
        return answer

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Any:
        return self.session.pages(service, operation, **parameters)


@pytest.mark.parametrize(
    ("operation", "after"),
    [
        pytest.param("UpdateApi", ("a.example", "b.example"), id="what it shares fails"),
        pytest.param("DeleteApi", ("[{http: GET /}]", "[]"), id="what it left behind stays"),
    ],
)
def test_no_digest_is_written_where_something_failed(
    app: OnCloud, operation: str, after: tuple[str, str]
) -> None:
    edited(app, *after)
    app.clients = Refusing(app.session(), operation)
    for _ in range(2):
        assert problems(app.deploy(quick=True)) == [f"apigatewayv2 refused {operation}: no"]
        assert digest(app, "gallery") == ""
    app.clients = None
    quick(app)
    assert digest(app, "gallery")
    assert app.plan() == []


def test_a_rollback_is_seen(app: OnCloud) -> None:
    app.code("2")
    quick(app)
    session = app.session()
    session.call(
        "lambda",
        "TagResource",
        Resource=app.place().arn("lambda", "function:photos-other"),
        Tags={"lcli:held": "1"},
    )
    session.call(
        "lambda", "UpdateAlias", FunctionName="photos-other", Name="live", FunctionVersion="1"
    )
    prepared = app.prepare(quick=True)
    assert prepared.plan.confirmations == ("ends the rollback of photos-other:live",)


def test_a_plain_deploy_does_not_write_what_is_missing_and_a_quick_one_does(app: OnCloud) -> None:
    arn = app.place().arn("lambda", "function:photos-other")
    app.session().call("lambda", "UntagResource", Resource=arn, TagKeys=["lcli:digest"])
    app.calls()
    app.deploy()
    assert app.mutations() == []
    report = quick(app)
    assert app.mutations() == ["lambda:TagResource"]
    assert report.notices[0].startswith("--quick: 3 of 4")
    quick(app)
    assert app.calls() == READ_ONLY


def test_named_functions_only(app: OnCloud) -> None:
    app.code("2")
    assert statuses(quick(app, "other")) == {"other": "updated"}
    assert {one.split()[1] for one in app.plan()} >= {"function"}
    assert not any("photos-other" in one for one in app.plan())


@pytest.mark.parametrize("prune", [False, True], ids=["stays", "is pruned"])
def test_a_function_that_left_the_manifest(app: OnCloud, prune: bool) -> None:
    edited(app, "  other: {}\n", "")
    report = app.deploy(quick=True, prune=prune)
    left = "function other (photos-other) has left the manifest; --prune deletes it"
    assert (left in report.notices) is not prune
    assert bool(app.plan(prune=True)) is not prune


def test_a_renamed_function_goes(app: OnCloud) -> None:
    edited(app, "  other: {}", "  other: {name: another}")
    quick(app)
    listed = app.session().call("lambda", "ListFunctions")["Functions"]
    names = {one["FunctionName"] for one in listed}
    assert names == {"another", "photos-gallery", "photos-plain", "photos-thumb"}
    assert app.plan() == []


class Killed(BaseException):
    """The process ends here."""


class Dying:
    """Clients of a process that ends after so many changes."""

    def __init__(self, session: Any, changes: int) -> None:
        self.session, self.left, self.region = session, changes, session.region

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        changes = not operation.startswith(READS)
        if changes and self.left <= 0:
            raise Killed
        self.left -= changes
        answer: dict[str, Any] = self.session.call(service, operation, **parameters)
        return answer

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Any:
        return self.session.pages(service, operation, **parameters)


def again(app: OnCloud) -> None:
    app.code("1")
    app.manifest(MANIFEST)


def other(app: OnCloud) -> None:
    app.manifest(MANIFEST.replace("reserved: 5", "reserved: 6").replace("[{http: GET /}]", "[]"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("then", "stride"),
    [
        pytest.param(again, 4, id="back to what it was"),
        pytest.param(again, 2, id="back to what it was, more often", marks=pytest.mark.whole),
        pytest.param(other, 2, id="on", marks=pytest.mark.whole),
    ],
)
def test_killed_anywhere_the_quick_one_finds_what_is_left(
    app: OnCloud, prepared: Any, then: Callable[[OnCloud], None], stride: int
) -> None:
    session, survived = app.session(), 0
    while True:
        prepared.after("quick", app.deploy_well)
        other(app)
        app.code("2")
        app.clients = Dying(session, survived)
        try:
            engine.deploy(app.prepare(), app.clients, parallel=1)
            break
        except Killed:
            pass
        finally:
            app.clients = None
        then(app)
        quick(app)
        assert app.plan() == [], f"killed after {survived} changes"
        survived += stride
    assert survived > 10
