from __future__ import annotations

import errno
import os
import signal
from threading import Event as Flag

import pytest
from toy_world import PLACE, Toy, World, by_key, key, thing, toys

from lcli.aws.clients import AwsError
from lcli.aws.retry import RULES, Act
from lcli.deploy.apply import ACTION_SECONDS, apply
from lcli.deploy.events import Doing, Event, Failed, Finished, Skipped, Started
from lcli.deploy.plan import Plan, plan
from lcli.deploy.report import Report, Status
from lcli.deploy.scope import Scope
from lcli.deploy.stop import Stop
from lcli.errors import ExitCode, LcliError, Problem
from lcli.resources.function_state import READY_SECONDS
from lcli.resources.kind import Applying
from lcli.resources.model import Outputs, Ref, Resource, Text


class NoClients:
    """The toy kinds call nobody."""

    region = "eu-west-1"


def planned(world: World, *desired: Resource) -> Plan:
    return plan(by_key(*desired), world.read(), toys(world), Scope(frozenset({"f", "g"})))


def run(world: World, *desired: Resource, **options: object) -> tuple[Report, list[Event]]:
    events: list[Event] = []
    report = apply(
        planned(world, *desired),
        PLACE,
        NoClients(),  # type: ignore[arg-type]
        toys(world),
        actual=world.read(),
        listener=options.pop("listener", events.append),  # type: ignore[arg-type]
        **options,  # type: ignore[arg-type]
    )
    return report, events


def statuses(report: Report) -> dict[str, Status]:
    return {str(one.action.resource.key): one.status for one in report.outcomes}


def denied(name: str) -> AwsError:
    return AwsError(
        "AccessDeniedException",
        f"User x is not authorized to perform: lambda:{name} on resource: arn:y",
        service="lambda",
        operation=name,
        status=403,
    )


BROKEN = LcliError(Problem("broken", "it broke"))
ROLE, FUNCTION = thing("role r"), thing("function fn", "role r")
ALIAS = thing("alias fn:live", "function fn")
OTHER = thing("function gn", function="g")


def test_the_plan_is_done_in_order() -> None:
    world = World()
    report, events = run(world, ROLE, FUNCTION, ALIAS)
    assert world.log == ["create role r", "create function fn", "create alias fn:live"]
    assert report.exit_code is ExitCode.DONE
    assert [type(one) for one in events] == [Started, Doing, Finished] * 3


def test_a_second_run_does_nothing() -> None:
    world = World()
    run(world, ROLE, FUNCTION)
    world.log.clear()
    report, events = run(world, ROLE, FUNCTION)
    assert (world.log, events) == ([], [])
    assert set(statuses(report).values()) == {Status.UNCHANGED}


def test_only_what_needs_the_failed_one_is_skipped() -> None:
    world = World(refuse={"create function fn": BROKEN})
    report, events = run(world, ROLE, FUNCTION, ALIAS, OTHER)
    assert statuses(report) == {
        "role r": Status.DONE,
        "function fn": Status.FAILED,
        "alias fn:live": Status.SKIPPED,
        "function gn": Status.DONE,
    }
    assert report.exit_code is ExitCode.FAILED
    assert [one.problems for one in events if isinstance(one, Failed)] == [BROKEN.problems]
    assert [one.because for one in events if isinstance(one, Skipped)] == [
        "function fn was not done"
    ]


@pytest.mark.parametrize(
    ("error", "stop", "because"),
    [
        pytest.param(
            denied("CreateFunction"),
            Stop(),
            "AWS does not accept these credentials for it",
            id="access denied",
        ),
        pytest.param(
            BROKEN, Stop(fail_fast=True), "something failed before it (--fail-fast)", id="fail fast"
        ),
    ],
)
def test_nothing_more_is_started(error: Exception, stop: Stop, because: str) -> None:
    world = World(refuse={"create role r": error})
    report, events = run(world, ROLE, OTHER, parallel=1, stop=stop)
    assert statuses(report) == {"role r": Status.FAILED, "function gn": Status.SKIPPED}
    assert [one.because for one in events if isinstance(one, Skipped)] == [because]


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        pytest.param(
            OSError(errno.EMFILE, os.strerror(errno.EMFILE)),
            Problem(
                "system-error",
                "the system refused an operation: Too many open files",
                "",
                "allow more open files (`ulimit -n 1024`) or use a smaller --parallel, then run "
                "the same command again",
            ),
            id="files",
        ),
        pytest.param(
            PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/zips/a.zip"),
            Problem(
                "system-error",
                "the system refused an operation: Permission denied",
                "/zips/a.zip",
                "check the path, its permissions and the free space, then run the command again",
            ),
            id="a file",
        ),
    ],
)
def test_what_the_system_refuses_fails_its_action_alone(refused: OSError, told: Problem) -> None:
    report, _ = run(World(refuse={"create function fn": refused}), ROLE, FUNCTION, ALIAS, OTHER)
    assert statuses(report) == {
        "role r": Status.DONE,
        "function fn": Status.FAILED,
        "alias fn:live": Status.SKIPPED,
        "function gn": Status.DONE,
    }
    assert report.every_problem == (told,)


def test_the_missing_action_is_named() -> None:
    report, _ = run(World(refuse={"create role r": denied("CreateFunction")}), ROLE)
    assert report.failed[0].problems == (
        Problem(
            "access-denied",
            "lambda:CreateFunction was denied: User x is not authorized to perform: "
            "lambda:CreateFunction on resource: arn:y",
            "",
            "allow lambda:CreateFunction on arn:y for these credentials, then run the same "
            "command again",
        ),
    )


