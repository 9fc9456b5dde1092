"""`make demo`: the whole job with lcli.example.yaml, as the README promises it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def environ(local_environ, tmp_path):
    from lcli.local import daemon

    own = {k: v for k, v in local_environ.items() if k != "LCLI_LOCAL"}
    own["LCLI_LOCAL_DIR"] = str(tmp_path / "local")
    yield own
    daemon.stop(own)


def lcli(environ, *arguments):
    command = [Path(sys.executable).with_name("lcli"), "--local", "-f", "lcli.example.yaml"]
    return subprocess.run(
        [*command, *arguments], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_the_demo_does_what_it_says_and_ends_by_itself(environ):
    done = subprocess.run(
        [sys.executable, "examples/demo.py"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    said = done.stdout
    assert "the thumbnail is there: s3://photos/thumbnails/photo.jpg" in said
    assert re.search(r"thumbnail\s+incoming/photo.jpg .* -> thumbnails/photo.jpg", said)
    assert "no changes" in said.split("$ lcli --local -f lcli.example.yaml deploy\n")[1]
    page = re.search(r"the gallery shows 1 thumbnail: (http://127\.0\.0\.1:\d+/)", said)[1]

    image = re.search(r'<img[^>]* src="([^"]+)"', urllib.request.urlopen(page).read().decode())[1]
    with urllib.request.urlopen(page + image.lstrip("/")) as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
        assert answer.read(2) == b"\xff\xd8"

    assert lcli(environ, "plan", "--exit-code").returncode == 0
    edited = (ROOT / "lcli.example.yaml").read_text().replace('SIZE: "320"', 'SIZE: "321"')
    manifest = Path(environ["LCLI_LOCAL_DIR"]).parent / "edited.yaml"
    manifest.write_text(edited.replace("source: examples", f"source: {ROOT}/examples"))
    assert lcli(environ, "plan", "--exit-code", "-f", str(manifest)).returncode == 3
    deleted = lcli(environ, "delete", "--yes", "-o", "json")
    assert {row["status"] for row in json.loads(deleted.stdout)["functions"]} == {"deleted"}
