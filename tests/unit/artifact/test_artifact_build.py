import base64
import hashlib
import json
import os
import shutil
import time
import zipfile
from dataclasses import replace
from random import Random

import pytest

from lcli.artifact import Source, Target, build
from lcli.artifact.cache import find_zip, prune
from lcli.artifact.handler import UNKNOWN, Files
from lcli.artifact.index import SETTLED_NS, content_hashes
from lcli.artifact.limits import check_limits, needs_bucket
from lcli.artifact.make import default_cache
from lcli.artifact.shared import Shared
from lcli.artifact.source import parse_source
from lcli.artifact.tree import read_tree
from lcli.errors import ExitCode, LcliError, Problem

PYTHON = Target("python3.13")


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "app.py").write_text("def handler(event, context):\n    return event\n")
    return folder


def test_an_artifact_tells_its_digest_hash_and_sizes(root, cache):
    (root / "data").mkdir()
    (root / "data" / "big").write_bytes(bytes(1000))
    artifact = build(Source("directory", root, handler="app.handler"), PYTHON, cache)
    zipped = artifact.path.read_bytes()
    assert artifact.code_sha256 == base64.b64encode(hashlib.sha256(zipped).digest()).decode()
    assert (artifact.size, artifact.files, artifact.unzipped) == (len(zipped), 2, 1046)
    assert artifact.largest == (("data/", 1000), ("app.py", 46))
    rows = f"app.py\x00644\x00{sha(root / 'app.py')}\ndata/big\x00644\x00{sha(root / 'data/big')}\n"
    assert artifact.digest == hashlib.sha256(rows.encode()).hexdigest()


