"""What somebody else does to a function while it is deployed."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud, problems
from botocore.session import get_session
from meddled import Meddled

from lcli.aws.clients import AwsError
from lcli.deploy import engine
from lcli.deploy.deletion import prepare_deletion
from lcli.deploy.stop import Stop
from lcli.errors import ExitCode, LcliError

NAME, ROLE = "photos-one", "photos-one-us-east-1"
LIVE = {"FunctionName": NAME, "Qualifier": "live"}


def manifest(memory: int = 128, who: str = "a", *rules: str) -> str:
    arn = "arn:aws:events:us-east-1:123456789012:rule/"
    given = "".join(
        f'\n      - {{principal: events.amazonaws.com, source_arn: "{arn}{rule}"}}'
        for rule in rules
    )
    return f"""
app: photos
defaults: {{runtime: python3.13, handler: app.handler, source: code}}
functions:
  one:
    memory: {memory}
    role: {{statements: [{{actions: ["s3:GetObject"], resources: ["arn:aws:s3:::{who}/*"]}}]}}
    permissions: {f"{given}" if given else "[]"}
"""


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> OnCloud:
    made = OnCloud(tmp_path, cloud.url, cloud.account)
    made.manifest(manifest())
    return made


@pytest.fixture
def deployed(app: OnCloud) -> OnCloud:
    assert problems(app.deploy()) == []
    return app


def run(app: OnCloud, clients: Meddled) -> Any:
    return engine.deploy(app.prepare(), clients)  # type: ignore[arg-type]


def call(app: OnCloud, operation: str, **parameters: Any) -> dict[str, Any]:
    return app.session().call("lambda", operation, **parameters)


def bucket_of_role(app: OnCloud) -> list[str]:
    policy = app.session().call("iam", "GetRolePolicy", RoleName=ROLE, PolicyName="lcli")
    return re.findall(r"arn:aws:s3:::(\w+)/", str(policy["PolicyDocument"]))


def write_role(app: OnCloud, who: str) -> None:
    allowed = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{who}/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    app.session().call(
        "iam", "PutRolePolicy", RoleName=ROLE, PolicyName="lcli", PolicyDocument=document
    )


def rules(app: OnCloud) -> list[str]:
    return re.findall(r"rule/(\w+)", call(app, "GetPolicy", **LIVE)["Policy"])


def allow(app: OnCloud, rule: str) -> None:
    call(
        app,
        "AddPermission",
        **LIVE,
        StatementId=rule,
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=f"arn:aws:events:us-east-1:123456789012:rule/{rule}",
    )


def test_who_moved_the_alias_writes_again_what_was_overwritten(deployed: OnCloud) -> None:
    deployed.manifest(manifest(256, "b"))
    clients = Meddled(deployed, "UpdateAlias", lambda: write_role(deployed, "c"), after=True)
    report = run(deployed, clients)
    assert report.exit_code is ExitCode.DONE
    assert report.notices == (
        "one: someone else changed it at the same time; written again: execution role",
    )
    assert bucket_of_role(deployed) == ["b"]
    assert deployed.plan() == []


def test_who_changed_only_what_nothing_guards_looks_too(deployed: OnCloud) -> None:
    deployed.manifest(manifest(128, "b"))
    clients = Meddled(deployed, "PutRolePolicy", lambda: write_role(deployed, "c"), after=True)
    assert run(deployed, clients).exit_code is ExitCode.DONE
    assert bucket_of_role(deployed) == ["b"]


def test_what_aws_says_otherwise_is_written_again_once(
    deployed: OnCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A difference that writing does not change is nobody's deploy: it does not fail this one."""
    deployed.manifest(manifest(256, "b"))
    clients = Meddled(deployed)
    plain = clients.call

    def stubborn(service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        answer = plain(service, operation, **parameters)
        if operation == "GetRolePolicy":
            answer["PolicyDocument"]["Statement"][0]["Action"] = ["s3:Get*"]
        return answer

    monkeypatch.setattr(clients, "call", stubborn)
    assert run(deployed, clients).exit_code is ExitCode.DONE
    assert clients.changes().count("PutRolePolicy") == 2


def test_an_alias_that_somebody_else_moves_on_is_told(deployed: OnCloud) -> None:
    def rival() -> None:
        call(deployed, "UpdateFunctionConfiguration", FunctionName=NAME, MemorySize=512)
        deployed.session().call("lambda", "GetFunction", FunctionName=NAME)
        number = call(deployed, "PublishVersion", FunctionName=NAME)["Version"]
        call(deployed, "UpdateAlias", FunctionName=NAME, Name="live", FunctionVersion=number)

    deployed.manifest(manifest(256, "b"))
    report = run(deployed, Meddled(deployed, "UpdateAlias", rival, after=True))
    assert report.exit_code is ExitCode.FAILED
    assert problems(report) == [f"someone else changed alias live of {NAME} since the plan"]
    (row,) = report.rows
    assert (row.status, row.version, row.alias) == ("failed", "2", "")
    assert "lcli:digest" not in call(deployed, "GetFunction", FunctionName=NAME)["Tags"]


@pytest.mark.parametrize(
    ("to", "last"),
    [
        pytest.param((128, "b"), "PutRolePolicy", id="all is done"),
        pytest.param((256, "a"), "UpdateFunctionConfiguration", id="a version is due"),
        pytest.param((256, "a"), "PublishVersion", id="the alias is due"),
        pytest.param((256, "a", "r"), "UpdateAlias", id="a statement is due"),
    ],
)
def test_a_function_that_somebody_else_deletes_is_told(
    deployed: OnCloud, to: tuple[Any, ...], last: str
) -> None:
    deployed.manifest(manifest(*to))
    gone = Meddled(
        deployed, last, lambda: call(deployed, "DeleteFunction", FunctionName=NAME), after=True
    )
    report = run(deployed, gone)
    assert report.exit_code is ExitCode.FAILED
    told = {(one.what.replace(":live", ""), one.next_step) for one in report.every_problem}
    gone_meanwhile = f"{NAME} was deleted by someone else during this deploy"
    assert told == {(gone_meanwhile, "run the deploy again")}
    (row,) = report.rows
    assert (row.status, row.alias) == ("failed", "")


@pytest.mark.parametrize(
    ("to", "first"),
    [
        pytest.param((128, "b"), "PutRolePolicy", id="its policy is due"),
        pytest.param((128, "a", "tagged"), "TagRole", id="its tags are due"),
    ],
)
def test_a_role_that_somebody_else_deletes_is_told(
    deployed: OnCloud, to: tuple[Any, ...], first: str
) -> None:
    def delete_role() -> None:
        iam = deployed.session()
        iam.call("iam", "DeleteRolePolicy", RoleName=ROLE, PolicyName="lcli")
        iam.call("iam", "DeleteRole", RoleName=ROLE)

    # Of a role that its own session has made, IAM is asked again for a minute.
    app = OnCloud(deployed.directory, deployed.url, deployed.account)
    app.manifest(manifest(*to[:2]) + ("tags: {team: b}\n" if "tagged" in to else ""))
    report = run(app, Meddled(app, first, delete_role))
    told = {(one.code, one.what, one.next_step) for one in report.every_problem}
    gone = f"role {ROLE} was deleted by someone else during this deploy"
    assert told == {("role-gone", gone, "run the deploy again")}
    assert problems(app.deploy()) == []
    assert app.plan() == []


def test_a_role_that_somebody_else_writes_to_while_it_is_deleted_goes(deployed: OnCloud) -> None:
    clients = Meddled(deployed, "DeleteRole", lambda: write_role(deployed, "c"))
    report = engine.deploy(prepare_deletion(deployed.place(), clients), clients)  # type: ignore[arg-type]
    assert problems(report) == []
    assert clients.changes().count("DeleteRole") == 2
    with pytest.raises(AwsError, match="cannot be found"):
        bucket_of_role(deployed)


def test_an_interrupt_while_it_is_written_again_ends_the_run(deployed: OnCloud) -> None:
    def interrupt() -> None:
        clients.operation, clients.done = "PutRolePolicy", False
        clients.meddle = lambda: signal.raise_signal(signal.SIGINT)
        write_role(deployed, "c")

    deployed.manifest(manifest(256, "a"))
    clients, stop = Meddled(deployed, "UpdateAlias", interrupt, after=True), Stop()
    report = engine.deploy(deployed.prepare(), clients, stop=stop)  # type: ignore[arg-type]
    assert (report.exit_code, stop.interrupted) == (ExitCode.INTERRUPTED, True)
    assert "written again: execution role" in report.notices[-1]
    assert bucket_of_role(deployed) == ["a"]
    assert clients.changes()[-1] == "PutRolePolicy"


def test_the_role_of_a_function_that_changed_since_the_plan_is_left_alone(
    deployed: OnCloud,
) -> None:
    deployed.manifest(manifest(256, "b"))
    prepared, clients = deployed.prepare(), Meddled(deployed)
    call(deployed, "UpdateFunctionConfiguration", FunctionName=NAME, Timeout=9)
    report = engine.deploy(prepared, clients)  # type: ignore[arg-type]
    assert problems(report) == [f"someone else changed Timeout of {NAME} since the plan"]
    assert "PutRolePolicy" not in clients.changes()
    assert bucket_of_role(deployed) == ["a"]


def test_a_function_that_another_deploy_made_since_the_plan_is_left_alone(app: OnCloud) -> None:
    prepared = app.prepare()
    app.manifest(manifest(256, "b", "r"))
    assert problems(app.deploy()) == []
    clients = Meddled(app)
    report = engine.deploy(prepared, clients)  # type: ignore[arg-type]
    assert report.exit_code is ExitCode.FAILED
    assert {*problems(report)} == {f"someone else changed MemorySize of {NAME} since the plan"}
    assert {"PutRolePolicy", "AddPermission", "UpdateFunctionConfiguration"}.isdisjoint(
        clients.changes()
    )
    assert app.plan() == []


def test_an_alias_that_another_deploy_made_since_the_plan_stays(app: OnCloud) -> None:
    def rival() -> None:
        call(app, "UpdateFunctionConfiguration", FunctionName=NAME, MemorySize=512)
        app.session().call("lambda", "GetFunction", FunctionName=NAME)
        number = call(app, "PublishVersion", FunctionName=NAME)["Version"]
        call(app, "CreateAlias", FunctionName=NAME, Name="live", FunctionVersion=number)

    report = run(app, Meddled(app, "CreateAlias", rival))
    assert problems(report) == [f"someone else changed alias live of {NAME} since the plan"]
    assert call(app, "GetAlias", FunctionName=NAME, Name="live")["FunctionVersion"] == "2"


@pytest.mark.parametrize("operation", ["AddPermission", "RemovePermission"])
def test_a_policy_that_somebody_else_changes_meanwhile_is_read_again(
    app: OnCloud, operation: str
) -> None:
    app.manifest(manifest(128, "a", "first"))
    app.deploy()
    app.manifest(manifest(128, "a", "first", "second"))
    if operation == "RemovePermission":
        app.deploy()
        app.manifest(manifest(128, "a", "first"))
    clients = Meddled(app, operation, lambda: allow(app, "theirs"))
    assert run(app, clients).exit_code is ExitCode.DONE
    assert clients.changes().count(operation) == 2
    ours = ["first", "second"] if operation == "AddPermission" else ["first"]
    assert sorted(rules(app)) == [*ours, "theirs"]


def test_a_removal_that_somebody_else_undoes_is_done_again(app: OnCloud) -> None:
    app.manifest(manifest(128, "a", "first", "second"))
    app.deploy()
    before = json.loads(call(app, "GetPolicy", **LIVE)["Policy"])["Statement"]
    (lost,) = [
        one for one in before if one["Condition"]["ArnLike"]["AWS:SourceArn"][-6:] == "second"
    ]

    def undo() -> None:
        call(
            app,
            "AddPermission",
            **LIVE,
            StatementId=lost["Sid"],
            Action=lost["Action"],
            Principal="events.amazonaws.com",
            SourceArn=lost["Condition"]["ArnLike"]["AWS:SourceArn"],
        )

    app.manifest(manifest(128, "a", "first"))
    clients = Meddled(app, "RemovePermission", undo, after=True)
    assert run(app, clients).exit_code is ExitCode.DONE
    assert rules(app) == ["first"]


def test_every_call_that_takes_a_revision_id_sends_one(app: OnCloud) -> None:
    """But the first statement of a policy: before it there is none."""
    takes = _takes_revision_id() & _named_in_lcli()
    clients, has_policy = Meddled(app), False
    for text, code in (
        (manifest(128, "a"), "1"),
        (manifest(256, "a", "first"), "1"),
        (manifest(256, "a", "first", "second"), "2"),
        (manifest(256, "a", "first"), "2"),
    ):
        app.manifest(text)
        app.code(code)
        assert problems(run(app, clients)) == []
    sent = [(name, asked) for name, asked in clients.asked if name in takes]
    assert {name for name, _ in sent} == takes
    for name, asked in sent:
        assert "RevisionId" in asked or (name == "AddPermission" and not has_policy), name
        has_policy = has_policy or name == "AddPermission"


def _takes_revision_id() -> set[str]:
    model = get_session().get_service_model("lambda")
    shapes = {name: model.operation_model(name).input_shape for name in model.operation_names}
    return {name for name, shape in shapes.items() if shape and "RevisionId" in shape.members}


def _named_in_lcli() -> set[str]:
    root = Path(engine.__file__).parents[1]
    files = [one for one in root.rglob("*.py") if "local" not in one.relative_to(root).parts]
    return {name for one in files for name in re.findall(r'"([A-Z]\w+)"', one.read_text())}


def test_more_statements_than_a_policy_holds_are_refused_before_anything(app: OnCloud) -> None:
    app.manifest(manifest(128, "a", *(f"rule{number:0100}" for number in range(60))))
    with pytest.raises(LcliError, match="make a resource policy of") as caught:
        app.prepare()
    (problem,) = caught.value.problems
    assert re.match(
        r"the 60 permissions of photos-one:live make a resource policy of ", problem.what
    )
    assert problem.next_step == "one statement for several sources: source_arn with a wildcard"


def test_a_policy_that_others_have_filled_is_told(app: OnCloud) -> None:
    app.deploy()
    for number in range(100):
        try:
            allow(app, f"theirs{number:090}")
        except AwsError as error:
            assert error.code == "PolicyLengthExceededException"  # noqa: PT017
            break
    app.manifest(manifest(128, "a", "more" * 30))
    report = run(app, Meddled(app))
    assert [one.code for one in report.every_problem] == ["policy-too-large"]
