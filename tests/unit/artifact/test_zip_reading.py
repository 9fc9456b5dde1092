import stat
import zipfile
from pathlib import Path

import pytest

from lcli.artifact import Source, Target, build
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
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_would_leave_the_folder_it_is_unpacked_into_is_refused(tmp_path, members, what):
    path = make_zip(tmp_path / "bad.zip", *members)
    with pytest.raises(LcliError) as caught:
        build(Source("zip", path), Target(), tmp_path / "deep" / "cache")
    (problem,) = caught.value.problems
    assert (problem.code, problem.what) == ("zip-unsafe", f'"{path}" {what}')
    assert [each.name for each in tmp_path.iterdir()] == ["bad.zip"]


def test_a_zip_bomb_is_refused_before_it_is_read(tmp_path):
    chunk = bytes(50_000_000)
    path = make_zip(tmp_path / "bomb.zip", *((member(f"b{n}"), chunk) for n in range(6)))
    with pytest.raises(LcliError) as caught:
        build(Source("zip", path), Target(), tmp_path / "cache")
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
