"""Others have added a route to the HTTP API: it stays theirs when what is lcli's goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud, done, everything_in, problems

from lcli.deploy.deletion import prepare_deletion

APP = """
app: shop
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
  site:
    triggers:
      - http: GET /
      - http: POST /orders
"""
STAYS = "HTTP API shop stays, since others use it: HTTP route GET /theirs"


@pytest.fixture(params=["a target of theirs", "no target"])
def shared(cloud: Any, tmp_path: Path, request: pytest.FixtureRequest) -> OnCloud:
    app = OnCloud(tmp_path, cloud.url, cloud.account)
    app.manifest(APP)
    assert problems(app.deploy()) == []
    session, api = app.session(), the_api(app)
    target = {}
    if request.param == "a target of theirs":
        made = session.call(
            "apigatewayv2",
            "CreateIntegration",
            ApiId=api["ApiId"],
            IntegrationType="HTTP_PROXY",
            IntegrationUri="https://example.com",
            IntegrationMethod="GET",
            PayloadFormatVersion="1.0",
        )
        target = {"Target": f"integrations/{made['IntegrationId']}"}
    session.call(
        "apigatewayv2", "CreateRoute", ApiId=api["ApiId"], RouteKey="GET /theirs", **target
    )
    app.calls()
    return app


def the_api(app: OnCloud) -> dict[str, Any]:
    (api,) = app.session().call("apigatewayv2", "GetApis")["Items"]
    return dict(api)


def routes(app: OnCloud) -> list[str]:
    pages = app.session().pages("apigatewayv2", "GetRoutes", ApiId=the_api(app)["ApiId"])
    return [one["RouteKey"] for page in pages for one in page["Items"]]


def test_delete_takes_what_is_ours_and_leaves_them_the_api(shared: OnCloud) -> None:
    api = the_api(shared)
    session = shared.session()
    assert STAYS in deletion_notices(shared)
    report = shared.delete()
    assert problems(report) == []
    assert [line for line in done(report) if " http_" in line] == [
        "delete http_route shop/GET /",
        "delete http_route shop/POST /orders",
        "delete http_integration shop/site",
    ]
    assert routes(shared) == ["GET /theirs"]
    assert the_api(shared) == api
    assert everything_in(session)["functions"] == everything_in(session)["roles"] == []
    shared.calls()
    assert done(shared.delete()) == {}
    assert shared.mutations() == []
    assert problems(shared.deploy()) == []
    assert the_api(shared) == api
    assert sorted(routes(shared)) == ["GET /", "GET /theirs", "POST /orders"]
    assert shared.plan() == []


def deletion_notices(app: OnCloud) -> tuple[str, ...]:
    return prepare_deletion(app.place(), app.session()).notices


def test_the_last_http_trigger_leaves_them_the_api(shared: OnCloud) -> None:
    api = the_api(shared)
    shared.manifest(APP.partition("    triggers")[0] + "    memory: 128\n")
    prepared = shared.prepare()
    assert STAYS in prepared.notices
    assert prepared.plan.confirmations == ()
    report = shared.deploy()
    assert problems(report) == []
    changed = [line.split("lcli-")[0] for line in done(report)]
    assert sorted(changed) == [
        "delete http_integration shop/site",
        "delete http_route shop/GET /",
        "delete http_route shop/POST /orders",
        "delete permission shop-site:live/",
        "update parts shop-site",
    ]
    assert (the_api(shared), routes(shared)) == (api, ["GET /theirs"])
    assert shared.plan() == []
