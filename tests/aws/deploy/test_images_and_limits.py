"""Container images from beginning to end, and what is refused before anything is changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from app_on_cloud import OnCloud, problems

from lcli.errors import ExitCode, LcliError
from lcli.resources.model import Place


@pytest.fixture
def app(cloud, tmp_path: Path) -> OnCloud:
    return OnCloud(tmp_path, cloud.url, cloud.account)


def edited(app: OnCloud, before: str, after: str) -> None:
    path = app.directory / "lcli.yaml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_a_policy_over_the_limit_is_refused_before_anything_is_changed(app: OnCloud) -> None:
    arns = json.dumps([f"arn:aws:s3:::bucket-number-{n:05}/*" for n in range(400)])
    app.manifest(f"""
        app: photos
        functions:
          plain:
            source: code
            runtime: python3.13
            handler: app.handler
            role: {{statements: [{{actions: s3:GetObject, resources: {arns}}}]}}
    """)
    with pytest.raises(LcliError) as caught:
        app.deploy()
    (problem,) = caught.value.problems
    assert (problem.code, caught.value.exit_code) == ("policy-too-large", ExitCode.USAGE)
    assert app.mutations() == []


IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/worker"


def test_a_container_image_from_beginning_to_end(app: OnCloud, monkeypatch) -> None:
    # Under --local images are refused; here the control plane stands for AWS.
    monkeypatch.setattr(app, "place", lambda: Place("photos", "", app.region, app.account))
    app.manifest(f"""
        app: photos
        functions:
          worker:
            source: {IMAGE}:1
            image: {{command: [app.handler], workdir: /work}}
    """)
    assert problems(app.deploy()) == []
    assert app.plan() == []
    shown = app.session().call("lambda", "GetFunction", FunctionName="photos-worker")
    configuration = shown["Configuration"]
    assert shown["Code"]["ImageUri"] == f"{IMAGE}:1"
    assert configuration["PackageType"] == "Image"
    assert configuration["ImageConfigResponse"]["ImageConfig"] == {
        "Command": ["app.handler"],
        "WorkingDirectory": "/work",
    }
    app.calls()

    edited(app, f"{IMAGE}:1", f"{IMAGE}:2")
    edited(app, "command: [app.handler], workdir: /work", "entrypoint: [/run]")
    assert problems(app.deploy()) == []
    assert {"lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"} <= {*app.calls()}
    shown = app.session().call(
        "lambda", "GetFunction", FunctionName="photos-worker", Qualifier="live"
    )
    assert shown["Code"]["ImageUri"] == f"{IMAGE}:2"
    assert shown["Configuration"]["ImageConfigResponse"]["ImageConfig"] == {"EntryPoint": ["/run"]}
    assert app.plan() == []

    edited(app, "image: {entrypoint: [/run]}", "")
    assert problems(app.deploy()) == []
    shown = app.session().call("lambda", "GetFunction", FunctionName="photos-worker")
    assert "ImageConfigResponse" not in shown["Configuration"]
    assert app.plan() == []
