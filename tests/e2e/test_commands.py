"""Every command through the installed console script, and every exit code."""

from __future__ import annotations

import json
import re

import pytest
from conftest import Project

HELLO = """
import json, os

def handler(event, context):
    print("hello", json.dumps(event))
    if event and event.get("fail"):
        raise ValueError("asked to fail")
    return {"event": event, "size": os.environ["SIZE"]}
"""
MANIFEST = """
app: APP
region: eu-west-1
defaults: {runtime: python3.11, timeout: 20}
functions:
  hello:
    source: src
    handler: app.handler
    environment: {SIZE: "128", TOKEN: "canary-4711"}
"""


@pytest.fixture
def project(tmp_path, local_environ):
    return Project(tmp_path, dict(local_environ), installed=True)


@pytest.fixture
def deployed(project, request):
    app = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:30].strip("-")
    project.write("src/app.py", HELLO)
    project.write("lcli.yaml", MANIFEST.replace("APP", app))
    # In this process, for speed: the tests below deploy with the installed command.
    Project(project.directory, project.environ).ok("deploy")
    return project


def test_a_second_deploy_changes_nothing_and_says_so_in_one_line(deployed):
    again = deployed.run("deploy")
    assert (again.returncode, again.stdout) == (0, "")
    assert re.fullmatch(r"[\w-]+, eu-west-1, the local cloud: no changes\n", again.stderr)


def test_plan_exits_3_after_an_edit_and_shows_it_with_secrets_masked(deployed):
    assert deployed.run("plan", "--exit-code").returncode == 0
    manifest = (deployed.directory / "lcli.yaml").read_text()
    deployed.write("lcli.yaml", manifest.replace("timeout: 20", "timeout: 21"))
    planned = deployed.run("plan", "--exit-code")
    assert planned.returncode == 3
    assert "Timeout: 20 → 21" in planned.stdout
    document = deployed.json("plan")
    assert [(a["action"], a["kind"]) for a in document["actions"]] == [
        ("update", "function"),
        ("replace", "version"),
        ("update", "alias"),
    ]
    assert "canary-4711" not in planned.stdout + planned.stderr + json.dumps(document)
    deployed.ok("deploy")
    assert deployed.run("plan", "--exit-code").returncode == 0


def test_invoke_gives_the_response_alone_and_the_report_beside_it(deployed):
    done = deployed.run("invoke", "hello", "--payload", '{"a": 1}', "--tail")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"event": {"a": 1}, "size": "128"}
    assert 'hello {"a": 1}' in done.stderr
    assert re.search(r"version 1: [\d.]+ ms, billed \d+ ms, \d+ of 128 MB, cold start", done.stderr)


def test_a_function_error_exits_4_with_type_message_and_stack(deployed):
    done = deployed.run("invoke", "hello", "-p", "-", stdin='{"fail": true}')
    assert done.returncode == 4
    assert json.loads(done.stdout)["errorType"] == "ValueError"
    assert "failed: ValueError: asked to fail" in done.stderr
    assert "raise ValueError" in done.stderr


def test_invoke_by_name_async_and_dry_run(deployed):
    name = deployed.json("list")["functions"][0]["name"]
    assert json.loads(deployed.ok("invoke", name, "-p", "{}"))["size"] == "128"
    assert "hello: queued" in deployed.run("invoke", "hello", "--async").stderr
    assert "would be invoked" in deployed.run("invoke", "hello", "--dry-run").stderr


def test_logs_are_printed_for_people_and_for_programs(deployed):
    deployed.ok("invoke", "hello", "-p", '{"n": 42}')
    for _ in range(50):
        if 'hello {"n": 42}' in (text := deployed.ok("logs", "hello", "--since", "5m")):
            break
    assert re.search(r"^\d\d:\d\d:\d\d\.\d{3} hello hello \{\"n\": 42\}$", text, re.MULTILINE)
    events = [json.loads(line) for line in deployed.ok("logs", "-o", "json").splitlines()]
    assert [e["message"].split()[0] for e in events if e["message"].startswith(("START", "END"))]
    assert {"eventId", "timestamp", "function", "message"} <= set(events[0])
    found = deployed.ok("logs", "hello", "--filter", '"no such words"')
    assert found == ""