def sha(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_unchanged_source_comes_from_the_cache_and_a_changed_one_does_not(root, cache):
    source = Source("directory", root)
    first = build(source, PYTHON, cache)
    written = first.path.stat().st_ino
    assert build(source, PYTHON, cache) == first
    assert first.path.stat().st_ino == written
    (root / "app.py").write_text("def handler(event, context):\n    return None!\n")
    assert build(source, PYTHON, cache).digest != first.digest


def test_two_sources_of_one_content_share_a_zip(root, cache, tmp_path):
    first = build(Source("directory", root), PYTHON, cache)
    shutil.copytree(root, tmp_path / "copy")
    assert build(Source("directory", tmp_path / "copy"), PYTHON, cache) == first
    assert sorted(path.name for path in (cache / "zips").iterdir()) == [
        first.path.with_suffix(".json").name,
        first.path.name,
    ]


def test_a_source_that_is_new_gives_what_it_gives_when_it_is_known(root, tmp_path):
    (root / "data.bin").write_bytes(os.urandom(300_000))
    fresh, known = tmp_path / "fresh", tmp_path / "known"
    content_hashes(read_tree(root), index_of(root, known))
    artifacts = [build(Source("directory", root), PYTHON, cache) for cache in (fresh, known)]
    assert [replace(one, path=root) for one in artifacts[1:]] == [replace(artifacts[0], path=root)]
    assert artifacts[0].path.read_bytes() == artifacts[1].path.read_bytes()


def index_of(root, cache):
    """Where a build remembers the files of `root`."""
    build(Source("directory", root), PYTHON, cache)
    (index,) = (cache / "index").iterdir()
    shutil.rmtree(cache / "zips")
    return index


def test_the_execute_bit_changes_the_digest_and_other_bits_do_not(root, cache):
    source = Source("directory", root)
    first = build(source, PYTHON, cache).digest
    (root / "app.py").chmod(0o600)
    assert build(source, PYTHON, cache).digest == first
    (root / "app.py").chmod(0o700)
    assert build(source, PYTHON, cache).digest != first


def test_a_cut_zip_in_the_cache_is_made_again(root, cache):
    artifact = build(Source("directory", root), PYTHON, cache)
    whole = artifact.path.read_bytes()
    artifact.path.write_bytes(whole[:10])
    assert build(Source("directory", root), PYTHON, cache) == artifact
    assert artifact.path.read_bytes() == whole


def test_a_directory_a_file_and_a_zip_of_the_same_content_have_one_digest(root, tmp_path, cache):
    given = tmp_path / "given.zip"
    with zipfile.ZipFile(given, "w", zipfile.ZIP_BZIP2) as archive:
        archive.write(root / "app.py", "app.py")
    sources = [
        Source("directory", root, handler="app.handler"),
        Source("file", root / "app.py", handler="app.handler"),
        Source("zip", given, handler="app.handler"),
    ]
    artifacts = [build(source, PYTHON, cache) for source in sources]
    assert len({artifact.digest for artifact in artifacts}) == 1
    assert artifacts[2].path.read_bytes() == given.read_bytes()
    assert artifacts[2] == build(sources[2], PYTHON, cache)


def problem(source, target, cache):
    with pytest.raises(LcliError) as caught:
        build(source, target, cache)
    assert caught.value.exit_code is ExitCode.USAGE
    (found,) = caught.value.problems
    return found


@pytest.mark.parametrize(
    ("runtime", "handler", "what", "next_step"),
    [
        (
            "python3.13",
            "ap.handler",
            'the handler "ap.handler" needs the file ap.py, which is not in the artifact',
            "did you mean the file app.py?",
        ),
        (
            "python3.13",
            "app.handle",
            'app.py has no "handle", which the handler "app.handle" names',
            'did you mean "handler"?',
        ),
        (
            "nodejs22.x",
            "lib/index.run",
            'the handler "lib/index.run" needs the file lib/index.js, which is not in the artifact',
            "correct handler, source or exclude",
        ),
        (
            "ruby3.4",
            "app.A.b",
            'the handler "app.A.b" needs the file app.rb, which is not in the artifact',
            "correct handler, source or exclude",
        ),
        (
            "provided.al2023",
            "",
            "a provided runtime needs an executable file bootstrap at the artifact's root",
            "build it, and name it bootstrap",
        ),
    ],
)
def test_a_missing_handler_is_refused_with_the_nearest(
    root, cache, runtime, handler, what, next_step
):
    source = Source("directory", root, handler=handler, where="lcli.yaml:9:5")
    found = problem(source, Target(runtime), cache)
    assert found == Problem("handler-missing", what, "lcli.yaml:9:5", next_step)


@pytest.mark.parametrize(
    ("runtime", "handler", "files"),
    [
        ("python3.13", "pkg.mod.handler", {"pkg/mod.py": "from x import handler"}),
        ("python3.13", "pkg/mod.handler", {"pkg/mod.py": "handler: object = print"}),
        ("python3.13", "pkg.handler", {"pkg/__init__.py": "from .a import *"}),
        ("python3.13", "m.handler", {"m.py": "try:\n  import a as handler\nexcept E: pass"}),
        ("python3.13", "m.handler", {"m.py": "if x:\n  async def handler(): pass"}),
        ("python3.13", "m.handler", {"m.py": "with x as handler: pass"}),
        ("python3.13", "m.handler", {"m.py": "syntax of (another version"}),
        ("python3.13", "fast.handler", {"fast.so": ""}),
        ("nodejs22.x", "src/index.v1.handler", {"src/index.mjs": ""}),
        ("ruby3.4", "app.Mod::Class.call", {"app.rb": ""}),
        ("java21", "example.Handler::handle", {"x.jar": ""}),
        ("", "anything", {"x": ""}),
    ],
)
def test_handlers_that_lambda_finds_are_found(root, cache, runtime, handler, files):
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    artifact = build(Source("directory", root, handler=handler), Target(runtime), cache)
    assert artifact.files == len(files) + 1


def layer(*names):
    """A layer of these files, each of which defines `handler` and may be executed."""
    return Files(dict.fromkeys(names, 0o755), lambda name: b"handler = print")


WRAPPER = "node_modules/wrapper/package.json"


@pytest.mark.parametrize(
    ("runtime", "handler", "layers"),
    [
        ("python3.13", "wrapper.handler", [layer("python/wrapper.py")]),
        ("python3.13", "a.b.handler", [layer(), layer("python/a/b/__init__.py")]),
        (
            "python3.13",
            "wrapper.handler",
            [layer("python/lib/python3.13/site-packages/wrapper.py")],
        ),
        ("python3.13", "datadog_lambda.handler.handler", [UNKNOWN]),
        ("nodejs22.x", "wrapper.handler", [layer(f"nodejs/{WRAPPER}")]),
        ("nodejs22.x", "wrapper.handler", [layer(f"nodejs/node22/{WRAPPER}")]),
        ("nodejs22.x", "/opt/nodejs/x/index.handler", [layer("nodejs/x/index.mjs")]),
        ("nodejs22.x", "/opt/nodejs/x/index.handler", [UNKNOWN]),
        ("ruby3.4", "wrapper.handler", [layer("ruby/gems/3.4.0/gems/w/lib/wrapper.rb")]),
        ("provided.al2023", "", [layer("bootstrap")]),
        ("provided.al2023", "", [UNKNOWN]),
    ],
)
def test_a_handler_may_come_from_a_layer(root, cache, runtime, handler, layers):
    source = Source("directory", root, handler=handler)
    assert build(source, Target(runtime), cache, layers=lambda: layers).files == 1


@pytest.mark.parametrize(
    ("runtime", "handler", "layers", "what"),
    [
        pytest.param(
            "python3.13", "wrap.handler", [layer("python/wrapper.py")],
            'the handler "wrap.handler" needs the file wrap.py, which is not in the artifact',
            id="in neither",
        ),
        pytest.param(
            "python3.13", "wrapper.handler", [layer("wrapper.py")],
            'the handler "wrapper.handler" needs the file wrapper.py, which is not in the artifact',
            id="where Python does not look",
        ),
        pytest.param(
            "python3.12", "wrapper.handler",
            [layer("python/lib/python3.13/site-packages/wrapper.py")],
            'the handler "wrapper.handler" needs the file wrapper.py, which is not in the artifact',
            id="of another Python",
        ),
        pytest.param(
            "python3.13", "wrapper.handle", [layer("python/wrapper.py")],
            'python/wrapper.py has no "handle", which the handler "wrapper.handle" names',
            id="another name in the layer",
        ),
        pytest.param(
            "python3.13", "app.handle", [UNKNOWN],
            'app.py has no "handle", which the handler "app.handle" names',
            id="the code's own file, whatever the layer has",
        ),
        pytest.param(
            "python3.13", "handler", [UNKNOWN],
            'the handler "handler" does not say which function is called',
            id="no handler at all",
        ),
        pytest.param(
            "nodejs22.x", "wrap.handler", [layer(f"nodejs/{WRAPPER}")],
            'the handler "wrap.handler" needs the file wrap.js, which is not in the artifact',
            id="no such package",
        ),
        pytest.param(
            "provided.al2023", "", [layer("bin/bootstrap")],
            "a provided runtime needs an executable file bootstrap at the artifact's root",
            id="no bootstrap",
        ),
    ],
)  # fmt: skip
def test_a_handler_that_is_in_no_layer_either_is_refused(
    root, cache, runtime, handler, layers, what
):
    source = Source("directory", root, handler=handler)
    with pytest.raises(LcliError) as caught:
        build(source, Target(runtime), cache, layers=lambda: layers)
    assert [one.what for one in caught.value.problems] == [what]


def test_a_bootstrap_must_be_executable(root, cache):
    (root / "bootstrap").write_text("#!/bin/sh\n")
    source = Source("directory", root)
    found = problem(source, Target("provided.al2023"), cache)
    assert (found.code, found.next_step) == ("bootstrap-not-executable", "chmod +x bootstrap")
    (root / "bootstrap").chmod(0o755)
    assert build(source, Target("provided.al2023"), cache).files == 2


def test_an_empty_source_is_refused(root, cache):
    (root / "app.py").unlink()
    assert problem(Source("directory", root), PYTHON, cache) == Problem(
        "source-empty", f'"{root}" has no files', str(root), "check exclude"
    )


def test_too_many_bytes_are_refused_before_they_are_read(root, cache):
    with open(root / "huge", "wb") as file:
        file.truncate(262_144_001)
    found = problem(Source("directory", root, where="lcli.yaml:3:5"), PYTHON, cache)
    assert found.what == (
        "the code is 262,144,047 B unzipped; Lambda takes 262,144,000 B. "
        "Largest: huge 262,144,001 B, app.py 46 B"
    )
    assert not (cache / "zips").exists()


def test_layers_count_towards_the_limit(root, cache):
    artifact = build(Source("directory", root), PYTHON, cache)
    size = 262_144_000 - 46
    lib = Files({}, lambda name: b"", unzipped=size, largest=(("python/", size - 9), ("b", 9)))
    assert check_limits(artifact, {"lib": lib}) == []
    lib = replace(lib, unzipped=size + 1)
    (found,) = check_limits(artifact, {"lib": lib}, "f")
    assert found == Problem(
        "artifact-too-large",
        "the code is 262,144,001 B unzipped, 262,143,955 B of them in layers; "
        "Lambda takes 262,144,000 B. "
        "Largest: python/ (layer lib) 262,143,945 B, app.py 46 B, b (layer lib) 9 B",
        "f",
        "exclude what is not needed at run time, or deploy a container image",
    )
    assert [needs_bucket(replace(artifact, size=n)) for n in (52_428_800, 52_428_801)] == [
        False,
        True,
    ]


def test_only_files_that_settled_are_remembered_without_reading(root, tmp_path):
    index = tmp_path / "index.json"
    old = time.time() - 60
    os.utime(root / "app.py", (old, old))
    (entry,) = read_tree(root)
    settled = entry._replace(ctime_ns=entry.mtime_ns)
    first = content_hashes([settled], index)
    (root / "app.py").unlink()
    assert content_hashes([settled], index) == first == [first[0]]
    fresh = entry._replace(mtime_ns=time.time_ns())
    with pytest.raises(LcliError, match="can no longer be read"):
        content_hashes([fresh], index)


def test_a_file_that_has_just_changed_is_read_again(root, tmp_path):
    (entry,) = read_tree(root)
    index = tmp_path / "index.json"
    content_hashes([entry], index)
    assert index.read_text() == "{}"


@pytest.mark.parametrize("text", ["[1", "[]", '{"PATH": [1, 2]}'])
def test_a_damaged_index_is_made_again(root, tmp_path, text):
    index = tmp_path / "index.json"
    index.write_text(text.replace("PATH", str(root / "app.py")))
    assert content_hashes(read_tree(root), index) == [sha(root / "app.py")]


def test_pruning_removes_what_was_used_longest_ago_but_nothing_recent(cache):
    (cache / "zips").mkdir(parents=True)
    (cache / "deps" / "old").mkdir(parents=True)
    (cache / "deps" / "old" / "file").write_bytes(bytes(600))
    ages = {"a": 9000, "b": 8000, "c": 10}
    for name, age in ages.items():
        path = cache / "zips" / f"{name}.zip"
        path.write_bytes(bytes(600))
        path.with_suffix(".json").write_text("{}")
        os.utime(path, (time.time() - age,) * 2)
    os.utime(cache / "deps" / "old", (time.time() - 8500,) * 2)
    prune(cache, limit=1300)
    assert sorted(p.name for p in cache.rglob("*")) == [
        "b.json",
        "b.zip",
        "c.json",
        "c.zip",
        "deps",
        "zips",
    ]
    assert find_zip(cache, "b") is None


def test_pruning_removes_what_killed_runs_left(cache):
    (cache / "zips").mkdir(parents=True)
    left, other = cache / "zips" / ".tmp-left", cache / "deps" / ".tmp-left"
    young = cache / "zips" / ".tmp-young"
    other.mkdir(parents=True)
    (other / "file").write_bytes(b"")
    for path in (left, young):
        path.write_bytes(b"")
    for path in (left, other):
        os.utime(path, (time.time() - 4000,) * 2)
    prune(cache)
    assert sorted(p.name for p in cache.rglob("*")) == [".tmp-young", "deps", "zips"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("s3://bucket/a/key.zip", "s3"),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/photos:1", "image"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a/b@sha256:00", "image"),
        ("src", "directory"),
        ("src/app.py", "file"),
        ("code.zip", "zip"),
    ],
)
def test_a_source_is_what_its_text_names(root, tmp_path, text, kind):
    (tmp_path / "code.zip").touch()
    remote = kind in ("s3", "image")
    expected = Source(kind, uri=text) if remote else Source(kind, tmp_path / text)
    assert parse_source(text, tmp_path) == expected


