"""lcli logs as installed: what it prints, how it ends, and following."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import time

import psutil
import pytest
from conftest import LCLI, Project

HANDLER = """
import json, logging

logging.getLogger().setLevel("INFO")

def handler(event, context):
    logging.warning("beware of %s", event["n"])
    print(json.dumps({"level": "INFO", "message": "packed", "n": event["n"]}))
    print("red \\x1b[31mtext")
    if event.get("fail"):
        raise ValueError("asked to fail")
"""
MANIFEST = """
app: reading
region: eu-west-1
defaults: {runtime: python3.11, source: src, handler: app.handler}
functions:
  one: {}
  two: {log: {format: json}}
  more: {}
  also: {log: {format: json}}
  left: {log: {group: /all/shared}}
  right: {log: {group: /all/shared}}
"""
# Tests run in any order: those that invoke do so with `more` and `also`, the rest read the others.


# Not of the module: a worker that takes over tests may come back to it.
@pytest.fixture(scope="session")
def deployed(tmp_path_factory, local_environ):
    """Two functions that have run, the last time in vain."""
    project = Project(tmp_path_factory.mktemp("reading"), dict(local_environ))
    project.write("src/app.py", HANDLER)
    project.write("lcli.yaml", MANIFEST)
    project.ok("deploy", "--yes")
    for number, name in enumerate(("one", "two", "one")):
        project.ok("invoke", name, "-p", json.dumps({"n": number}))
    project.run("invoke", "one", "-p", '{"n": 3, "fail": true}')
    # events reach the group a moment after the answer
    for _ in range(40):
        if "failed after" in project.ok("logs", "one"):
            break
    return project


def test_functions_are_merged_and_folded(deployed):
    text = deployed.ok("logs", "one", "two")
    assert len(re.findall(r"(?:done in|failed after) [\d.]+ ms, billed", text)) == 4
    assert not re.search(r"\b(START|END|REPORT|INIT_START)\b", text)
    assert re.search(r"\d\d:\d\d:\d\d\.\d{3} two WARNING beware of 1  logger=root$", text, re.M)
    assert re.findall(r"packed  n=(\d)", text) == ["0", "1", "2", "3"]


def test_functions_that_share_a_group_are_told_apart(deployed):
    for number, name in enumerate(("left", "right")):
        deployed.ok("invoke", name, "-p", json.dumps({"n": number}))
    for _ in range(40):
        lines = deployed.ok("logs", "left", "right", "-o", "json").splitlines()
        if sum("REPORT" in line for line in lines) == 2:
            break
    events = [json.loads(line) for line in lines]
    assert len({event["eventId"] for event in events}) == len(events)
    beware = {e["function"]: e["message"][-2] for e in events if "beware" in e["message"]}
    assert beware == {"left": "0", "right": "1"}
    assert "beware of 1" not in deployed.ok("logs", "left")


def test_filters_leave_the_rest_out(deployed):
    warned = deployed.ok("logs", "--grep", "beware", "--level", "warn", "--no-timestamps", "one")
    assert warned == "".join(f"one WARNING beware of {n}\n" for n in (0, 2, 3))
    failed = deployed.ok("logs", "one", "--errors", "--no-timestamps")
    assert failed.startswith("one ERROR ValueError: asked to fail\n    Traceback")
    assert deployed.ok("logs", "one", "--grep", "packed", "--tail", "1").endswith("packed  n=3\n")
    assert deployed.ok("logs", "one", "--grep", "packed", "--limit", "1").endswith("packed  n=0\n")
    assert "\nred \x1b[31mtext\n" in deployed.ok("logs", "one", "--raw")


def test_one_invocation_is_found_by_its_request_id(deployed):
    events = [json.loads(line) for line in deployed.ok("logs", "one", "-o", "json").splitlines()]
    request = next(e["requestId"] for e in events if '"n": 2' in e["message"])
    assert {e["version"] for e in events} == {"1"}
    text = deployed.ok("logs", "one", "--request", request[:13], "--no-timestamps")
    assert text.splitlines()[0] == "one WARNING beware of 2"
    assert text.splitlines()[-1].endswith(f"({request})")
    grouped = deployed.ok("logs", "one", "--group", "--grep", '"n": 2', "--no-timestamps")
    assert grouped == text


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["other"], 1, "other has no log group: it never ran, or is not deployed"),
        (["one", "--grep", "("], 2, "is not a regular expression"),
        (["one", "--level", "loud"], 2, "is not a level"),
        (["one", "--all"], 2, "FUNCTION and --all exclude each other"),
        (["one", "-F", "--until", "now"], 2, "--follow and --until exclude each other"),
        (["one", "--invert"], 2, "--invert is for --grep"),
        (["one", "-F", "--live"], 2, "--follow and --live exclude each other"),
        (["one", "--live", "--tail", "1"], 2, "--live and --tail exclude each other"),
        (["one", "--group", "--tail", "1"], 2, "--group and --tail exclude each other"),
        (["one", "--version", "1", "--alias", "live"], 2, "--version and --alias exclude"),
        (["one", "--insights", "fields a", "-F"], 2, "--follow and --insights exclude each other"),
        (["one", "--insights", "fields a", "--grep", "x"], 2, "--insights and --grep exclude"),
        (["one", "--live", "--until", "now"], 2, "--live and --until exclude each other"),
        (["one", "--alias", "absent"], 1, "has no alias 'absent'"),
        (["one", "--since", "1m", "--until", "2m"], 2, "--since 1m is not before --until 2m"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_said(deployed, arguments, code, words):
    done = deployed.run("logs", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr


def test_one_version_is_read_by_number_by_alias_and_by_qualifier(deployed):
    name = deployed.json("status", "one")["name"]
    of_alias = deployed.ok("logs", "one", "--alias", "live", "--raw")
    assert "beware of 0" in of_alias
    assert deployed.ok("logs", "one", "--version", "1", "--raw") == of_alias
    assert deployed.ok("logs", f"{name}:live", "--raw") == of_alias
    assert deployed.ok("logs", f"{name}:1", "--raw") == of_alias
    assert deployed.ok("logs", "one", "--version", "$LATEST", "--version", "9", "--raw") == ""


def test_an_arn_is_read_in_its_own_region(deployed):
    name = deployed.json("status", "one")["name"]
    arn = f"arn:aws:lambda:eu-west-1:123456789012:function:{name}"
    text = deployed.ok("--region", "us-east-1", "logs", arn, "--no-timestamps")
    assert text.startswith("one@eu-west-1 WARNING beware of 0")
    assert "no log group" in deployed.run("--region", "us-east-1", "logs", name).stderr


def test_an_invocation_is_closed_with_its_cost(deployed):
    text = deployed.ok("logs", "one", "--grep", "REPORT", "--no-timestamps")
    assert re.search(r"^one done in [\d.]+ ms, billed .* MB.*, \$0\.0\d+ on AWS \(", text, re.M)


def test_a_query_prints_a_table_and_what_it_read(deployed):
    query = "fields @message | sort @timestamp asc"
    done = deployed.run("logs", "one", "two", "other", "--insights", query)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].strip() == "@message"
    assert "beware of 1" in done.stdout
    assert "other: no log group; never ran, or not deployed" in done.stderr
    rows = deployed.json("logs", "one", "--insights", query)["rows"]
    assert any("packed" in row["@message"] for row in rows)
    refused = deployed.run("logs", "one", "--insights", "stats count(*)")
    assert refused.returncode == 2
    assert "the local cloud has only the commands fields, sort, limit" in refused.stderr


def test_a_closed_pipe_ends_it_quietly(deployed):
    deployed.ok("invoke", "more", "-p", '{"n": 1}')
    process = subprocess.Popen(
        [LCLI, "logs", "more", "-F"],
        cwd=deployed.directory,
        env=deployed.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    assert (process.wait(30), process.stderr.read()) == (0, b"")


@pytest.mark.parametrize("way", [["--follow", "--since", "now"], ["--live"]], ids=" ".join)
def test_a_follow_prints_what_arrives_and_ends_with_a_count(deployed, way):
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [LCLI, "logs", "more", "also", *way, "--grep", "packed"],
        cwd=deployed.directory,
        env=deployed.environ,
        stdout=slave,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(slave)
    # What came before it asks is not its: it must have begun.
    while not psutil.Process(process.pid).net_connections():
        time.sleep(0.05)
    if "--live" in way:
        time.sleep(1)
    deployed.ok("invoke", "more", "-p", '{"n": 1}')
    deployed.ok("invoke", "also", "-p", '{"n": 2}')
    seen = b""
    until = time.monotonic() + 30
    while seen.count(b"packed") < 2 and time.monotonic() < until:
        if select.select([master], [], [], 0.5)[0]:
            seen += os.read(master, 4096)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    os.close(master)
    assert re.findall(rb"packed  \x1b\[2mn=(\d)", seen) == [b"1", b"2"]
    assert (process.returncode, errors.splitlines()[-1]) == (130, "2 events")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        pytest.param(
            ["onne"],
            1,
            "error: onne has no log group: it never ran, or is not deployed [no-logs]\n"
            "  at: /aws/lambda/onne\n"
            "  next: did you mean one?\n",
            id="nearly a name",
        ),
        pytest.param(
            ["one", "--since", "9999-01-01"],
            2,
            "error: --since 9999-01-01 is in the future [usage]\n  next: write an earlier moment\n",
            id="the future",
        ),
        pytest.param(
            ["one", "--live", "--since", "5m"],
            2,
            "error: --live and --since exclude each other [usage]\n  next: leave one out\n",
            id="the past of what is live",
        ),
        pytest.param(
            ["one", "--version", "live"],
            2,
            "error: --version 'live' is not a version [usage]\n"
            "  next: write its number, or $LATEST; --alias takes a name\n",
            id="no version",
        ),
        pytest.param(
            ["one:99", "--since", "1h"],
            0,
            "no events that match since 1h; an earlier --since looks further back\n",
            id="nothing matches",
        ),
        pytest.param(
            ["one", "--since", "now"],
            0,
            "no events since now; an earlier --since looks further back\n",
            id="nothing",
        ),
    ],
)
def test_what_is_said_where_there_is_nothing_to_print(deployed, arguments, code, told):
    done = deployed.run("logs", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", told)
