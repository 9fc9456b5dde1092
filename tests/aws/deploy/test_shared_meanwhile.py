"""What somebody else does, while an app is deployed, to what its functions share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud, problems
from meddled import Meddled

from lcli.deploy import engine
from lcli.errors import ExitCode

NAME = "shop-site"


def manifest(origin: str = "a", owner: str = "a", memory: int = 128) -> str:
    return f"""
app: shop
tags: {{owner: {owner}}}
http: {{cors: {{origins: ["https://{origin}"]}}}}
defaults: {{runtime: python3.13, handler: app.handler, source: code, log: {{group: /shop}}}}
functions:
  jobs: {{}}
  site: {{memory: {memory}, triggers: [{{http: GET /}}]}}
"""


@pytest.fixture
def deployed(cloud: Any, tmp_path: Path) -> OnCloud:
    app = OnCloud(tmp_path, cloud.url, cloud.account)
    app.manifest(manifest())
    assert problems(app.deploy()) == []
    return app


def the_api(app: OnCloud) -> dict[str, Any]:
    (api,) = app.session().call("apigatewayv2", "GetApis")["Items"]
    return dict(api)


def cors_of_c(app: OnCloud) -> None:
    cors = {"AllowOrigins": ["https://c"]}
    call(app, "UpdateApi", CorsConfiguration=cors)


def no_cors(app: OnCloud) -> None:
    call(app, "DeleteCorsConfiguration")


def tags_of_c(app: OnCloud) -> None:
    arn = f"arn:aws:apigateway:us-east-1::/apis/{the_api(app)['ApiId']}"
    app.session().call("apigatewayv2", "TagResource", ResourceArn=arn, Tags={"owner": "c"})


def no_deployments(app: OnCloud) -> None:
    call(app, "UpdateStage", StageName="$default", AutoDeploy=False)


def no_api(app: OnCloud) -> None:
    call(app, "DeleteApi")


def retention(app: OnCloud) -> None:
    app.session().call("logs", "PutRetentionPolicy", logGroupName="/shop", retentionInDays=3)


def call(app: OnCloud, operation: str, **parameters: Any) -> None:
    api_id = the_api(app)["ApiId"]
    app.session().call("apigatewayv2", operation, ApiId=api_id, **parameters)


@pytest.mark.parametrize(
    ("to", "last"),
    [
        pytest.param(("b", "b", 256), "UpdateAlias", id="all changes"),
        pytest.param(("a", "a", 256), "UpdateAlias", id="functions", marks=pytest.mark.whole),
        pytest.param(("b", "a", 128), "UpdateApi", id="what is shared", marks=pytest.mark.whole),
    ],
)
@pytest.mark.parametrize(
    ("meddle", "told"),
    [
        (cors_of_c, "HTTP API shop: {}: CorsConfiguration"),
        (no_cors, "HTTP API shop: {}: CorsConfiguration"),
        (tags_of_c, "HTTP API shop: {}: Tags"),
        (no_deployments, "HTTP API shop: {}: Stage"),
        (no_api, "HTTP API shop: {}: CorsConfiguration, Name, Stage, Tags"),
        (retention, "log group /shop: {}: RetentionInDays"),
    ],
)
def test_what_is_shared_is_written_again(
    deployed: OnCloud,
    meddle: Callable[[OnCloud], None],
    told: str,
    to: tuple[str, str, int],
    last: str,
) -> None:
    deployed.manifest(manifest(*to))
    clients = Meddled(deployed, last, lambda: meddle(deployed), after=True)
    report = engine.deploy(deployed.prepare(), clients)  # type: ignore[arg-type]
    assert problems(report) == []
    assert report.exit_code is ExitCode.DONE
    again = told.format("someone else changed it at the same time; written again")
    assert again in report.notices
    addresses = {row.function: row.addresses for row in report.rows}
    assert addresses == {"jobs": (), "site": (f"{the_api(deployed)['ApiEndpoint']}/",)}
    assert deployed.plan() == []


def test_an_api_that_somebody_deletes_before_it_is_added_to_is_told(deployed: OnCloud) -> None:
    deployed.manifest(manifest().replace("jobs: {}", "jobs: {triggers: [{http: GET /jobs}]}"))
    clients = Meddled(deployed, "CreateIntegration", lambda: no_api(deployed))
    report = engine.deploy(deployed.prepare(), clients)  # type: ignore[arg-type]
    told = [(one.code, one.what, one.next_step) for one in report.every_problem]
    gone = "HTTP API shop was deleted by someone else during this deploy"
    assert told == [("api-gone", gone, "run the deploy again")]


def no_mapping(app: OnCloud) -> None:
    session = app.session()
    (mapping,) = session.call("apigatewayv2", "GetApiMappings", DomainName="shop.example")["Items"]
    which = {"DomainName": "shop.example", "ApiMappingId": mapping["ApiMappingId"]}
    session.call("apigatewayv2", "DeleteApiMapping", **which)


def another_audience(app: OnCloud) -> None:
    api = {"ApiId": the_api(app)["ApiId"]}
    (found,) = app.session().call("apigatewayv2", "GetAuthorizers", **api)["Items"]
    jwt = {"Issuer": "https://issuer", "Audience": ["them"]}
    call(app, "UpdateAuthorizer", AuthorizerId=found["AuthorizerId"], JwtConfiguration=jwt)


@pytest.mark.parametrize(
    ("meddle", "told"),
    [
        (no_mapping, r"domain name shop.example: .* again: Stage"),
        (another_audience, r"HTTP authorizer shop/lcli-\w+: .* again: JwtConfiguration"),
    ],
)
def test_what_is_in_and_at_the_api_is_written_again(
    cloud: Any, tmp_path: Path, meddle: Callable[[OnCloud], None], told: str
) -> None:
    app = OnCloud(tmp_path, cloud.url, cloud.account, local=False)
    app.session().call("apigatewayv2", "CreateDomainName", DomainName="shop.example")
    route = "route: GET /, authorizer: {issuer: https://issuer, audience: [us]}"
    for memory in (128, 256):
        text = manifest(memory=memory).replace("http: {cors", "http: {domain: shop.example, cors")
        app.manifest(text.replace("http: GET /", f"http: {{{route}}}"))
        prepared = app.prepare()
        clients = Meddled(app, "UpdateAlias", lambda: meddle(app), after=True)
        report = engine.deploy(prepared, clients)  # type: ignore[arg-type]
        assert problems(report) == []
    (notice,) = report.notices
    assert re.match(told, notice)
    assert app.plan() == []


def rival(app: OnCloud) -> None:
    """Deploys all of it otherwise, from beginning to end."""
    app.manifest(manifest("c", "c", 512))
    assert problems(app.deploy()) == []


def test_who_has_lost_the_functions_leaves_alone_what_they_share(deployed: OnCloud) -> None:
    deployed.manifest(manifest("b", "b", 256))
    prepared, clients = deployed.prepare(), Meddled(deployed)
    rival(deployed)
    report = engine.deploy(prepared, clients)  # type: ignore[arg-type]
    assert report.exit_code is ExitCode.FAILED
    assert {one.code for one in report.every_problem} == {"changed-meanwhile"}
    assert "UpdateApi" not in clients.changes()
    assert "update http_api shop" not in deployed.plan()


def test_who_moves_the_alias_has_what_is_shared_too(deployed: OnCloud) -> None:
    """Another deploy that was planned at the same time runs when the alias is about to move."""
    deployed.manifest(manifest("c", "c", 512))
    other = deployed.prepare()
    deployed.manifest(manifest("b", "b", 256))
    ends = []
    clients = Meddled(
        deployed, "UpdateAlias", lambda: ends.append(engine.deploy(other, deployed.session()))
    )
    report = engine.deploy(deployed.prepare(), clients)  # type: ignore[arg-type]
    assert (report.exit_code, ends[0].exit_code) == (ExitCode.DONE, ExitCode.FAILED)
    assert deployed.plan() == []


def test_who_changes_only_what_is_shared_gives_way_to_who_moves_the_alias(
    deployed: OnCloud,
) -> None:
    deployed.manifest(manifest("b"))
    clients = Meddled(deployed, "UpdateApi", lambda: rival(deployed), after=True)
    report = engine.deploy(deployed.prepare(), clients)  # type: ignore[arg-type]
    assert report.exit_code is ExitCode.FAILED
    assert {*problems(report)} == {
        "someone else changed MemorySize of shop-site since the plan",
        "someone else changed CorsConfiguration, Tags of HTTP API shop since the plan",
        "someone else changed Tags of log group /shop since the plan",
    }
    assert deployed.plan() == []


def test_what_stays_otherwise_is_told(deployed: OnCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    deployed.manifest(manifest("b"))
    clients = Meddled(deployed)
    plain = clients.call

    def stubborn(service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        answer = plain(service, operation, **parameters)
        return answer | {"AutoDeploy": False} if operation == "GetStage" else answer

    monkeypatch.setattr(clients, "call", stubborn)
    report = engine.deploy(deployed.prepare(), clients)  # type: ignore[arg-type]
    assert report.exit_code is ExitCode.DONE
    assert report.notices[-1].startswith("HTTP API shop: Stage is not as it was written, twice: ")