@pytest.mark.parametrize(
    ("text", "code", "next_step"),
    [
        ("srv", "source-missing", 'did you mean "src"?'),
        ("no/where", "source-missing", "create it, or correct source"),
        ("s3://bucket", "source-invalid", "write s3://BUCKET/KEY"),
        ("f.zip", "source-invalid", "name a directory, a file or a zip"),
    ],
)
def test_a_source_that_is_not_there_is_refused(root, tmp_path, text, code, next_step):
    os.mkfifo(tmp_path / "f.zip")
    with pytest.raises(LcliError) as caught:
        parse_source(text, tmp_path, "lcli.yaml:4:13")
    (found,) = caught.value.problems
    assert (found.code, found.where, found.next_step) == (code, "lcli.yaml:4:13", next_step)


@pytest.mark.parametrize("kind", ["s3", "image"])
def test_nothing_is_built_of_what_is_remote(cache, kind):
    with pytest.raises(ValueError, match="nothing is built of s3://b/k"):
        build(Source(kind, uri="s3://b/k"), Target(), cache)


def test_the_cache_lies_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.delenv("LCLI_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert str(default_cache()) == "/home/me/.cache/lcli"
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert str(default_cache()) == "/x/lcli"
    monkeypatch.setenv("LCLI_CACHE_DIR", "/c")
    assert str(default_cache()) == "/c"


def test_functions_of_one_source_look_at_it_once(root, cache):
    shared = Shared()
    source = Source("directory", root, handler="app.handler", where="lcli.yaml:3:3")
    first = build(source, PYTHON, cache, shared)
    (root / "app.py").unlink()
    other = replace(source, where="lcli.yaml:4:3")
    assert build(other, PYTHON, cache, shared) == first
    with pytest.raises(LcliError, match=r'app\.py has no "main"'):
        build(replace(other, handler="app.main"), PYTHON, cache, shared)
    with pytest.raises(LcliError, match="has no files"):
        build(replace(other, handler=""), replace(PYTHON, architecture="arm64"), cache, shared)


def overwrite(path, random):
    content = bytearray(path.read_bytes())
    content[random.randrange(len(content))] ^= 1
    with open(path, "r+b") as file:
        file.write(content)


def replace_by_another(path, random):
    other = path.with_name("other")
    content = bytearray(path.read_bytes())
    content[random.randrange(len(content))] ^= 1
    other.write_bytes(content)
    other.rename(path)


def append(path, random):
    with open(path, "ab") as file:
        file.write(bytes([random.randrange(256)]))


def cut(path, random):
    os.truncate(path, path.stat().st_size - 1)


def test_a_changed_byte_is_noticed_even_where_size_and_date_stay(tmp_path):
    root, index, random = tmp_path / "src", tmp_path / "index.json", Random(4711)
    root.mkdir()
    files = [root / f"{n}.bin" for n in range(400)]
    for path in files:
        path.write_bytes(random.randbytes(random.randrange(2, 5000)))
    time.sleep(SETTLED_NS / 1e9 + 0.1)  # from here on stat alone decides
    content_hashes(read_tree(root), index)
    assert len(json.loads(index.read_bytes())) == len(files)
    changed = set(random.sample(files, 200))
    for path in changed:
        before = path.stat()
        random.choice((overwrite, replace_by_another, append, cut))(path, random)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    for _ in range(2):  # at once, and when only stat is asked again
        entries = read_tree(root)
        assert content_hashes(entries, index) == [sha(root / entry.name) for entry in entries]


@pytest.mark.parametrize(
    ("runtime", "handler"), [("python3.13", "app"), ("nodejs22.x", "lib.d/index")]
)
def test_a_handler_without_a_function_is_refused(root, cache, runtime, handler):
    source = Source("directory", root, handler=handler, where="lcli.yaml:9:5")
    assert problem(source, Target(runtime), cache) == Problem(
        "handler-wrong",
        f'the handler "{handler}" does not say which function is called',
        "lcli.yaml:9:5",
        f"write FILE.FUNCTION, such as {handler}.handler",
    )
