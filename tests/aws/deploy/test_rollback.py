"""Going back on the local cloud's own answers, and deploying after it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import READS, DyingClients, Killed, OnCloud, problems

from lcli.aws.clients import AwsError
from lcli.aws.session import Session
from lcli.deploy import rollback
from lcli.deploy.rollback import Asked, Move, Target, roll_back
from lcli.deploy.stop import Stop
from lcli.deploy.versions import versions
from lcli.errors import Problem
from lcli.resources.model import Change

MANIFEST = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
  one: {}
  two: {}
"""
ONE = Target("one", "photos-one", "live")
TWO = Target("two", "photos-two", "live")


@pytest.fixture
def cloud(prepared: Any) -> Any:
    return prepared.empty("rollback")


@pytest.fixture
def app(cloud: Any, prepared: Any, tmp_path: Path) -> OnCloud:
    """Two functions of three versions each, live at the third."""
    made = OnCloud(tmp_path, cloud.url, cloud.account)
    made.manifest(MANIFEST)
    prepared.after("rollback", lambda: three_times(made))
    made.code("3")
    made.calls()
    return made


def three_times(app: OnCloud) -> None:
    for text in "123":
        app.code(text)
        app.deploy_well()


def alias(app: OnCloud, name: str = "photos-one", **change: Any) -> dict[str, Any]:
    """The alias live, after a change if one is given."""
    operation = "UpdateAlias" if change else "GetAlias"
    return app.session().call("lambda", operation, FunctionName=name, Name="live", **change)


def held(app: OnCloud, name: str = "photos-one") -> str | None:
    return app.session().call("lambda", "GetFunction", FunctionName=name)["Tags"].get("lcli:held")


def prepare(
    clients: Session, targets: list[Target], *, to: str = "", **more: Any
) -> tuple[tuple[Move, ...], tuple[Problem, ...]]:
    (chosen,) = rollback.prepare([Asked(clients, targets, **more)], to=to)
    return chosen.moves, chosen.problems


def ready(app: OnCloud, target: Target = ONE, to: str = "") -> Move:
    (move,), refused = prepare(app.session(), [target], to=to, place=app.place())
    assert refused == ()
    return move


def test_both_go_back_by_two_calls_each_and_are_held(app: OnCloud) -> None:
    moves, refused = prepare(app.session(), [ONE, TWO], place=app.place())
    assert refused == ()
    assert app.mutations() == []
    assert [one.status for one in roll_back(app.session(), moves)] == ["done", "done"]
    assert app.calls() == {"lambda:TagResource": 2, "lambda:UpdateAlias": 2}
    for name in ("photos-one", "photos-two"):
        assert (alias(app, name)["FunctionVersion"], held(app, name)) == ("2", "2")


def test_each_run_goes_one_further_and_a_number_is_repeatable(app: OnCloud) -> None:
    for version in ("2", "1"):
        roll_back(app.session(), [ready(app)])
        assert (alias(app)["FunctionVersion"], held(app)) == (version, version)
    app.calls()
    (again,) = roll_back(app.session(), [ready(app, to="1")])
    assert (again.status, app.mutations()) == ("unchanged", [])


def test_of_several_those_that_are_held_wait_for_the_others(app: OnCloud) -> None:
    roll_back(app.session(), [ready(app)])
    moves, (problem,) = prepare(app.session(), [ONE, TWO], place=app.place())
    assert [(one.target, one.after) for one in moves] == [(TWO, "2")]
    assert problem.code == "rolled-back"
    assert problem.what == "one is rolled back already, and live is held at 2"
    assert problem.next_step == "to go further back, name it alone, or say --to which version"
    roll_back(app.session(), moves)
    moves, refused = prepare(app.session(), [ONE, TWO], place=app.place())
    assert ([one.after for one in moves], refused) == (["1", "1"], ())


def test_the_newest_version_ends_the_hold(app: OnCloud) -> None:
    roll_back(app.session(), [ready(app)])
    roll_back(app.session(), [ready(app, to="3")])
    assert (alias(app)["FunctionVersion"], held(app)) == ("3", None)
    assert app.plan() == []


