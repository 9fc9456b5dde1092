"""What `list` reads of a function without pydantic is what the models say of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from lcli.deploy.settings import ignored, settings
from lcli.manifest.document import read
from lcli.manifest.loading import load
from lcli.manifest.models import Function
from lcli.manifest.plain import _KEYS, APART, Plain, plain_functions
from lcli.resources.model import Place

PLACE = Place("photos", "", "eu-west-1", "123456789012")
ENVIRON = {"ADDRESS": "https://a", "SECONDS": "20"}
EVERYTHING = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: src}
functions:
  bare: {}
  full:
    architecture: arm64
    description: resizes
    memory: 512
    timeout: "${env:SECONDS}"
    storage: 1024
    environment: {SIZE: 010, ON: yes, URL: "${env:ADDRESS}", ARN: "${function:bare.arn}"}
    layers: ["arn:aws:lambda:eu-west-1:123456789012:layer:tools:3"]
    role: {name: "photos-${region}", path: /teams/, boundary: "arn:aws:iam::123456789012:policy/b"}
    vpc: {subnets: [subnet-1], security_groups: [sg-1], ipv6: true}
    tracing: true
    log: {format: json, level: debug, system_level: warn, group: /photos, retention_days: 7}
    dead_letter: "arn:aws:sqs:eu-west-1:123456789012:dead"
    kms_key: "arn:aws:kms:eu-west-1:123456789012:key/k"
    file_systems:
      - {arn: "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/a", path: /mnt/data}
    ignore: [environment.SIZE, layers]
    exclude: ["*.md"]
    build: {kind: none}
    tags: {team: a}
    concurrency: {reserved: 3}
    triggers: [{sqs: orders}]
    alias: stable
  image:
    source: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/photos:1
    runtime: null
    handler: null
    image: {command: app.handler, entrypoint: [/run], workdir: /srv}
  role: {role: worker}
"""


def plain(tmp_path: Path, text: str) -> dict[str, Plain]:
    path = tmp_path / "lcli.yaml"
    path.write_text(text)
    return plain_functions(read(path, environ=ENVIRON), PLACE)


@pytest.mark.parametrize("key", ["bare", "full", "image", "role"])
def test_settings_are_those_of_the_models(tmp_path: Path, key: str) -> None:
    (tmp_path / "src").mkdir()
    found = plain(tmp_path, EVERYTHING)[key]
    app = load(read(tmp_path / "lcli.yaml", environ=ENVIRON), PLACE)
    model, own = app.functions[key], found.settings
    assert found.unknown == frozenset()
    assert settings(own, own.layers) == settings(model, model.layers)
    assert ignored(own) == ignored(model)
    for name in ("source", "include", "exclude", "runtime", "handler", "qualifier", "is_image"):
        assert getattr(own, name) == getattr(model, name), name
    for name in ("kind", "requirements", "command", "output"):
        assert getattr(own.build, name) == getattr(model.build, name), name
    if isinstance(own.role, SimpleNamespace):
        assert (own.role.name, own.role.path) == (model.role.name, model.role.path)  # type: ignore[union-attr]
    else:
        assert own.role == model.role


def test_every_key_of_a_function_is_known_here() -> None:
    names = {field.alias or name for name, field in Function.model_fields.items()}
    assert names == _KEYS.keys() | APART


@pytest.mark.parametrize(
    ("setting", "unknown"),
    [
        pytest.param("memory: lots", {"memory"}, id="no number"),
        pytest.param("memory: true", {"memory"}, id="a flag for a number"),
        pytest.param("tracing: maybe", {"tracing"}, id="no flag"),
        pytest.param("vpc: [a]", {"vpc"}, id="a list for a map"),
        pytest.param("exclude: '*.md'", {"exclude"}, id="a text for a list"),
        pytest.param("vpc: {subnet: a}", {"vpc"}, id="a misspelt member"),
        pytest.param("layers: {a: b}", {"layers"}, id="a map for a list"),
        pytest.param("memmory: 512", {"memmory"}, id="a misspelt key"),
        pytest.param("description: [a]", {"description"}, id="a list for a text"),
        pytest.param('memory: "${ssm:/m}"', {"memory"}, id="a parameter"),
        pytest.param('environment: {A: "${secret:t}", B: b}', {"environment.A"}, id="one variable"),
        pytest.param('environment: "${secret:t}"', {"environment"}, id="all variables"),
        pytest.param('environment: {A: "${env:NONE}"}', {"environment.A"}, id="no such variable"),
        pytest.param('api: {X: "${cfn:s.o}"}', {"api.X"}, id="an API parameter"),
        pytest.param('role: {boundary: "${ssm:/b}"}', set(), id="what a version does not hold"),
        pytest.param('role: {name: "${ssm:/b}"}', {"role"}, id="the role's name"),
        pytest.param("layers: [own]", {"layers"}, id="a layer of this app"),
    ],
)
def test_what_is_not_known_is_named_and_nothing_is_asked(
    tmp_path: Path, setting: str, unknown: set[str]
) -> None:
    text = f"app: a\nlayers: {{own: {{source: l}}}}\nfunctions:\n  f: {{source: s, {setting}}}\n"
    assert plain(tmp_path, text)["f"].unknown == unknown
