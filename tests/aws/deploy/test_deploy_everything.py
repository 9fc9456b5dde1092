"""Deploys of one manifest that holds every kind of resource, on the local cloud."""

from __future__ import annotations

import json
import random
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import DyingClients, Killed, OnCloud, done, everything_in, problems

from lcli.errors import ExitCode, LcliError

EVERYTHING = """
app: photos
defaults:
  runtime: python3.13
  handler: app.handler
  source: code
  log: {retention_days: 14}
  tags: {team: media}
layers:
  imaging: {source: layer, runtimes: [python3.13]}
functions:
  thumb:
    environment: {SIZE: "128", GALLERY: "${function:gallery.url}"}
    layers: [imaging]
    concurrency: {reserved: 5}
    async: {retries: 1, on_failure: "arn:aws:sqs:us-east-1:ACCOUNT:failed"}
    permissions:
      - {principal: events.amazonaws.com, source_arn: "arn:aws:events:us-east-1:ACCOUNT:rule/r"}
    triggers:
      - s3: {bucket: photos-ACCOUNT, prefix: in/, suffix: .jpg}
      - s3: {bucket: photos-ACCOUNT, events: ["ObjectRemoved:*"]}
  orders:
    concurrency: {provisioned: 1}
    triggers:
      - sqs: {queue: orders, batch_size: 5, partial_failures: true}
      - dynamodb: users
      - kinesis: clicks
  gallery:
    url: {auth: none}
    triggers:
      - http: GET /
      - http: POST /orders
  plain:
    alias: false
    api: {RecursiveLoop: Allow, RuntimeManagementConfig: {UpdateRuntimeOn: FunctionUpdate}}
"""


@pytest.fixture
def cloud(prepared: Any) -> Any:
    return prepared.empty("everything")


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> OnCloud:
    made = OnCloud(tmp_path, cloud.url, cloud.account)
    (tmp_path / "layer" / "python").mkdir(parents=True)
    (tmp_path / "layer" / "python" / "imaging.py").write_text("SIZE = 1\n")
    made.manifest(EVERYTHING.replace("ACCOUNT", cloud.account))
    return made


def edited(app: OnCloud, old: str, new: str) -> None:
    path = app.directory / "lcli.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture
def deployed(app: OnCloud, prepared: Any) -> OnCloud:
    prepared.after("everything", app.deploy_well)
    app.calls()
    return app


def test_a_second_deploy_changes_nothing(deployed: OnCloud) -> None:
    assert deployed.plan() == []
    report = deployed.deploy()
    assert done(report) == {}
    assert deployed.mutations() == []


def test_a_plan_makes_nothing_not_even_what_triggers_name(app: OnCloud) -> None:
    planned = app.plan()
    assert sorted(line for line in planned if "local_source" in line) == [
        f"create local_source bucket photos-{app.account}",
        "create local_source queue orders",
        "create local_source stream clicks",
        "create local_source table users",
    ]
    stream = f"arn:aws:dynamodb:us-east-1:{app.account}:table/users/stream/(known after apply)"
    assert f"create event_source_mapping photos-orders<-{stream}" in planned
    assert app.mutations() == []
    assert app.session().call("s3", "ListBuckets")["Buckets"] == []


def test_what_triggers_name_is_made_once_and_stays(deployed: OnCloud) -> None:
    session = deployed.session()
    stream = session.call("dynamodb", "DescribeTable", TableName="users")["Table"][
        "LatestStreamArn"
    ]
    assert f"{stream} → " in "".join(everything_in(session)["mappings"])
    (policy,) = (
        session.call("iam", "GetRolePolicy", RoleName="photos-orders-us-east-1", PolicyName=name)
        for name in ["lcli"]
    )
    assert stream in json.dumps(policy["PolicyDocument"])
    assert problems(deployed.delete()) == []
    assert session.call("sqs", "GetQueueUrl", QueueName="orders")["QueueUrl"]