def test_the_next_deploy_asks_and_releases(app: OnCloud) -> None:
    roll_back(app.session(), [ready(app)])
    plan = app.prepare().plan
    assert plan.confirmations == ("ends the rollback of photos-one:live",)
    (moving,) = plan.changes
    assert (str(moving.resource.key), moving.reason) == ("alias photos-one:live", "rolled back")
    assert moving.changes == (Change("FunctionVersion", "2", "3"),)
    app.calls()
    assert problems(app.deploy()) == []
    operations = [one.operation for one in app.sent if not one.operation.startswith(READS)]
    assert operations == ["UntagResource", "UpdateAlias", "UntagResource", "TagResource"]
    assert (alias(app)["FunctionVersion"], held(app)) == ("3", None)


def test_a_deploy_of_new_code_goes_on_from_the_newest_version(app: OnCloud) -> None:
    roll_back(app.session(), [ready(app)])
    app.code("4")
    shown = {
        f"{one.resource.key} {change.path}": (change.before, str(change.after))
        for one in app.prepare("one").plan.changes
        for change in one.changes
        if change.path.endswith("Version")
    }
    assert shown == {
        "version photos-one Version": ("3", "(new)"),
        "alias photos-one:live FunctionVersion": ("2", "(new)"),
    }
    assert problems(app.deploy()) == []
    assert problems(app.deploy()) == []
    assert (alias(app)["FunctionVersion"], held(app)) == ("4", None)
    assert app.plan() == []


@pytest.mark.parametrize(
    ("target", "to", "code", "what", "next_step"),
    [
        pytest.param(
            ONE,
            "9",
            "no-such-version",
            "one has no version 9",
            "it has: 3, 2, 1",
            id="no such version",
        ),
        pytest.param(
            Target("", "photos-one", ""),
            "",
            "no-alias",
            "photos-one is named without an alias",
            "say which one is to go back: photos-one:live",
            id="no alias named",
        ),
        pytest.param(
            Target("one", "photos-one", ""),
            "",
            "no-alias",
            "one has `alias: false`: nothing of it is published",
            "deploy its earlier code instead",
            id="alias: false",
        ),
        pytest.param(
            Target("one", "photos-one", "beta"),
            "",
            "no-alias",
            "one has no alias 'beta'",
            "see its aliases with `lcli status`, or deploy it",
            id="no such alias",
        ),
        pytest.param(
            Target("one", "photos-one", "2"),
            "",
            "no-alias",
            "one has no alias '2'",
            "see its aliases with `lcli status`, or deploy it",
            id="a version in place of an alias",
        ),
        pytest.param(
            Target("", "photos-one", "live", "999999999999"),
            "",
            "wrong-account",
            "photos-one is of account 999999999999, and the credentials are of ACCOUNT",
            "choose the other account's credentials with --profile",
            id="another account",
        ),
        pytest.param(
            Target("three", "photos-three", "live"),
            "",
            "resource-not-found",
            "there is no function 'photos-three' in us-east-1",
            "`lcli deploy three` makes it",
            id="no such function",
        ),
    ],
)
def test_what_cannot_be_is_refused(
    app: OnCloud, target: Target, to: str, code: str, what: str, next_step: str
) -> None:
    moves, (problem,) = prepare(
        app.session(), [target], to=to, place=app.place(), functions={"photos-three": "three"}
    )
    assert (moves, app.mutations()) == ((), [])
    what = what.replace("ACCOUNT", app.account)
    assert (problem.code, problem.what, problem.next_step) == (code, what, next_step)


def test_nothing_before_the_first_version(app: OnCloud) -> None:
    alias(app, FunctionVersion="1")
    _, (problem,) = prepare(app.session(), [ONE])
    assert problem.code == "no-earlier-version"
    assert problem.what == "live of one is at 1, and there is no earlier version"


def test_a_shift_of_traffic_wants_a_number_and_ends(app: OnCloud) -> None:
    weights = {"AdditionalVersionWeights": {"3": 0.1}}
    alias(app, FunctionVersion="2", RoutingConfig=weights)
    _, (problem,) = prepare(app.session(), [ONE])
    assert problem.what == (
        "live of one is at 2 and sends 10% to 3: which version it goes back to is not clear"
    )
    assert problem.next_step == "say it: --to 2 ends the shift, --to 1 goes further back"
    listed = versions(app.session(), "photos-one")
    assert listed is not None
    assert [dict(one.aliases) for one in listed] == [{"live": 0.1}, {"live": 0.9}, {}]
    (moved,) = roll_back(app.session(), [ready(app, to="2")])
    assert moved.status == "done"
    assert "RoutingConfig" not in alias(app)
    assert (alias(app)["FunctionVersion"], held(app)) == ("2", "2")


