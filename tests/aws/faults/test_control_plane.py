"""What AWS answers when something is not as it should be, a row each, and what lcli does."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud, everything_in, problems
from overlay.faults import Delay, Fault, Refuse, Reset, Rewrite, Rule, When, among, at, first
from overlay.server import overlay

from lcli.deploy import engine
from lcli.deploy.report import Report
from lcli.errors import ExitCode

MANIFEST = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
  one:
    environment: {SIZE: "%s"}
    triggers: [{sqs: {queue: orders, batch_size: %s}}, {s3: {bucket: photos-%s}}]
  two: {}
"""
CONFLICT = Refuse(
    status=409,
    code="ResourceConflictException",
    message="The operation cannot be performed at this time. An update is in progress for "
    "resource: arn:aws:lambda:us-east-1:123456789012:function:photos-one",
)
IN_USE = Refuse(
    status=400,
    code="ResourceInUseException",
    message="Cannot update the event source mapping because it is in use.",
)


class Between:
    """One app, deployed through an overlay that holds to the rules of the moment."""

    def __init__(self, cloud: Any, directory: Path) -> None:
        self.cloud, self.app = cloud, OnCloud(directory, cloud.url, cloud.account)
        self.manifest(1)

    def manifest(self, number: int) -> None:
        self.app.manifest(MANIFEST % (number, number, self.app.account))
        self.number = str(number)
        self.app.code(self.number)

    def deploy(self, fault: Fault, when: When, *operations: str) -> Report:
        with overlay(self.cloud.url, Rule(fault, when, frozenset(operations))) as between:
            faulty = OnCloud(self.app.directory, between.url, self.app.account)
            faulty.code(self.number)
            report = faulty.deploy()
            assert between.faults(), "nothing went wrong"
        return report

    def is_whole(self) -> bool:
        """Whether all is as the manifest says, each thing once."""
        held = everything_in(self.app.session())
        return (
            self.app.plan() == []
            and len(held["mappings"]) == len(held["notifications"]) == 1
            and len([one for one in held["photos-one"] if "/" in one]) == 1
        )


@pytest.fixture
def cloud(prepared: Any) -> Any:
    return prepared.empty("control plane")


@pytest.fixture
def between(cloud: Any, tmp_path: Path) -> Between:
    return Between(cloud, tmp_path)


@pytest.fixture
def deployed(between: Between, prepared: Any) -> Between:
    """The first of its versions is there."""
    prepared.after("control plane", between.app.deploy_well)
    return between


@pytest.mark.parametrize(
    "operation",
    [
        "lambda:CreateFunction",
        "lambda:CreateEventSourceMapping",
        "lambda:AddPermission",
        "lambda:CreateAlias",
        "iam:CreateRole",
        "logs:CreateLogGroup",
        "s3:PutBucketNotificationConfiguration",
    ],
)
def test_what_was_made_although_its_answer_was_lost_is_taken(
    between: Between, operation: str
) -> None:
    assert problems(between.deploy(Reset(processed=True), first(1), operation)) == []
    assert between.is_whole()


@pytest.mark.parametrize(
    ("fault", "operation"),
    [
        pytest.param(CONFLICT, "lambda:UpdateFunctionCode", id="code while an update is under way"),
        pytest.param(CONFLICT, "lambda:PublishVersion", id="version while one is under way"),
        pytest.param(IN_USE, "lambda:UpdateEventSourceMapping", id="mapping in use"),
        pytest.param(Reset(True), "lambda:UpdateFunctionCode", id="code, answer lost"),
        pytest.param(Reset(True), "lambda:UpdateFunctionConfiguration", id="settings, answer lost"),
        pytest.param(Reset(True), "lambda:PublishVersion", id="version, answer lost"),
        pytest.param(Reset(True), "lambda:UpdateAlias", id="alias, answer lost"),
    ],
)
def test_a_change_that_has_to_wait_or_is_not_answered_is_made(
    deployed: Between, fault: Fault, operation: str
) -> None:
    deployed.manifest(2)
    assert problems(deployed.deploy(fault, first(1), operation)) == []
    assert deployed.is_whole()


