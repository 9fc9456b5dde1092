"""`--adopt` of a function that lcli made for another app: what is the function's comes along."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from random import randrange
from typing import Any

import pytest
from app_on_cloud import DyingClients, Killed, OnCloud, everything_in, problems
from overlay.account import Kept, everything, keep
from overlay.kills import difference

from lcli.errors import ExitCode, LcliError

HEAD = """
app: {app}
defaults: {{runtime: python3.13, handler: app.handler, source: code}}
functions:
"""
OTHER = "  other: {triggers: [http: GET /other, s3: {bucket: pics, prefix: other/}]}\n"
ALL = (
    "concurrency: {reserved: 2}, async: {retries: 1}, url: {auth: none}, tags: {theirs: x}, "
    "triggers: [sqs: jobs, http: GET /one, s3: {bucket: pics, prefix: a/}]"
)
SOME = (
    "memory: 256, async: {retries: 2}, url: {auth: iam}, tags: {ours: x}, "
    "triggers: [http: GET /two, s3: {bucket: pics, prefix: a/b/}]"
)
MINE = frozenset({"mine"})
RULE = "bucket_notification pics/lcli.shop..one.13106245ff085133"
"""The same in every account: a hash over bucket, events and prefix."""


class Apps:
    """App ``shop`` with its functions ``one`` and ``other``; app ``store`` takes ``one`` over."""

    def __init__(self, cloud: Any, directory: Path) -> None:
        self.cloud = cloud
        self.shop, self.store = (self._made(directory / name) for name in ("shop", "store"))

    def _made(self, directory: Path) -> OnCloud:
        directory.mkdir()
        return OnCloud(directory, self.cloud.url, self.cloud.account)

    def give(self, before: str, after: str) -> None:
        """Write the manifests: the function with what it has in one app and in the other."""
        first, second = (f", {one}" if one else "" for one in (before, after))
        self.shop.manifest(HEAD.format(app="shop") + f"  one: {{name: same{first}}}\n" + OTHER)
        self.store.manifest(HEAD.format(app="store") + f"  mine: {{name: same{second}}}\n")

    def deployed(self, before: str, after: str) -> None:
        self.give(before, after)
        self.shop.deploy_well()

    def adopt(self, **options: Any) -> tuple[str, ...]:
        """Take it over; the report's notices."""
        report = self.store.deploy(adopt=MINE, **options)
        assert (problems(report), report.exit_code) == ([], ExitCode.DONE)
        assert self.store.plan() == []
        return report.notices

    def held(self) -> list[str]:
        return everything(self.cloud.cloud, self.cloud.account)

    def keep(self) -> Kept:
        return keep(self.cloud.cloud, self.cloud.account)


@pytest.fixture
def apps(cloud: Any, tmp_path: Path) -> Apps:
    return Apps(cloud, tmp_path)


@pytest.mark.parametrize("options", [{}, {"quick": True}], ids=["", "quick"])
def test_what_a_function_has_and_the_new_manifest_does_not_want_goes(
    apps: Apps, options: dict[str, bool]
) -> None:
    apps.deployed(ALL, "")
    made = apps.store.prepare(adopt=MINE, **options)
    gone = [one for one in made.plan.changes if one.verb == "delete"]
    kinds = sorted(one.resource.key.kind for one in gone)
    assert kinds == [
        "bucket_notification",
        "event_invoke_config",
        "event_source_mapping",
        "function_url",
        *["permission"] * 4,
        "reserved_concurrency",
    ]
    assert {one.reason for one in gone} == {"of lcli app shop, and not in this manifest"}
    assert sorted(filter(None, made.plan.confirmations)) == [
        f"deletes event source mapping same<-arn:aws:sqs:us-east-1:{apps.cloud.account}:jobs",
        "deletes function URL same:live",
    ]
    (told,) = [one for one in made.plan.notices if "HTTP API" in one]
    assert "of lcli app shop has routes that lead to same:live: they fail" in told
    apps.adopt(**options)
    there = everything_in(apps.store.session())
    assert there["same"] == ["$LATEST", "1", "2", "alias=live", "live=2"]
    assert there["mappings"] == []
    assert [one.rpartition(".")[0] for one in _rules(apps)] == ["lcli.shop..other"]


