"""Code for which there is no room, in one function or in the account: found before any change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud, problems

from lcli.artifact import Source, Target, build, limits
from lcli.aws.clients import AwsError
from lcli.errors import ExitCode, LcliError

HEAD = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
"""


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> OnCloud:
    made = OnCloud(tmp_path, cloud.url, cloud.account)
    made.manifest(HEAD + "  one: {}\n")
    return made


def test_a_functions_code_with_its_layers_is_measured(
    app: OnCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    (app.directory / "code" / "data").write_bytes(b"x" * 4000)
    (app.directory / "layer").mkdir()
    (app.directory / "layer" / "more").write_bytes(b"x" * 6000)
    layered = "layers: {common: {source: layer, build: {kind: none}}}\n"
    app.manifest(HEAD.replace("functions:", f"{layered}functions:") + "  one: {layers: [common]}\n")
    monkeypatch.setattr(limits, "UNZIPPED", 10_000)
    app.calls()
    with pytest.raises(LcliError) as caught:
        app.deploy()
    (problem,) = caught.value.problems
    assert (problem.code, caught.value.exit_code) == ("artifact-too-large", ExitCode.USAGE)
    assert "6,000 B of them in layers" in problem.what
    assert app.mutations() == []
    monkeypatch.setattr(limits, "UNZIPPED", 11_000)
    assert problems(app.deploy()) == []


@dataclass
class Crowded:
    """Real calls, but for an account whose code storage has so many bytes left."""

    session: Any
    left: int
    denied: bool = False
    asked: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)

    def call(self, service: str, operation: str, /, **parameters: Any) -> Any:
        if operation != "GetAccountSettings":
            return self.session.call(service, operation, **parameters)
        self.asked += 1
        if self.denied:
            code = "AccessDeniedException"
            raise AwsError(code, "no", service=service, operation=operation, status=403)
        answer = self.session.call(service, operation, **parameters)
        answer["AccountUsage"]["TotalCodeSize"] = 1_000_000 - self.left
        answer["AccountLimit"]["TotalCodeSize"] = 1_000_000
        return answer


TWO = "  one: {}\n  two: {}\n"
UNPUBLISHED = "  one: {alias: false}\n"


@pytest.mark.parametrize(
    ("before", "after", "zips", "options", "told"),
    [
        pytest.param("", "  one: {}\n", 0.5, {}, "refused", id="a new function"),
        pytest.param("", "  one: {}\n", 1, {}, "", id="one that just fits"),
        pytest.param("", TWO, 1.5, {}, "refused", id="new functions together"),
        pytest.param("  one: {}\n", "  one: {}\n", 0.5, {}, "refused", id="a new version"),
        pytest.param(TWO, TWO, 1.5, {}, "warned", id="new versions, as old ones go"),
        pytest.param(UNPUBLISHED, UNPUBLISHED, 0, {}, "", id="in the old code's place"),
        pytest.param(
            "  one: {}\n", "  two: {}\n", 0.5, {"prune": True}, "warned", id="as another one goes"
        ),
    ],
)
def test_code_that_the_account_has_no_room_for(
    app: OnCloud, before: str, after: str, zips: float, options: dict[str, bool], told: str
) -> None:
    if before:
        app.manifest(HEAD + before)
        assert problems(app.deploy()) == []
    app.code("2")
    source, target = Source("directory", app.directory / "code"), Target("python3.13", local=True)
    size = build(source, target, app.directory / "cache").size
    app.manifest(HEAD + after)
    app.clients = Crowded(app.session(), int(size * zips))
    app.calls()
    said = f"{app.clients.left:,} B of the account's code storage in us-east-1 are left: "
    if told == "refused":
        with pytest.raises(LcliError) as caught:
            app.prepare(**options)
        (problem,) = caught.value.problems
        assert (problem.code, caught.value.exit_code) == ("code-storage", ExitCode.USAGE)
        assert said in problem.what
        assert "`lcli versions FUNCTION --prune N`" in problem.next_step
        assert app.mutations() == []
        return
    notices = [one for one in app.prepare(**options).notices if said in one]
    assert [one.partition(":")[0] for one in notices] == (["WARNING"] if told else [])
    assert problems(app.deploy(**options)) == []


@pytest.mark.parametrize("denied", [False, True])
def test_the_account_is_asked_once_and_only_for_code_that_is_sent(
    app: OnCloud, denied: bool
) -> None:
    app.manifest(HEAD + "  one: {concurrency: {reserved: 1}}\n")
    app.clients = crowded = Crowded(app.session(), 0 if denied else 1_000_000, denied)
    assert problems(app.deploy()) == []
    assert crowded.asked == 1
    assert app.plan() == []
    app.code("2")
    app.prepare(only_looking=True)
    assert crowded.asked == 1


def test_the_local_cloud_counts_every_version(app: OnCloud) -> None:
    assert problems(app.deploy()) == []
    call = app.session().call
    size = call("lambda", "GetFunction", FunctionName="photos-one")["Configuration"]["CodeSize"]
    settings = call("lambda", "GetAccountSettings")
    assert settings["AccountUsage"] == {"TotalCodeSize": 2 * size, "FunctionCount": 1}
    assert settings["AccountLimit"]["TotalCodeSize"] == 75 << 30