def test_a_quiet_deploy_reads_each_function_twice_at_most(deployed: OnCloud) -> None:
    deployed.plan()
    calls = deployed.calls()
    # Four functions, of which three have an alias; two have permissions.
    assert calls["lambda:GetFunction"] == 7
    assert calls["lambda:GetPolicy"] == 2
    assert calls["lambda:GetAlias"] == 0
    assert calls["lambda:ListEventSourceMappings"] == 1


CODE = ["update function photos-thumb", "replace version photos-thumb"]
LIVE = "update alias photos-thumb:live"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param('SIZE: "128"', 'SIZE: "256"', [*CODE, LIVE], id="configuration"),
        pytest.param(
            ", prefix: in/, suffix: .jpg",
            ", prefix: in/",
            ["create bucket_notification", "delete bucket_notification"],
            id="another rule of the bucket",
        ),
        pytest.param(
            "    concurrency: {reserved: 5}\n",
            "",
            ["delete reserved_concurrency photos-thumb", "update parts photos-thumb"],
            id="an optional part goes",
        ),
        pytest.param(
            "batch_size: 5",
            "batch_size: 7",
            ["update event_source_mapping photos-orders<-arn:"],
            id="a mapping in place",
        ),
        pytest.param(
            "      - kinesis: clicks\n",
            "",
            ["update role photos-orders-us-east-1", "delete event_source_mapping photos-orders<-"],
            id="a mapping goes, the role may less",
        ),
        pytest.param(
            "      - http: POST /orders\n",
            "",
            ["delete http_route photos/POST /orders"],
            id="a route goes",
        ),
        pytest.param(
            "alias: false",
            "alias: prod",
            [
                "update parts photos-plain",
                "create version photos-plain",
                "create alias photos-plain:prod",
            ],
            id="an alias from now on",
        ),
        pytest.param(
            "retention_days: 14",
            "retention_days: 30",
            [
                f"update log_group /aws/lambda/photos-{name}"
                for name in ("gallery", "orders", "plain", "thumb")
            ],
            id="retention",
        ),
    ],
)
def test_an_edit_changes_just_that(
    deployed: OnCloud, old: str, new: str, expected: list[str]
) -> None:
    edited(deployed, old, new)
    report = deployed.deploy()
    assert problems(report) == []
    changed = sorted(done(report))
    assert len(changed) == len(expected), changed
    for line, wanted in zip(changed, sorted(expected), strict=True):
        assert line.startswith(wanted)
    deployed.calls()
    assert deployed.plan() == []


def test_changed_code_of_one_function_touches_no_other(deployed: OnCloud) -> None:
    deployed.code("2")
    report = deployed.deploy("thumb")
    assert sorted(done(report)) == sorted([*CODE, LIVE])
    (row,) = [row for row in report.rows if row.function == "thumb"]
    assert (row.status, row.version, row.alias) == ("updated", "2", "live")
    assert row.size > 0


def test_another_alias_moves_everything_over(deployed: OnCloud) -> None:
    edited(deployed, "defaults:\n", "defaults:\n  alias: blue\n")
    report = deployed.deploy()
    assert problems(report) == []
    changed = list(done(report))
    sid = [line.rpartition("/")[2] for line in changed if "permission photos-thumb:blue" in line]
    moved = [
        changed.index(f"create permission photos-thumb:blue/{sid[0]}"),
        changed.index(next(line for line in changed if "update bucket_notification" in line)),
        changed.index(f"delete permission photos-thumb:live/{sid[0]}"),
        changed.index("delete alias photos-thumb:live"),
    ]
    assert moved == sorted(moved)
    assert deployed.plan() == []