def _rules(apps: Apps) -> list[str]:
    answer = apps.store.session().call("s3", "GetBucketNotificationConfiguration", Bucket="pics")
    return sorted(one["Id"] for one in answer.get("LambdaFunctionConfigurations", []))


@pytest.mark.parametrize("after", ["", ALL, SOME], ids=["nothing", "the same", "other things"])
def test_nothing_is_left_when_both_apps_are_deleted(apps: Apps, after: str) -> None:
    apps.deployed(ALL, after)
    apps.adopt()
    assert problems(apps.shop.delete(logs=True)) == []
    assert apps.store.plan() == []
    assert problems(apps.store.delete(logs=True)) == []
    assert {name: held for name, held in everything_in(apps.store.session()).items() if held} == {}


def test_a_rule_with_the_same_bucket_and_prefix_is_the_function_s_own(apps: Apps) -> None:
    apps.deployed(ALL, ALL)
    with pytest.raises(LcliError) as raised:
        apps.store.prepare()
    assert {one.code for one in raised.value.problems} == {"not-ours"}
    assert f"delete {RULE}" in apps.store.plan(adopt=MINE)
    apps.store.calls()
    apps.adopt()
    assert apps.store.calls()["s3:PutBucketNotificationConfiguration"] == 1
    assert [one.rpartition(".")[0] for one in _rules(apps)] == [
        "lcli.shop..other",
        "lcli.store..mine",
    ]


def test_what_was_made_by_hand_stays(apps: Apps) -> None:
    apps.deployed("triggers: [http: GET /one]", "")
    session = apps.store.session()
    which = {"FunctionName": "same", "Qualifier": "live"}
    session.call("lambda", "CreateFunctionUrlConfig", **which, AuthType="AWS_IAM")
    session.call(
        "lambda", "PutFunctionConcurrency", FunctionName="same", ReservedConcurrentExecutions=1
    )
    statement = {
        "StatementId": "hand",
        "Action": "lambda:InvokeFunction",
        "Principal": "s3.amazonaws.com",
    }
    session.call("lambda", "AddPermission", **which, **statement)
    source = session.call("sqs", "CreateQueue", QueueName="hand")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{apps.cloud.account}:{source.rpartition('/')[2]}"
    session.call("lambda", "CreateEventSourceMapping", FunctionName="same:live", EventSourceArn=arn)
    gone = [one for one in apps.store.plan(adopt=MINE) if one.startswith("delete ")]
    assert [one.partition("-")[0] for one in gone] == ["delete permission same:live/lcli"]
    apps.adopt()
    there = everything_in(session)
    assert there["same"] == ["$LATEST", "1", "2", "alias=live", "live/hand", "live=2"]
    assert there["mappings"] == [
        f"{arn} → arn:aws:lambda:us-east-1:{apps.cloud.account}:function:same:live"
    ]
    assert session.call("lambda", "GetFunctionUrlConfig", **which)["AuthType"] == "AWS_IAM"
    assert (
        session.call("lambda", "GetFunctionConcurrency", FunctionName="same")[
            "ReservedConcurrentExecutions"
        ]
        == 1
    )


@pytest.mark.whole
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(ALL, "", id="nothing is wanted"),
        pytest.param(ALL, ALL, id="the same is wanted"),
        pytest.param(ALL, SOME, id="something is wanted"),
        pytest.param(ALL, "alias: false, triggers: [sqs: jobs]", id="without an alias"),
        pytest.param(ALL, f"alias: prod, {ALL}", id="another alias"),
        pytest.param("", ALL, id="more is wanted"),
    ],
)
def test_the_outcome_is_the_same_wherever_a_run_is_killed(
    apps: Apps, before: str, after: str
) -> None:
    """Each third change is the last one, another third each time."""
    apps.deployed(before, after)
    first = apps.keep()
    apps.adopt()
    undisturbed, survives, died = apps.held(), randrange(3), True
    while died:
        first.restore()
        apps.store.clients = DyingClients(apps.store.session(), survives)
        with suppress(Killed):
            apps.store.deploy(adopt=MINE)
        died, apps.store.clients = apps.store.clients.dead, None
        apps.adopt()
        found = difference(undisturbed, apps.held(), apps.store.plan(prune=True))
        assert not found, f"killed after {survives} changes:\n{found}"
        survives += 3
    assert survives > 10
