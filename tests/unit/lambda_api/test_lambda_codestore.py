"""The store of zips: what it keeps, what it refuses, how it unpacks."""

from __future__ import annotations

import io
import resource
import stat
import zipfile
from pathlib import Path

import pytest

from lcli.local.lambda_api.codestore import CodeStore
from lcli.local.lambda_api.errors import ApiError

BAD = "Could not unzip uploaded file. Please check your file, then try to upload again."


def archive(*members: tuple[str, bytes, int]) -> bytes:
    """A zip of (name, content, mode)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        for name, content, mode in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            out.writestr(info, content)
    return buffer.getvalue()


FILE = stat.S_IFREG | 0o644
LINK = stat.S_IFLNK | 0o777


def test_the_same_zip_is_kept_once(tmp_path: Path) -> None:
    store = CodeStore(tmp_path)
    data = archive(("a.py", b"1", FILE))
    first, second = store.take(data, direct=True), store.take(data, direct=False)
    assert first == second
    assert (first.size, first.unzipped) == (len(data), 1)
    assert [path.name for path in tmp_path.iterdir()] == [f"{first.key}.zip"]


def test_files_are_unpacked_with_their_modes_and_links(tmp_path: Path) -> None:
    store = CodeStore(tmp_path)
    code = store.take(
        archive(
            ("bin/", b"", stat.S_IFDIR | 0o755),
            ("bin/run", b"#!", stat.S_IFREG | 0o755),
            ("deep/er/a.py", b"1", FILE),
            ("deep/link.py", b"er/a.py", LINK),
        ),
        direct=True,
    )
    assert not store.is_unpacked(code)
    root = store.unpacked(code)
    assert store.is_unpacked(code)
    assert (root / "bin/run").stat().st_mode & 0o777 == 0o755
    assert (root / "deep/er/a.py").stat().st_mode & 0o777 == 0o644
    assert (root / "deep/link.py").read_bytes() == b"1"
    assert CodeStore(tmp_path).unpacked(code) == root


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "Uploaded file must be a non-empty zip", id="nothing"),
        pytest.param(archive(), "Uploaded file must be a non-empty zip", id="no-files"),
        pytest.param(b"PK no zip", BAD, id="no-zip"),
        pytest.param(archive(("../a", b"1", FILE)), BAD, id="above"),
        pytest.param(archive(("/a", b"1", FILE)), BAD, id="absolute"),
    ],
)
def test_unfit_zips_are_refused_before_they_are_kept(
    data: bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ApiError) as caught:
        CodeStore(tmp_path).take(data, direct=True)
    assert caught.value.message == message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "links",
    [
        pytest.param({"link": "/etc/passwd"}, id="absolute"),
        pytest.param({"link": "../outside"}, id="above"),
        pytest.param({"link": "a/../../outside"}, id="down-and-above"),
        pytest.param({"link": "k/s/../../outside", "k/s": "../p"}, id="over-another"),
        pytest.param({"p": "a"}, id="in-a-folder's-place"),
    ],
)
def test_a_link_out_of_the_code_is_refused_and_leaves_nothing(
    links: dict[str, str], tmp_path: Path
) -> None:
    store = CodeStore(tmp_path)
    members = [(name, aim.encode(), LINK) for name, aim in links.items()]
    code = store.take(archive(("a", b"1", FILE), ("p/x", b"1", FILE), *members), direct=True)
    with pytest.raises(ApiError) as caught:
        store.unpacked(code)
    assert caught.value.message == BAD
    assert [path.name for path in tmp_path.iterdir()] == [f"{code.key}.zip"]


def test_a_file_through_a_link_cannot_leave_the_code(tmp_path: Path) -> None:
    store = CodeStore(tmp_path / "store")
    data = archive(("d", b".", LINK), ("d/../../x", b"1", FILE))
    with pytest.raises(ApiError) as caught:
        store.take(data, direct=True)
    assert caught.value.message == BAD


def test_a_zip_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    data = bytearray(archive(("a", b"x" * 1000, FILE)))
    where = data.index(b"PK\x01\x02") + 24
    data[where : where + 4] = (10).to_bytes(4, "little")
    store = CodeStore(tmp_path)
    code = store.take(bytes(data), direct=True)
    with pytest.raises(ApiError) as caught:
        store.unpacked(code)
    assert caught.value.message == BAD


def test_a_full_disk_is_told_as_lambda_tells_it(tmp_path: Path) -> None:
    store = CodeStore(tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(ApiError) as refused:
            store.take(archive(("a.py", b"1" * 1000, FILE)), direct=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert refused.value.code == "CodeStorageExceededException"
    assert refused.value.message == (
        f"the local cloud cannot keep the code in {tmp_path}: File too large"
    )
    assert list(tmp_path.iterdir()) == []
