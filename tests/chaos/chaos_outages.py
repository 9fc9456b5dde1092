"""No network, no credentials, no disk: every command that is touched by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from overlay.inside import lcli
from overlay.outages import BUILDING, OUTAGES, REACHING, Said, project, run, run_all, unclear

NEAR = {
    name: (*words, "--local") for name, words in REACHING.items() if name != "invoke --each"
} | {"local start": ("local", "start")}
"""Each run inside of this process, whose standard input is pytest's."""


def shown(what: str, problem: str, said: Mapping[str, Said]) -> str:
    slowest = max(one.seconds for one in said.values())
    return f"{what}: {len(said)} commands, exit 1, {problem}, {slowest:.1f} s at most"


@pytest.mark.parametrize("name", OUTAGES)
def test_out_of_reach(tmp_path: Path, evidence: Callable[[str], None], name: str) -> None:
    outage = OUTAGES[name]
    with outage.endpoint() as url:
        environ = {**outage.environ, "AWS_ENDPOINT_URL": url}
        said = run_all(project(tmp_path), outage.commands, environ)
    evidence(shown(name, outage.problem, said))
    assert not outage.unclear(said)


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
    environ = {"LCLI_LOCAL_DIR": str(made / "lcli.yaml" / "local")}
    said = {name: lcli(made, environ, *words) for name, words in NEAR.items()}
    evidence(shown("a read-only state directory", "local-directory-not-writable", said))
    assert not unclear(said, "local-directory-not-writable", 60)
