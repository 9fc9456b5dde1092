import stat
import zipfile
from pathlib import Path

import pytest

from lcli.artifact import Source, Target, build
from lcli.artifact.unpack import unpack
from lcli.errors import LcliError


def member(name, mode=stat.S_IFREG | 0o644):
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def make_zip(path: Path, *members) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in members:
            archive.writestr(info, content, compress_type=zipfile.ZIP_DEFLATED)
    return path


LINK = stat.S_IFLNK | 0o777


def test_files_modes_and_inner_links_are_kept(tmp_path):
    path = make_zip(
        tmp_path / "a.zip",
        (member("lib/libx.so"), b"link.1"),
        (member("bin/run", stat.S_IFREG | 0o755), b"#!"),
        (member("lib/libx.so.1", LINK), b"libx.so"),
    )
    unpack(path, tmp_path / "out")
    out = tmp_path / "out"
    assert (out / "lib/libx.so.1").is_symlink()
    assert (out / "lib/libx.so.1").read_bytes() == b"link.1"
    assert oct((out / "bin/run").stat().st_mode) == "0o100755"
    assert oct((out / "lib/libx.so").stat().st_mode) == "0o100644"


def test_unpacking_a_built_artifact_gives_the_tree(tmp_path):
    root = tmp_path / "src"
    (root / "pkg").mkdir(parents=True)
    (root / "pkg" / "é.py").write_text("x = 1")
    artifact = build(Source("directory", root), Target(), tmp_path / "cache")
    unpack(artifact.path, tmp_path / "out")
    assert (tmp_path / "out/pkg/é.py").read_text() == "x = 1"


@pytest.mark.parametrize(
    ("members", "what"),
    [
        ([(member("/etc/x"), b"")], 'holds "/etc/x", an absolute or foreign name'),
        ([(member("a/../../x"), b"")], 'holds "a/../../x", a name that leaves the archive'),
        ([(member("C:/x"), b"")], 'holds "C:/x", an absolute or foreign name'),
        ([(member("a\\b"), b"")], 'holds "a\\\\b", an absolute or foreign name'),
        (
            [(member("pipe", stat.S_IFIFO | 0o644), b"")],
            'holds "pipe", which is neither a file nor a folder nor a link',
        ),
        ([(member("x"), b""), (member("x"), b"1")], 'holds "x" twice'),
        ([(member("x"), b""), (member("x/y"), b"")], 'holds "x/y" as a file and as a folder'),
        ([(member("l", LINK), b"../up")], 'holds the link "l" to "../up", outside of it'),
        ([(member("l", LINK), b"/etc")], 'holds the link "l" to "/etc", outside of it'),
        (
            [(member("a", LINK), b"b"), (member("b", LINK), b".."), (member("b/c"), b"")],
            'holds the link "b" to "..", outside of it',
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_would_leave_the_folder_is_refused(tmp_path, members, what):
    path = make_zip(tmp_path / "bad.zip", *members)
    with pytest.raises(LcliError) as caught:
        unpack(path, tmp_path / "deep" / "out")
    (problem,) = caught.value.problems
    assert (problem.code, problem.what) == ("zip-unsafe", f'"{path}" {what}')
    assert sorted(each.name for each in tmp_path.iterdir()) == ["bad.zip", "deep"]


@pytest.mark.parametrize("use", [unpack, lambda p, out: build(Source("zip", p), Target(), out)])
def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path, use):
    chunk = bytes(50_000_000)
    path = make_zip(tmp_path / "bomb.zip", *((member(f"b{n}"), chunk) for n in range(6)))
    with pytest.raises(LcliError) as caught:
        use(path, tmp_path / "out")
    (problem,) = caught.value.problems
    assert problem.code == "artifact-too-large"
    assert problem.what.startswith(
        "the code is 300,000,000 B unzipped; Lambda takes 262,144,000 B."
    )


def cut(path):
    path.write_bytes(path.read_bytes()[:-30])


def text(path):
    path.write_text("no zip")


def flipped(path):
    data = bytearray(path.read_bytes())
    data[40] ^= 0xFF
    path.write_bytes(data)


def encrypted(path):
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (cut, "zip-damaged"),
        (text, "zip-damaged"),
        (flipped, "zip-damaged"),
        (encrypted, "zip-unsafe"),
    ],
)
def test_a_damaged_zip_is_refused(tmp_path, damage, code):
    path = make_zip(tmp_path / "a.zip", (member("app.py"), b"x = 1\n" * 100))
    damage(path)
    with pytest.raises(LcliError) as caught:
        build(Source("zip", path), Target(), tmp_path / "cache")
    (problem,) = caught.value.problems
    assert problem.code == code
    assert problem.where == str(path)
    assert not list((tmp_path / "cache").rglob("*.zip"))
