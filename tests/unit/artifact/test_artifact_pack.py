import os
import subprocess
import sys
import zipfile
import zlib

import pytest

from lcli.artifact import pack as packing
from lcli.artifact.pack import pack
from lcli.artifact.tree import read_tree
from lcli.errors import LcliError


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    (root / "pkg").mkdir(parents=True)
    (root / "app.py").write_text("def handler(event, context): return event\n" * 50)
    (root / "noise").write_bytes(os.urandom(5000))
    (root / "empty").touch()
    (root / "pkg" / "é.txt").write_text("accent")
    (root / "pkg" / "run").write_text("#!/bin/sh\n")
    (root / "pkg" / "run").chmod(0o755)
    return root


def test_the_zip_reads_back_as_the_tree(tree, tmp_path):
    packed = pack(read_tree(tree), tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.testzip() is None
        found = {i.filename: (oct(i.external_attr >> 16), i.date_time) for i in archive.infolist()}
        assert {name: archive.read(name) for name in found} == {
            str(path.relative_to(tree)): path.read_bytes()
            for path in tree.rglob("*")
            if path.is_file()
        }
        assert archive.getinfo("noise").compress_type == zipfile.ZIP_STORED
        assert archive.getinfo("app.py").compress_type == zipfile.ZIP_DEFLATED
    dated = (1980, 1, 1, 0, 0, 0)
    assert found == {
        "app.py": ("0o100644", dated),
        "empty": ("0o100644", dated),
        "noise": ("0o100644", dated),
        "pkg/run": ("0o100755", dated),
        "pkg/é.txt": ("0o100644", dated),
    }
    assert packed.size == (tmp_path / "out.zip").stat().st_size


def test_the_same_files_give_the_same_bytes_whatever_their_dates(tree, tmp_path):
    first = pack(read_tree(tree), tmp_path / "1.zip")
    for path in tree.rglob("*"):
        os.utime(path, (1, 1))
    (tree / "app.py").chmod(0o600)
    second = pack(read_tree(tree), tmp_path / "2.zip")
    assert first == second
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


COMPRESSING = """
import hashlib, random
from lcli.artifact.pack import _deflated
draw, found = random.Random(1), hashlib.sha256()
for number in range(1500):
    start, size = draw.randbytes(24), (40, 400, 9000)[number % 3]
    found.update(b"".join(_deflated(start + draw.randbytes(size) + start + start[1:])))
print(found.hexdigest())
"""


def test_other_processes_and_other_memory_give_the_same_bytes():
    """Files that repeat their first bytes: about one in fifty differs without the first flush."""
    memory = [{"PYTHONMALLOC": kind} for kind in ("pymalloc", "malloc")]
    fillings = [{"MALLOC_PERTURB_": fill} for fill in ("0", "85")]
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", COMPRESSING],
            env={**os.environ, **kind, **filling},
            stdout=subprocess.PIPE,
        )
        for kind in memory
        for filling in fillings
    ]
    assert len({run.communicate()[0] for run in runs}) == 1
    assert [run.returncode for run in runs] == [0] * 4


@pytest.mark.parametrize("size", [0, 1, 3, 4, 15, 16, 17, 20, 32, 33, 300, 70_000, 700_000])
def test_content_of_any_length_inflates_to_itself(size):
    content = (b"handler(event, context) " * 30_000)[:size]
    assert zlib.decompress(b"".join(packing._deflated(content)), -15) == content


def test_more_files_than_the_classic_format_counts_are_written_as_zip64(tree, tmp_path):
    entry = next(entry for entry in read_tree(tree) if entry.name == "empty")
    many = [entry._replace(name=f"{n:05}") for n in range(66_000)]
    pack(many, tmp_path / "many.zip")
    with zipfile.ZipFile(tmp_path / "many.zip") as archive:
        assert archive.namelist() == [each.name for each in many]


@pytest.mark.parametrize(
    ("change", "how"),
    [
        pytest.param(lambda path: path.write_text("other"), "changed while it was being packed"),
        pytest.param(
            lambda path: path.unlink(), "can no longer be read: No such file or directory"
        ),
        pytest.param(
            lambda path: (path.unlink(), os.mkfifo(path)), "changed while it was being packed"
        ),
        pytest.param(
            lambda path: (path.unlink(), path.symlink_to("/etc/hostname")),
            "changed while it was being packed",
        ),
    ],
    ids=["written", "removed", "a pipe by now", "a link by now"],
)
def test_a_file_that_changes_meanwhile_is_named_and_nothing_is_left(tree, tmp_path, change, how):
    entries = read_tree(tree)
    change(tree / "app.py")
    out = tmp_path / "out"
    with pytest.raises(LcliError) as caught:
        pack(entries, out / "code.zip")
    assert [p.what for p in caught.value.problems] == [f'"{tree}/app.py" {how}']
    assert list(out.iterdir()) == []


def test_the_zip_is_private(tree, tmp_path):
    pack(read_tree(tree), tmp_path / "out.zip")
    assert oct((tmp_path / "out.zip").stat().st_mode) == "0o100600"


def test_batches_hold_every_file_once_in_order(tree):
    entries = [e._replace(size=packing.BATCH // 2) for e in read_tree(tree)]
    batches = list(packing.in_batches(entries))
    assert [len(batch) for batch in batches] == [2, 2, 1]
    assert [each for batch in batches for each in batch] == entries
