"""A disk that is full, and one that cannot be written: real ones where mounting is allowed."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from overlay.inside import lcli
from overlay.outages import Said, project, run, unclear

FULL, READ_ONLY = "full", "read-only"
SAID = {FULL: os.strerror(errno.ENOSPC), READ_ONLY: os.strerror(errno.EROFS)}
ERRNO = {FULL: errno.ENOSPC, READ_ONLY: errno.EROFS}


@contextmanager
def disk(where: Path, kind: str) -> Iterator[bool]:
    """Whether a disk of that kind is mounted at `where`."""
    where.mkdir(parents=True)
    made = _mount(where, "-t", "tmpfs", "-o", "size=16k,mode=700", "tmpfs")
    if not made:
        yield False
        return
    try:
        if kind == FULL:
            _fill(where)
        else:
            assert _mount(where, "-o", "remount,ro")
        yield True
    finally:
        subprocess.run(["umount", where], check=True)


def _mount(where: Path, *options: str) -> bool:
    command = shutil.which("mount")
    if command is None or os.geteuid() != 0:
        return False
    done = subprocess.run([command, *options, where], capture_output=True, check=False)
    return done.returncode == 0


def _fill(where: Path) -> None:
    with (where / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(bytes(1024))


@contextmanager
def refusing(below: Path, kind: str) -> Iterator[None]:
    """Every file and directory that is made below `below` is refused, as by such a disk."""
    opened, made = os.open, os.mkdir

    def refuse(path: Any) -> None:
        if isinstance(path, str | os.PathLike) and Path(path).is_relative_to(below):
            raise OSError(ERRNO[kind], SAID[kind], os.fspath(path))

    def open_(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if flags & os.O_CREAT:
            refuse(path)
        return opened(path, flags, *more, **named)

    def mkdir(path: Any, *more: Any, **named: Any) -> None:
        if not os.path.isdir(path):
            refuse(path)
        made(path, *more, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", open_)
        patch.setattr(os, "mkdir", mkdir)
        yield


def said_on(where: Path, kind: str, made: Path, environ: dict[str, str], *words: str) -> Said:
    """What a command says whose files are on such a disk."""
    with disk(where, kind) as mounted:
        if mounted:
            return run(made, words, environ)
    with refusing(where, kind):
        return lcli(made, environ, *words)


@pytest.mark.parametrize("kind", [FULL, READ_ONLY])
@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("build",), id="build"),
        pytest.param(("deploy", "--yes"), id="deploy"),
        pytest.param(("plan",), id="plan", marks=pytest.mark.whole),
        pytest.param(("status",), id="status", marks=pytest.mark.whole),
    ],
)
def test_the_cache(cloud: Any, tmp_path: Path, kind: str, words: tuple[str, ...]) -> None:
    made, where = project(tmp_path), tmp_path / "disk"
    said = said_on(where, kind, made, {**cloud.environ, "LCLI_CACHE_DIR": str(where)}, *words)
    assert not unclear({"": said}, "cache-not-writable", 60), said
    assert SAID[kind] in said.stderr
    assert f"{where}" in said.stderr
    assert cloud.clients().call("lambda", "ListFunctions")["Functions"] == []


@pytest.mark.parametrize("kind", [FULL, READ_ONLY])
def test_what_is_packaged(tmp_path: Path, kind: str) -> None:
    made = project(tmp_path)
    where = made / "dist"
    environ = {"LCLI_CACHE_DIR": str(tmp_path / "cache")}
    said = said_on(where, kind, made, environ, "package", "--to", "dist")
    assert not unclear({"": said}, "package-not-written", 60), said
    assert SAID[kind] in said.stderr


@pytest.mark.parametrize("kind", [FULL, READ_ONLY])
def test_the_local_cloud(tmp_path: Path, kind: str) -> None:
    made, where = project(tmp_path), tmp_path / "disk"
    said = said_on(where, kind, made, {"LCLI_LOCAL_DIR": str(where)}, "local", "start")
    assert (said.code, said.stdout) == (1, ""), said
    assert said.problem in ("local-directory-not-writable", "local-cloud-start"), said
    assert SAID[kind] in said.stderr


@pytest.mark.parametrize("kind", [FULL, READ_ONLY])
def test_where_nothing_can_be_mounted(
    cloud: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    made, where = project(tmp_path), tmp_path / "disk"
    environ = {**cloud.environ, "LCLI_CACHE_DIR": str(where)}
    said = said_on(where, kind, made, environ, "build")
    assert not unclear({"": said}, "cache-not-writable", 60), said
    assert SAID[kind] in said.stderr
