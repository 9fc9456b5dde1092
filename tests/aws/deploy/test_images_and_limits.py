"""Container images from beginning to end, and what is refused before anything is changed."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud, problems
from overlay.faults import Refuse, Reset, Rule, among, at
from overlay.operations import Call
from overlay.server import overlay

from lcli.aws.clients import AwsError
from lcli.deploy import engine
from lcli.errors import ExitCode, LcliError
from lcli.resources.model import Change, Place


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
    app.clients = Registry(app.session(), {tag: "sha256:" + tag * 64 for tag in "12"})
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


@dataclass
class Registry:
    """Stands before the session for ECR: what the tags lead to, and what Lambda made of them."""

    session: Any
    digests: dict[str, str]
    deployed: str = ""
    region: str = "us-east-1"

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        if operation == "DescribeImages":
            (image,) = parameters["imageIds"]
            assert parameters["registryId"] == "123456789012"
            assert parameters["repositoryName"] == "worker"
            return {"imageDetails": [{"imageDigest": self.digests[image["imageTag"]]}]}
        answer: dict[str, Any] = self.session.call(service, operation, **parameters)
        if operation in ("CreateFunction", "UpdateFunctionCode"):
            uri = parameters.get("ImageUri") or parameters["Code"]["ImageUri"]
            self.deployed = f"{IMAGE}@{self.digests[uri.rpartition(':')[2]]}"
        if operation == "GetFunction" and answer["Code"].get("ImageUri"):
            answer["Code"]["ResolvedImageUri"] = self.deployed
        return answer

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Any:
        return self.session.pages(service, operation, **parameters)


def test_a_tag_that_was_moved_to_another_image_is_a_change(app: OnCloud, monkeypatch) -> None:
    monkeypatch.setattr(app, "place", lambda: Place("photos", "", app.region, app.account))
    app.manifest(f"""
        app: photos
        functions:
          worker: {{source: "{IMAGE}:stable"}}
    """)
    app.clients = registry = Registry(app.session(), {"stable": "sha256:" + "a" * 64})
    assert problems(app.deploy()) == []
    assert app.plan() == []
    registry.digests["stable"] = "sha256:" + "b" * 64
    (sent, *_) = app.prepare().plan.changes
    assert sent.changes == (
        Change(
            "Code",
            f"{IMAGE}:stable@sha256:{'a' * 64}",
            f"{IMAGE}:stable@sha256:{'b' * 64}",
        ),
    )
    assert [done for done in app.plan() if "alias" in done] == ["update alias photos-worker:live"]
    assert problems(app.deploy()) == []
    assert registry.deployed.endswith("b" * 64)
    assert app.plan() == []


FROM_S3 = """
    app: photos
    functions:
      plain: {source: "s3://releases/app.zip", runtime: python3.13, handler: app.handler}
"""


def zipped(text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), text)
    return packed.getvalue()


def put(app: OnCloud, text: str) -> None:
    app.session().call("s3", "PutObject", Bucket="releases", Key="app.zip", Body=zipped(text))


@pytest.mark.parametrize("versions", [False, True], ids=["plain bucket", "bucket with versions"])
def test_a_new_object_under_the_same_key_is_a_change(app: OnCloud, versions: bool) -> None:
    session = app.session()
    session.call("s3", "CreateBucket", Bucket="releases")
    if versions:
        session.call(
            "s3",
            "PutBucketVersioning",
            Bucket="releases",
            VersioningConfiguration={"Status": "Enabled"},
        )
    put(app, "1")
    app.manifest(FROM_S3)
    assert problems(app.deploy()) == []
    assert app.plan() == []
    put(app, "1")
    assert app.plan() == []
    put(app, "2")
    assert app.plan() == [
        "update function photos-plain",
        "replace version photos-plain",
        "update alias photos-plain:live",
    ]
    prepared = app.prepare()
    put(app, "3")
    assert problems(engine.deploy(prepared, session)) == []
    # With versions what was planned is sent, whatever came since.
    assert (app.plan() == []) is False
    sha = session.call("lambda", "GetFunction", FunctionName="photos-plain")["Configuration"]
    assert problems(app.deploy()) == []
    now = session.call("lambda", "GetFunction", FunctionName="photos-plain")["Configuration"]
    assert (sha["CodeSha256"] != now["CodeSha256"]) is versions
    assert app.plan() == []


def test_the_size_of_an_object_is_told_where_aws_measured_it(app: OnCloud) -> None:
    app.session().call("s3", "CreateBucket", Bucket="releases")
    put(app, "1")
    app.manifest(FROM_S3)
    made, unchanged = app.deploy(), app.deploy()
    assert [report.rows[0].size for report in (made, unchanged)] == [len(zipped("1"))] * 2


@pytest.mark.parametrize("rival", [False, True], ids=["alone", "somebody else's code meanwhile"])
def test_an_answer_to_code_from_an_address_that_is_lost(app: OnCloud, rival: bool) -> None:
    """Only AWS knows what code an object comes to, so it is asked whether that is what is there."""
    session = app.session()
    session.call("s3", "CreateBucket", Bucket="releases")
    put(app, "1")
    app.manifest(FROM_S3)
    assert problems(app.deploy()) == []
    put(app, "2")
    theirs = zipped("theirs")

    def lost(call: Call) -> bool:
        if rival:
            session.call(
                "lambda", "UpdateFunctionCode", FunctionName="photos-plain", ZipFile=theirs
            )
        return True

    first_of_all = among(lambda call: b"DryRun" not in call.body, at(1))
    fault = Refuse(status=500) if rival else Reset(processed=True)
    when = among(first_of_all, lost)
    with overlay(app.url, Rule(fault, when, frozenset({"lambda:UpdateFunctionCode"}))) as between:
        faulty = OnCloud(app.directory, between.url, app.account)
        told = problems(faulty.deploy())
        assert between.faults().total() == 1
    changed = "someone else changed CodeSha256 of photos-plain since the plan"
    assert told == ([changed] if rival else [])
    assert (app.plan() == []) is not rival


def test_an_object_that_is_not_there_is_told_before_anything_is_made(app: OnCloud) -> None:
    app.session().call("s3", "CreateBucket", Bucket="releases")
    app.manifest(FROM_S3)
    with pytest.raises(LcliError) as caught:
        app.prepare()
    (problem,) = caught.value.problems
    assert (problem.code, problem.what, caught.value.exit_code) == (
        "code-not-found",
        "there is no object s3://releases/app.zip",
        ExitCode.USAGE,
    )


def test_an_object_that_may_not_be_read_is_told_by_its_address(app: OnCloud) -> None:
    class Closed(Registry):
        def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
            if operation == "HeadObject":
                raise AwsError("403", "Forbidden", service=service, operation=operation, status=403)
            return dict(self.session.call(service, operation, **parameters))

    app.session().call("s3", "CreateBucket", Bucket="releases")
    put(app, "1")
    app.manifest(FROM_S3)
    app.clients = Closed(app.session(), {})
    assert app.prepare().notices == (
        "s3://releases/app.zip cannot be read (403): that its content changed is not noticed; "
        "allow s3:GetObject to the credentials",
    )
    assert problems(app.deploy()) == []
    assert app.plan() == []
