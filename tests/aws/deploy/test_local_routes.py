"""Routes of a manifest that is deployed to the local cloud."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud, problems

TOKEN = "{issuer: 'https://id.example', audience: photos, scopes: [write]}"
MANIFEST = f"""
app: photos
functions:
  page:
    {{source: code, runtime: python3.13, handler: app.handler,
     triggers: [http: {{route: GET /, authorizer: {TOKEN}}}]}}
"""


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> OnCloud:
    made = OnCloud(tmp_path, cloud.url, cloud.account)
    made.manifest(MANIFEST)
    return made


def asked(url: str, **headers: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_route_for_bearers_of_tokens_wants_one_of_any_kind(app: OnCloud) -> None:
    prepared = app.prepare()
    assert prepared.plan.notices == (
        "the local cloud wants an Authorization header for GET /, but lets any token pass",
    )
    assert problems(app.deploy()) == []
    (api,) = app.session().call("apigatewayv2", "GetApis")["Items"]
    assert asked(f"{api['ApiEndpoint']}/") == (401, '{"message":"Unauthorized"}')
    assert asked(f"{api['ApiEndpoint']}/", Authorization="Bearer x") == (200, "1")
    assert app.plan() == []
