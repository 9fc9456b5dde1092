"""Python dependencies: wheels for Lambda's platform or this machine, installed by uv."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from lcli.artifact.cache import Folder, folder
from lcli.artifact.model import Target
from lcli.artifact.process import run_tool

_TRACES = ("INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json")
"""Files of a .dist-info that say how and from where, not what: they differ between machines."""
_INSTALL = (
    "pip",
    "install",
    "--quiet",
    "--only-binary=:all:",
    "--no-compile-bytecode",
    "--no-python-downloads",
    "--link-mode=copy",
)
_PYTHON = re.compile(r"python(3\.\d+)")
_AMAZON_LINUX_2 = re.compile(
    r"python3\.(?:\d|1[01])|provided\.al2|nodejs1\d\.x|java(?:8\.al2|11|17)|ruby3\.2|dotnet6"
)
"""Runtimes on it; newer ones are on Amazon Linux 2023 (developer guide, "Lambda runtimes")."""
_INCLUDED = re.compile(r"^(?:-r|-c|--requirement|--constraint)[ =]*(\S+)")


def install_python(
    root: Path, listed: Path, target: Target, cache: Path, store: Folder = folder
) -> Path:
    """The folder with what `listed` (a requirements file or pyproject.toml) asks for.

    It is named by the content of `listed`, of the files it names, and the target: pin versions
    for builds that are the same anywhere. Only wheels: nothing of a package runs here.

    Raises:
        LcliError: uv could not resolve, fetch or install them.
    """
    from importlib.metadata import version

    platform = python_platform(target)
    digest = hashlib.sha256(f"{version('uv')} {platform} {sys.platform}".encode())
    for content in _inputs(listed, set()):
        digest.update(hashlib.sha256(content).digest())

    def fill(made: Path) -> None:
        run_tool(
            [_uv(), *_INSTALL, *platform, "--target", str(made), "-r", str(listed)],
            cwd=root,
            code="install-failed",
            what=f'the dependencies in "{listed}" cannot be installed',
            where=str(listed),
            next_step="correct the requirement, or the way to the package index that uv names; "
            "a package without a wheel for the target can be given as a .whl file or brought by a "
            "layer",
            environ=with_certificates(os.environ),
        )
        make_reproducible(made)

    return store(cache, digest.hexdigest(), fill)


def python_platform(target: Target) -> list[str]:
    """uv's options for the target: Lambda's glibc and Python, or this machine's.

    Amazon Linux 2023 has glibc 2.34, Amazon Linux 2 has 2.26; uv knows 2.17 as the next below.
    A runtime that is none of Python's (its code brings an interpreter) tells no version of it.
    """
    if target.local:
        local = target.local_python or sys.executable
        if re.fullmatch(r"3\.\d+(\.\d+)?", local):
            return ["--python", sys.executable, "--python-version", local]
        return ["--python", local]
    named = _PYTHON.fullmatch(target.runtime)
    glibc = "2_17" if _AMAZON_LINUX_2.fullmatch(target.runtime) else "2_34"
    machine = "aarch64" if target.architecture == "arm64" else "x86_64"
    platform = ["--python", sys.executable, "--python-platform", f"{machine}-manylinux_{glibc}"]
    return platform + (["--python-version", named[1]] if named else [])


def with_certificates(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment in which uv trusts what this machine trusts, as pip does.

    uv's own default is a bundle of public roots, without those of a company's proxy or index. It
    stays the default where the machine has no store of certificates (small containers).
    """
    import ssl

    paths = ssl.get_default_verify_paths()
    folder = Path(paths.capath) if paths.capath else None
    has_store = (
        sys.platform in ("darwin", "win32")
        or paths.cafile is not None
        or (folder is not None and any(folder.iterdir()))
    )
    return ({"UV_SYSTEM_CERTS": "true"} if has_store else {}) | dict(environ)


def _uv() -> str:
    from uv import find_uv_bin

    return os.fsdecode(find_uv_bin())


def _inputs(listed: Path, seen: set[Path]) -> Iterator[bytes]:
    """The contents that decide what is installed: the file, those it includes, local wheels."""
    path = listed.resolve()
    if path in seen or not path.is_file():
        return
    seen.add(path)
    content = path.read_bytes()
    yield content
    if path.suffix == ".toml":
        lock = path.with_name("uv.lock")
        if lock.is_file():
            yield lock.read_bytes()
        return
    for line in content.decode("utf-8", "replace").splitlines():
        included = _INCLUDED.match(line.strip())
        if included:
            yield from _inputs(path.parent / included[1], seen)
        for word in re.split(r"[\s=]+|file://", line):
            yield from _local(path.parent / word) if word else ()


def _local(path: Path) -> Iterator[bytes]:
    if path.is_file() and path.suffix in (".whl", ".zip", ".gz"):
        yield path.read_bytes()
    elif path.is_dir():
        for wheel in sorted(path.glob("*.whl")):
            found = wheel.stat()
            yield f"{wheel.name} {found.st_size} {found.st_mtime_ns}".encode()


def make_reproducible(installed: Path) -> None:
    """Takes out what differs between two installs of the same packages.

    That is scripts (their first line is the path of an interpreter here), and notes on where a
    package came from; RECORD forgets both. Compiled programs in bin/ stay.
    """
    for script in (installed / "bin").glob("*"):
        if script.is_file() and script.read_bytes()[:2] == b"#!":
            script.unlink()
    for info in installed.glob("*.dist-info"):
        for name in _TRACES:
            (info / name).unlink(missing_ok=True)
        record = info / "RECORD"
        if record.is_file():
            lines = record.read_text(encoding="utf-8").splitlines()
            kept = sorted(line for line in lines if _stays(installed, line))
            record.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def _stays(installed: Path, line: str) -> bool:
    name = line.rsplit(",", 2)[0].strip('"')
    return not name.startswith("..") and (installed / name).is_file()