def test_delete_asks_and_removes_what_is_ours(deployed):
    refused = deployed.run("delete")
    assert refused.returncode == 2
    assert "not-confirmed" in refused.stderr
    assert deployed.json("list")["functions"][0]["state"] == "Active"
    deployed.ok("delete", "--yes")
    assert deployed.json("list")["functions"][0]["state"] == "not deployed"
    again = deployed.run("delete", "--yes")
    assert again.returncode == 0
    assert re.fullmatch(r".*the local cloud: there is nothing of lcli's to delete\n", again.stderr)


def test_an_address_of_this_machine_is_opened_without_a_question(deployed):
    manifest = (deployed.directory / "lcli.yaml").read_text()
    deployed.write("lcli.yaml", manifest + "    url: {auth: none}\n")
    done = deployed.run("deploy")
    assert done.returncode == 0, done.stderr
    assert "+ function URL" in done.stderr
    assert "everybody" not in done.stderr


def test_a_region_without_functions_is_said_to_be_one(project):
    empty = project.run("list", "--all", "--region", "sa-east-1")
    assert (empty.returncode, empty.stderr) == (0, "there is no function in sa-east-1\n")
    assert project.json("list", "--all", "--region", "sa-east-1") == {"functions": []}


def test_logs_without_prune_is_refused(deployed):
    for command in ("plan", "deploy"):
        refused = deployed.run(command, "--logs")
        assert refused.returncode == 2
        assert "--logs is for --prune" in refused.stderr


def test_status_shows_one_function_in_depth(deployed):
    status = deployed.json("status", "hello")
    assert (status["function"], status["version"], status["alias"]) == ("hello", "1", "live")
    assert "hello" in deployed.ok("status", "hello")


def test_build_and_package_give_the_same_bytes(deployed):
    first = deployed.json("build")["hello"]
    deployed.ok("package", "--to", "one")
    deployed.ok("package", "--to", "two")
    one = (deployed.directory / "one" / "hello.zip").read_bytes()
    assert one == (deployed.directory / "two" / "hello.zip").read_bytes()
    assert len(one) == first["size"]


def test_validate_and_schema(deployed):
    assert deployed.json("validate") == {
        "valid": True,
        "functions": ["hello"],
        "stages": [],
    }
    assert deployed.json("schema")["properties"]["functions"]
    deployed.write("lcli.yaml", "app: x\nfunctions: {a: {source: src, memory: 64}}\n")
    bad = deployed.run("validate")
    assert bad.returncode == 2
    assert "lcli.yaml:2:" in bad.stderr


def test_validate_looks_for_the_handlers(project):
    project.write("src/app.py", HELLO)
    project.write("lcli.yaml", MANIFEST.replace("APP", "lost").replace("app.handler", "ap.handler"))
    found = project.run("validate")
    assert found.returncode == 2
    assert "lcli.yaml:8:14\n" in found.stderr
    assert "did you mean the file app.py?" in found.stderr


