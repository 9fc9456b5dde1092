"""What holds for every command: whose word counts, what is asked, what is printed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

HANDLER = "def handler(event, context): return event\n"
MANIFEST = """
app: APP
region: eu-west-1
defaults: {runtime: python3.11, handler: app.handler, source: src}
stages: {prod: {}, test: {}}
functions:
  one: {environment: {TOKEN: "${ssm:/absent}"}, memory: "${ssm:/absent}"}
"""


@pytest.fixture
def built(project: Any, request: Any) -> Any:
    project.write("src/app.py", HANDLER)
    project.write("lcli.yaml", MANIFEST.replace("APP", f"rules-{len(request.node.name)}"))
    return project


def test_build_asks_aws_for_nothing_that_a_build_does_not_use(built: Any) -> None:
    built.environ |= {"LCLI_LOCAL": "", "AWS_EC2_METADATA_DISABLED": "true"}
    done = built.run("build")
    assert (done.returncode, done.stderr) == (0, "")
    manifest = (built.directory / "lcli.yaml").read_text()
    built.write("lcli.yaml", manifest.replace("source: src", 'source: "${ssm:/where}"'))
    done = built.run("build")
    assert (done.returncode, "the parameter /where" in done.stderr) == (2, True)
    assert done.stderr.count("error:") == 1


def test_a_flag_wins_over_a_variable_and_that_over_the_manifest(built: Any) -> None:
    def names(*arguments: str) -> list[tuple[str, str]]:
        listed = built.json("list", *arguments)["functions"]
        return [(one["region"], one["name"].rpartition("-")[0][-4:]) for one in listed]

    assert [region for region, _ in names()] == ["eu-west-1"]
    built.environ |= {"LCLI_REGION": "eu-north-1", "LCLI_STAGE": "prod"}
    assert names() == [("eu-north-1", "prod")]
    assert names("--region", "us-west-2", "--stage", "test") == [("us-west-2", "test")]


def test_the_version_is_the_root_s_alone(built: Any) -> None:
    assert built.ok("--version").startswith("lcli ")
    refused = built.run("list", "--version")
    assert (refused.returncode, "No such option" in refused.stderr) == (2, True)


def test_events_are_lines_and_the_report_is_the_last(built: Any) -> None:
    refused = built.run("deploy", "--events")
    assert (refused.returncode, "--events is for -o json" in refused.stderr) == (2, True)
    manifest = MANIFEST.replace("APP", "events").replace(', memory: "${ssm:/absent}"', "")
    built.write("lcli.yaml", manifest + '    \nlocal: {ssm: {/absent: "canary-0815"}}\n')
    text = built.ok("deploy", "-o", "json", "--events")
    lines = [json.loads(line) for line in text.splitlines()]
    assert "canary-0815" not in text
    made = [one for one in lines if one.get("kind") == "function"]
    assert [one["event"] for one in made if one["event"] != "doing"] == ["started", "finished"]
    assert (made[0]["action"], made[0]["name"]) == ("create", "events-one")
    assert {"path": "MemorySize", "before": None, "after": 128} in made[0]["changes"]
    report = lines[-1]
    assert (report["event"], report["functions"][0]["status"]) == ("report", "created")
    assert json.loads(built.ok("deploy", "-o", "json"))["actions"] == []


def test_what_the_local_cloud_does_not_have_is_accepted_with_a_notice(built: Any) -> None:
    built.write(
        "lcli.yaml",
        """
        app: accepted
        account: "210987654321"
        defaults: {runtime: python3.11, handler: app.handler, source: src}
        functions:
          one:
            role: arn:aws:iam::111122223333:role/theirs
            vpc: {subnets: [subnet-1], security_groups: [sg-1]}
            layers: ["arn:aws:lambda:us-east-1:111122223333:layer:theirs:4"]
        """,
    )
    done = built.run("deploy", "-o", "json")
    assert done.returncode == 0, done.stderr
    assert (
        "taken as written, since the local cloud does not have it: role "
        "arn:aws:iam::111122223333:role/theirs (one); a VPC (one); layer "
        "arn:aws:lambda:us-east-1:111122223333:layer:theirs:4 (one)"
    ) in done.stderr
    # The manifest's account, although nobody has its credentials; and the region when none is said.
    report = json.loads(done.stdout)
    assert (report["account"], report["region"]) == ("210987654321", "us-east-1")
    assert ":us-east-1:210987654321:" in report["functions"][0]["arn"]


def test_a_key_calls_the_alias_and_a_bare_name_the_latest(built: Any) -> None:
    built.write(
        "lcli.yaml",
        "app: called\ndefaults: {runtime: python3.11, handler: app.handler, source: src}\n"
        "functions: {one: {}}\n",
    )
    built.ok("deploy")
    for named, version in (
        ("one", "1"),
        ("called-one", "$LATEST"),
        ("called-one:live", "1"),
        ("arn:aws:lambda:us-east-1:123456789012:function:called-one", "$LATEST"),
    ):
        assert f"called-one version {version}: " in built.run("invoke", named, "-p", "{}").stderr


def test_names_with_the_account_are_listed_where_only_aws_knows_it(built: Any) -> None:
    built.write(
        "lcli.yaml",
        "app: named\nregion: eu-west-1\nname: '${app}-${account}-${function}'\n"
        "defaults: {runtime: python3.11, handler: app.handler, source: src}\n"
        "functions: {one: {}}\n",
    )
    built.ok("deploy")
    url = built.json("local", "status")["url"]
    built.environ |= {
        "LCLI_LOCAL": "",
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "123456789012",
        "AWS_SECRET_ACCESS_KEY": "local",
    }
    (row,) = built.json("list")["functions"]
    assert (row["name"], row["state"]) == ("named-123456789012-one", "Active")


OUTPUT = (Path(__file__).parents[2] / "docs" / "output.md").read_text()


def documented(title: str) -> set[str]:
    """The members that docs/output.md names in the first column of a section's tables."""
    section = OUTPUT.split(f"# {title}\n", 1)[1].split("\n#", 1)[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_the_shapes_of_documents_are_those_of_the_reference(built: Any) -> None:
    built.write(
        "lcli.yaml",
        "app: shapes\ndefaults: {runtime: python3.11, handler: app.handler, source: src}\n"
        "functions: {one: {}}\n",
    )
    plan = built.json("plan")
    assert plan.keys() == documented("`plan`")
    assert plan["actions"][0].keys() == documented("An action")
    lines = [json.loads(line) for line in built.ok("deploy", "-o", "json", "--events").splitlines()]
    *events, report = lines
    assert {name for one in events for name in one} <= documented("`deploy` and `delete`")
    assert report.keys() <= documented("`deploy` and `delete`") | {"event"}
    of_actions = re.findall(r"`(\w+)`", OUTPUT.split("an action as above with ")[1].split("|")[0])
    assert report["actions"][0].keys() - plan["actions"][0].keys() <= set(of_actions)
    of_functions = re.findall(r"`(\w+)`", OUTPUT.split("| `functions` | ")[1].split("|")[0])
    assert report["functions"][0].keys() <= set(of_functions)
    (row,) = built.json("list")["functions"]
    assert row.keys() == documented("`list` and `status`")
    (row,) = built.json("status")["functions"]
    assert row.keys() == documented("`list` and `status`") - {"differs", "not_compared"}
    in_depth = OUTPUT.split("`status FUNCTION` prints one document:")[1].split("\n\n")[0]
    assert built.json("status", "one").keys() <= set(re.findall(r"`(\w+)`", in_depth))
    found = built.json("versions", "one")
    assert found.keys() == documented("`versions`")
    of_versions = re.findall(r"`(\w+)`", OUTPUT.split("| `versions` | ")[1].split("|")[0])
    assert found["versions"][0].keys() == set(of_versions)
    of_artifacts = OUTPUT.split("`build` and `package` print")[1].split("\n\n")[0]
    assert built.json("build")["one"].keys() <= set(re.findall(r"`(\w+)`", of_artifacts))


def test_what_reads_no_parameters_works_where_they_are_absent(built: Any) -> None:
    manifest = (built.directory / "lcli.yaml").read_text().replace(', memory: "${ssm:/absent}"', "")
    built.write("lcli.yaml", manifest)
    built.ok("deploy")
    built.ok("invoke", "one", "-p", "{}")
    built.environ["LCLI_LOCAL"] = ""
    built.environ |= {
        "AWS_ENDPOINT_URL": json.loads(built.ok("--local", "local", "status", "-o", "json"))["url"],
        "AWS_ACCESS_KEY_ID": "123456789012",
        "AWS_SECRET_ACCESS_KEY": "local",
    }
    assert "one done in" in built.ok("logs", "one", "--since", "5m")
    (row,) = built.json("list")["functions"]
    assert row["not_compared"][-1] == "Environment.TOKEN"
    refused = built.run("plan")
    assert (refused.returncode, "the parameter /absent does not exist" in refused.stderr) == (
        2,
        True,
    )
