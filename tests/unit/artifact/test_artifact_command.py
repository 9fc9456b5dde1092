import sys
from pathlib import Path

import pytest

from lcli.artifact import Build, Source, Target, build
from lcli.artifact.layer import build_layer
from lcli.errors import ExitCode, LcliError, Problem
from lcli.manifest.building import Build as Described

PYTHON = Target("python3.13")
BUILDS = """
import pathlib
out = pathlib.Path("out/made")
out.mkdir(parents=True, exist_ok=True)
(out / "app.py").write_text(pathlib.Path("app.txt").read_text())
with open("runs", "a") as runs:
    runs.write("x")
"""


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "src"
    root.mkdir()
    (root / "build.py").write_text(BUILDS)
    (root / "app.txt").write_text("def handler(event, context): pass\n")
    (root / ".lcliignore").write_text("runs\n")
    return root


def made_by(root: Path, *command: str, output: str = "out", **more: object) -> Source:
    made = Build(command=command or (sys.executable, "build.py"), output=output)
    return Source("directory", root, build=made, where="lcli.yaml:7:3", **more)


def test_what_the_command_makes_is_packed_and_it_runs_again_for_other_files_only(root, tmp_path):
    source = made_by(root, handler="made.app.handler", exclude=("*.pyc",))
    first = build(source, PYTHON, tmp_path / "cache")
    assert (first.files, first.largest[0][0]) == (1, "made/")
    assert build(source, PYTHON, tmp_path / "cache") == first
    assert (root / "runs").read_text() == "x"
    (root / "app.txt").write_text("def handler(event, context): return 1\n")
    assert build(source, PYTHON, tmp_path / "cache").digest != first.digest
    assert (root / "runs").read_text() == "xx"


def test_a_layer_is_made_by_a_command_too(root, tmp_path):
    artifact = build_layer(made_by(root), ["python3.13"], PYTHON, tmp_path / "cache")
    assert artifact.largest[0][0] == "python/"


@pytest.mark.parametrize(
    ("command", "output", "code", "what"),
    [
        (
            ["sh", "-c", "echo boom; exit 3"],
            "out",
            "build-failed",
            "the build command of \"{0}\" failed: exit status 3 of sh -c 'echo boom; exit 3'\nboom",
        ),
        (
            ["sh", "-c", "exit 3"],
            "out",
            "build-failed",
            "the build command of \"{0}\" failed: exit status 3 of sh -c 'exit 3'",
        ),
        (
            ["sh", "-c", "kill -9 $$"],
            "out",
            "build-failed",
            "the build command of \"{0}\" failed: SIGKILL ended sh -c 'kill -9 $$'",
        ),
        (
            ["sh", "-c", f"exit 1 {'x' * 100}"],
            "out",
            "build-failed",
            'the build command of "{0}" failed: '
            f"exit status 1 of sh -c 'exit 1 {'x' * (80 - 14)}…",
        ),
        (
            ["no-such-program-here"],
            "out",
            "build-failed",
            'the build command of "{0}" failed: '
            "[Errno 2] No such file or directory: 'no-such-program-here'",
        ),
        (
            [sys.executable, "build.py"],
            "dist",
            "build-output-missing",
            'the build command ended well, but there is no folder "{0}/dist"',
        ),
    ],
)
def test_a_command_that_makes_nothing_is_told(root, tmp_path, command, output, code, what):
    with pytest.raises(LcliError) as caught:
        build(made_by(root, *command, output=output), PYTHON, tmp_path / "cache")
    (problem,) = caught.value.problems
    assert caught.value.exit_code is ExitCode.FAILED
    assert (problem.code, problem.what, problem.where) == (
        code,
        what.format(root),
        "lcli.yaml:7:3",
    )


def test_a_command_needs_a_directory(root, tmp_path):
    source = Source("file", root / "app.txt", build=Build(command=("make",), output="out"))
    with pytest.raises(LcliError) as caught:
        build(source, PYTHON, tmp_path / "cache")
    assert caught.value.problems == (
        Problem(
            "command-needs-directory",
            f'build.command runs in a directory, and "{root}/app.txt" is none',
            f"{root}/app.txt",
            "let source be the directory, or remove build.command",
        ),
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"command": ["make"]}, "expected command and output together"),
        ({"output": "dist"}, "expected command and output together"),
        ({"kind": "command"}, "kind command needs command and output"),
        (
            {"command": ["make"], "output": "dist", "kind": "python"},
            "a command replaces kind and requirements",
        ),
        (
            {"command": ["make"], "output": "dist", "requirements": "r.txt"},
            "a command replaces kind and requirements",
        ),
        ({"command": ["make"], "output": ".."}, "output: expected a folder inside the source"),
        ({"command": ["make"], "output": "."}, "output: expected a folder inside the source"),
        ({"command": ["make"], "output": "/tmp"}, "output: expected a folder inside the source"),
    ],
)
def test_half_a_command_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        Described(**given)


@pytest.mark.parametrize("kind", [None, "command"])
def test_a_whole_command_is_taken(kind):
    described = Described(kind=kind, command=["make", "dist"], output="dist/app")
    assert (described.command, described.output) == (("make", "dist"), "dist/app")