STAGED = """
app: staged
defaults: {runtime: python3.13, source: src, handler: app.handler}
functions:
  small: {memory: 64}
  lost: {handler: ap.handler}
stages:
  dev: {functions: {small: {memory: 128}, more: {handler: app.main}}}
  prod: {functions: {small: {memory: 256}, lost: {handler: app.handler}}}
"""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(
            ["validate"],
            [
                ("4:19", "memory: expected at least 128, not 64"),
                ("5:19", 'the handler "ap.handler" needs the file ap.py'),
                ("7:59", 'app.py has no "main", which the handler "app.main" names (stage dev)'),
            ],
            id="every stage",
        ),
        pytest.param(["validate", "-s", "prod"], [], id="one stage"),
        pytest.param(
            ["validate", "-s", "dev"],
            [
                ("5:19", 'the handler "ap.handler" needs the file ap.py'),
                ("7:59", 'app.py has no "main", which the handler "app.main" names'),
            ],
            id="another stage",
        ),
        pytest.param(
            ["build"],
            [
                ("4:19", "memory: expected at least 128, not 64"),
                ("5:19", 'the handler "ap.handler" needs the file ap.py'),
            ],
            id="what a build uses",
        ),
    ],
)
def test_errors_of_the_manifest_and_of_the_sources_come_together(project, arguments, expected):
    project.write("src/app.py", HELLO)
    project.write("lcli.yaml", STAGED.lstrip("\n"))
    found = project.run(*arguments)
    assert found.returncode == (2 if expected else 0)
    places = re.findall(r"lcli\.yaml:(\d+:\d+)", found.stderr)
    assert places == [place for place, _ in expected]
    for _, what in expected:
        assert found.stderr.count(what) == 1


def test_validate_names_the_stages_that_it_checked(project):
    project.write("src/app.py", HELLO)
    fine = STAGED.replace("64", "128").replace("ap.h", "app.h").replace("app.main", "app.handler")
    project.write("lcli.yaml", fine)
    assert project.run("validate").stderr == "lcli.yaml: 2 functions, stages dev, prod, no errors\n"
    assert project.run("validate", "-s", "dev").stderr == "lcli.yaml: 3 functions, no errors\n"
    assert project.json("validate")["stages"] == ["dev", "prod"]


def test_completion_prints_a_script(project):
    assert "_LCLI_COMPLETE=complete_bash" in project.ok("completion", "bash")


def test_global_options_work_on_both_sides_of_the_command(deployed):
    before = deployed.run("-o", "json", "-f", "lcli.yaml", "plan")
    after = deployed.run("plan", "-o", "json", "-f", "lcli.yaml")
    assert json.loads(before.stdout) == json.loads(after.stdout)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["plan", "-f", "absent.yaml"], 2, "absent.yaml", id="no manifest"),
        pytest.param(["invoke", "absent-function"], 1, "absent-function", id="no such function"),
        pytest.param(["deploy", "absent"], 2, "unknown-function", id="not in the manifest"),
        pytest.param(["frobnicate"], 2, "No such command", id="no such command"),
        pytest.param(["invoke", "f", "-p", "{"], 2, "payload-not-json", id="bad payload"),
        pytest.param(["logs", "f", "--since", "soon"], 2, "bad-time", id="bad time"),
    ],
)
def test_failures_have_a_code_and_a_message_and_no_traceback(project, arguments, code, words):
    project.write("lcli.yaml", "app: failures\nregion: eu-west-1\nfunctions: {}\n")
    done = project.run(*arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert words in done.stderr


def test_a_dead_endpoint_and_missing_credentials_are_one_clear_error(project):
    project.write("lcli.yaml", "app: dead\nregion: eu-west-1\nfunctions: {}\n")
    project.environ.pop("LCLI_LOCAL")
    project.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    done = project.run("deploy")
    assert (done.returncode, done.stderr.count("error:")) == (1, 1)
    assert "credentials" in done.stderr


def test_list_shows_drift_and_calls_no_more_for_it(deployed):
    assert deployed.ok("list").splitlines()[1].endswith("  none")
    manifest = (deployed.directory / "lcli.yaml").read_text()
    deployed.write("lcli.yaml", manifest.replace("timeout: 20", "timeout: 21"))
    deployed.write("src/app.py", HELLO.replace("hello", "bye"))
    (row,) = deployed.json("list")["functions"]
    assert (row["drift"], row["differs"], row["not_compared"]) == (
        "configuration (Timeout), code",
        ["Timeout", "Code"],
        [],
    )
    assert "canary-4711" not in json.dumps(row)
    everything = deployed.json("list", "--all")["functions"]
    assert all("drift" not in one for one in everything)
