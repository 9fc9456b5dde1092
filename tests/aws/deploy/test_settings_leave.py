"""A setting that leaves the manifest goes back to AWS's default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app_on_cloud import OnCloud, problems

BARE = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
  bare: {}
  full: {SETTINGS}
"""
SETTINGS = """
    architecture: arm64
    description: resizes
    memory: 512
    timeout: 20
    storage: 1024
    environment: {SIZE: "1"}
    layers: ["arn:aws:lambda:us-east-1:111122223333:layer:tools:3"]
    role: arn:aws:iam::111122223333:role/theirs
    vpc: {subnets: [subnet-1], security_groups: [sg-1], ipv6: true}
    tracing: true
    log: {format: json, level: debug, group: /photos}
    dead_letter: "arn:aws:sqs:us-east-1:111122223333:dead"
    kms_key: "arn:aws:kms:us-east-1:111122223333:key/k"
    tags: {team: a}
    concurrency: {reserved: 3}
    async: {retries: 1}
    url: {auth: iam}
"""
_OF_ITS_OWN = ("CodeSize", "FunctionArn", "FunctionName", "LastModified", "RevisionId", "Version")


def held(app: OnCloud, name: str) -> dict[str, Any]:
    """What is not the function's alone; what is empty counts as absent, as on AWS."""
    found = app.session().call("lambda", "GetFunction", FunctionName=name, Qualifier="live")
    tags = app.session().call("lambda", "GetFunction", FunctionName=name)["Tags"]
    told = {key: one for key, one in found["Configuration"].items() if key not in _OF_ITS_OWN}
    told["tags"] = {key: one for key, one in tags.items() if not key.startswith("lcli:")}
    for key, member in (("VpcConfig", "SubnetIds"), ("Environment", "Variables")):
        if not told.get(key, {}).get(member):
            told.pop(key, None)
    filled = {key: one for key, one in told.items() if one} | {"parts": tags["lcli:parts"]}
    return {key: str(one).replace(name, "NAME") for key, one in filled.items()}


def test_everything_goes_back(cloud: Any, tmp_path: Path) -> None:
    app = OnCloud(tmp_path, cloud.url, cloud.account)
    app.manifest(BARE.replace(" {SETTINGS}", SETTINGS))
    assert problems(app.deploy()) == []
    assert held(app, "photos-full") != held(app, "photos-bare")
    app.manifest(BARE.replace("{SETTINGS}", "{}"))
    assert problems(app.deploy()) == []
    assert held(app, "photos-full") == held(app, "photos-bare")
    assert app.plan() == []


def test_what_a_trigger_s_api_named_goes_back(cloud: Any, tmp_path: Path) -> None:
    app = OnCloud(tmp_path, cloud.url, cloud.account)
    call = app.session().call

    def mapping() -> dict[str, Any]:
        (one,) = call("lambda", "ListEventSourceMappings")["EventSourceMappings"]
        names = ("KMSKeyArn", "MetricsConfig", "ProvisionedPollerConfig")
        return {name: one[name] for name in names if one.get(name)}

    given = {
        "KMSKeyArn": "arn:aws:kms:us-east-1:111122223333:key/k",
        "MetricsConfig": {"Metrics": ["EventCount"]},
        "ProvisionedPollerConfig": {"MinimumPollers": 2},
    }
    text = BARE.replace("  full: {SETTINGS}\n", "")
    app.manifest(text.replace("{}", f"{{triggers: [sqs: {{queue: orders, api: {given}}}]}}"))
    assert problems(app.deploy()) == []
    assert mapping().keys() == given.keys()
    assert app.plan() == []
    app.manifest(text.replace("{}", "{triggers: [sqs: orders]}"))
    assert [one.partition("<-")[0] for one in app.plan()] == [
        "update event_source_mapping photos-bare"
    ]
    assert problems(app.deploy()) == []
    assert mapping() == {}
    assert app.plan() == []
