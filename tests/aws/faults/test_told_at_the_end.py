"""The end of a deploy: what it says it wrote over, where things are now, and files left open."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from overlay.faults import Delay, Fault, Rule
from overlay.inside import lcli
from overlay.operations import Call
from overlay.outages import LCLI
from overlay.server import overlay

MANIFEST = """
app: shop
regions: [{regions}]
defaults: {{runtime: python3.13, handler: app.handler, source: code}}
functions:
"""
ROUTED = '  {}: {{environment: {{AA: "{}"}}, triggers: [{{http: {{route: GET /{}}}}}]}}\n'
DEPLOY = ("deploy", "--yes")


def write(app: Path, number: int, *functions: str, regions: str = "us-east-1") -> None:
    (app / "code").mkdir(exist_ok=True)
    (app / "code" / "app.py").write_text("def handler(event, context):\n    return 1\n")
    parts = (ROUTED.format(name, number, name) for name in functions)
    (app / "lcli.yaml").write_text(MANIFEST.format(regions=regions) + "".join(parts))


def environment(cloud: Any, url: str) -> dict[str, str]:
    kept = {name: one for name, one in cloud.environ.items() if "REGION" not in name}
    return kept | {"AWS_ENDPOINT_URL": url}


def apis(cloud: Any) -> list[dict[str, Any]]:
    return list(cloud.clients("us-east-1").call("apigatewayv2", "GetApis")["Items"])


def test_what_was_written_again_is_told_with_where_it_is_now(cloud: Any, tmp_path: Path) -> None:
    write(tmp_path, 1, "one")
    said = lcli(tmp_path, environment(cloud, cloud.url), *DEPLOY)
    assert said.code == 0, said.stderr

    def delete(call: Call) -> bool:
        if call.operation == "UpdateAlias":
            for api in apis(cloud):
                cloud.clients("us-east-1").call("apigatewayv2", "DeleteApi", ApiId=api["ApiId"])
        return False

    write(tmp_path, 2, "one")
    with overlay(cloud.url, Rule(Fault(), delete)) as between:
        said = lcli(tmp_path, environment(cloud, between.url), *DEPLOY)
    assert said.code == 0, said.stderr
    (api,) = apis(cloud)
    assert f"{api['ApiEndpoint']}/one" in said.stdout
    told = re.findall(r"HTTP API shop: someone else .* written again: .*", said.stderr)
    assert len(told) == 1


def test_connections_of_a_region_end_with_it(cloud: Any, tmp_path: Path) -> None:
    write(tmp_path, 1, *map("f{}".format, range(4)), regions="us-east-1, eu-west-1")
    counted: list[int] = []
    command: list[subprocess.Popen[str]] = []

    def count(call: Call) -> bool:
        if command and call.operation == "CreateRoute":
            counted.append(len(os.listdir(f"/proc/{command[0].pid}/fd")))
        return True

    home = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LCLI_CACHE_DIR": str(tmp_path / "c"),
    }
    with overlay(cloud.url, Rule(Delay(seconds=0.05), count)) as between:
        words = [LCLI, *DEPLOY]
        env = home | environment(cloud, between.url)
        command.append(
            subprocess.Popen(
                words,
                cwd=tmp_path,
                env=env,
                stdout=-1,
                stderr=-1,
                text=True,
                start_new_session=True,
            )
        )
        _, stderr = command[0].communicate(timeout=120)
    assert command[0].returncode == 0, stderr
    assert max(counted[4:]) <= max(counted[:4]) + 4, counted


@pytest.mark.parametrize(("soft", "then"), [(256, 4096), (8192, 8192)])
def test_as_many_files_as_needed_may_be_open(soft: int, then: int) -> None:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        soft, then = min(soft, hard), min(then, hard)
    program = (
        "import resource as r, sys; hard = r.getrlimit(r.RLIMIT_NOFILE)[1];"
        f"r.setrlimit(r.RLIMIT_NOFILE, ({soft}, hard));"
        "from lcli.__main__ import _allow_files; _allow_files();"
        "print(r.getrlimit(r.RLIMIT_NOFILE)[0])"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert int(said.stdout) == then
