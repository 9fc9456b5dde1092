"""versions and rollback through the installed console script."""

from __future__ import annotations

import json

import pytest

MANIFEST = """
app: wayback
region: eu-west-1
defaults: {runtime: python3.11, source: src, handler: app.handler}
functions:
  one: {}
  two: {}
  plain: {alias: false}
"""


@pytest.fixture
def deployed(project):
    """One and two at their third version; run by all steps of the one test below."""
    project.write("lcli.yaml", MANIFEST)
    for number in (1, 2, 3):
        project.write("src/app.py", f"def handler(event, context):\n    return {number}\n")
        project.ok("deploy")
    return project


def test_there_and_back(deployed):
    one_that_cannot_keeps_all_where_they_are(deployed)
    back_in_seconds_and_held_until_a_deploy_says_yes(deployed)
    the_whole_manifest_goes_back_where_it_can(deployed)
    versions_are_pruned_but_for_those_in_use(deployed)


def back_in_seconds_and_held_until_a_deploy_says_yes(deployed):
    assert deployed.ok("invoke", "one").strip() == "3"
    done = deployed.run("rollback", "one", "two")
    assert done.returncode == 0, done.stderr
    assert [line.split()[:6] for line in done.stdout.splitlines()[1:]] == [
        ["one", "live", "3", "→", "2", "done"],
        ["two", "live", "3", "→", "2", "done"],
    ]
    assert "held there" in done.stderr
    assert deployed.ok("invoke", "one").strip() == "2"
    assert "(rolled back)" in deployed.ok("versions", "one").splitlines()[2]
    assert deployed.json("status", "one")["drift"] == "rolled back to 2"
    asked = deployed.run("deploy", "one")
    assert asked.returncode == 2
    assert "(rolled back)" in asked.stderr + deployed.run("plan", "one").stdout
    assert "not-confirmed" in asked.stderr
    assert deployed.ok("invoke", "one").strip() == "2"
    deployed.ok("deploy", "one", "--yes")
    assert deployed.ok("invoke", "one").strip() == "3"
    assert deployed.json("versions", "one")["versions"][0]["aliases"] == {"live": 1.0}


def the_whole_manifest_goes_back_where_it_can(deployed):
    def rolled_back():
        done = deployed.run("rollback", "-o", "json")
        assert done.returncode == 0, done.stderr
        rollbacks = json.loads(done.stdout)["rollbacks"]
        assert ", ".join(rollbacks[0]) == (
            "function, name, region, alias, from, to, held, status, seconds, problem, because"
        )
        moved = [(one["function"], one["from"], one["to"], one["held"]) for one in rollbacks]
        return moved, done.stderr

    moved, said = rolled_back()
    assert moved == [("one", "3", "2", True)]
    assert "left as it is: two is rolled back already, and live is held at 2" in said
    moved, said = rolled_back()
    assert moved == [("one", "2", "1", True), ("two", "2", "1", True)]
    assert "left as it is: plain has `alias: false`" in said


def one_that_cannot_keeps_all_where_they_are(deployed):
    done = deployed.run("rollback", "one", "plain")
    assert (done.returncode, done.stdout) == (2, "")
    assert "[no-alias]" in done.stderr
    missing = deployed.run("rollback", "one", "two", "--to", "7")
    assert missing.returncode == 2
    assert missing.stderr.count("it has: 3, 2, 1") == 2
    assert deployed.ok("invoke", "one").strip() == "3"


def versions_are_pruned_but_for_those_in_use(deployed):
    done = deployed.run("versions", "two", "--prune", "1")
    assert done.returncode == 0, done.stderr
    assert "deleted 2" in done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["Version", "3", "1"]
    assert deployed.run("versions", "nobody").returncode == 1
