from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud, problems

from lcli.deploy.inventory import Row, Source, describe, rows
from lcli.manifest.document import read

MANIFEST = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
  thumb:
    environment: {TOKEN: hunter2}
    concurrency: {reserved: 3}
    url: {auth: iam}
    triggers:
      - s3: photos-ACCOUNT
      - sqs: orders
      - http: GET /photos
  plain: {alias: false, memory: 256}
"""


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> OnCloud:
    made = OnCloud(tmp_path, cloud.url, cloud.account)
    made.manifest(MANIFEST.replace("ACCOUNT", cloud.account))
    assert problems(made.deploy()) == []
    made.calls()
    return made


def test_a_row_a_function_of_the_manifest(app: OnCloud) -> None:
    app.manifest(MANIFEST.replace("ACCOUNT", app.account) + "  later: {timeout: 9}\n")
    document = read(app.directory / "lcli.yaml", environ={})
    found = rows(app.session(), document.functions(app.place()))
    assert [(row.function, row.version, row.alias, row.memory, row.state) for row in found] == [
        ("thumb", "1", "live", 128, "Active"),
        ("plain", "$LATEST", "", 256, "Active"),
        ("later", "", "", 0, "not deployed"),
    ]
    assert app.calls() == {"lambda:GetFunction": 4}


def test_all_of_a_region_without_a_manifest(app: OnCloud) -> None:
    found = rows(app.session())
    assert [row.name for row in found] == ["photos-plain", "photos-thumb"]
    assert app.calls() == {"lambda:ListFunctions": 1}
    assert isinstance(found[0], Row)
    assert found[0].as_json() == {
        "function": "",
        "name": "photos-plain",
        "version": "$LATEST",
        "alias": "",
        "runtime": "python3.13",
        "size": found[0].size,
        "memory": 256,
        "timeout": 3,
        "modified": found[0].modified,
        "state": "Active",
    }


def test_one_function_in_depth(app: OnCloud) -> None:
    found = describe(app.session(), "photos-thumb", "live")
    assert found is not None
    assert found.configuration["Version"] == "1"
    assert found.environment == ("TOKEN",)
    assert "hunter2" not in str(found.as_json())
    assert found.aliases == {"live": {"1": 1.0}}
    assert (found.latest_is_published, found.reserved) == (True, 3)
    (url, route) = found.addresses
    assert url.startswith("http")
    assert found.sources == (
        Source("sqs", f"arn:aws:sqs:us-east-1:{app.account}:orders", "Enabled"),
        Source("s3", f"arn:aws:s3:::photos-{app.account}"),
        Source("http", "GET /photos", detail=route),
    )
    assert route.endswith("/photos")


def test_what_does_not_exist(app: OnCloud) -> None:
    assert describe(app.session(), "photos-nobody", "live") is None


def test_a_shift_of_traffic_is_told(app: OnCloud) -> None:
    app.code("2")
    assert problems(app.deploy()) == []
    session, weights = app.session(), {"AdditionalVersionWeights": {"1": 0.1}}
    named = {"FunctionName": "photos-thumb", "Name": "live"}
    session.call("lambda", "UpdateAlias", **named, RoutingConfig=weights)
    found = describe(session, "photos-thumb", "live")
    assert found is not None
    assert found.aliases == {"live": {"2": 0.9, "1": 0.1}}
