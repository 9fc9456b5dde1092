"""What goes wrong half-way, with the local cloud's own refusals."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from app_on_cloud import OnCloud, done, everything_in, problems

from lcli.aws.clients import AwsError, Relay
from lcli.aws.session import Session
from lcli.deploy import engine
from lcli.deploy.events import Doing, Event
from lcli.errors import ExitCode, LcliError

MANIFEST = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
  one: {triggers: [sqs: orders]}
  two: {keep_versions: 1}
"""


class Refusing(Relay):
    """Real calls, but for one operation on one function that is refused."""

    def __init__(self, session: Session, operation: str, function: str, error: AwsError) -> None:
        super().__init__(session)
        self.refused = operation, function
        self.error = error

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        if (operation, parameters.get("FunctionName")) == self.refused:
            raise self.error
        return super().call(service, operation, **parameters)


class Settling(Relay):
    """Real calls, but each function is still being made at its first look after its creation."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.made: set[str] = set()

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        answer = super().call(service, operation, **parameters)
        name = parameters.get("FunctionName", "")
        if operation == "CreateFunction":
            self.made.add(name)
        if operation == "GetFunction" and name in self.made:
            self.made.remove(name)
            answer["Configuration"]["State"] = "Pending"
        return answer


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> OnCloud:
    made = OnCloud(tmp_path, cloud.url, cloud.account)
    made.manifest(MANIFEST)
    return made


def refusal(code: str, message: str, operation: str) -> AwsError:
    return AwsError(code, message, service="lambda", operation=operation, status=400)


def test_one_function_fails_and_the_other_is_deployed(app: OnCloud) -> None:
    error = refusal("InvalidZipFileException", "Could not unzip it.", "CreateFunction")
    app.clients = Refusing(app.session(), "CreateFunction", "photos-one", error)
    report = app.deploy()
    assert report.exit_code is ExitCode.FAILED
    assert problems(report) == ["lambda refused CreateFunction: Could not unzip it."]
    assert {row.function: row.status for row in report.rows} == {"one": "failed", "two": "created"}
    assert done(report)["create alias photos-one:live"] == "skipped"
    app.clients = None
    assert problems(app.deploy()) == []
    assert app.plan() == []


def test_a_zip_that_has_left_the_cache_fails_its_functions(app: OnCloud) -> None:
    prepared = app.prepare()
    (lost,) = (app.directory / "cache").rglob("*.zip")
    lost.unlink()
    report = engine.deploy(prepared, app.session())
    assert report.exit_code is ExitCode.FAILED
    assert [one.code for one in report.every_problem] == ["zip-gone"]
    assert {row.function: row.status for row in report.rows} == {"one": "failed", "two": "failed"}
    app.deploy_well()


NO_FILES = OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def test_what_the_system_refuses_before_the_first_change_ends_the_region(
    app: OnCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = app.prepare()
    monkeypatch.setattr(engine, "upload_all", Mock(side_effect=NO_FILES))
    with pytest.raises(LcliError, match="Too many open files"):
        engine.deploy(prepared, app.session())


@pytest.mark.parametrize("what", ["looking.read", "digest.Marks.close"])
def test_what_the_system_refuses_at_the_end_leaves_the_report(
    app: OnCloud, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    prepared = app.prepare()
    monkeypatch.setattr(f"lcli.deploy.{what}", Mock(side_effect=NO_FILES))
    report = engine.deploy(prepared, app.session())
    assert report.exit_code is ExitCode.FAILED
    assert [one.code for one in report.problems] == ["system-error"]
    assert [row.status for row in report.rows] == ["created", "created"]


def test_a_change_by_somebody_else_is_told_and_the_alias_stays(app: OnCloud) -> None:
    app.deploy()
    app.code("2")
    prepared = app.prepare("one")
    app.session().call(
        "lambda", "UpdateFunctionConfiguration", FunctionName="photos-one", Timeout=9
    )
    report = engine.deploy(prepared, app.session())
    assert report.exit_code is ExitCode.FAILED
    assert [p.code for one in report.failed for p in one.problems] == ["changed-meanwhile"]
    assert everything_in(app.session())["photos-one"][:1] == ["$LATEST"]
    assert "live=1" in everything_in(app.session())["photos-one"]
    assert problems(app.deploy()) == []
    assert "live=2" in everything_in(app.session())["photos-one"]


def test_old_versions_are_pruned(app: OnCloud) -> None:
    for text in "123":
        app.code(text)
        assert problems(app.deploy()) == []
    held = everything_in(app.session())
    assert [one for one in held["photos-two"] if one.isdigit()] == ["3"]
    assert [one for one in held["photos-one"] if one.isdigit()] == ["1", "2", "3"]


def test_what_is_waited_for_is_said(app: OnCloud) -> None:
    app.clients = Settling(app.session())
    events: list[Event] = []
    app.deploy(listener=events.append)
    said = {event.doing for event in events if isinstance(event, Doing)}
    assert "making the execution role" in said
    assert {f"waiting for photos-{name} to be active" for name in ("one", "two")} <= said


def test_a_function_deleted_by_hand_is_made_again(app: OnCloud) -> None:
    app.deploy()
    app.session().call("lambda", "DeleteFunction", FunctionName="photos-one")
    report = app.deploy()
    assert problems(report) == []
    assert {row.function: row.status for row in report.rows} == {
        "one": "created",
        "two": "unchanged",
    }
    assert app.plan() == []
