import json
import ssl
import sys
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from lcli.artifact import Artifact, Build, Source, Target, build
from lcli.artifact.dependencies import find_requirements
from lcli.artifact.layer import build_layer, check_layer
from lcli.artifact.python import python_platform, with_certificates
from lcli.errors import ExitCode, LcliError, Problem

PYTHON = Target("python3.13", "arm64")


def wheel(folder, name, version="1.0", tag="py3-none-any", platform=""):
    """A package of one module that says which wheel it came from, with a script of its own."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"WHEEL = {platform or tag!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{each},,\n" for each in [*files, f"{info}/RECORD"])
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in files.items():
            archive.writestr(each, text)
    return path


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "app.py").write_text("import greeting\ndef handler(event, context): pass\n")
    wheels = tmp_path / "wheels"
    wheel(wheels, "greeting")
    (folder / "requirements.txt").write_text(f"--no-index\n--find-links {wheels}\ngreeting==1.0\n")
    return folder


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def contents(artifact: Artifact) -> dict[str, str]:
    with zipfile.ZipFile(artifact.path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


INSTALLED = [
    "greeting-1.0.dist-info/METADATA",
    "greeting-1.0.dist-info/RECORD",
    "greeting-1.0.dist-info/WHEEL",
    "greeting-1.0.dist-info/entry_points.txt",
    "greeting.py",
]


def test_requirements_are_installed_beside_the_code_without_traces_of_this_machine(root, cache):
    artifact = build(Source("directory", root, handler="app.handler"), PYTHON, cache)
    found = contents(artifact)
    assert list(found) == ["app.py", *INSTALLED, "requirements.txt"]
    assert "bin/" not in found["greeting-1.0.dist-info/RECORD"]
    assert "INSTALLER" not in found["greeting-1.0.dist-info/RECORD"]


def test_two_installs_give_the_same_bytes(root, tmp_path):
    first = build(Source("directory", root), PYTHON, tmp_path / "one")
    second = build(Source("directory", root), PYTHON, tmp_path / "two")
    assert (first.digest, first.code_sha256) == (second.digest, second.code_sha256)


def test_the_install_is_shared_by_sources_and_survives_edits(root, cache):
    build(Source("directory", root), PYTHON, cache)
    (installed,) = (cache / "deps").iterdir()
    made = installed.stat().st_ino
    (root / "app.py").write_text("def handler(event, context): return 1\n")
    build(Source("directory", root), PYTHON, cache)
    assert [each.stat().st_ino for each in (cache / "deps").iterdir()] == [made]


def test_builds_at_once_share_one_install_and_one_zip(root, cache):
    with ThreadPoolExecutor(6) as pool:
        built = list(pool.map(lambda _: build(Source("directory", root), PYTHON, cache), range(6)))
    assert set(built) == {built[0]}
    assert [len(list((cache / kind).iterdir())) for kind in ("deps", "zips")] == [1, 2]


def test_a_changed_included_file_installs_again(root, tmp_path, cache):
    listed = root / "requirements.txt"
    (root / "more.txt").write_text("greeting==1.0\n")
    listed.write_text(f"--no-index\n--find-links {tmp_path}/wheels\n-r more.txt\n")
    build(Source("directory", root), PYTHON, cache)
    wheel(tmp_path / "wheels", "greeting", "2.0")
    (root / "more.txt").write_text("greeting==2.0\n")
    assert "greeting-2.0.dist-info/METADATA" in contents(
        build(Source("directory", root), PYTHON, cache)
    )


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (Target("python3.13", "arm64"), "manylinux_2_34_aarch64"),
        (Target("python3.13", "x86_64"), "manylinux_2_34_x86_64"),
        (Target("python3.11", "x86_64"), "manylinux_2_17_x86_64"),
    ],
    ids=lambda each: each.runtime + each.architecture if isinstance(each, Target) else None,
)
def test_wheels_are_those_of_the_target(tmp_path, cache, target, expected):
    wheels = tmp_path / "wheels"
    for libc in ("2_34", "2_17", "2_40"):
        for machine in ("x86_64", "aarch64"):
            name = f"manylinux_{libc}_{machine}"
            wheel(wheels, "fast", tag=f"py3-none-{name}")
    root = tmp_path / "src"
    root.mkdir()
    (root / "requirements.txt").write_text(f"--no-index\n--find-links {wheels}\nfast\n")
    found = contents(build(Source("directory", root), target, cache))
    assert found["fast.py"] == f"WHEEL = 'py3-none-{expected}'\n"


def test_a_local_target_gets_its_own_entry(root, cache):
    source = Source("directory", root)
    build(source, PYTHON, cache)
    build(source, Target("python3.13", local=True), cache)
    assert len(list((cache / "deps").iterdir())) == 2


@pytest.mark.parametrize(
    ("target", "options"),
    [
        (Target("python3.13", local=True), ["--python", sys.executable]),
        (
            Target("python3.13", local=True, local_python="3.12"),
            ["--python", sys.executable, "--python-version", "3.12"],
        ),
        (
            Target("python3.13", local=True, local_python="/opt/py"),
            ["--python", "/opt/py"],
        ),
        (
            Target("python3.9"),
            [
                *("--python", sys.executable),
                *("--python-platform", "x86_64-manylinux_2_17"),
                *("--python-version", "3.9"),
            ],
        ),
        (
            Target("provided.al2023", "arm64"),
            ["--python", sys.executable, "--python-platform", "aarch64-manylinux_2_34"],
        ),
        (
            Target("provided.al2"),
            ["--python", sys.executable, "--python-platform", "x86_64-manylinux_2_17"],
        ),
        (
            Target("nodejs22.x"),
            ["--python", sys.executable, "--python-platform", "x86_64-manylinux_2_34"],
        ),
    ],
    ids=[
        *("own", "version", "path", "amazon-linux-2"),
        *("provided", "provided on amazon-linux-2", "of another language"),
    ],
)
def test_uv_is_told_the_target(target, options):
    assert python_platform(target) == options


@pytest.mark.parametrize(
    ("stores", "environ", "expected"),
    [
        pytest.param(["ca.pem"], {}, {"UV_SYSTEM_CERTS": "true"}, id="a store"),
        pytest.param([], {}, {}, id="an empty store"),
        pytest.param(
            ["ca.pem"], {"UV_SYSTEM_CERTS": "0"}, {"UV_SYSTEM_CERTS": "0"}, id="the user's word"
        ),
    ],
)
def test_uv_trusts_what_this_machine_trusts(monkeypatch, tmp_path, stores, environ, expected):
    for name in stores:
        (tmp_path / name).touch()
    nothing = str(tmp_path / "none")
    paths = ssl.DefaultVerifyPaths(None, str(tmp_path), "", nothing, "", nothing)
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    monkeypatch.setattr(sys, "platform", "linux")
    assert with_certificates(environ) == expected


def test_a_failed_install_says_what_uv_said_and_leaves_nothing(root, cache):
    listed = root / "requirements.txt"
    listed.write_text("--no-index\nno-such-package==1\n")
    with pytest.raises(LcliError) as caught:
        build(Source("directory", root), PYTHON, cache)
    (problem,) = caught.value.problems
    assert caught.value.exit_code is ExitCode.FAILED
    assert (problem.code, problem.where) == ("install-failed", str(listed))
    failed = f'the dependencies in "{listed}" cannot be installed: exit status '
    assert problem.what.startswith(failed)
    assert "no-such-package" in problem.what
    assert list((cache / "deps").iterdir()) == []


@pytest.mark.parametrize(
    ("files", "runtime", "kind", "expected"),
    [
        ({"requirements.txt": ""}, "python3.13", Build(), ("python", "requirements.txt")),
        ({"requirements.txt": ""}, "python3.13", Build("none"), None),
        ({"requirements.txt": ""}, "nodejs22.x", Build(), None),
        ({"requirements.txt": ""}, "nodejs22.x", Build("python"), ("python", "requirements.txt")),
        ({"deps/r.txt": ""}, "python3.13", Build("", "deps/r.txt"), ("python", "deps/r.txt")),
        (
            {"pyproject.toml": "[project]\ndependencies = ['a']"},
            "python3.13",
            Build(),
            ("python", "pyproject.toml"),
        ),
        ({"pyproject.toml": "[tool.x]"}, "python3.13", Build(), None),
        (
            {"package.json": '{"dependencies": {"a": "1"}}'},
            "nodejs22.x",
            Build(),
            ("node", "package.json"),
        ),
        ({"package.json": '{"type": "module"}'}, "nodejs22.x", Build(), None),
        ({}, "python3.13", Build(), None),
    ],
)
def test_what_lists_the_dependencies_is_found(tmp_path, files, runtime, kind, expected):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = find_requirements(Source("directory", tmp_path, build=kind), Target(runtime))
    assert (found and (found.kind, str(found.listed.relative_to(tmp_path)))) == expected


@pytest.mark.parametrize(
    ("name", "text", "runtime", "build_", "code"),
    [
        ("x", "", "python3.13", Build("python"), "requirements-missing"),
        ("x", "", "python3.13", Build("", "r.txt"), "requirements-missing"),
        ("pyproject.toml", "[", "python3.13", Build(), "requirements-unreadable"),
        ("package.json", "{", "nodejs22.x", Build(), "requirements-unreadable"),
    ],
)
def test_missing_or_damaged_lists_are_refused(tmp_path, name, text, runtime, build_, code):
    (tmp_path / name).write_text(text)
    with pytest.raises(LcliError) as caught:
        find_requirements(Source("directory", tmp_path, build=build_), Target(runtime))
    assert [problem.code for problem in caught.value.problems] == [code]


def test_node_packages_replace_the_sources_own_node_modules(tmp_path, cache):
    root = tmp_path / "src"
    (root / "node_modules" / "dev-tool").mkdir(parents=True)
    (root / "node_modules" / "dev-tool" / "index.js").write_text("")
    (root / "index.mjs").write_text("export const handler = async () => 1\n")
    package = tmp_path / "greet"
    package.mkdir()
    (package / "package.json").write_text(
        json.dumps({"name": "greet", "version": "1.0.0", "scripts": {"install": "exit 1"}})
    )
    (package / "index.js").write_text("module.exports = 1\n")
    packed = tmp_path / "greet.tgz"
    tar(package, packed)
    (root / "package.json").write_text(json.dumps({"dependencies": {"greet": f"file:{packed}"}}))
    source = Source("directory", root, handler="index.handler")
    artifact = build(source, Target("nodejs22.x", "arm64"), cache)
    assert list(contents(artifact)) == [
        "index.mjs",
        "node_modules/greet/index.js",
        "node_modules/greet/package.json",
        "package.json",
    ]


def tar(folder, to):
    with tarfile.open(to, "w:gz") as archive:
        archive.add(folder, arcname="package")


@pytest.mark.parametrize(
    ("runtimes", "target", "prefix"),
    [
        (["python3.13"], Target(), "python/"),
        (["python3.13", "python3.12"], Target(local=True), "python/"),
    ],
)
def test_a_layer_holds_packages_and_modules_below_python(root, cache, runtimes, target, prefix):
    layer = build_layer(Source("directory", root), runtimes, target, cache)
    expected = [prefix + name for name in ["app.py", *INSTALLED, "requirements.txt"]]
    assert list(contents(layer)) == expected


def test_several_pythons_get_packages_of_their_own(root, cache):
    runtimes = ["python3.12", "python3.13"]
    found = contents(build_layer(Source("directory", root), runtimes, Target(), cache))
    assert [name for name in found if name.endswith(("app.py", "greeting.py"))] == [
        "python/app.py",
        "python/lib/python3.12/site-packages/greeting.py",
        "python/lib/python3.13/site-packages/greeting.py",
    ]


def test_packages_of_a_layer_are_for_its_runtimes_of_their_language(root, cache):
    source = Source("directory", root, build=Build("", "requirements.txt"))
    found = contents(build_layer(source, ["nodejs22.x", "python3.13"], Target(), cache))
    assert [name for name in found if name.endswith("greeting.py")] == ["python/greeting.py"]


@pytest.mark.parametrize(
    ("files", "kind", "runtimes", "what", "next_step"),
    [
        pytest.param(
            {"requirements.txt": ""}, Build("python"), ["nodejs22.x"],
            '"ROOT/requirements.txt" would not be installed for a layer without a python runtime',
            "say what it is for, such as runtimes: [python3.13], or remove build",
            id="of another language",
        ),
        pytest.param(
            {"r.txt": ""}, Build("", "r.txt"), ["java21"],
            '"ROOT/r.txt" would not be installed for a layer without a python runtime',
            "say what it is for, such as runtimes: [python3.13], or remove build",
            id="of no language",
        ),
        pytest.param(
            {"r.txt": ""}, Build("", "r.txt"), [],
            '"ROOT/r.txt" would not be installed for a layer without a python runtime',
            "say what it is for, such as runtimes: [python3.13], or remove build",
            id="without runtimes",
        ),
        pytest.param(
            {"package.json": '{"dependencies": {"a": "1"}}'}, Build("node"), ["python3.13"],
            '"ROOT/package.json" would not be installed for a layer without a nodejs runtime',
            "say what it is for, such as runtimes: [nodejs22.x], or remove build",
            id="Node.js",
        ),
        pytest.param(
            {"r.txt": "", "python/a.py": ""}, Build("", "r.txt"), ["python3.13"],
            '"ROOT/r.txt" would not be installed for a layer that is laid out already, by its '
            "folder python/",
            "move what is in python/ up, or remove build",
            id="laid out",
        ),
    ],
)  # fmt: skip
def test_requirements_that_a_layer_would_not_get_are_refused(
    tmp_path, cache, files, kind, runtimes, what, next_step
):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    source = Source("directory", tmp_path, build=kind, where="lcli.yaml:3:5")
    expected = Problem(
        "requirements-unused", what.replace("ROOT", str(tmp_path)), "lcli.yaml:3:5", next_step
    )
    for make in (build_layer, check_layer):
        with pytest.raises(LcliError) as caught:
            make(source, runtimes, Target(), cache)
        assert caught.value.problems == (expected,)


@pytest.mark.parametrize("runtimes", [["python3.13"], ["java21"], []])
def test_a_layer_that_is_laid_out_is_taken_as_it_is(tmp_path, cache, runtimes):
    root = tmp_path / "layer"
    (root / "python").mkdir(parents=True)
    (root / "python" / "a.py").touch()
    (root / "note.txt").touch()
    layer = build_layer(Source("directory", root), runtimes, Target(), cache)
    assert list(contents(layer)) == ["note.txt", "python/a.py"]


def test_modules_of_a_node_layer_lie_below_nodejs(tmp_path, cache):
    root = tmp_path / "layer"
    (root / "node_modules" / "x").mkdir(parents=True)
    (root / "node_modules" / "x" / "index.js").touch()
    layer = build_layer(Source("directory", root), ["nodejs22.x"], Target(), cache)
    assert list(contents(layer)) == ["nodejs/node_modules/x/index.js"]