def test_nothing_of_the_whole_app_is_left_and_everybody_elses_stays(deployed: OnCloud) -> None:
    session = deployed.session()
    bucket = f"photos-{deployed.account}"
    rules = session.call("s3", "GetBucketNotificationConfiguration", Bucket=bucket)
    session.call("sqs", "CreateQueue", QueueName="theirs")
    theirs = {
        "Id": "theirs",
        "QueueArn": f"arn:aws:sqs:us-east-1:{deployed.account}:theirs",
        "Events": ["s3:ObjectRestore:*"],
    }
    session.call(
        "s3",
        "PutBucketNotificationConfiguration",
        Bucket=bucket,
        NotificationConfiguration={**rules, "QueueConfigurations": [theirs]},
    )
    session.call("iam", "CreateRole", RoleName="theirs", AssumeRolePolicyDocument="{}")
    assert problems(deployed.delete()) == []
    held = everything_in(session)
    assert held == {
        "functions": [],
        "roles": ["theirs"],
        "log groups": [
            f"/aws/lambda/photos-{name}" for name in ("gallery", "orders", "plain", "thumb")
        ],
        "layers": [],
        "mappings": [],
        "apis": [],
        "notifications": [],
    }
    kept = session.call("s3", "GetBucketNotificationConfiguration", Bucket=bucket)
    assert kept["QueueConfigurations"] == [theirs]


def test_logs_go_when_asked(deployed: OnCloud) -> None:
    assert problems(deployed.delete(logs=True)) == []
    assert everything_in(deployed.session())["log groups"] == []


def test_one_function_is_deleted_alone(deployed: OnCloud) -> None:
    report = deployed.delete(functions={"gallery": "photos-gallery"})
    assert problems(report) == []
    assert everything_in(deployed.session())["functions"] == [
        "photos-orders",
        "photos-plain",
        "photos-thumb",
    ]


def test_a_function_that_left_is_kept_pruned_or_deleted_by_name(deployed: OnCloud) -> None:
    text = (deployed.directory / "lcli.yaml").read_text()
    (deployed.directory / "lcli.yaml").write_text(text[: text.index("  plain:")])
    prepared = deployed.prepare()
    assert prepared.plan.empty
    assert prepared.notices == (
        "function plain (photos-plain) has left the manifest; --prune deletes it",
    )
    pruned = deployed.prepare(prune=True)
    assert pruned.plan.confirmations == ("deletes function photos-plain",)
    assert pruned.notices == (
        "log group /aws/lambda/photos-plain stays with its events; --prune --logs deletes it too, "
        "`lcli delete photos-plain --logs` does so later",
    )
    assert deployed.prepare(prune=True, logs=True).plan.confirmations == (
        "deletes log group /aws/lambda/photos-plain",
        "deletes function photos-plain",
    )
    report = deployed.delete(gone=["plain"])
    assert list(done(report)) == [
        "delete function photos-plain",
        "delete role photos-plain-us-east-1",
    ]


OWN_GROUP = """
    app: photos
    functions:
      plain: {source: code, runtime: python3.13, handler: app.handler}
      other: {source: code, runtime: python3.13, handler: app.handler, log: {group: /all/other}}
"""


@pytest.mark.parametrize(
    ("options", "left"),
    [
        pytest.param({"gone": ["plain"]}, ["/all/other", "/aws/lambda/photos-x"], id="by its key"),
        pytest.param(
            {"gone": ["photos-plain"]}, ["/all/other", "/aws/lambda/photos-x"], id="by AWS name"
        ),
        pytest.param(
            {"functions": {"other": "photos-other"}},
            ["/aws/lambda/photos-plain", "/aws/lambda/photos-x"],
            id="of a function in the manifest, with a name of its own",
        ),
        pytest.param({}, ["/aws/lambda/photos-x"], id="of the whole app"),
    ],
)
def test_log_groups_go_after_their_functions(
    app: OnCloud, options: dict[str, Any], left: list[str]
) -> None:
    app.manifest(OWN_GROUP)
    app.deploy()
    assert problems(app.delete()) == []
    app.session().call("logs", "CreateLogGroup", logGroupName="/aws/lambda/photos-x")
    assert problems(app.delete(logs=True, **options)) == []
    assert everything_in(app.session())["log groups"] == left


SHARED_GROUP = """
    app: photos
    defaults: {source: code, runtime: python3.13, handler: app.handler, log: {group: /all/photos}}
    functions: {a: {}, b: {}}
"""


def test_a_log_group_of_several_functions_goes_with_the_last(app: OnCloud) -> None:
    app.manifest(SHARED_GROUP)
    app.deploy_well()
    assert problems(app.delete(functions={"a": "photos-a"}, logs=True)) == []
    assert everything_in(app.session())["log groups"] == ["/all/photos"]
    assert problems(app.delete(logs=True)) == []
    assert everything_in(app.session())["log groups"] == []


