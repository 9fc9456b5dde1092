"""lcli invoke through the installed console script, against the local cloud."""

from __future__ import annotations

import json
import subprocess
import time

import pytest
from conftest import LCLI

HANDLERS = """
import time

def echo(event, context):
    print("got", event)
    if isinstance(event, dict) and event.get("fail"):
        raise ValueError("asked to fail")
    if isinstance(event, dict):
        time.sleep(event.get("sleep", 0))
    return event
"""
STREAMING = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("first ");
  await new Promise((done) => setTimeout(done, 1500));
  if (event.fail) throw new Error("half way");
  stream.write("second");
  stream.end();
});
"""
MANIFEST = """
app: invoking
region: eu-west-1
functions:
  echo: {source: src, handler: app.echo, runtime: python3.11, timeout: 20}
  drip: {source: js, handler: index.handler, runtime: nodejs22.x, timeout: 20}
"""


@pytest.fixture
def deployed(project):
    project.write("src/app.py", HANDLERS)
    project.write("js/index.js", STREAMING)
    project.write("lcli.yaml", MANIFEST)
    project.ok("deploy")
    return project


def test_no_fail_on_error_exits_0_and_still_says_what_failed(deployed):
    done = deployed.run("invoke", "echo", "-p", '{"fail": true}', "--no-fail-on-error")
    assert done.returncode == 0
    assert "failed: ValueError: asked to fail" in done.stderr


@pytest.mark.parametrize("text", ["0", '""', "false", "null", '{"ü": [1, 2]}'])
def test_payloads_come_back_as_they_were_sent(deployed, text):
    assert json.loads(deployed.ok("invoke", "echo", "--raw", "-p", text)) == json.loads(text)


def test_a_streamed_response_is_printed_as_it_arrives(deployed):
    process = subprocess.Popen(
        [LCLI, "invoke", "drip", "--stream", "-p", "{}"],
        cwd=deployed.directory,
        env=deployed.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    first = process.stdout.read(6)
    arrived = time.monotonic()
    rest, notes = process.communicate(timeout=60)
    assert (first, rest, process.returncode) == (b"first ", b"second", 0)
    assert time.monotonic() - arrived > 1
    assert b"version 1: " in notes


def test_an_error_in_the_middle_of_a_stream_exits_4(deployed):
    done = deployed.run("invoke", "drip", "--stream", "-p", '{"fail": true}')
    assert (done.returncode, done.stdout[:6]) == (4, "first ")
    assert "half way" in done.stderr
