"""Each change of what is reserved and provisioned ends well in one deploy, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import DyingClients, Killed, OnCloud, problems

from lcli.deploy.rollback import Asked, Target, prepare, roll_back
from lcli.errors import ExitCode, LcliError

HEAD = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
"""
ON_A = {"FunctionName": "photos-a"}
DELETE_P, PUT_P = "DeleteProvisionedConcurrencyConfig", "PutProvisionedConcurrencyConfig"
DELETE_R, PUT_R = "DeleteFunctionConcurrency", "PutFunctionConcurrency"
FULL = "concurrency: {reserved: 2, provisioned: 2}"
NEW_CODE = "new code"


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> OnCloud:
    return OnCloud(tmp_path, cloud.url, cloud.account)


def given(app: OnCloud, settings: str) -> None:
    if NEW_CODE in settings:
        app.code("2")
    app.manifest(HEAD + f"  a: {{{settings.replace(NEW_CODE, '')}}}\n")


def deployed(app: OnCloud, settings: str) -> None:
    given(app, settings)
    app.deploy_well()
    app.sent.clear()


def provision(app: OnCloud, qualifier: str, number: int) -> None:
    """By somebody else."""
    wanted = {"Qualifier": qualifier, "ProvisionedConcurrentExecutions": number}
    app.session().call("lambda", PUT_P, **ON_A, **wanted)


def steps(app: OnCloud) -> list[str]:
    """The writes of the deploy that concern concurrency, in their order."""
    return [
        one.operation for one in app.sent if one.operation in (DELETE_P, PUT_P, DELETE_R, PUT_R)
    ]


CHANGES = {
    "both up": (FULL, "concurrency: {reserved: 5, provisioned: 5}", [PUT_R, PUT_P]),
    "both down": ("concurrency: {reserved: 5, provisioned: 5}", FULL, [PUT_P, PUT_R]),
    "down to a new reservation": ("concurrency: {provisioned: 5}", FULL, [PUT_P, PUT_R]),
    "up, the reservation gone": (
        "concurrency: {reserved: 1}",
        "concurrency: {provisioned: 5}",
        [DELETE_R, PUT_P],
    ),
    "down, the reservation gone": (
        "concurrency: {reserved: 5, provisioned: 5}",
        "concurrency: {provisioned: 2}",
        [DELETE_R, PUT_P],
    ),
    "nothing provisioned, another reservation": (
        "concurrency: {reserved: 5, provisioned: 5}",
        "concurrency: {reserved: 0}",
        [DELETE_P, PUT_R],
    ),
    "the other instead": (
        "concurrency: {provisioned: 5}",
        "concurrency: {reserved: 5}",
        [PUT_R, DELETE_P],
    ),
    "both gone": (FULL, "", [DELETE_R, DELETE_P]),
    "both new": ("", FULL, [PUT_R, PUT_P]),
    "alias gone": (FULL, "alias: false, concurrency: {reserved: 1}", [DELETE_P, PUT_R]),
    "renamed at one version, no room": (FULL, f"alias: next, {FULL}", [DELETE_P, PUT_P]),
    "renamed at one version, room": (
        "concurrency: {reserved: 9, provisioned: 2}",
        "alias: next, concurrency: {reserved: 9, provisioned: 2}",
        [DELETE_P, PUT_P],
    ),
    "renamed, no room for two": (
        "concurrency: {reserved: 3, provisioned: 2}",
        f"alias: next, concurrency: {{reserved: 3, provisioned: 2}}, {NEW_CODE}",
        [DELETE_P, PUT_P],
    ),
    "renamed, room for two": (
        "concurrency: {reserved: 4, provisioned: 2}",
        f"alias: next, concurrency: {{reserved: 4, provisioned: 2}}, {NEW_CODE}",
        [PUT_P, DELETE_P],
    ),
    "renamed, unreserved": (
        "concurrency: {provisioned: 2}",
        f"alias: next, concurrency: {{provisioned: 2}}, {NEW_CODE}",
        [PUT_P, DELETE_P],
    ),
    "renamed, room until the reservation falls": (
        "concurrency: {reserved: 9, provisioned: 2}",
        f"alias: next, {FULL}, {NEW_CODE}",
        [PUT_P, DELETE_P, PUT_R],
    ),
    "renamed, room once the reservation rises": (
        FULL,
        f"alias: next, concurrency: {{reserved: 4, provisioned: 2}}, {NEW_CODE}",
        [PUT_R, PUT_P, DELETE_P],
    ),
    "renamed, nothing provisioned": (FULL, "alias: next", [DELETE_R, DELETE_P]),
    "renamed and ignored": (
        f"{FULL}, ignore: [provisioned]",
        f"alias: next, {FULL}, ignore: [provisioned]",
        [DELETE_P, PUT_P],
    ),
}


