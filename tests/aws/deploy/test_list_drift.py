"""What `list` says of drift: one GetFunction a function, and the cache."""

from __future__ import annotations

import os
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud, problems

from lcli.deploy.code import Workshop
from lcli.deploy.drift import Drift, drifts
from lcli.deploy.inventory import rows
from lcli.manifest.document import read

MANIFEST = """
app: photos
account: ACCOUNT
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
  thumb:
    memory: 256
    environment: {SIZE: "1", TOKEN: "${ssm:/token}", PAGE: "${function:page.url}"}
  page: {url: {auth: iam}, alias: false}
"""


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> OnCloud:
    made = OnCloud(tmp_path, cloud.url, cloud.account)
    made.session().call("ssm", "PutParameter", Name="/token", Value="hunter2", Type="String")
    made.manifest(MANIFEST.replace("ACCOUNT", cloud.account))
    settled = time.time() - 10  # the cache remembers no file that changed a moment ago
    os.utime(made.directory / "code" / "app.py", (settled, settled))
    assert problems(made.deploy()) == []
    made.calls()
    return made


def listed(app: OnCloud, cache: str = "cache") -> dict[str, Drift]:
    document = read(app.directory / "lcli.yaml", environ={})
    found = rows(app.session(), document.functions(app.place()))
    workshop = Workshop(app.directory, app.directory / cache, local=True)
    answers = {row.function: row.answer for row in found}
    return drifts(document, app.place(), answers, workshop)


UNKNOWN = ("Environment.PAGE", "Environment.TOKEN")


def test_nothing_differs_after_a_deploy_by_one_call_a_function(app: OnCloud) -> None:
    assert listed(app) == {"thumb": Drift(not_compared=UNKNOWN), "page": Drift()}
    assert app.calls() == {"lambda:GetFunction": 2}


def test_configuration_that_somebody_changed_is_named(app: OnCloud) -> None:
    app.session().call(
        "lambda", "UpdateFunctionConfiguration", FunctionName="photos-page", Timeout=9
    )
    app.manifest(MANIFEST.replace("ACCOUNT", app.account).replace('"1"', '"2", NEW: a'))
    found = listed(app)
    assert found["page"] == Drift(("Timeout",))
    assert str(found["page"]) == "configuration (Timeout)"
    assert found["thumb"] == Drift(("Environment.NEW", "Environment.SIZE"), UNKNOWN)
    assert found["thumb"].as_json() == {
        "drift": "configuration (Environment), Environment.PAGE, Environment.TOKEN not compared",
        "differs": ["Environment.NEW", "Environment.SIZE"],
        "not_compared": ["Environment.PAGE", "Environment.TOKEN"],
    }


def test_code_differs_when_the_sources_changed_since_they_were_deployed(app: OnCloud) -> None:
    app.code("2")
    assert listed(app)["page"] == Drift(("Code",))
    app.code("1")
    assert listed(app)["page"] == Drift()


def test_code_is_not_compared_where_it_was_not_built(app: OnCloud) -> None:
    assert str(listed(app, cache="empty")["page"]) == "code not compared"


def test_code_of_another_origin_is_not_compared(app: OnCloud) -> None:
    package = app.directory / "other.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return 3\n")
    app.session().call(
        "lambda",
        "UpdateFunctionCode",
        FunctionName="photos-page",
        ZipFile=package.read_bytes(),
    )
    assert str(listed(app)["page"]) == "code not compared"


def test_what_is_not_published_or_not_there(app: OnCloud) -> None:
    app.session().call("lambda", "DeleteAlias", FunctionName="photos-thumb", Name="live")
    app.session().call("lambda", "DeleteFunction", FunctionName="photos-page")
    found = listed(app)
    assert found["thumb"].state == "not published"
    assert str(found["page"]) == "not deployed"


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        pytest.param("source: s3://bucket/key", "code not compared", id="an object in S3"),
        pytest.param("source: nowhere", "code not compared", id="no such source"),
        pytest.param(
            "build: {command: [make], output: out}", "code not compared", id="a build command"
        ),
        pytest.param("build: {requirements: more.txt}", "code not compared", id="not installed"),
        pytest.param('source: "${ssm:/where}"', "code not compared", id="a source in AWS"),
        pytest.param("ignore: [source]", "none", id="ignored"),
    ],
)
def test_code_that_only_a_build_would_tell_is_not_compared(
    app: OnCloud, setting: str, code: str
) -> None:
    app.manifest(MANIFEST.replace("ACCOUNT", app.account).replace("{url:", f"{{{setting}, url:"))
    assert str(listed(app)["page"]) == code


def test_a_role_by_its_name_is_looked_for_in_the_account_that_answered(app: OnCloud) -> None:
    document = read(app.directory / "lcli.yaml", environ={})
    found = rows(app.session(), document.functions(app.place()))
    elsewhere = app.place().__class__("photos", "", "us-east-1", "0" * 12, local=True)
    workshop = Workshop(app.directory, app.directory / "cache", local=True)
    answers = {row.function: row.answer for row in found}
    assert drifts(document, elsewhere, answers, workshop)["page"] == Drift()
