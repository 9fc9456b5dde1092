import zipfile
from dataclasses import replace

import pytest

from lcli.artifact import Build, Source, Target, build, limits, make
from lcli.artifact.make import check
from lcli.artifact.tree import read_tree
from lcli.deploy.code import Workshop, build_all, check_sources, layers_of
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
    ],
)
def test_what_is_not_here_is_not_checked(tmp_path, source):
    check(source, Target("python3.13"), tmp_path)


MADE = Build(command=("make",), output="out")


def test_what_a_command_makes_is_not_known_and_what_it_reads_is(root):
    source = Source("directory", root / "src", build=MADE, handler="out.handler")
    check(source, Target("python3.13"), root)
    (root / "src" / "secrets").symlink_to("/etc/passwd")
    assert refusals(source, "python3.13", root) == ["link-leaves-source"]


def refusals(source, runtime, cache):
    """The codes of what a check finds."""
    try:
        check(source, Target(runtime), cache)
    except LcliError as error:
        return [one.code for one in error.problems]
    return []


PACKAGES = '{"dependencies": {"wrapper": "1"}}'


@pytest.mark.parametrize(
    ("runtime", "name", "text", "handler", "expected"),
    [
        ("python3.13", "requirements.txt", "mangum", "app.handler", []),
        ("python3.13", "requirements.txt", "mangum", "mangum.handler", []),
        # It may be the name of a module, though of no package.
        ("python3.13", "requirements.txt", "mangum", "nope.handler", []),
        ("python3.13", "requirements.txt", "mangum", "my-app.handler", ["handler-missing"]),
        ("python3.13", "requirements.txt", "mangum", "app.handle", ["handler-missing"]),
        ("python3.13", "requirements.txt", "mangum", "app", ["handler-wrong"]),
        ("nodejs22.x", "package.json", PACKAGES, "index.handler", []),
        ("nodejs22.x", "package.json", PACKAGES, "wrapper.handler", []),
        ("nodejs22.x", "package.json", PACKAGES, "node_modules/a/b.handler", []),
        ("nodejs22.x", "package.json", PACKAGES, "nope.handler", ["handler-missing"]),
    ],
)
def test_before_an_install_only_what_is_certain_is_refused(
    root, runtime, name, text, handler, expected
):
    (root / "src" / name).write_text(text)
    (root / "src" / "index.mjs").touch()
    source = Source("directory", root / "src", handler=handler)
    assert refusals(source, runtime, root / "unused") == expected
    assert not (root / "unused").exists()


def test_what_an_earlier_build_installed_is_looked_into(root):
    source = Source("directory", root / "src", handler="mangum.handler")
    (root / "src" / "requirements.txt").write_text("# nothing\n")
    assert refusals(source, "python3.13", root / "cache") == []
    build(replace(source, handler=""), Target("python3.13"), root / "cache")
    assert refusals(source, "python3.13", root / "cache") == ["handler-missing"]


@pytest.mark.parametrize("extra", [{"requirements.txt": "mangum"}, {}])
def test_the_files_of_every_source_are_read(root, extra):
    for name, text in extra.items():
        (root / "src" / name).write_text(text)
    (root / "src" / "secrets").symlink_to("/etc/passwd")
    source = Source("directory", root / "src", handler="app.handler")
    assert refusals(source, "python3.13", root) == ["link-leaves-source"]


LAYERED = """
app: photos
defaults: {runtime: python3.13, source: src}
layers:
  wrapping: {source: layer, runtimes: [python3.13]}
  installed: {source: layer, runtimes: [python3.13], build: {requirements: none.txt}}
functions:
  good: {handler: wrapper.handler, layers: [wrapping]}
  also: {handler: wrapper.handler, layers: ["${layer:wrapping.arn}"]}
  theirs: {handler: wrap.handler, layers: [wrapping, "arn:aws:lambda:eu-west-1:123456789012:layer:x:1"]}
  lost: {handler: wrap.handler, layers: [wrapping]}
  name: {handler: wrapper.handle, layers: ["${layer:wrapping.arn}"]}
  later: {handler: wrap.handler, layers: [installed]}
"""  # noqa: E501