def test_references_are_settled_with_what_was_made() -> None:
    address = Text(("https://", Ref(key("api a"), "arn"), "/x"))
    world = World()
    report, _ = run(world, thing("api a"), thing("function fn", "api a", Url=address))
    assert report.outcomes[1].outputs == {"arn": "arn:fn", "Url": "https://arn:a/x"}


def test_one_bucket_is_written_at_once() -> None:
    gone = thing("notification b/old", shared="bucket b")
    world = World({gone.key: gone})
    new = thing("notification b/new", "function fn", shared="bucket b")
    report, _ = run(world, FUNCTION, ROLE, new)
    assert world.log[-2:] == ["merge-create notification b/new", "merge-delete notification b/old"]
    assert report.exit_code is ExitCode.DONE


def test_a_group_is_written_without_those_whose_needs_failed() -> None:
    one = thing("notification b/1", "function fn", shared="bucket b")
    two = thing("notification b/2", "function gn", shared="bucket b", function="g")
    world = World(refuse={"create function fn": BROKEN})
    report, _ = run(world, ROLE, FUNCTION, OTHER, one, two)
    assert "merge-create notification b/2" in world.log
    assert statuses(report)["notification b/1"] is Status.SKIPPED


def test_what_fails_together_is_told_once() -> None:
    world = World(refuse={"merge-create notification b/1": BROKEN})
    pair = [thing(f"notification b/{n}", "function fn", shared="bucket b") for n in (1, 2)]
    report, _ = run(world, ROLE, FUNCTION, *pair)
    assert [len(report.failed), report.every_problem] == [2, BROKEN.problems]


def test_an_interrupted_run_reports_and_continues() -> None:
    world, stop = World(), Stop()

    def listener(event: Event) -> None:
        if isinstance(event, Finished):
            stop.interrupted = True

    report, _ = run(world, ROLE, FUNCTION, listener=listener, stop=stop)
    assert report.exit_code is ExitCode.INTERRUPTED
    assert statuses(report) == {"role r": Status.DONE, "function fn": Status.SKIPPED}
    assert [row.status for row in report.rows] == ["unfinished"]
    again, _ = run(world, ROLE, FUNCTION)
    assert world.log == ["create role r", "create function fn"]
    assert again.exit_code is ExitCode.DONE


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_the_first_interrupt_lets_what_is_in_flight_end(asked: signal.Signals) -> None:
    world, before = World(), signal.getsignal(asked)

    def listener(event: Event) -> None:
        if isinstance(event, Started):
            signal.raise_signal(asked)

    report, _ = run(world, ROLE, FUNCTION, listener=listener)
    assert report.exit_code is ExitCode.INTERRUPTED
    assert statuses(report) == {"role r": Status.DONE, "function fn": Status.SKIPPED}
    assert signal.getsignal(asked) is before


def test_what_the_shell_has_told_to_ignore_is_ignored() -> None:
    def listener(event: Event) -> None:
        if isinstance(event, Started):
            signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        report, _ = run(World(), ROLE, FUNCTION, listener=listener)
    finally:
        signal.signal(signal.SIGINT, before)
    assert report.exit_code is ExitCode.DONE


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_the_second_interrupt_leaves_at_once(second: signal.Signals) -> None:
    world, patient = World(), Flag()

    class Slow(Toy):
        def create(self, wanted: Resource, applying: Applying) -> Outputs:
            patient.wait(30)
            return {}

    def listener(event: Event) -> None:
        if isinstance(event, Started):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(second)

    kinds = toys(world) | {"role": Slow("role", world)}
    report = apply(
        planned(world, ROLE, FUNCTION),
        PLACE,
        NoClients(),  # type: ignore[arg-type]
        kinds,
        listener=listener,
    )
    patient.set()
    assert report.exit_code is ExitCode.INTERRUPTED
    assert statuses(report) == {"role r": Status.SKIPPED, "function fn": Status.SKIPPED}


def test_errors_of_lcli_itself_are_not_dressed_up() -> None:
    world = World(refuse={"create role r": ZeroDivisionError("a bug")})
    with pytest.raises(ZeroDivisionError):
        run(world, ROLE)


def test_the_json_shape() -> None:
    report, _ = run(World(), ROLE, thing("function fn", "role r", Memory=128))
    document = report.as_json(lambda value, secret: value)
    assert {**document, "seconds": 0, "actions": document["actions"][1:]} == {
        "app": "photos",
        "stage": "",
        "region": "eu-west-1",
        "account": "123456789012",
        "seconds": 0,
        "interrupted": False,
        "actions": [
            {
                "action": "create",
                "kind": "function",
                "name": "fn",
                "function": "f",
                "reason": "",
                "confirm": "",
                "changes": [{"path": "Memory", "before": None, "after": 128}],
                "status": "done",
                "seconds": document["actions"][1]["seconds"],
                "arn": "arn:fn",
                "version": "",
                "alias": "",
                "address": "",
                "because": "",
                "problems": [],
            }
        ],
        "functions": [
            {
                "function": "f",
                "name": "fn",
                "status": "created",
                "arn": "arn:fn",
                "version": "",
                "alias": "",
                "size": 0,
                "addresses": [],
            }
        ],
        "notices": [],
        "problems": [],
    }


def test_the_deadline_of_an_action_cuts_no_wait_that_its_kind_allows() -> None:
    in_progress = max(row.seconds for row in RULES if row.act is Act.WAIT)
    throttled = max(row.seconds for row in RULES if row.act is Act.RETRY)
    assert in_progress + throttled + 2 * READY_SECONDS <= ACTION_SECONDS
