"""Of several regions, what ends a run in one of them: the others are not begun, and told so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from overlay.faults import Delay, Refuse, Rule, at, first
from overlay.inside import lcli
from overlay.operations import Call
from overlay.outages import LCLI, Said
from overlay.server import overlay

MANIFEST = """
app: photos
regions: [us-east-1, eu-west-1]
defaults:
  {{runtime: python3.13, handler: app.handler, source: code, environment: {{NUMBER: "{number}"}}}}
functions: {{{functions}}}
"""
REGIONS = ("us-east-1", "eu-west-1")
DEPLOY, DELETE, ROLLBACK = ("deploy", "--yes"), ("delete", "--yes"), ("rollback",)
AS_JSON = ("-o", "json")
EXPIRED = Refuse(status=403, code="ExpiredTokenException", message="it has expired")
DENIED = Refuse(status=403, code="AccessDeniedException", message="no")
INVALID = Refuse(status=400, code="InvalidParameterValueException", message="no such thing")
CHANGES = [
    pytest.param(DEPLOY, "lambda:CreateFunction", id="deploy"),
    pytest.param(DELETE, "lambda:DeleteFunction", id="delete"),
    pytest.param(ROLLBACK, "lambda:UpdateAlias", id="rollback"),
]
"""Each command that changes several regions, and a call of its that does."""
Deployed = Callable[[tuple[str, ...]], None]


@pytest.fixture
def cloud(prepared: Any) -> Any:
    return prepared.empty("regions")


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context):\n    return 1\n")
    write(tmp_path)
    return tmp_path


def write(app: Path, number: int = 1, functions: str = "one: {}, two: {}") -> None:
    (app / "lcli.yaml").write_text(MANIFEST.format(number=number, functions=functions))


def environment(cloud: Any, url: str = "") -> dict[str, str]:
    kept = {name: one for name, one in cloud.environ.items() if "REGION" not in name}
    return kept | ({"AWS_ENDPOINT_URL": url} if url else {})


@pytest.fixture
def deployed(cloud: Any, app: Path, prepared: Any) -> Deployed:
    """Makes what the command needs: functions to delete, versions to go back to, or nothing."""

    def times(count: int) -> None:
        for number in range(count):
            write(app, number)
            said = lcli(app, environment(cloud), *DEPLOY)
            assert said.code == 0, said.stderr

    def make(words: tuple[str, ...]) -> None:
        if words != DEPLOY:
            prepared.after("regions", lambda: times(1 if words == DELETE else 3), words[0])

    return make


def state(cloud: Any, region: str) -> dict[str, str]:
    """The functions there, and the versions that their aliases are at."""
    clients = cloud.clients(region)
    names = [one["FunctionName"] for one in clients.call("lambda", "ListFunctions")["Functions"]]
    aliases = {
        name: clients.call("lambda", "ListAliases", FunctionName=name)["Aliases"] for name in names
    }
    return {name: each[0]["FunctionVersion"] if each else "" for name, each in aliases.items()}


WANTED: Mapping[tuple[str, ...], dict[str, str]] = {
    DEPLOY: {"photos-one": "1", "photos-two": "1"},
    DELETE: {},
    ROLLBACK: {"photos-one": "2", "photos-two": "2"},
}
"""What there is in each region once the command has ended well."""


def ends_well(cloud: Any, app: Path, words: tuple[str, ...]) -> None:
    """The same command again does what was left, and nothing twice."""
    again = lcli(app, environment(cloud), *words)
    assert again.code == 0, again.stderr
    assert [state(cloud, region) for region in REGIONS] == [WANTED[words]] * 2


def faulty(cloud: Any, app: Path, words: tuple[str, ...], *rules: Rule) -> Said:
    with overlay(cloud.url, *rules) as between:
        return lcli(app, environment(cloud, between.url), *words)


def interrupted(
    cloud: Any, app: Path, words: tuple[str, ...], hangs: str, by: signal.Signals = signal.SIGINT
) -> Said:
    """The command, interrupted while the operation takes its time for the first time."""
    asked: list[Call] = []

    def once(call: Call) -> bool:
        asked.append(call)
        return len(asked) == 1

    home = {"PATH": os.environ["PATH"], "HOME": str(app), "LCLI_CACHE_DIR": str(app / "cache")}
    with overlay(cloud.url, Rule(Delay(seconds=1.5), once, frozenset({hangs}))) as between:
        began = time.monotonic()
        command = subprocess.Popen(
            [LCLI, *words],
            cwd=app,
            env=home | environment(cloud, between.url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while not asked and command.poll() is None and time.monotonic() < began + 60:
            time.sleep(0.02)
        time.sleep(0.2)
        command.send_signal(by)
        stdout, stderr = command.communicate(timeout=60)
    assert "Traceback" not in stderr
    return Said(command.returncode, stdout, stderr, time.monotonic() - began)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "hangs"),
    [
        *CHANGES,
        pytest.param(
            DEPLOY, "lambda:TagResource", id="deploy, its last call", marks=pytest.mark.whole
        ),
    ],
)
def test_who_interrupts_one_region_is_spared_the_next(
    cloud: Any, app: Path, deployed: Deployed, words: tuple[str, ...], hangs: str
) -> None:
    deployed(words)
    before = state(cloud, "eu-west-1")
    said = interrupted(cloud, app, words, hangs)
    assert said.code == 130, said
    assert state(cloud, "eu-west-1") == before
    assert "not tried: the run was interrupted" in said.stderr
    assert said.stderr.count("interrupted: run the same command again to go on") == 1
    rows = [line.split() for line in said.stdout.splitlines()]
    left = "skipped" if words == ROLLBACK else "unfinished"
    assert [left in row for row in rows if row[0] == "eu-west-1"] == [True, True], said.stdout
    ends_well(cloud, app, words)


@pytest.mark.slow
@pytest.mark.parametrize(
    "by", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.whole)]
)
def test_a_rollback_that_is_interrupted_says_so_though_all_of_it_was_done(
    cloud: Any, app: Path, deployed: Deployed, by: signal.Signals
) -> None:
    deployed(ROLLBACK)
    words = (*ROLLBACK, "--region", "eu-west-1")
    said = interrupted(cloud, app, words, "lambda:UpdateAlias", by)
    assert said.code == 130, said
    assert said.stdout.count("done") == 2
    assert "interrupted: run the same command again to go on" in said.stderr


@pytest.mark.slow
def test_programs_are_told_of_what_was_not_begun(cloud: Any, app: Path) -> None:
    said = interrupted(cloud, app, (*DEPLOY, *AS_JSON, "--events"), "lambda:TagResource")
    assert said.code == 130, said
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    reports = [line for line in lines if line["event"] == "report"]
    assert [one["region"] for one in reports] == list(REGIONS)
    assert [one["interrupted"] for one in reports] == [True, True]
    left = [one for one in lines if one.get("region") == "eu-west-1" and one["event"] != "report"]
    assert {one["event"] for one in left} == {"skipped"}
    assert {one["because"] for one in left} == {"the run was interrupted"}
    assert len(left) == len(reports[1]["actions"]) > 0
    assert {one["status"] for one in reports[1]["functions"]} == {"unfinished"}


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(EXPIRED, id="expired"),
        pytest.param(DENIED, id="denied", marks=pytest.mark.whole),
    ],
)
@pytest.mark.parametrize(
    ("words", "refused"),
    [*CHANGES, pytest.param(DEPLOY, "lambda:TagResource", id="deploy, its closing look")],
)
def test_no_other_region_is_tried_with_credentials_that_one_refused(
    cloud: Any, app: Path, deployed: Deployed, words: tuple[str, ...], refused: str, refusal: Refuse
) -> None:
    deployed(words)
    before = state(cloud, "eu-west-1")
    said = faulty(cloud, app, words, Rule(refusal, at(1), frozenset({refused})))
    assert said.code == 1, said
    assert state(cloud, "eu-west-1") == before
    assert "not tried: AWS does not accept these credentials for it" in said.stderr
    assert said.stderr.count("error: ") == 1
    ends_well(cloud, app, words)


def test_a_version_that_may_not_be_pruned_keeps_no_other_region(cloud: Any, app: Path) -> None:
    keeps = "one: {keep_versions: 1}"
    for number in (1, 2):
        write(app, number, keeps)
        said = faulty(
            cloud,
            app,
            DEPLOY,
            Rule(DENIED, lambda call: True, frozenset({"lambda:DeleteFunction"})),
        )
        assert said.code == number - 1, said
    assert [state(cloud, region) for region in REGIONS] == [{"photos-one": "2"}] * 2
    assert said.stderr.count("lambda:DeleteFunction was denied") == 2
    assert "not tried" not in said.stderr


def test_a_rollback_ends_with_the_credentials(cloud: Any, app: Path) -> None:
    functions = ", ".join(f"f{number}: {{}}" for number in range(6))
    for number in (1, 2):
        write(app, number, functions)
        assert lcli(app, environment(cloud), *DEPLOY, "--region", "eu-west-1").code == 0
    words = (*ROLLBACK, *AS_JSON, "--parallel", "1", "--region", "eu-west-1")
    said = faulty(
        cloud, app, words, Rule(EXPIRED, lambda call: True, frozenset({"lambda:UpdateAlias"}))
    )
    assert said.code == 1, said
    moved = json.loads(said.stdout)["rollbacks"]
    assert [one["status"] for one in moved] == ["failed", *["skipped"] * 5]
    assert moved[0]["problem"]["code"] == "expired-credentials"
    because = "AWS does not accept these credentials for it"
    assert [one["because"] for one in moved] == ["", *[because] * 5]
    assert f"5 not tried: {because}" in said.stderr


@pytest.mark.parametrize("fails_fast", [False, True])
def test_after_a_failure_the_next_region_follows_unless_it_is_to_fail_fast(
    cloud: Any, app: Path, fails_fast: bool
) -> None:
    words = (*DEPLOY, "--fail-fast") if fails_fast else DEPLOY
    said = faulty(cloud, app, words, Rule(INVALID, first(1), frozenset({"lambda:CreateFunction"})))
    assert said.code == 1, said
    assert state(cloud, "eu-west-1") == ({} if fails_fast else WANTED[DEPLOY])
    assert ("not tried: something failed before it (--fail-fast)" in said.stderr) is fails_fast
    ends_well(cloud, app, DEPLOY)


def test_a_region_in_which_nothing_could_be_begun_tells_what_it_was_to_change(
    cloud: Any, app: Path, deployed: Deployed
) -> None:
    deployed(DELETE)
    write(app, 2)
    said = faulty(cloud, app, DEPLOY, Rule(EXPIRED, at(3, 4), frozenset({"lambda:UntagResource"})))
    assert said.code == 1, said
    rows = [line.split()[:3] for line in said.stdout.splitlines()]
    assert rows == [
        ["Region", "Function", "Action"],
        ["us-east-1", "one", "updated"],
        ["us-east-1", "two", "updated"],
        ["Region", "Function", "Action"],
        ["eu-west-1", "one", "unfinished"],
        ["eu-west-1", "two", "unfinished"],
    ]
    assert said.stderr.count("error: ") == 1
    assert "not tried: what comes before it was refused" in said.stderr


def test_a_rollback_over_regions_names_them(cloud: Any, app: Path, deployed: Deployed) -> None:
    deployed(ROLLBACK)
    said = faulty(
        cloud, app, (*ROLLBACK, "one"), Rule(INVALID, at(2), frozenset({"lambda:UpdateAlias"}))
    )
    assert said.code == 1, said
    table = [line.split() for line in said.stdout.splitlines()]
    assert table[0][:2] == ["Region", "Function"]
    assert [(row[0], row[1], row[6]) for row in table[1:]] == [
        ("us-east-1", "one", "done"),
        ("eu-west-1", "one", "failed"),
    ]
    again = lcli(app, environment(cloud), *ROLLBACK, "one", *AS_JSON)
    assert [(one["region"], one["to"]) for one in json.loads(again.stdout)["rollbacks"]] == [
        ("eu-west-1", "2")
    ]
    assert "left as it is in us-east-1: one is rolled back already" in again.stderr
