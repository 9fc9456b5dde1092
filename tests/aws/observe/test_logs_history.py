"""lcli logs over a past that takes many pages, or that some functions do not have."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from logs_service import logs_service, refused, said
from overlay.inside import lcli

KEYS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-west-1"}
LCLI = Path(sys.executable).with_name("lcli")


def event(number, timestamp, message, stream="0f"):
    return {
        "eventId": f"{number:09}",
        "logStreamName": f"2026/03/01/[7]{stream}",
        "timestamp": timestamp,
        "ingestionTime": timestamp + 100,
        "message": message,
    }


def paged(groups, page=10_000, pause=0.0):
    """FilterLogEvents of groups by their names: so many events a page, each after a pause."""

    def answer(asked):
        found = groups.get(asked["logGroupName"])
        time.sleep(pause)
        if found is None:
            return refused("ResourceNotFoundException")
        start, end = asked["startTime"], asked["endTime"]
        events = [e for e in found if start <= e["timestamp"] <= end]
        begin = int(asked.get("nextToken", 0))
        more = {"nextToken": str(begin + page)} if begin + page < len(events) else {}
        return said({"events": events[begin : begin + page], **more})

    return {"FilterLogEvents": answer}


def two_hours(count):
    began = int(time.time() * 1000) - 7_100_000
    events = [event(n, began + n * 7_090_000 // count, f"{n}") for n in range(count)]
    return {"/aws/lambda/f": events}


def environ_of(session, home):
    return {**KEYS, "AWS_ENDPOINT_URL": session.endpoint_url, "HOME": str(home)}


def logs(tmp_path, operations, *words):
    with logs_service(operations) as (session, asked):
        ran = lcli(tmp_path, environ_of(session, tmp_path), "logs", *words, "--no-timestamps")
        return ran, asked


@pytest.mark.parametrize("many", [[], ["--tail", "9000"]], ids=["", "the last ones"])
def test_ctrl_c_within_the_past_ends_a_follow_at_once(tmp_path, many):
    with logs_service(paged(two_hours(10_000), 100, 0.05)) as (session, asked):
        process = subprocess.Popen(
            [LCLI, "logs", "f", "-F", "--since", "2h", "--raw", *many],
            cwd=tmp_path,
            env=environ_of(session, tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        if many:
            while not asked:
                time.sleep(0.05)
        begun = "" if many else process.stdout.readline()
        process.send_signal(signal.SIGINT)
        before = len(asked)
        lines = (begun + process.stdout.read()).splitlines()
        _, errors = process.communicate(timeout=30)
    assert lines == [str(number) for number in range(len(lines))]
    assert len(asked) - before < 15
    assert process.returncode == 130
    counted = f"{len(lines):,} event{'s' * (len(lines) != 1)}"
    assert errors == f"{counted}; ended within the past, later ones were not read\n"


def test_a_limit_is_reached_after_a_few_of_many_pages(tmp_path):
    ran, asked = logs(
        tmp_path, paged(two_hours(10_000), 100, 0.02), "f", "--since", "2h", "--limit", "3", "--raw"
    )
    assert (ran.code, ran.stdout) == (0, "0\n1\n2\n")
    assert len(asked) < 15


def test_functions_without_a_log_group_are_told_together_and_the_others_read(tmp_path):
    now = int(time.time() * 1000)
    groups = {"/aws/lambda/there": [event(1, now - 1_000, "one")]}
    ran, _ = logs(tmp_path, paged(groups), "one", "there", "two", "--raw")
    assert (ran.code, ran.stdout) == (1, "one\n")
    assert ran.stderr == (
        "error: one, two have no log group: they never ran, or are not deployed [no-logs]\n"
        "  at: /aws/lambda/one, /aws/lambda/two\n"
        "  next: invoke them first, or wait for their first event with --follow\n"
    )


def test_of_several_absent_functions_each_is_told_what_it_is_near_to(tmp_path):
    (tmp_path / "lcli.yaml").write_text(
        "app: shop\nregion: eu-west-1\ndefaults: {runtime: python3.13, handler: a.b, source: src}\n"
        "functions: {orders: {}}\n"
    )
    ran, _ = logs(tmp_path, paged({}), "ordres", "other")
    assert "ordres, other have no log group" in ran.stderr
    assert ran.stderr.endswith("  next: ordres: did you mean orders?\n")


@pytest.mark.parametrize("words", [["--tail", "3"], ["--limit", "9"]], ids=" ".join)
def test_a_group_without_events_beside_one_that_is_absent_is_told(tmp_path, words):
    ran, asked = logs(tmp_path, paged({"/aws/lambda/there": []}), "there", "absent", *words)
    assert (ran.code, ran.stdout) == (1, "")
    assert ran.stderr.startswith("no events since 10m; an earlier --since looks further back\n")
    assert "error: absent has no log group: it never ran, or is not deployed" in ran.stderr
    assert [a["logGroupName"] for _, a in asked].count("/aws/lambda/absent") == 1


SHARED = """
app: shop
region: eu-west-1
defaults: {runtime: python3.13, handler: a.b, source: src, log: {group: /shared}}
functions: {a: {}, b: {}, c: {}}
"""


@pytest.mark.parametrize("words", [[], ["--filter", "x"]], ids=["", "filtered"])
@pytest.mark.parametrize("follow", [[], ["--follow", "--limit", "4"]], ids=["", "followed"])
def test_a_group_that_functions_share_is_read_once_for_all_of_them(tmp_path, words, follow):
    (tmp_path / "lcli.yaml").write_text(SHARED)
    now = int(time.time() * 1000) - 60_000
    streams = ["shop-a[7]0", "shop-b[7]1", "other[7]2", "shop-c[$LATEST]3", "of a program"]
    events = [
        {**event(n, now + n, f"of {stream[:6]}"), "logStreamName": f"2026/03/01/{stream}"}
        for n, stream in enumerate(streams)
    ]
    events[-1]["logStreamName"] = streams[-1]
    ran, asked = logs(tmp_path, paged({"/shared": events}), *words, *follow)
    assert ran.code == 0
    assert ran.stdout.splitlines() == ["a of shop-a", "b of shop-b", "c of shop-c", "a of of a p"]
    found = [parameters for name, parameters in asked if name == "FilterLogEvents"]
    assert [one.get("filterPattern") for one in found] == words[1:] or [None]


def test_that_a_shared_group_is_absent_is_told_once(tmp_path):
    (tmp_path / "lcli.yaml").write_text(SHARED)
    ran, asked = logs(tmp_path, paged({}))
    assert "a, b, c have no log group" in ran.stderr
    assert "  at: /shared\n" in ran.stderr
    assert len(asked) == 1


def crossed(now):
    """Two stacks that are written at once, over the border of the last minute."""
    lines = ["ERROR in a", "ERROR in b", "\tat a.one", "\tat b.one", "Caused by: a", "next"]
    streams = ["a", "b", "a", "b", "a", "b"]
    at = now - 60_000
    return [
        event(n, at - 5 + 2 * n, line, stream)
        for n, (line, stream) in enumerate(zip(lines, streams, strict=True))
    ]


A, B = "ERROR in a\n\tat a.one\nCaused by: a\n", "ERROR in b\n\tat b.one\n"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], A + B + "next\n"),
        (["--grep", "ERROR"], A + B),
        (["--grep", "in a"], A),
        (["--limit", "1"], A),
        (["--tail", "3"], A + B + "next\n"),
        (["--tail", "2"], B + "next\n"),
        (["--tail", "2", "--grep", "ERROR"], A + B),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_stacks_that_come_line_by_line_are_printed_together(tmp_path, words, text):
    groups = {"/aws/lambda/f": crossed(int(time.time() * 1000))}
    assert logs(tmp_path, paged(groups), "f", "--raw", *words)[0].stdout == text


def test_stacks_of_two_functions_are_printed_together(tmp_path):
    now = int(time.time() * 1000)
    events = crossed(now)
    groups = {"/aws/lambda/f": events[::2], "/aws/lambda/g": events[1::2]}
    assert logs(tmp_path, paged(groups), "f", "g", "--raw")[0].stdout == A + B + "next\n"