def test_a_permission_that_is_lost_to_a_parallel_writer_is_added_again(between: Between) -> None:
    lost = Refuse(status=201, code="", message="")
    assert problems(between.deploy(lost, first(1), "lambda:AddPermission")) == []
    assert between.is_whole()


@pytest.mark.parametrize(
    ("code", "status", "message", "what", "next_step"),
    [
        pytest.param(
            "AccessDeniedException",
            403,
            "User: arn:aws:iam::123456789012:user/me is not authorized to perform: "
            "lambda:PublishVersion on resource: arn:aws:lambda:us-east-1:123456789012:function:f",
            "access-denied",
            "allow lambda:PublishVersion on arn:aws:lambda:us-east-1:123456789012:function:f for "
            "these credentials, then run the same command again",
            id="denied",
        ),
        pytest.param(
            "ExpiredTokenException",
            403,
            "The security token included in the request is expired",
            "expired-credentials",
            "renew them (`aws sso login`, or a new session token) and run the same command again",
            id="expired",
        ),
    ],
)
def test_access_that_ends_half_way_stops_the_run_and_a_later_one_goes_on(
    deployed: Between, code: str, status: int, message: str, what: str, next_step: str
) -> None:
    deployed.manifest(2)
    refused = Refuse(status=status, code=code, message=message)
    report = deployed.deploy(refused, at(*range(1, 99)), "lambda:PublishVersion")
    assert report.exit_code is ExitCode.FAILED
    told = {(p.code, p.next_step) for one in report.failed for p in one.problems}
    assert told == {(what, next_step)}
    ended = {one.status for one in report.outcomes}
    assert {"done", "failed", "skipped"} <= ended
    assert problems(deployed.app.deploy()) == []
    assert deployed.is_whole()


@pytest.mark.parametrize(
    ("state", "what"),
    [
        pytest.param(
            {"State": "Failed", "StateReasonCode": "ImageDeleted", "StateReason": "It is gone."},
            "photos-two is Failed: ImageDeleted: It is gone.",
            id="failed",
        ),
        pytest.param(
            {
                "LastUpdateStatus": "Failed",
                "LastUpdateStatusReasonCode": "SubnetOutOfIPAddresses",
                "LastUpdateStatusReason": "No addresses are left.",
            },
            "Lambda could not update photos-two, so its old code and settings still run: "
            "SubnetOutOfIPAddresses: No addresses are left.",
            id="update failed",
        ),
    ],
)
def test_a_function_that_failed_is_told_at_first_sight(
    deployed: Between, state: dict[str, str], what: str
) -> None:
    deployed.manifest(2)

    def failed(body: bytes) -> bytes:
        answer = json.loads(body)
        answer["Configuration"] |= state
        return json.dumps(answer).encode()

    updated: list[str] = []

    def after_the_update(call: Any) -> bool:
        updated.extend([call.operation] * (call.operation == "UpdateFunctionCode"))
        of_two = "/photos-two" in call.target and "Qualifier" not in call.target
        return bool(updated) and of_two and call.operation == "GetFunction"

    began = time.monotonic()
    report = deployed.deploy(Rewrite(change=failed), after_the_update)
    assert time.monotonic() - began < 20
    assert what in problems(report)
    assert problems(deployed.app.deploy()) == []
    assert deployed.is_whole()


UPDATE_FAILED = {
    "LastUpdateStatus": "Failed",
    "LastUpdateStatusReasonCode": "SubnetOutOfIPAddresses",
    "LastUpdateStatusReason": "No addresses are left.",
}


