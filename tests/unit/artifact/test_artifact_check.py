import zipfile

import pytest

from lcli.artifact import Build, Source, Target
from lcli.artifact.make import check
from lcli.deploy.code import Workshop, check_sources, layers_of
from lcli.errors import ExitCode, LcliError
from lcli.manifest.document import read
from lcli.manifest.loading import check as loaded
from lcli.manifest.loading import load
from lcli.resources.model import Place

MANIFEST = """
app: photos
region: eu-west-1
defaults: {runtime: python3.13}
functions:
  good: {source: src, handler: app.handler}
  lost: {source: src, handler: ap.handler}
  hidden:
    source: src
    exclude: [app.py]
    handler: app.handler
  layered: {source: src, handler: wrapper.handler, layers: ["arn:aws:lambda:eu-west-1:123456789012:layer:x:1"]}
  other:
    source: src
    runtime: nodejs22.x
    handler: index.handler
"""  # noqa: E501


@pytest.fixture
def root(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("def handler(event, context): pass\n")
    (tmp_path / "lcli.yaml").write_text(MANIFEST)
    return tmp_path


def test_handlers_that_are_not_in_their_sources_are_told_at_their_places(root):
    document = read(root / "lcli.yaml", environ={})
    app = load(document, Place("photos", "", "eu-west-1", "123456789012"))
    workshop = Workshop(root, root / "unused")
    problems = [
        document.shown(one)
        for one in check_sources(app.functions.values(), app.layers.values(), workshop)
    ]
    told = [(one.where.removeprefix(f"{root}/"), one.what) for one in problems]
    assert told == [
        (
            "lcli.yaml:7:32",
            'the handler "ap.handler" needs the file ap.py, which is not in the artifact',
        ),
        (
            "lcli.yaml:11:14",
            'the handler "app.handler" needs the file app.py, which is not in the artifact',
        ),
        (
            "lcli.yaml:16:14",
            'the handler "index.handler" needs the file index.js, which is not in the artifact',
        ),
    ]
    assert problems[1].excerpt == "    handler: app.handler\n             ^"
    assert not (root / "unused").exists()


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(Source("image", uri="x"), id="image"),
        pytest.param(Source("s3", uri="s3://b/k"), id="object"),
        pytest.param(Source("directory", build=Build(command=("make",), output="out")), id="made"),
    ],
)
def test_what_shows_only_after_building_is_not_checked(source):
    check(source, Target("python3.13"))


def test_a_handler_may_come_with_the_requirements(root):
    (root / "src" / "requirements.txt").write_text("mangum\n")
    check(Source("directory", root / "src", handler="mangum.handler"), Target("python3.13"))


def test_a_zip_is_looked_into(tmp_path):
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("app.py", "def handler(event, context): pass")
    source = Source("zip", tmp_path / "code.zip", handler="app.handle")
    with pytest.raises(LcliError, match=r'app\.py has no "handle"') as caught:
        check(source, Target("python3.13"))
    assert caught.value.exit_code is ExitCode.USAGE


def test_sources_of_layers_are_looked_into(root):
    with zipfile.ZipFile(root / "evil.zip", "w") as made:
        made.writestr("python/../../x", "")
    (root / "lcli.yaml").write_text(
        "app: photos\nlayers:\n  none: {source: nowhere}\n  evil: {source: evil.zip}\n"
        "  good: {source: src, runtimes: [provided.al2023]}\n  asked: {source: '${ssm:/x}'}\n"
        "defaults: {runtime: python3.13, handler: app.handler}\n"
        "functions: {f: {source: src, layers: [evil]}}\n"
    )
    found = loaded(read(root / "lcli.yaml", environ={}), Place("photos", "", "eu-west-1", "1" * 12))
    assert [one.key for one in found.layers] == ["none", "evil", "good"]
    workshop = Workshop(root, root / "unused")
    problems = check_sources(found.functions, found.layers, workshop)
    assert [(one.code, one.where.rpartition("/")[2]) for one in problems] == [
        ("source-missing", "lcli.yaml:3:3"),
        ("zip-unsafe", "evil.zip"),
    ]
    assert [one.key for one in layers_of(found.functions, found.layers)] == ["evil"]
