import os
import socket
from pathlib import Path

import pytest

from lcli.artifact.tree import read_tree
from lcli.errors import ExitCode, LcliError


def write(root: Path, *names: str, text: str = "x") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def names(root: Path, **patterns: object) -> list[str]:
    return [entry.name for entry in read_tree(root, **patterns)]


FILES = (
    "app.py",
    "lib/a.py",
    "lib/a.pyc",
    "lib/__pycache__/a.cpython-313.pyc",
    "tests/test_a.py",
    "docs/keep.md",
    "docs/note.md",
    "node_modules/x/index.js",
    ".git/config",
    ".venv/bin/python",
    ".env",
    "lcli.yaml",
    "lib/lcli.yaml",
)


@pytest.mark.parametrize(
    ("ignore", "patterns", "expected"),
    [
        pytest.param(
            None,
            {},
            [
                "app.py",
                "docs/keep.md",
                "docs/note.md",
                "lib/a.py",
                "lib/lcli.yaml",
                "node_modules/x/index.js",
                "tests/test_a.py",
            ],
            id="defaults",
        ),
        pytest.param(
            "docs/*\n!docs/keep.md\nnode_modules/\n# comment\n",
            {"exclude": ["tests/", "lib/lcli.yaml"]},
            ["app.py", "docs/keep.md", "lib/a.py"],
            id="ignore-file-with-negation-and-exclude",
        ),
        pytest.param(
            "/lib/\n/docs\n", {"include": ["*.py"]}, ["app.py", "tests/test_a.py"], id="include"
        ),
        pytest.param(
            "*\n!*/\n!.env\n", {"include": ["**"]}, [".env"], id="a-default-can-be-taken-back"
        ),
        pytest.param(None, {"include": ["docs/"]}, ["docs/keep.md", "docs/note.md"], id="a-folder"),
    ],
)
def test_gitignore_rules_select_the_files(tmp_path, ignore, patterns, expected):
    write(tmp_path, *FILES)
    if ignore is not None:
        (tmp_path / ".lcliignore").write_text(ignore)
    assert names(tmp_path, **patterns) == expected


def test_an_ignore_file_governs_its_own_folder_and_what_is_below(tmp_path):
    write(tmp_path, "a.log", "b.txt", "sub/a.log", "sub/b.txt", "sub/deep/a.log", "sub/deep/b.txt")
    write(tmp_path, "sub/only/b.txt", "only/b.txt")
    write(tmp_path, ".lcliignore", text="*.log\n")
    write(tmp_path, "sub/.lcliignore", text="!a.log\n/b.txt\n/only/\n")
    write(tmp_path, "sub/deep/.lcliignore", text="a.log\n")
    assert names(tmp_path) == [
        "b.txt",
        "only/b.txt",
        "sub/a.log",
        "sub/deep/b.txt",
    ]


def test_exclude_goes_before_every_ignore_file(tmp_path):
    write(tmp_path, "a.txt", "sub/a.txt", "sub/b.txt", "sub/.env")
    write(tmp_path, "sub/.lcliignore", text="!a.txt\nb.txt\n!.env\n")
    excluded = ["sub/a.txt", "!sub/b.txt"]
    assert names(tmp_path, exclude=excluded) == ["a.txt", "sub/.env", "sub/b.txt"]


@pytest.mark.parametrize(
    "name",
    [
        ".git/x", "a/.hg/x", ".svn/x", ".DS_Store", "a/.DS_Store", ".venv/x", "venv/x",
        "a/__pycache__/x", "a.pyc", "a/b.pyo", "b.pyd", ".mypy_cache/x", ".pytest_cache/x",
        ".ruff_cache/x", ".tox/x", ".nox/x", ".idea/x", ".vscode/x", ".env", "a/.env",
        ".env.prod", ".env/x", ".lcliignore", "lcli.yaml",
    ],
)  # fmt: skip
def test_what_is_never_code_is_left_out(tmp_path, name):
    write(tmp_path, "app.py", name, text="")
    assert names(tmp_path) == ["app.py"]