@pytest.mark.parametrize("changes", ["code", "memory", "tags"])
def test_a_function_whose_last_update_failed_takes_the_next(
    deployed: Between, changes: str
) -> None:
    """It says so until another update succeeds, and that has to be sent for it."""
    manifest = MANIFEST % (1, 1, deployed.app.account)
    more = {"code": "", "memory": "memory: 256", "tags": "tags: {team: a}"}[changes]
    deployed.app.manifest(manifest.replace("two: {}", f"two: {{{more}}}"))
    deployed.number = "2" if changes == "code" else "1"
    updated: list[str] = []

    def failed(body: bytes) -> bytes:
        answer = json.loads(body)
        answer["Configuration"] |= UPDATE_FAILED
        return json.dumps(answer).encode()

    def until_an_update(call: Any) -> bool:
        updated.extend([call.operation] * call.operation.startswith("UpdateFunction"))
        of_two = "/photos-two" in call.target and "Qualifier" not in call.target
        return not updated and of_two and call.operation == "GetFunction"

    assert problems(deployed.deploy(Rewrite(change=failed), until_an_update)) == []
    assert bool(updated) is (changes != "tags")
    assert deployed.is_whole()


TWO_BUCKETS = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
  one: {triggers: [{s3: {bucket: photos-a}}, {s3: {bucket: photos-b}}, {s3: {bucket: photos-c}}]}
"""
SLOW = 0.4


def test_the_permissions_of_a_function_are_added_one_after_the_other(between: Between) -> None:
    """Of two at once AWS loses one."""
    for name in "abc":
        between.app.session().call("s3", "CreateBucket", Bucket=f"photos-{name}")
    between.app.manifest(TWO_BUCKETS)
    slow = Rule(Delay(seconds=SLOW), lambda call: True, frozenset({"lambda:AddPermission"}))
    with overlay(between.cloud.url, slow) as faulty:
        app = OnCloud(between.app.directory, faulty.url, between.app.account)
        assert problems(app.deploy()) == []
        began = [call.at for call in faulty.calls if call.name == "lambda:AddPermission"]
    assert len(began) == 3
    assert all(later - earlier >= SLOW for earlier, later in pairwise(began))


def test_the_alias_moves_when_the_new_version_is_active(deployed: Between) -> None:
    """With SnapStart or a VPC that takes minutes."""
    deployed.app.code("2")

    def pending(body: bytes) -> bytes:
        answer = json.loads(body)
        answer.get("Configuration", answer)["State"] = "Pending"
        return json.dumps(answer).encode()

    version = among(lambda call: "photos-two?Qualifier=2" in call.target, first(2))
    published = frozenset({"lambda:PublishVersion"})
    rules = (
        Rule(Rewrite(change=pending), lambda call: True, published),
        Rule(Rewrite(change=pending), version, frozenset({"lambda:GetFunction"})),
    )
    with overlay(deployed.cloud.url, *rules) as faulty:
        app = OnCloud(deployed.app.directory, faulty.url, deployed.app.account)
        app.code("2")
        assert problems(app.deploy()) == []
        of_two = [call for call in faulty.calls if "/photos-two" in call.target]
    moved = [call.number for call in of_two if call.name == "lambda:UpdateAlias"]
    looks = [call.number for call in of_two if "?Qualifier=2" in call.target]
    assert len(looks) >= 3
    assert looks[2] < moved[0]


def test_an_alias_that_somebody_moved_since_the_plan_stays_where_it_is(deployed: Between) -> None:
    deployed.app.code("2")
    assert problems(deployed.app.deploy()) == []
    deployed.app.code("3")
    prepared, session = deployed.app.prepare(), deployed.app.session()
    name = {"FunctionName": "photos-two", "Name": "live"}
    session.call("lambda", "UpdateAlias", FunctionVersion="1", **name)
    (told,) = problems(engine.deploy(prepared, session))
    assert told.startswith("someone else changed alias live of photos-two")
    assert session.call("lambda", "GetAlias", **name)["FunctionVersion"] == "1"