@pytest.mark.parametrize(("before", "after", "expected"), CHANGES.values(), ids=CHANGES)
def test_each_change_ends_well_at_once(
    before: str, after: str, expected: list[str], app: OnCloud
) -> None:
    deployed(app, before)
    given(app, after)
    report = app.deploy()
    assert (problems(report), report.exit_code) == ([], ExitCode.DONE)
    assert steps(app) == expected
    cold = [one for one in report.notices if "cold starts" in one]
    assert len(cold) == (expected == [DELETE_P, PUT_P])
    assert app.plan() == []


def test_a_gap_is_told_with_its_reason(app: OnCloud) -> None:
    told = (
        "provisioned concurrency of photos-a:live goes before photos-a:next has its own, since "
        "{}: until that is ready there are cold starts"
    )
    deployed(app, FULL)
    given(app, f"alias: next, {FULL}")
    assert told.format("version 1 may have it by one alias only") in app.prepare().notices
    given(app, f"alias: next, {FULL}, {NEW_CODE}")
    assert told.format("reserved (2) has no room for both") in app.prepare().notices


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param("reserved: 5, provisioned: 3", [PUT_P], id="room"),
        pytest.param(
            "reserved: 5, provisioned: 4",
            "photos-a would have 6 provisioned and 5 reserved; 2 at 1 stay as they are",
            id="more provisioned",
        ),
        pytest.param(
            "reserved: 3, provisioned: 2",
            "photos-a would have 4 provisioned and 3 reserved; 2 at live, 2 at 1 stay as they are",
            id="less reserved",
        ),
        pytest.param(
            "reserved: 1",
            "photos-a would have 2 provisioned and 1 reserved; 2 at 1 stay as they are",
            id="theirs alone",
        ),
        pytest.param("provisioned: 9", [DELETE_R, PUT_P], id="no reservation"),
    ],
)
def test_what_others_have_provisioned_counts(
    settings: str, expected: list[str] | str, app: OnCloud
) -> None:
    deployed(app, "concurrency: {reserved: 5, provisioned: 2}")
    deployed(app, f"concurrency: {{reserved: 5, provisioned: 2}}, {NEW_CODE}")
    provision(app, "1", 2)
    assert app.plan() == []
    given(app, f"concurrency: {{{settings}}}, {NEW_CODE}")
    if isinstance(expected, str):
        with pytest.raises(LcliError) as refused:
            app.prepare()
        assert [one.what for one in refused.value.problems] == [expected]
        return
    app.sent.clear()
    app.deploy_well()
    assert steps(app) == expected


def test_what_is_ignored_counts_as_it_is(app: OnCloud) -> None:
    deployed(app, "concurrency: {reserved: 5, provisioned: 1}, ignore: [provisioned]")
    provision(app, "live", 4)
    given(app, "concurrency: {reserved: 3, provisioned: 1}, ignore: [provisioned]")
    with pytest.raises(LcliError, match="4 provisioned and 3 reserved"):
        app.prepare()
    deployed(app, "concurrency: {reserved: 4, provisioned: 1}, ignore: [provisioned]")
    assert app.plan() == []


