"""Refusals that no patience mends, and answers that hide a part: what is told and left alone."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud, problems
from overlay.faults import Refuse, Rewrite, Rule, When, first
from overlay.operations import Call
from overlay.server import Overlay, overlay

from lcli.aws import retry, texts
from lcli.deploy import engine
from lcli.deploy.report import Report
from lcli.errors import ExitCode, LcliError

MANIFEST = """
app: photos
region: us-east-1
functions:
  one:
    runtime: python3.13
    handler: app.handler
    source: code
    timeout: %s
    environment: {SIZE: "1"}
"""
RESERVING = "    concurrency: {reserved: 1}\n"
POLLING = "    triggers: [{sqs: {queue: orders, batch_size: %s, filter: [{body: {size: [1]}}]}}]\n"
ROLE = "arn:aws:iam::%s:role/lcli/photos/photos-one-us-east-1"
OF_ONE = f"the execution role {ROLE} of photos-one"
LIVE = "arn:aws:lambda:us-east-1:%s:function:photos-one:live"
SECONDS = 1.0
"""What each action may take here; 50 minutes otherwise."""
SECONDS_OF = {"UpdateEventSourceMapping": 4.0}
"""The first pause after its refusal may be a second long, and another try has to come of it."""


class App(OnCloud):
    """One app that can be deployed through an overlay."""

    def version(self, number: int, more: str = "") -> None:
        self.manifest(MANIFEST % number + more.replace("%s", str(number)))
        self.code(str(number))

    @contextmanager
    def behind(self, *rules: Rule) -> Iterator[tuple[OnCloud, Overlay]]:
        with overlay(self.url, *rules) as between:
            yield OnCloud(self.directory, between.url, self.account), between


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> App:
    made = App(tmp_path, cloud.url, cloud.account)
    made.version(1)
    return made


def deployed(faulty: OnCloud, number: int, seconds: float = SECONDS) -> Report:
    faulty.code(str(number))
    return engine.deploy(faulty.prepare(), faulty.session(), action_seconds=seconds)


def always(call: Call) -> bool:
    return True


STORAGE = Refuse(
    status=400, code="CodeStorageExceededException", message="Code storage limit exceeded."
)
STORAGE_TOLD = (
    "code-storage",
    "the code storage of this account in us-east-1 is used up (75 GB, if nobody asked for more): "
    "Code storage limit exceeded.",
    "delete old versions (`lcli versions FUNCTION --prune N`, `keep_versions: N`), or ask for more "
    "in Service Quotas: Lambda, function and layer storage",
)
RESERVED = Refuse(
    status=400,
    code="InvalidParameterValueException",
    message="Specified ReservedConcurrentExecutions for function decreases account's "
    "UnreservedConcurrentExecution below its minimum value of [10].",
)
KEY = Refuse(
    status=400,
    code="InvalidParameterValueException",
    message="Lambda was unable to configure access to your environment variables because the KMS "
    "key is invalid for CreateGrant. Please check your KMS key settings. KMS Exception: "
    "InvalidArnException KMS Message: ARN does not refer to a valid principal",
)
NOT_ASSUMED = Refuse(
    status=400,
    code="InvalidParameterValueException",
    message="The role defined for the function cannot be assumed by Lambda.",
)
LACKS = Refuse(
    status=400,
    code="InvalidParameterValueException",
    message="The function execution role does not have permissions to call ReceiveMessage on SQS",
)
IN_USE = Refuse(
    status=400,
    code="ResourceInUseException",
    message="Cannot update the event source mapping because it is in use.",
)
MORE = {
    "PutFunctionConcurrency": RESERVING,
    "CreateEventSourceMapping": POLLING,
    "UpdateEventSourceMapping": POLLING,
}


@pytest.mark.parametrize(
    ("refusal", "operation", "number", "told", "again"),
    [
        pytest.param(STORAGE, "CreateFunction", 1, STORAGE_TOLD, False, id="code storage, new"),
        pytest.param(STORAGE, "PublishVersion", 2, STORAGE_TOLD, False, id="code storage, version"),
        pytest.param(
            RESERVED,
            "PutFunctionConcurrency",
            1,
            (
                "reserved-too-much",
                "photos-one would reserve more concurrency than the account can spare in "
                f"us-east-1: {RESERVED.message}",
                "lower `concurrency: {reserved}` of this function or of another, or ask for more "
                "concurrent executions in Service Quotas",
            ),
            False,
            id="reserved concurrency",
        ),
        pytest.param(
            KEY,
            "CreateFunction",
            1,
            (
                "key-not-granted",
                f"Lambda cannot use the KMS key for {OF_ONE}: {KEY.message}",
                "see that the key is enabled and that its policy allows kms:CreateGrant to these "
                "credentials, or change `kms_key`, then run the same command again",
            ),
            True,
            id="KMS key",
        ),
        pytest.param(
            NOT_ASSUMED,
            "CreateFunction",
            1,
            (
                "role-not-assumed",
                f"Lambda cannot assume {OF_ONE}: {NOT_ASSUMED.message}",
                "let its trust policy allow sts:AssumeRole to the service that uses it "
                "(lambda.amazonaws.com), then run the same command again",
            ),
            True,
            id="role not assumed",
        ),
        pytest.param(
            LACKS,
            "CreateEventSourceMapping",
            1,
            (
                "role-lacks-permission",
                f"the execution role {ROLE} of {LIVE} lacks ReceiveMessage on SQS: {LACKS.message}",
                "allow ReceiveMessage on SQS to that role (`role: {statements: […]}` where lcli "
                "manages it), then run the same command again",
            ),
            True,
            id="role lacks",
        ),
        pytest.param(
            LACKS,
            "UpdateEventSourceMapping",
            2,
            (
                "role-lacks-permission",
                f"the execution role {ROLE} of {LIVE} lacks ReceiveMessage on SQS: {LACKS.message}",
                "allow ReceiveMessage on SQS to that role (`role: {statements: […]}` where lcli "
                "manages it), then run the same command again",
            ),
            True,
            id="role lacks, update",
        ),
        pytest.param(
            IN_USE,
            "UpdateEventSourceMapping",
            2,
            (
                "in-use",
                "lambda:UpdateEventSourceMapping: AWS has not finished an earlier change of it: "
                f"{IN_USE.message}",
                "`lcli status FUNCTION` shows its state; run the same command again when that has "
                "settled",
            ),
            True,
            id="mapping in use",
        ),
    ],
)
def test_what_does_not_pass_ends_in_time_and_names_the_thing_to_change(
    app: App, refusal: Refuse, operation: str, number: int, told: tuple[str, ...], again: bool
) -> None:
    more = MORE.get(operation, "")
    if number == 2:
        app.version(1, more)
        assert problems(app.deploy()) == []
    app.version(number, more)
    with app.behind(Rule(refusal, always, frozenset({f"lambda:{operation}"}))) as (faulty, between):
        report = deployed(faulty, number, SECONDS_OF.get(operation, SECONDS))
        assert report.seconds < 20
        assert (between.faults().total() > 1) is again
    assert report.exit_code is ExitCode.FAILED
    failed = [(p.code, p.what, p.next_step) for one in report.failed for p in one.problems]
    assert failed == [tuple(part.replace("%s", app.account) for part in told)]


STREAMING = "    triggers: [{kinesis: {stream: clicks%s}}]\n"


def test_a_mapping_waits_for_what_this_run_lets_its_role_do(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The destination comes with a permission of the role, which IAM takes its time to tell."""
    app.session().call("kinesis", "CreateStream", StreamName="clicks", ShardCount=1)
    app.version(1, STREAMING.replace("%s", ""))
    assert problems(app.deploy()) == []
    app.manifest(
        MANIFEST % 1 + STREAMING % f", on_failure: 'arn:aws:sqs:us-east-1:{app.account}:failed'"
    )
    impatient = [
        replace(row, seconds=0) if texts.ROLE_LACKS in row.says_one_of else row
        for row in retry.RULES
    ]
    monkeypatch.setattr(retry, "RULES", tuple(impatient))
    update = frozenset({"lambda:UpdateEventSourceMapping"})
    with app.behind(Rule(LACKS, first(3), update)) as (faulty, between):
        faulty.code("1")
        assert problems(faulty.deploy()) == []
        assert between.faults().total() == 3
    assert app.plan() == []