@pytest.mark.parametrize(
    "name",
    ["venv", ".git", "a/lcli.yaml", "xvenv/x", ".environment", "a.pyx", "env/x", "a.pyc.t"],
)
def test_what_only_looks_like_it_stays(tmp_path, name):
    write(tmp_path, name)
    assert names(tmp_path) == [name]


def test_files_are_sorted_by_the_bytes_of_their_names(tmp_path):
    write(tmp_path, "b", "a/z", "a.py", "é", "Z")
    assert names(tmp_path) == ["Z", "a.py", "a/z", "b", "é"]


def test_only_the_execute_bit_of_a_mode_counts(tmp_path):
    write(tmp_path, "run", "private", "open")
    for name, mode in {"run": 0o700, "private": 0o600, "open": 0o666}.items():
        (tmp_path / name).chmod(mode)
    assert {e.name: oct(e.mode) for e in read_tree(tmp_path)} == {
        "run": "0o755",
        "private": "0o644",
        "open": "0o644",
    }


def test_links_within_the_tree_are_followed(tmp_path):
    write(tmp_path, "real/a.py")
    (tmp_path / "linked").symlink_to("real")
    (tmp_path / "b.py").symlink_to("real/a.py")
    assert names(tmp_path) == ["b.py", "linked/a.py", "real/a.py"]


def loop(root):
    (root / "sub").mkdir()
    (root / "sub" / "up").symlink_to("..")


def link_out(root):
    (root / "secret").symlink_to("/etc/hostname")


def folder_out(root):
    (root / "etc").symlink_to("/etc")


def dangling(root):
    (root / "gone").symlink_to("nowhere")


def circle(root):
    (root / "one").symlink_to("two")
    (root / "two").symlink_to("one")


def pipe(root):
    os.mkfifo(root / "pipe")


def bound_socket(root):
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(root)
        try:
            listener.bind("sock")
        finally:
            os.chdir(here)


def bad_bytes(root):
    Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.py")).write_text("x")


def bad_ignore_file(root):
    (root / ".lcliignore").write_bytes(b"\xff\xfe")


@pytest.mark.parametrize(
    ("make", "code", "what"),
    [
        pytest.param(loop, "link-loop", '"{0}/sub/up" leads back into a folder that contains it'),
        pytest.param(
            link_out,
            "link-leaves-source",
            '"{0}/secret" is a link to /etc/hostname, outside the source',
        ),
        pytest.param(
            folder_out, "link-leaves-source", '"{0}/etc" is a link to /etc, outside the source'
        ),
        pytest.param(
            dangling, "link-broken", '"{0}/gone" is a link to nowhere, which is not there'
        ),
        pytest.param(
            pipe, "not-a-file", '"{0}/pipe" is a named pipe; an artifact holds regular files only'
        ),
        pytest.param(
            bound_socket,
            "not-a-file",
            '"{0}/sock" is a socket; an artifact holds regular files only',
        ),
        pytest.param(
            bad_bytes,
            "name-not-utf8",
            'the name of "{0}/caf\\xe9.py" is not UTF-8, which Lambda cannot unpack',
        ),
        pytest.param(
            bad_ignore_file,
            "ignore-file-unreadable",
            "{0}/.lcliignore cannot be read: 'utf-8' codec can't decode byte 0xff in position 0: "
            "invalid start byte",
        ),
        pytest.param(
            circle,
            "file-unreadable",
            None,
        ),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_cannot_be_packed_is_named(tmp_path, make, code, what):
    write(tmp_path, "app.py")
    make(tmp_path)
    with pytest.raises(LcliError) as caught:
        read_tree(tmp_path)
    (problem,) = caught.value.problems
    assert caught.value.exit_code is ExitCode.USAGE
    assert problem.code == code
    assert what is None or problem.what == what.format(tmp_path)
    assert problem.where.startswith(str(tmp_path))
    assert problem.next_step


def test_an_ignored_path_is_never_looked_at(tmp_path):
    write(tmp_path, "app.py")
    pipe(tmp_path)
    folder_out(tmp_path)
    (tmp_path / ".lcliignore").write_text("/pipe\n/etc\n")
    assert names(tmp_path) == ["app.py"]
