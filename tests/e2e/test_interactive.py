"""What only a terminal shows: prompts, live progress, Ctrl-C."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest

LCLI = Path(sys.executable).with_name("lcli")
MANY = "app: APP\nregion: eu-west-1\ndefaults: {runtime: python3.11}\nfunctions:\n"


@pytest.fixture
def on_terminal(project):
    children = []

    def spawn(*arguments):
        child = pexpect.spawn(
            str(LCLI),
            list(arguments),
            cwd=str(project.directory),
            env=project.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "30"},
            dimensions=(30, 100),
            timeout=60,
            encoding="utf-8",
        )
        children.append(child)
        return child

    yield spawn
    for child in children:
        child.close(force=True)


def many(project, app, count):
    project.write("src/app.py", "def handler(event, context):\n    return event\n")
    functions = "".join(f"  f{n}: {{source: src, handler: app.handler}}\n" for n in range(count))
    project.write("lcli.yaml", MANY.replace("APP", app) + functions)


def exit_code(child):
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


def test_delete_asks_and_takes_no_for_an_answer(project, on_terminal):
    many(project, "asked", 1)
    project.ok("deploy")
    child = on_terminal("delete")
    child.expect(re.escape("Go on? [y/N] "))
    shown = child.before
    assert shown.index("- function asked-f0") < shown.index("2 to delete") < shown.index("! asked")
    child.sendline("n")
    assert exit_code(child) == 2
    assert "error: the answer was not yes, so nothing was touched [not-confirmed]" in child.before
    assert project.json("list")["functions"][0]["state"] == "Active"

    child = on_terminal("delete")
    child.expect(re.escape("Go on? [y/N] "))
    child.sendline("y")
    assert exit_code(child) == 0
    assert project.json("list")["functions"][0]["state"] == "not deployed"


@pytest.mark.parametrize(
    ("leave", "code"),
    [pytest.param("sendintr", 130, id="ctrl-c"), pytest.param("sendeof", 2, id="ctrl-d")],
)
def test_a_question_that_is_left_touches_nothing_and_says_so(project, on_terminal, leave, code):
    many(project, "left", 1)
    project.ok("deploy")
    project.write("lcli.yaml", MANY.replace("APP", "left") + "  other: {source: src, "
                  "handler: app.handler}\n")  # fmt: skip
    child = on_terminal("deploy", "--prune")
    child.expect(re.escape("Go on? [y/N] "))
    assert "+ execution role, log group, tag lcli:parts, version, alias" in child.before
    assert "- function left-f0" in child.before
    getattr(child, leave)()
    assert exit_code(child) == code
    assert re.search(r"\n.*nothing was touched", child.before)
    assert "left-f0" in {one["name"] for one in project.json("list", "--all")["functions"]}
    project.ok("delete", "--yes", "f0", "other")


def test_ctrl_c_drains_reports_and_a_second_run_goes_on(project, on_terminal):
    many(project, "interrupted", 40)
    child = on_terminal("deploy")
    child.expect(r"\d+ of \d+ done")
    child.sendintr()
    assert exit_code(child) == 130
    assert "run the same command again to go on" in child.before
    before = sum(row["state"] == "Active" for row in project.json("list")["functions"])
    assert before < 40
    project.ok("deploy")
    assert {row["state"] for row in project.json("list")["functions"]} == {"Active"}
    assert "no changes" in project.run("deploy").stderr
    project.ok("delete", "--yes")


def test_sigterm_drains_and_begins_no_other_region(project):
    many(project, "cancelled", 40)
    manifest = (project.directory / "lcli.yaml").read_text()
    regions = "regions: [eu-west-1, us-east-1]"
    project.write("lcli.yaml", manifest.replace("region: eu-west-1", regions))
    process = subprocess.Popen(
        [LCLI, "deploy"], cwd=project.directory, env=project.environ, stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    for line in process.stderr:
        if "creating function" in line:
            break
    process.terminate()
    said = process.stderr.read()
    assert process.wait(30) == 130
    assert "run the same command again to go on" in said
    active = {"eu-west-1": 0, "us-east-1": 0}
    for row in project.json("list")["functions"]:
        active[row["region"]] += row["state"] == "Active"
    assert 0 < active["eu-west-1"] < 40
    assert active["us-east-1"] == 0
    project.ok("delete", "--yes")


def test_two_regions_each_get_their_own_plan(project):
    many(project, "wide", 1)
    manifest = (project.directory / "lcli.yaml").read_text()
    project.write(
        "lcli.yaml", manifest.replace("region: eu-west-1", "regions: [eu-west-1, us-east-1]")
    )
    reports = project.json("deploy")
    assert [report["region"] for report in reports] == ["eu-west-1", "us-east-1"]
    rows = project.json("list")["functions"]
    assert [(row["region"], row["state"]) for row in rows] == [
        ("eu-west-1", "Active"),
        ("us-east-1", "Active"),
    ]


def test_following_logs_ends_on_ctrl_c_with_a_count(project, on_terminal):
    many(project, "followed", 1)
    project.ok("deploy")
    project.ok("invoke", "f0", "-p", "{}")
    child = on_terminal("logs", "f0", "--follow", "--since", "5m")
    child.expect(r"ms, billed \d+ ms")
    time.sleep(0.1)
    child.sendintr()
    assert exit_code(child) == 130
    assert re.search(r"\d+ events?", child.before)