def test_a_log_group_of_several_functions_is_that_for_each_of_them(app: OnCloud) -> None:
    app.manifest(SHARED_GROUP)
    app.deploy_well()
    assert app.plan("a") == []
    assert app.plan() == []
    app.deploy("b")
    assert app.plan() == []


def test_a_function_of_somebody_else_is_refused_and_adopted(app: OnCloud) -> None:
    session = app.session()
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = session.call("iam", "CreateRole", RoleName="theirs", AssumeRolePolicyDocument=document)
    code = Path(app.directory / "code.zip")
    with zipfile.ZipFile(code, "w") as packed:
        packed.writestr("app.py", "def handler(event, context): pass\n")
    session.call(
        "lambda",
        "CreateFunction",
        FunctionName="photos-plain",
        Role=role["Role"]["Arn"],
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": code.read_bytes()},
    )
    with pytest.raises(LcliError) as raised:
        app.prepare("plain")
    assert raised.value.exit_code is ExitCode.USAGE
    (problem,) = raised.value.problems
    assert problem.what == (
        "function photos-plain exists already and belongs to someone who left no lcli tags on it"
    )
    assert problem.next_step.endswith("`lcli deploy --adopt plain`")
    assert problems(app.deploy("plain", adopt=frozenset({"plain"}))) == []
    assert app.plan("plain") == []


def test_a_large_zip_goes_through_a_bucket_of_ours(app: OnCloud) -> None:
    (app.directory / "code" / "data.bin").write_bytes(random.Random(1).randbytes(53_000_000))
    mine = f"artifacts: {{bucket: mine-{app.account}}}\n"
    manifest = app.directory / "lcli.yaml"
    text = manifest.read_text()
    manifest.write_text(mine + text)
    with pytest.raises(LcliError) as raised:
        app.prepare("plain")
    assert [one.code for one in raised.value.problems] == ["artifacts-bucket-missing"]
    assert raised.value.exit_code is ExitCode.USAGE
    manifest.write_text(text)
    told = f"deploy makes the bucket lcli-{app.account}-us-east-1-artifacts"
    assert [one.partition(",")[0] for one in app.prepare("plain").notices][-1] == told
    report = app.deploy("plain")
    assert problems(report) == []
    session = app.session()
    (bucket,) = (
        one["Name"]
        for one in session.call("s3", "ListBuckets")["Buckets"]
        if one["Name"].startswith("lcli-")
    )
    (stored,) = session.call("s3", "ListObjectsV2", Bucket=bucket)["Contents"]
    assert stored["Size"] == report.rows[0].size > 52_428_800
    app.calls()
    prepared = app.prepare("plain")
    assert prepared.plan.empty
    assert not [one for one in prepared.notices if "bucket" in one]
    assert app.mutations() == []


def test_what_is_too_large_is_found_before_any_call(app: OnCloud) -> None:
    edited(app, 'SIZE: "128"', f'SIZE: "{"x" * 5000}"')
    app.calls()
    with pytest.raises(LcliError) as raised:
        app.prepare()
    assert raised.value.problems[0].code == "environment-too-large"
    assert raised.value.exit_code is ExitCode.USAGE
    assert app.calls() == {}


def test_one_function_leaves_the_api_that_others_use(app: OnCloud) -> None:
    edited(app, "alias: false\n", "alias: false\n    triggers: [{http: GET /plain}]\n")
    assert problems(app.deploy()) == []
    edited(app, "    triggers: [{http: GET /plain}]\n", "")
    report = app.deploy()
    assert problems(report) == []
    changed = list(done(report))
    assert changed[0] == "delete http_route photos/GET /plain"
    assert changed[-1] == "update parts photos-plain"
    integration, permission = sorted(changed[1:-1])
    assert integration == "delete http_integration photos/plain"
    assert permission.startswith("delete permission photos-plain/lcli-")
    assert app.plan() == []