def test_a_key_whose_grant_spreads_slowly_is_waited_for(app: App) -> None:
    create = frozenset({"lambda:CreateFunction"})
    with app.behind(Rule(KEY, first(2), create)) as (faulty, between):
        faulty.code("1")
        assert problems(faulty.deploy()) == []
        assert between.faults().total() == 2
    assert app.plan() == []


@contextmanager
def names_that(resolve: Callable[[], bool]) -> Iterator[None]:
    """The resolver of this process knows a name only when `resolve` says so."""
    real = socket.getaddrinfo

    def look_up(*asked: Any, **more: Any) -> Any:
        if not resolve():
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real(*asked, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        yield


def test_a_name_that_resolves_again_costs_nothing_but_time(app: App) -> None:
    asked: list[bool] = []

    def every_other() -> bool:
        asked.append(bool(len(asked) % 2))
        return asked[-1]

    prepared = app.prepare()
    with names_that(every_other):
        report = engine.deploy(prepared, OnCloud(app.directory, app.url, app.account).session())
    assert asked.count(False) > 1
    assert problems(report) == []
    assert app.plan() == []


def test_a_name_that_resolves_no_more_is_one_error_in_time(app: App) -> None:
    prepared = app.prepare()
    began = time.monotonic()
    with names_that(lambda: False):
        faulty = OnCloud(app.directory, app.url, app.account)
        report = engine.deploy(prepared, faulty.session(), action_seconds=SECONDS)
    assert time.monotonic() - began < 10
    assert report.exit_code is ExitCode.FAILED
    told = {(p.code, p.what.partition(": ")[2], p.next_step) for p in all_problems(report)}
    assert told == {
        (
            "unreachable",
            f"no connection to {app.url}",
            "check the network, the region and --endpoint-url, then run the same command again",
        )
    }
    assert problems(app.deploy()) == []
    assert app.plan() == []


UPDATING = Refuse(
    status=409,
    code="ResourceConflictException",
    message="The operation cannot be performed at this time. An update is in progress for "
    "resource: photos-one",
)


def unready(answer: dict[str, Any]) -> None:
    """Neither a creation nor an update of it comes to its end."""
    if seen := answer.get("Configuration"):
        seen["State" if seen["Timeout"] == 1 else "LastUpdateStatus"] = (
            "Pending" if seen["Timeout"] == 1 else "InProgress"
        )


@pytest.mark.parametrize(
    ("number", "rules", "what"),
    [
        pytest.param(
            1,
            (),
            "waiting for photos-one to be active: it took longer than the 2 s that there were",
            id="a creation",
        ),
        pytest.param(
            2,
            (Rule(UPDATING, always, frozenset({"lambda:TagResource"})),),
            "an update of arn:aws:lambda:us-east-1:%s:function:photos-one did not end in time: "
            f"{UPDATING.message}",
            id="an update of others",
        ),
    ],
)
def test_no_wait_goes_beyond_the_deadline_of_its_action(
    app: App, number: int, rules: tuple[Rule, ...], what: str
) -> None:
    if number == 2:
        assert problems(app.deploy()) == []
        app.version(2)
    with app.behind(hiding("lambda:GetFunction", unready), *rules) as (faulty, _):
        faulty.code(str(number))
        prepared = faulty.prepare()
        began = time.monotonic()
        report = engine.deploy(prepared, faulty.session(), action_seconds=2)
        assert time.monotonic() - began < 6
    told = [(p.code, p.what, p.next_step) for one in report.failed for p in one.problems]
    again = "run the same command again: it goes on where this one stopped"
    assert told == [("timed-out", what.replace("%s", app.account), again)]
    assert problems(app.deploy()) == []
    assert app.plan() == []


def all_problems(report: Report) -> list[Any]:
    return [p for one in report.failed for p in one.problems] + list(report.problems)


HIDDEN = {"ErrorCode": "AccessDeniedException", "Message": "kms:Decrypt is not allowed"}


def hiding(operation: str, change: Callable[[dict[str, Any]], object]) -> Rule:
    """AWS does not show a part of what it is asked."""

    def changed(body: bytes) -> bytes:
        answer = json.loads(body)
        change(answer)
        return json.dumps(answer).encode()

    when: When = lambda call: call.status == 0  # noqa: E731 (every call)
    return Rule(Rewrite(change=changed), when, frozenset({operation}))


def hide_environment(answer: dict[str, Any]) -> None:
    answer["Configuration"]["Environment"] = {"Error": HIDDEN}


def hide_filter(answer: dict[str, Any]) -> None:
    for one in answer["EventSourceMappings"]:
        del one["FilterCriteria"]
        one["FilterCriteriaError"] = HIDDEN


@pytest.mark.parametrize("quick", [False, True], ids=["all", "quick"])
def test_variables_that_aws_does_not_show_are_sent_with_every_deploy(app: App, quick: bool) -> None:
    assert problems(app.deploy()) == []
    app.manifest((MANIFEST % 1).replace('SIZE: "1"', 'SIZE: "2"'))
    with app.behind(hiding("lambda:GetFunction", hide_environment)) as (faulty, _):
        faulty.code("1")
        prepared = faulty.prepare(quick=quick)
        assert [(a.verb, a.resource.key.kind) for a in prepared.plan.changes] == [
            ("update", "function"),
            ("replace", "version"),
            ("update", "alias"),
        ]
        assert (
            "AWS does not show Environment of photos-one, so nobody can tell whether it is what "
            "the manifest says: every deploy sends it; allow the credentials in use to see it "
            "(kms:Decrypt on its key)"
        ) in prepared.notices
        assert problems(faulty.deploy(quick=quick)) == []
        assert "update function photos-one" in faulty.plan()
        assert faulty.plan(only_looking=True) == []
    shown = app.session().call(
        "lambda", "GetFunction", FunctionName="photos-one", Qualifier="live"
    )["Configuration"]
    assert shown["Environment"]["Variables"] == {"SIZE": "2"}
    assert app.plan() == []


def test_a_filter_that_aws_does_not_show_is_sent_with_every_deploy(app: App) -> None:
    app.version(1, POLLING)
    assert problems(app.deploy()) == []
    app.version(1, POLLING.replace("size: [1]", "size: [2]"))
    with app.behind(hiding("lambda:ListEventSourceMappings", hide_filter)) as (faulty, _):
        faulty.code("1")
        report = faulty.deploy()
        assert problems(report) == []
        assert [one for one in report.notices if "AWS does not show FilterCriteria" in one]
    (mapping,) = app.session().call("lambda", "ListEventSourceMappings")["EventSourceMappings"]
    assert mapping["FilterCriteria"]["Filters"] == [{"Pattern": '{"body":{"size":[2]}}'}]
    assert app.plan() == []


@pytest.mark.parametrize("path", ["environment", "environment.OTHER"])
def test_variables_of_others_that_aws_does_not_show_are_unknown_and_stay(
    app: App, path: str
) -> None:
    more = f"    ignore: [{path}]\n"
    app.version(1, more)
    assert problems(app.deploy()) == []
    app.manifest((MANIFEST % 1).replace('SIZE: "1"', 'SIZE: "2"') + more)
    with app.behind(hiding("lambda:GetFunction", hide_environment)) as (faulty, between):
        faulty.code("1")
        prepared = faulty.prepare()
        assert between.faults()
    assert prepared.plan.changes == ()
    assert [one for one in prepared.notices if "AWS does not show Environment" in one]


def test_hidden_tags_are_nobody_else_s(app: App) -> None:
    assert problems(app.deploy()) == []

    def hide_tags(answer: dict[str, Any]) -> None:
        del answer["Tags"]
        answer["TagsError"] = HIDDEN

    with app.behind(hiding("lambda:GetFunction", hide_tags)) as (faulty, between):
        with pytest.raises(LcliError) as caught:
            faulty.prepare()
        assert not any(call.changes for call in between.calls)
    (problem,) = caught.value.problems
    assert (problem.code, problem.next_step) == (
        "tags-hidden",
        "allow lambda:ListTags on it to the credentials in use",
    )


def test_a_dead_destination_of_others_is_passed_over_on_request(app: App) -> None:
    s3, functions = app.session(), "{functions}"
    bucket = f"photos-{app.account}"
    dead = f"arn:aws:lambda:us-east-1:{app.account}:function:dead"
    s3.call("s3", "CreateBucket", Bucket=bucket)
    s3.call(
        "s3",
        "PutBucketNotificationConfiguration",
        Bucket=bucket,
        SkipDestinationValidation=True,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {"Id": "theirs", "LambdaFunctionArn": dead, "Events": ["s3:ObjectRemoved:*"]}
            ]
        },
    )
    trigger = f"triggers: [{{s3: {{bucket: {bucket}{functions}}}}}]"
    text = MANIFEST % 1
    app.manifest(f"{text}    {trigger.replace(functions, '')}\n")
    report = engine.deploy(app.prepare(), app.session(), action_seconds=SECONDS)
    assert [p.code for p in all_problems(report)] == ["notification-destination-dead"]
    app.manifest(f"{text}    {trigger.replace(functions, ', skip_validation: true')}\n")
    assert problems(app.deploy()) == []

    def rules() -> int:
        held = s3.call("s3", "GetBucketNotificationConfiguration", Bucket=bucket)
        return len(held["LambdaFunctionConfigurations"])

    assert rules() == 2
    one = f"s3: {{bucket: {bucket}, prefix: a/, skip_validation: true}}"
    app.manifest(f"{text}    triggers: [{one}]\n")
    assert problems(app.deploy()) == []
    app.manifest(f"{text}    triggers: [{one}, s3: {{bucket: {bucket}, prefix: b/}}]\n")
    assert problems(app.deploy()) == []
    assert rules() == 3
    assert problems(app.delete()) == []
    assert rules() == 1
