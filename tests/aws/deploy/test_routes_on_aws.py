"""Routes on AWS: authorizers that come and go, and the domain that leads to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud

from lcli.errors import ExitCode, LcliError

HEAD = """app: shop
defaults: {runtime: python3.13, handler: app.handler, source: code}
"""
TOKENS = "issuer: 'https://id.example', audience: shop"
SCOPES = f", authorizer: {{{TOKENS}, scopes: [s]}}"
"""What a route says where its tokens need a scope."""


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> OnCloud:
    return OnCloud(tmp_path, cloud.url, cloud.account, local=False)


def route(app: OnCloud, authorizer: str) -> None:
    app.manifest(f"{HEAD}functions: {{site: {{triggers: [http: {{route: GET /{authorizer}}}]}}}}\n")


@pytest.mark.parametrize(
    ("authorizer", "left", "asked"),
    [
        pytest.param("", ("NONE", [], False), True, id="the authorizer"),
        pytest.param(", authorizer: iam", ("AWS_IAM", [], False), False, id="tokens for roles"),
        pytest.param(f", authorizer: {{{TOKENS}}}", ("JWT", [], True), False, id="the scopes"),
    ],
)
def test_what_a_route_no_longer_has_goes_at_once(
    app: OnCloud, authorizer: str, left: tuple[str, list[str], bool], asked: bool
) -> None:
    route(app, SCOPES)
    app.deploy_well()
    assert app.prepare().plan.confirmations == ()
    route(app, authorizer)
    opened = app.prepare().plan.confirmations
    assert opened == (("everybody may call GET / of shop-site",) if asked else ())
    app.deploy_well()
    call = app.session().call
    (api,) = call("apigatewayv2", "GetApis")["Items"]
    (one,) = call("apigatewayv2", "GetRoutes", ApiId=api["ApiId"])["Items"]
    has = bool(one.get("AuthorizerId"))
    assert (one["AuthorizationType"], one.get("AuthorizationScopes", []), has) == left
    app.calls()
    app.deploy_well()
    assert app.mutations() == []


def test_a_new_route_is_open_because_the_manifest_says_so(app: OnCloud) -> None:
    route(app, "")
    assert app.prepare().plan.confirmations == ()


def test_scopes_of_a_route_that_anybody_may_call_are_no_difference(app: OnCloud) -> None:
    route(app, "")
    app.deploy_well()
    call = app.session().call
    (api,) = call("apigatewayv2", "GetApis")["Items"]
    (one,) = call("apigatewayv2", "GetRoutes", ApiId=api["ApiId"])["Items"]
    stale = {"AuthorizationScopes": ["s"], "AuthorizerId": "gone"}
    call("apigatewayv2", "UpdateRoute", ApiId=api["ApiId"], RouteId=one["RouteId"], **stale)
    assert app.plan() == []


def test_a_domain_that_api_gateway_does_not_know_is_refused_in_the_plan(app: OnCloud) -> None:
    functions = "functions: {site: {triggers: [http: GET /]}}\n"
    app.manifest(f"{HEAD}http: {{domain: shop.example.com}}\n{functions}")
    with pytest.raises(LcliError) as caught:
        app.prepare()
    (problem,) = caught.value.problems
    assert (problem.code, caught.value.exit_code) == ("domain-not-found", ExitCode.USAGE)
    assert problem.where.endswith("lcli.yaml:3:16")
    assert "shop.example.com" in problem.what
    assert app.mutations() == []
    app.session().call("apigatewayv2", "CreateDomainName", DomainName="shop.example.com")
    app.deploy_well()
    app.calls()
    app.deploy_well()
    assert app.calls()["apigatewayv2:GetApiMappings"] == 1