def test_a_role_with_a_name_of_its_own_goes_too(app: OnCloud) -> None:
    app.manifest("""
        app: photos
        functions:
          plain:
            source: code
            runtime: python3.13
            handler: app.handler
            role: {name: mine, path: /team/}
    """)
    assert problems(app.deploy()) == []
    assert app.plan() == []
    edited(app, "{name: mine, path: /team/}", "{name: yours}")
    assert problems(app.deploy()) == []
    assert everything_in(app.session())["roles"] == ["yours"]
    assert problems(app.delete()) == []
    assert everything_in(app.session())["roles"] == []


OWN_ROLE = """
    app: photos
    functions:
      plain: {source: code, runtime: python3.13, handler: app.handler, ROLE}
"""


@pytest.mark.whole
@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        pytest.param(
            "role: {name: 'min,e', path: /team/}",
            "alias: live",
            ["photos-plain-us-east-1"],
            id="to lcli's own name",
        ),
        pytest.param(
            "role: {path: /team/}",
            "role: {path: /group/}",
            ["photos-plain-us-east-1"],
            id="to another path",
        ),
        pytest.param(
            "role: {name: mine, path: /team/}",
            "role: 'arn:aws:iam::ACCOUNT:role/theirs'",
            [],
            id="to one that exists",
        ),
        pytest.param(
            "role: {path: /team/}",
            "role: {path: /team/}, name: photos-renamed",
            ["photos-renamed-us-east-1"],
            id="by the name of a function that is renamed",
        ),
    ],
)
def test_a_killed_change_of_roles_leaves_none_behind(
    app: OnCloud, prepared: Any, before: str, after: str, left: list[str]
) -> None:
    """Killed after each change in turn, each time from the beginning."""
    first = OWN_ROLE.replace("ROLE", before)
    then = OWN_ROLE.replace("ROLE", after).replace("ACCOUNT", app.account)
    survives = 0
    while True:
        app.manifest(first)
        prepared.after("everything", app.deploy_well, before)
        app.manifest(then)
        app.clients = DyingClients(app.session(), survives)
        with suppress(Killed):
            app.deploy()
        died, app.clients = app.clients.dead, None
        assert problems(app.deploy()) == []
        assert everything_in(app.session())["roles"] == left, f"killed after {survives} changes"
        assert app.plan() == []
        if not died:
            break
        survives += 1
    assert survives > 3


def test_a_killed_deletion_leaves_no_role_behind(app: OnCloud) -> None:
    app.manifest(OWN_ROLE.replace("ROLE", "role: {name: mine, path: /team/}"))
    session = app.session()
    session.call("iam", "CreateRole", RoleName="theirs", AssumeRolePolicyDocument="{}")
    survives, died = 0, True
    while died:
        assert problems(app.deploy()) == []
        app.clients = DyingClients(session, survives)
        with suppress(Killed):
            app.delete()
        died, app.clients = app.clients.dead, None
        assert problems(app.delete()) == []
        assert everything_in(session)["roles"] == ["theirs"], f"killed after {survives} changes"
        survives += 1
    assert survives > 3


def test_the_role_of_another_function_that_is_named_outright_is_left_alone(app: OnCloud) -> None:
    arn = f"arn:aws:iam::{app.account}:role/lcli/photos/photos-plain-us-east-1"
    app.manifest(OWN_ROLE.replace("ROLE", "alias: live"))
    assert problems(app.deploy()) == []
    app.manifest(OWN_ROLE.replace("ROLE", f"role: '{arn}'"))
    assert app.plan() == []


def test_tags_reach_the_log_group_too(app: OnCloud) -> None:
    app.manifest("""
        app: photos
        tags: {team: media}
        functions:
          plain: {source: code, runtime: python3.13, handler: app.handler}
    """)
    assert problems(app.deploy()) == []
    edited(app, "team: media", "team: web")
    assert "update log_group /aws/lambda/photos-plain" in app.plan()
    assert problems(app.deploy()) == []
    assert app.plan() == []
    arn = f"arn:aws:logs:{app.region}:{app.account}:log-group:/aws/lambda/photos-plain"
    tags = app.session().call("logs", "ListTagsForResource", resourceArn=arn)["tags"]
    assert tags["team"] == "web"
