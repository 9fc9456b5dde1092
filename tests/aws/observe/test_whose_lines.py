"""lcli logs for one invocation, or with each line's: also where START was long before."""

import json
import time

import pytest
from logs_service import logs_service
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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--request", ""], "--request is empty"),
        (["--alias", ""], "--alias is empty"),
        (["--request", "c", "--filter", "one"], "--filter and --request exclude each other"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_would_show_too_much_or_too_little_is_refused(tmp_path, words, said):
    ran = logs(tmp_path, *words)
    assert (ran.code, ran.stdout) == (2, "")
    assert ran.stderr.startswith(f"error: {said} [usage]\n")


def test_a_time_of_day_that_is_to_come_may_end_the_span(tmp_path):
    ran = logs(tmp_path, "--until", "23:59:59", "--no-timestamps")
    assert (ran.code, ran.stdout.splitlines()[-1]) == (0, "f of another")