@pytest.mark.parametrize("qualifier", ["1", "live"])
def test_a_version_is_provisioned_once(qualifier: str, app: OnCloud) -> None:
    deployed(app, "")
    provision(app, qualifier, 1)
    given(app, "alias: next, concurrency: {provisioned: 1}")
    with pytest.raises(LcliError) as refused:
        app.prepare()
    assert [one.code for one in refused.value.problems] == ["provisioned-version"]


def test_renamed_after_a_rollback(app: OnCloud) -> None:
    deployed(app, FULL)
    deployed(app, f"{FULL}, {NEW_CODE}")
    (chosen,) = prepare([Asked(app.session(), [Target("a", "photos-a", "live")])])
    roll_back(app.session(), chosen.moves)
    deployed(app, f"alias: next, {FULL}")
    assert app.plan() == []


@pytest.mark.parametrize("after", [f"alias: next, {FULL}", f"alias: next, {FULL}, {NEW_CODE}"])
def test_killed_anywhere_a_rename_goes_on(after: str, app: OnCloud) -> None:
    deployed(app, "concurrency: {reserved: 3, provisioned: 2}")
    session, killed = app.session(), 0
    given(app, after)
    for survives in (*[0] * 9, 99):  # one more step each time
        app.clients = DyingClients(session, survives)
        prepared = app.prepare()
        if prepared.plan.empty:
            break
        try:
            app.deploy()
        except Killed:
            killed += 1
    app.clients = None
    assert killed > 5
    assert app.plan() == []


def test_what_is_provisioned_without_a_reservation_needs_room(app: OnCloud) -> None:
    given(app, "concurrency: {provisioned: 950}")
    with pytest.raises(LcliError, match="950 more concurrent executions"):
        app.prepare()


PROVISIONS = "concurrency: {provisioned: 600}"


@pytest.mark.parametrize(
    ("after", "refused"),
    [
        pytest.param("a: {}\n  b: {%s}", False, id="less"),
        pytest.param("b: {%s}", False, id="gone"),
        pytest.param("a: {concurrency: {reserved: 600}}\n  b: {%s}", True, id="reserved instead"),
        pytest.param("a: {name: other, %s}\n  b: {}", True, id="renamed, so back too late"),
    ],
)
def test_what_one_function_gives_up_another_provisions(
    after: str, refused: bool, app: OnCloud
) -> None:
    app.manifest(HEAD + f"  a: {{{PROVISIONS}}}\n  b: {{}}\n")
    app.deploy_well()
    app.manifest(HEAD + f"  {after % PROVISIONS}\n")
    if refused:
        with pytest.raises(LcliError, match="600 more concurrent executions"):
            app.prepare(prune=True)
        return
    report = app.deploy(prune=True)
    assert (problems(report), report.exit_code) == ([], ExitCode.DONE)
    assert app.plan(prune=True) == []


def test_a_reservation_and_the_triggers_of_a_bucket_change_hands_at_once(app: OnCloud) -> None:
    s3 = "triggers: [{s3: {bucket: pics, prefix: %s/}}]"
    app.session().call("s3", "CreateBucket", Bucket="pics")
    app.manifest(f"{HEAD}  a: {{{s3 % 'a'}}}\n  b: {{{s3 % 'b'}, concurrency: {{reserved: 5}}}}\n")
    app.deploy_well()
    app.manifest(f"{HEAD}  a: {{{s3 % 'c'}, concurrency: {{reserved: 5}}}}\n  b: {{{s3 % 'd'}}}\n")
    app.sent.clear()
    app.deploy_well()
    assert steps(app) == [DELETE_R, PUT_R]
    assert [one.operation for one in app.sent].count("PutBucketNotificationConfiguration") == 1
    assert app.plan() == []