@pytest.fixture
def layered(root):
    (root / "layer").mkdir()
    (root / "layer" / "wrapper.py").write_text("def handler(event, context): pass\n")
    (root / "layer" / "none.txt").touch()
    (root / "lcli.yaml").write_text(LAYERED)
    document = read(root / "lcli.yaml", environ={})
    return load(document, Place("photos", "", "eu-west-1", "123456789012"))


LOST = 'the handler "wrap.handler" needs the file wrap.py, which is not in the artifact'
NAME = 'python/wrapper.py has no "handle", which the handler "wrapper.handle" names'


def test_layers_of_the_manifest_are_looked_into_for_handlers(root, layered):
    workshop = Workshop(root, root / "unused")
    problems = check_sources(layered.functions.values(), layered.layers.values(), workshop)
    assert [one.what for one in problems] == [LOST, NAME]
    assert not (root / "unused").exists()


def test_a_tree_that_was_checked_is_not_walked_again_to_be_built(root, layered, monkeypatch):
    walked = []

    def walk(tree, **patterns):
        walked.append(tree.name)
        return read_tree(tree, **patterns)

    monkeypatch.setattr(make, "read_tree", walk)
    workshop = Workshop(root, root / "cache")
    for key in ("lost", "name", "later"):
        del layered.functions[key]
    assert check_sources(layered.functions.values(), layered.layers.values(), workshop) == []
    build_all(layered, workshop)
    assert sorted(walked) == ["layer", "layer", "src"]


def test_a_build_knows_what_is_in_layers(root, layered):
    with pytest.raises(LcliError) as caught:
        build_all(layered, Workshop(root, root / "cache"))
    assert caught.value.exit_code is ExitCode.USAGE
    assert [(one.what, one.where.rpartition(":")[0]) for one in caught.value.problems] == [
        (LOST, f"{root}/lcli.yaml:11"),
        (NAME, f"{root}/lcli.yaml:12"),
        (LOST, f"{root}/lcli.yaml:13"),
    ]


def test_a_zip_is_looked_into(tmp_path):
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("app.py", "def handler(event, context): pass")
    source = Source("zip", tmp_path / "code.zip", handler="app.handle")
    with pytest.raises(LcliError, match=r'app\.py has no "handle"') as caught:
        check(source, Target("python3.13"), tmp_path)
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
        ("source-missing", "lcli.yaml:3:18"),
        ("zip-unsafe", "evil.zip"),
    ]
    assert [one.key for one in layers_of(found.functions, found.layers)] == ["evil"]


@pytest.mark.parametrize("kind", ["folder", "zip"])
@pytest.mark.parametrize("named", ["lib", "'${layer:lib.arn}'"])
def test_layers_are_measured_with_the_code(root, named, kind, monkeypatch):
    monkeypatch.setattr(limits, "UNZIPPED", 1000)
    source = "lib.zip" if kind == "zip" else "lib"
    (root / "lib").mkdir()
    (root / "lib" / "data.bin").write_bytes(bytes(990))
    if kind == "zip":
        with zipfile.ZipFile(root / source, "w") as archive:
            archive.write(root / "lib" / "data.bin", "data.bin")
    (root / "lcli.yaml").write_text(
        "app: photos\nregion: eu-west-1\n"
        f"layers: {{lib: {{source: {source}}}, other: {{source: lib}}}}\n"
        f"functions:\n  one: {{source: src, runtime: python3.13, handler: app.handler, layers: [{named}]}}\n"  # noqa: E501
    )
    place = Place("photos", "", "eu-west-1", "123456789012")
    app = load(read(root / "lcli.yaml", environ={}), place)
    (problem,) = check_sources(
        app.functions.values(), app.layers.values(), Workshop(root, root / "unused")
    )
    assert problem.where.endswith("lcli.yaml:5:3")
    assert problem.what == (
        "the code is 1,024 B unzipped, 990 B of them in layers; Lambda takes 1,000 B. "
        "Largest: data.bin (layer lib) 990 B, app.py 34 B"
    )
