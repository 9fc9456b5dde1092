"""No network, no credentials, no disk: every command that is touched by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from overlay.faults import Refuse, Rule
from overlay.outages import BUILDING, OUTAGES, REACHING, Said, project, run, run_all, unclear
from overlay.server import overlay

EXPIRED = Refuse(status=403, code="ExpiredToken", message="The security token is expired")
NEAR = {
    name: (*words, "--local") for name, words in REACHING.items() if name != "invoke --async"
} | {"local start": ("local", "start")}


def shown(what: str, problem: str, said: Mapping[str, Said]) -> str:
    slowest = max(one.seconds for one in said.values())
    return f"{what}: {len(said)} commands, exit 1, {problem}, {slowest:.1f} s at most"


@pytest.mark.parametrize("name", OUTAGES)
def test_out_of_reach(tmp_path: Path, evidence: Callable[[str], None], name: str) -> None:
    outage = OUTAGES[name]
    with outage.endpoint() as url:
        said = run_all(project(tmp_path), REACHING, {**outage.environ, "AWS_ENDPOINT_URL": url})
    evidence(shown(name, outage.problem, said))
    assert not unclear(said, outage.problem, outage.within)


def test_expired_credentials(cloud: Any, tmp_path: Path, evidence: Callable[[str], None]) -> None:
    with overlay(cloud.url, Rule(EXPIRED, lambda call: True)) as between:
        environ = {**cloud.environ, "AWS_ENDPOINT_URL": between.url}
        said = run_all(project(tmp_path), REACHING, environ)
    evidence(shown("expired credentials", "expired-credentials", said))
    assert not unclear(said, "expired-credentials", 60)


def test_a_cache_that_cannot_be_written(
    cloud: Any, tmp_path: Path, evidence: Callable[[str], None]
) -> None:
    made = project(tmp_path)
    environ = {**cloud.environ, "LCLI_CACHE_DIR": str(made / "lcli.yaml" / "cache")}
    said = run_all(made, BUILDING, environ)
    evidence(shown("a read-only cache", "cache-not-writable", said))
    assert not unclear(said, "cache-not-writable", 60)


def test_a_full_disk(cloud: Any, tmp_path: Path, evidence: Callable[[str], None]) -> None:
    made = project(tmp_path)
    said = {
        name: run(made, words, cloud.environ, largest_file=50_000)
        for name, words in BUILDING.items()
    }
    evidence(shown("a full disk beneath the cache", "cache-not-writable", said))
    assert not unclear(said, "cache-not-writable", 60)
    assert not list((tmp_path / "home" / "cache").rglob(".tmp-*"))


def test_a_state_directory_that_cannot_be_written(
    tmp_path: Path, evidence: Callable[[str], None]
) -> None:
    made = project(tmp_path)
    said = run_all(made, NEAR, {"LCLI_LOCAL_DIR": str(made / "lcli.yaml" / "local")})
    evidence(shown("a read-only state directory", "local-directory-not-writable", said))
    assert not unclear(said, "local-directory-not-writable", 60)
