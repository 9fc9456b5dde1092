import subprocess
import sys

import pytest

from lcli.errors import LcliError
from lcli.manifest import loading
from lcli.manifest.document import read
from lcli.manifest.location import find
from lcli.resources.model import Place

TEXT = """\
app: photos
region: ${env:REGION, eu-west-1}
account: 012345670123
tags: {owner: web}
defaults:
  {runtime: python3.13, handler: a.b, memory: 256, environment: {A1: d, B1: d}, tags: {team: media}}
functions:
  one: {source: src, environment: {B1: own}}
  two:
    source: src
    memory: null
    alias: false
    log: {group: /x}
stages:
  prod:
    account: "210987654321"
    defaults: {memory: 1024, environment: {C1: stage}}
    functions:
      one: {environment: {A1: null, B1: stage}, layers: []}
      two: null
  odd:
    defaults: {environment: null}
"""


@pytest.fixture
def manifest(tmp_path):
    (tmp_path / "src").mkdir()
    path = tmp_path / "lcli.yaml"
    path.write_text(TEXT)
    return path


def place(stage=""):
    return Place("photos", stage, "eu-west-1", "012345670123")


def load(path, stage=""):
    return loading.load(read(path, stage=stage, environ={}), place(stage))


def test_identity_and_names_need_no_validation(manifest):
    document = read(manifest, stage="prod", environ={"REGION": "us-east-1"})
    identity = document.identity
    assert (identity.app, identity.stage, identity.regions, identity.account) == (
        "photos",
        "prod",
        ("us-east-1",),
        "210987654321",
    )
    assert document.stages == ("prod", "odd")
    assert [(f.key, f.name, f.alias) for f in document.functions()] == [
        ("one", "photos-prod-one", "live")
    ]


def test_log_group_and_alias_are_known_without_validation(manifest):
    one, two = read(manifest, environ={}).functions()
    assert (one.log_group, one.alias) == ("/aws/lambda/photos-one", "live")
    assert (two.log_group, two.alias) == ("/x", "")
    assert one.where.endswith("lcli.yaml:8:3")


def test_identity_imports_no_pydantic_and_no_sdk(manifest):
    code = (
        "import sys, pathlib; from lcli.manifest.document import read;"
        f"d = read(pathlib.Path({str(manifest)!r}), environ={{}}); d.identity, d.functions();"
        "heavy = {'pydantic', 'botocore', 'boto3', 'rich'};"
        "print(sorted({m.split('.')[0] for m in sys.modules} & heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("stage", "memory", "environment"),
    [
        ("", 256, {"A1": "d", "B1": "own"}),
        ("prod", 1024, {"B1": "stage", "C1": "stage"}),
        ("odd", 256, {"B1": "own"}),
    ],
)
def test_precedence_of_defaults_functions_and_stages(manifest, stage, memory, environment):
    one = load(manifest, stage).functions["one"]
    assert (one.memory, dict(one.environment)) == (memory, environment)


def test_null_gives_the_default_back_and_removes_functions(manifest):
    assert load(manifest).functions["two"].memory == 128
    assert list(load(manifest, "prod").functions) == ["one"]


def test_tags_of_the_top_reach_functions(manifest):
    assert load(manifest).functions["one"].tags == {"owner": "web", "team": "media"}


def test_keys_names_and_places_are_known_to_the_models(manifest):
    app = loading.load(read(manifest, environ={}), place(), functions=["two"])
    assert list(app.functions) == ["two"]
    assert app.names == {"one": "photos-one", "two": "photos-two"}
    two = app.functions["two"]
    assert (two.key, two.name, two.qualifier, two.where.rsplit("/")[-1]) == (
        "two",
        "photos-two",
        "",
        "lcli.yaml:9:3",
    )


@pytest.mark.parametrize(
    ("stage", "hint"), [("prd", "did you mean prod?"), ("x", "it has odd, prod")]
)
def test_an_unknown_stage_is_refused(manifest, stage, hint):
    with pytest.raises(LcliError) as caught:
        read(manifest, stage=stage)
    (problem,) = caught.value.problems
    assert (problem.what, problem.next_step) == (f"the manifest has no stage {stage!r}", hint)
    assert problem.where.endswith("lcli.yaml:14:1")


def test_any_stage_is_fine_without_stages(manifest):
    manifest.write_text("app: photos\nfunctions: {one: {}}\n")
    assert read(manifest, stage="x").functions()[0].name == "photos-x-one"


@pytest.mark.parametrize(
    ("template", "stage", "expected"),
    [
        ("${app}-${stage}-${function}", "", "photos-one"),
        ("${app}-${stage}-${function}", "prod", "photos-prod-one"),
        ("${function}-${region}", "", "one-eu-west-1"),
        ("${function}-${account}", "", "one-012345670123"),
    ],
)
def test_names_follow_the_template(manifest, template, stage, expected):
    manifest.write_text(f"app: photos\nname: {template}\nfunctions: {{one: {{}}}}\n")
    assert read(manifest, stage=stage).functions(place(stage))[0].name == expected


def test_the_manifest_is_found_upward(manifest, tmp_path):
    inner = tmp_path / "src" / "deep"
    inner.mkdir()
    assert find(inner, environ={}) == manifest
    assert find(inner, file="x.yaml", environ={"LCLI_FILE": "y.yaml"}) == inner / "x.yaml"
    assert find(inner, environ={"LCLI_FILE": "y.yaml"}) == inner / "y.yaml"


def test_no_manifest_says_how_to_name_one(tmp_path):
    with pytest.raises(LcliError) as caught:
        find(tmp_path, environ={})
    (problem,) = caught.value.problems
    assert problem.what == f"there is no lcli.yaml in {tmp_path} or a folder above it"
    assert problem.next_step == "write one (docs/manifest.md), or name another with -f FILE"


@pytest.mark.parametrize(
    ("settings", "besides"),
    [
        ("{source: s, storage: 512, concurrency: {reserved: 1}}", ()),
        ("{source: s, storage: 1024}", ("storage above 512 MB",)),
        ("{source: s, concurrency: {provisioned: 2}}", ("provisioned concurrency",)),
        ("{source: s, api: {SnapStart: {ApplyOn: PublishedVersions}}}", ("SnapStart",)),
        ("{source: s, api: {TenancyConfig: {}}}", ("tenant isolation",)),
    ],
)
def test_what_is_billed_besides_requests_and_duration_shows(tmp_path, settings, besides):
    path = tmp_path / "lcli.yaml"
    path.write_text(f"app: a\nfunctions:\n  f: {settings}\n")
    [function] = read(path, environ={}).functions()
    assert function.billed_besides == besides
