"""No network, no credentials, no disk: one clear error, exit 1, in time.

tests/chaos/chaos_outages.py cuts every command off from the network and from the disk.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from overlay.faults import Refuse, Rule
from overlay.inside import lcli
from overlay.outages import (
    BUILDING,
    OUTAGES,
    REACHING,
    REACHING_NOTHING,
    Said,
    dead_port,
    project,
    run,
    run_all,
    unclear,
)
from overlay.server import overlay

from lcli.cli.app import COMMANDS, load

SOME = {name: REACHING[name] for name in ("deploy", "invoke --repeat", "logs --live")}
UNSIGNED = ("deploy", "invoke", "events put", "executions get", "logs --live", "logs --insights")
EXPIRED = Refuse(
    status=403,
    code="ExpiredTokenException",
    message="The security token included in the request is expired",
)


def asked(directory: Path, words: tuple[str, ...], environ: dict[str, str]) -> Said:
    """Inside of this process but for what reads its own standard input."""
    if "--each" in words:
        return run(directory, words, environ)
    return lcli(directory, environ, *words)


def test_the_table_has_every_command() -> None:
    """Of groups every member, too."""
    named = {" ".join(words) for words in REACHING.values()}
    for name in COMMANDS:
        command: Any = load(name)
        members = [f"{name} {one}" for one in getattr(command, "commands", [])] or [name]
        tried = [one for one in members if any(f"{said} ".startswith(f"{one} ") for said in named)]
        assert tried == ([] if name in REACHING_NOTHING else members)


@pytest.mark.slow
def test_out_of_reach(tmp_path: Path) -> None:
    outage = OUTAGES["a dead endpoint"]
    with outage.endpoint() as url:
        commands = {one: words for one, words in SOME.items() if one in outage.commands}
        said = run_all(project(tmp_path), commands, {**outage.environ, "AWS_ENDPOINT_URL": url})
    assert not outage.unclear(said)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(words, id=name, marks=[pytest.mark.whole] * (name not in UNSIGNED))
        for name, words in REACHING.items()
    ],
)
def test_no_credentials(tmp_path: Path, words: tuple[str, ...]) -> None:
    with dead_port() as url:
        environ = {
            "HOME": str(tmp_path),
            "LCLI_CACHE_DIR": str(tmp_path / "cache"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": url,
        }
        said = asked(project(tmp_path), words, environ)
    assert not unclear({"": said}, "no-credentials", 10)


@pytest.mark.parametrize("words", REACHING.values(), ids=REACHING)
def test_expired_credentials(cloud: Any, tmp_path: Path, words: tuple[str, ...]) -> None:
    with overlay(cloud.url, Rule(EXPIRED, lambda call: True)) as between:
        environ = {**cloud.environ, "AWS_ENDPOINT_URL": between.url}
        environ["LCLI_CACHE_DIR"] = str(tmp_path / "cache")
        said = asked(project(tmp_path), words, environ)
        calls = between.counts()
    assert not unclear({"": said}, "expired-credentials", 10)
    assert max(calls.values()) <= (3 if "--repeat" in words else 1), "they are not tried again"


def test_a_cache_that_cannot_be_written(cloud: Any, tmp_path: Path) -> None:
    made = project(tmp_path)
    environ = {**cloud.environ, "LCLI_CACHE_DIR": str(made / "lcli.yaml" / "cache")}
    said = run(made, BUILDING["deploy"], environ)
    assert not unclear({"deploy": said}, "cache-not-writable", 60)
    assert f"  at: {made}/lcli.yaml/cache/" in said.stderr
    assert cloud.clients().call("lambda", "ListFunctions")["Functions"] == []


def test_a_disk_that_is_full_beneath_the_cache(tmp_path: Path) -> None:
    made = project(tmp_path)
    said = run(made, BUILDING["build"], {}, largest_file=50_000)
    assert not unclear({"build": said}, "cache-not-writable", 60)
    cache = tmp_path / "home" / "cache"
    assert f"  at: {cache}/" in said.stderr
    assert [path.name for path in cache.rglob(".tmp-*")] == []
    assert run(made, BUILDING["build"], {}).code == 0


def test_packages_that_cannot_be_written(tmp_path: Path) -> None:
    made = project(tmp_path)
    said = run(made, ("package", "--to", "lcli.yaml/dist"), {})
    assert not unclear({"package": said}, "package-not-written", 60)
    assert "  at: lcli.yaml/dist/one.zip\n" in said.stderr


@pytest.mark.parametrize(
    "words", [("local", "start"), ("list", "--local"), ("logs", "-F")], ids=str
)
def test_a_state_directory_that_cannot_be_written(tmp_path: Path, words: tuple[str, ...]) -> None:
    made = project(tmp_path)
    where = made / "lcli.yaml" / "local"
    said = run(made, words, {"LCLI_LOCAL_DIR": str(where), "LCLI_LOCAL": "1"})
    assert not unclear({"local": said}, "local-directory-not-writable", 60)
    assert f"  at: {where}\n" in said.stderr
    assert "LCLI_LOCAL_DIR" in said.stderr


def test_a_disk_that_is_full_beneath_the_local_cloud(tmp_path: Path) -> None:
    made = project(tmp_path)
    said = run(made, ("local", "start"), {}, largest_file=0)
    assert not unclear({"local start": said}, "local-cloud-start", 60)
    assert "File too large" in said.stderr
    left = {path.name for path in (tmp_path / "home" / "local").iterdir() if path.is_file()}
    assert left == {"daemon.lock", "daemon.log"}


def test_a_project_that_cannot_be_written(cloud: Any, tmp_path: Path) -> None:
    """No command but package leaves anything in the project."""
    made = project(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (made, *made.rglob("*"))}
    for words in (("deploy", "--yes"), ("status",)):
        said = run(made, words, cloud.environ)
        assert said.code == 0, said
    assert {path: path.stat().st_mtime_ns for path in (made, *made.rglob("*"))} == before