def test_provisioned_concurrency_of_alias_and_version_exclude_each_other(app: OnCloud) -> None:
    def provision(qualifier: str) -> None:
        app.session().call(
            "lambda",
            "PutProvisionedConcurrencyConfig",
            FunctionName="photos-one",
            Qualifier=qualifier,
            ProvisionedConcurrentExecutions=1,
        )

    provision("live")
    assert ready(app).provisioned
    provision("2")
    _, (problem,) = prepare(app.session(), [ONE])
    assert problem.code == "provisioned-version"
    assert problem.where == f"arn:aws:lambda:us-east-1:{app.account}:function:photos-one:2"
    assert ready(app, to="1").provisioned


def test_functions_of_others_are_left_alone(app: OnCloud) -> None:
    arn = f"arn:aws:lambda:us-east-1:{app.account}:function:photos-one"
    app.session().call("lambda", "TagResource", Resource=arn, Tags={"lcli:app": "shop"})
    _, (problem,) = prepare(app.session(), [ONE], place=app.place())
    assert problem.what == "function photos-one belongs to lcli app shop"


def test_an_alias_moved_meanwhile_stays_and_keeps_its_hold(app: OnCloud) -> None:
    slow, quick = ready(app, to="1"), ready(app, to="2")
    roll_back(app.session(), [quick])
    (moved,) = roll_back(app.session(), [slow])
    assert moved.problem is not None
    assert (moved.status, moved.problem.code) == ("failed", "changed-meanwhile")
    assert moved.problem.what == ("someone else changed live of one at this moment: it is at 2 now")
    assert (alias(app)["FunctionVersion"], held(app)) == ("2", "2")


def test_a_refused_move_keeps_the_hold_that_was(app: OnCloud) -> None:
    roll_back(app.session(), [ready(app)])
    denied = AwsError(
        "AccessDeniedException", "no", service="lambda", operation="UpdateAlias", status=403
    )
    stop = Stop()
    (moved,) = roll_back(Answering(app.session(), denied, before=True), [ready(app)], stop=stop)
    assert moved.problem is not None
    assert moved.problem.code == "access-denied"
    assert stop.because == "AWS does not accept these credentials for it"
    assert (alias(app)["FunctionVersion"], held(app)) == ("2", "2")


def test_a_lost_answer_is_looked_after(app: OnCloud) -> None:
    lost = AwsError("Unreachable", "reset", service="lambda", operation="UpdateAlias", lost=True)
    (moved,) = roll_back(Answering(app.session(), lost, before=False), [ready(app)])
    assert (moved.status, alias(app)["FunctionVersion"], held(app)) == ("done", "2", "2")


@pytest.mark.parametrize("survives", [0, 1], ids=["after the tag", "after the alias"])
def test_killed_and_run_again(app: OnCloud, survives: int) -> None:
    move = ready(app, to="2")
    with pytest.raises(Killed):
        roll_back(DyingClients(app.session(), survives), [move])
    assert held(app) == "2"
    assert app.prepare().plan.confirmations == (
        ("ends the rollback of photos-one:live",) if survives else ()
    )
    (moved,) = roll_back(app.session(), [ready(app, to="2")])
    assert moved.problem is None
    assert (alias(app)["FunctionVersion"], held(app)) == ("2", "2")


@dataclass
class Answering:
    """Real calls, but that UpdateAlias answers with an error, before or after it is done."""

    session: Session
    error: AwsError
    before: bool

    @property
    def region(self) -> str:
        return self.session.region

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        fails = operation == "UpdateAlias"
        if fails and self.before:
            raise self.error
        answer = self.session.call(service, operation, **parameters)
        if fails:
            raise self.error
        return answer

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Any:
        return self.session.pages(service, operation, **parameters)
