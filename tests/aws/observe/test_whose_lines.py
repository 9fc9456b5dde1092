"""lcli logs for one invocation, or with each line's: also where START was long before."""

import json
import os
import signal
import time

import pytest
from logs_service import logs_service, said
from overlay.inside import lcli
from test_logs_history import KEYS, event, paged

ID = "cccccccc-0000-4000-8000-000000000001"


def invocation():
    """One of eleven minutes, whose START is older than the ten minutes that are read, in a stream
    of its own; and another one's line."""
    now = int(time.time() * 1000)
    lines = [
        (800, f"START RequestId: {ID} Version: 7"),
        (700, "zero"),
        (400, "one"),
        (300, "two"),
        (199, f"REPORT RequestId: {ID}\tDuration: 601.00 ms\tBilled Duration: 601 ms"),
    ]
    events = [event(n, now - ago * 1000, text) for n, (ago, text) in enumerate(lines)]
    other = event(9, now - 1_000, "of another", "0e")
    return {"/aws/lambda/f": [*events, other]}


def logs(tmp_path, *words):
    with logs_service(paged(invocation())) as (session, _):
        environ = {**KEYS, "AWS_ENDPOINT_URL": session.endpoint_url, "HOME": str(tmp_path)}
        return lcli(tmp_path, environ, "logs", "f", *words)


@pytest.mark.parametrize("more", [[], ["--tail", "9"]], ids=["", "tail"])
def test_all_lines_of_a_request_are_found_whose_start_is_earlier(tmp_path, more):
    ran = logs(tmp_path, "--request", "cccc", "--no-timestamps", "--raw", *more)
    lines = ran.stdout.splitlines()
    assert (lines[:2], lines[2][:6], len(lines)) == (["one", "two"], "REPORT", 3)


@pytest.mark.parametrize("more", [[], ["--tail", "4"], ["--tail", "3"]], ids="".join)
def test_each_line_in_json_names_its_request(tmp_path, more):
    ran = logs(tmp_path, "--since", "20m", "-o", "json", *more)
    found = {one["message"]: one["requestId"] for one in map(json.loads, ran.stdout.splitlines())}
    assert found.pop("of another") == ""
    assert set(found.values()) == {ID}


ONE, TWO = f"{ID[:-1]}2", f"{ID[:-1]}3"


def followed(tmp_path, past, arriving, *words):
    """The messages that a follow of a stream prints in JSON, with the first and last of each
    request's id; of `arriving` each comes to be stored in one more call."""
    now, calls = int(time.time() * 1000), []
    events = [event(n, now - ago, text) for n, (ago, text) in enumerate([*past, *arriving])]

    def answer(asked):
        # The past is read by the first call.
        calls.append(asked)
        if len(calls) > len(arriving) + 4:
            os.kill(os.getpid(), signal.SIGINT)
        there = events[: len(past) + len(calls) - 1]
        return said({"events": [e for e in there if asked["startTime"] <= e["timestamp"]]})

    with logs_service({"FilterLogEvents": answer}) as (session, _):
        environ = {**KEYS, "AWS_ENDPOINT_URL": session.endpoint_url, "HOME": str(tmp_path)}
        ran = lcli(tmp_path, environ, "logs", "f", "-F", "-o", "json", *words)
    documents = map(json.loads, ran.stdout.splitlines())
    return [(d["message"][:8], d["requestId"][-1:], d["late"]) for d in documents]


@pytest.mark.parametrize("words", [["--request", ONE], []], ids=["request", ""])
def test_an_invocation_that_began_in_the_past_goes_on_behind_its_last_lines(tmp_path, words):
    past = [(8_000, f"START RequestId: {ONE}"), *((7_000 - n, f"past {n}") for n in range(3))]
    shown = followed(tmp_path, past, [(100, "new")], "--tail", "2", "--limit", "3", *words)
    assert shown == [("past 1", "2", False), ("past 2", "2", False), ("new", "2", False)]


LATE = [(900, f"REPORT RequestId: {ONE}"), (500, f"START RequestId: {TWO}"), (950, "late")]


@pytest.mark.parametrize(
    ("arriving", "words", "shown"),
    [
        pytest.param(
            [(1_000, f"START RequestId: {ONE}"), *LATE],
            ["--limit", "4"],
            [("START Re", "2", False), ("REPORT R", "2", False), ("START Re", "3", False)],
            id="after the next START",
        ),
        pytest.param(
            [(950, "late"), (1_000, f"START RequestId: {ONE}")],
            ["--limit", "2", "--request", ONE],
            [("START Re", "2", True)],
            id="before its START",
        ),
    ],
)
def test_a_line_that_comes_late_is_of_the_invocation_that_wrote_it(
    tmp_path, arriving, words, shown
):
    assert followed(tmp_path, [], arriving, *words) == [*shown, ("late", "2", True)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--request", ""], "--request is empty"),
        (["--alias", ""], "--alias is empty"),
        (["--request", "c", "--filter", "one"], "--filter and --request exclude each other"),
        (
            ["--request", "c", "--live"],
            "--live and --request exclude each other: the invocation began before what is live",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_would_show_too_much_or_too_little_is_refused(tmp_path, words, told):
    ran = logs(tmp_path, *words)
    assert (ran.code, ran.stdout) == (2, "")
    assert ran.stderr.startswith(f"error: {told} [usage]\n")


def test_a_time_of_day_that_is_to_come_may_end_the_span(tmp_path):
    ran = logs(tmp_path, "--until", "23:59:59", "--no-timestamps")
    assert (ran.code, ran.stdout.splitlines()[-1]) == (0, "f of another")
