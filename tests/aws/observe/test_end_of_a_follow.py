"""Ctrl-C during a follow of many functions: what was read is printed and counted, and what was not
asked once more is told."""

import array
import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import pytest
from logs_service import logs_service, refused, said
from overlay.inside import lcli

from lcli.cli import logs_bounds
from lcli.local.wire import Response

KEYS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-west-1"}
LCLI = Path(sys.executable).with_name("lcli")
NAMES = [f"f{number}" for number in range(16)]


def told_at_the_second_asking(afterwards=lambda: said({"events": []})):
    """One event of each group, in the answer to its second call."""
    asked = {}

    def answer(parameters):
        group = parameters["logGroupName"]
        asked[group] = asked.get(group, 0) + 1
        if asked[group] > 2:
            return afterwards()
        event = {
            "eventId": group,
            "logStreamName": "2026/03/01/[$LATEST]0f",
            "timestamp": int(time.time() * 1000),
            "ingestionTime": int(time.time() * 1000),
            "message": f"of {group.rpartition('/')[2]}",
        }
        return said({"events": [event] if asked[group] == 2 else []})

    return answer, asked


@pytest.mark.parametrize(
    ("again", "missing"),
    [
        pytest.param(False, "", id="waited for", marks=pytest.mark.whole),
        pytest.param(True, "may be missing, as they were not asked for", id="ended now"),
    ],
)
def test_a_long_last_sweep_is_told_and_may_be_cut(tmp_path, again, missing):
    answer, asked = told_at_the_second_asking()
    with logs_service({"FilterLogEvents": answer}) as (session, _):
        process = subprocess.Popen(
            [LCLI, "logs", *NAMES, "--follow", "--raw"],
            env={
                **KEYS,
                "AWS_ENDPOINT_URL": session.endpoint_url,
                "HOME": str(tmp_path),
                "LCLI_RATE": "aws",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        # All have an event now, which are held for five seconds and more.
        while min(asked.get(f"/aws/lambda/{name}", 0) for name in NAMES) < 2:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        told = process.stderr.readline()
        if again:
            process.send_signal(signal.SIGINT)
        printed, errors = process.communicate(timeout=30)
    assert (
        told
        == "asking 16 log groups once more, some 3 s at AWS's quota; Ctrl-C again ends it now\n"
    )
    assert sorted(printed.splitlines()) == sorted(f"of {name}" for name in NAMES)
    assert errors.startswith("16 events")
    assert errors.endswith(f"{missing}\n")
    assert ("f15" in errors) is again
    assert process.returncode == 130


SOON = """
from lcli.__main__ import main
from lcli.cli import logs_bounds
logs_bounds.DRAIN = 0.4
main()
"""
COUNT = 3_000


@pytest.mark.parametrize("asking", [1, 2], ids=["past", "arrived"])
@pytest.mark.parametrize(
    "ends",
    [[signal.SIGINT], [signal.SIGINT, signal.SIGINT], [signal.SIGTERM]],
    ids=["one Ctrl-C", "two", "SIGTERM"],
)
def test_a_reader_that_pauses_at_the_end_gets_whole_lines_and_what_is_counted(
    tmp_path, asking, ends
):
    now, asked = int(time.time() * 1000), []

    def answer(parameters):
        asked.append(parameters)
        event = {"logStreamName": "2026/03/01/[7]0f", "timestamp": now - 5_000}
        lines = [
            {**event, "eventId": f"{number}", "message": f"{number:>100}"}
            for number in range(COUNT * (len(asked) == asking))
        ]
        return said({"events": lines})

    with logs_service({"FilterLogEvents": answer}) as (session, _):
        process = subprocess.Popen(
            [sys.executable, "-c", SOON, "logs", "f", "--follow", "--raw"],
            env={**KEYS, "AWS_ENDPOINT_URL": session.endpoint_url, "HOME": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while filled(process.stdout) < 50_000:
            time.sleep(0.02)
        for number in ends:
            process.send_signal(number)
            time.sleep(0.3)
        waits = ends == [signal.SIGINT]
        time.sleep(1.0 if waits else 2.0)
        assert (process.poll() is None) is waits
        printed, errors = process.communicate(timeout=30)
    lines = printed.splitlines()
    assert lines == [f"{number:>100}" for number in range(len(lines))]
    assert process.returncode == 130
    assert errors.startswith(f"{len(lines):,} events")
    left = f"; {COUNT - len(lines):,} more were not printed, as nobody read the output"
    assert (len(lines) == COUNT, left in errors) == (waits, not waits)
    assert errors.count("more") == errors.count(left)


def filled(pipe):
    """Bytes that wait for the reader."""
    size = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, size)
    return size[0]


def test_groups_that_answer_are_asked_however_long_it_takes_all_of_them(tmp_path, monkeypatch):
    monkeypatch.setattr(logs_bounds, "DRAIN", 0.5)

    def afterwards():
        if not ended:
            ended.append(os.kill(os.getpid(), signal.SIGINT))
        time.sleep(0.3)
        return said({"events": []})

    ended = []
    answer, asked = told_at_the_second_asking(afterwards)
    with logs_service({"FilterLogEvents": answer}) as (session, _):
        environ = {**KEYS, "AWS_ENDPOINT_URL": session.endpoint_url}
        ran = lcli(tmp_path, environ, "logs", *NAMES[:5], "--follow", "--raw")
    assert (ran.code, ran.stderr, len(asked)) == (130, "5 events\n", 5)


@pytest.mark.parametrize("answered", [0, 1], ids=["the call of then", "one of the last sweep"])
def test_what_is_held_is_printed_where_a_call_hangs_after_ctrl_c(tmp_path, monkeypatch, answered):
    monkeypatch.setattr(logs_bounds, "DRAIN", 0.5)
    over, answers = threading.Event(), iter([said({"events": []})] * answered)

    async def silence():
        while not over.is_set():
            await asyncio.sleep(0.02)
        yield b""

    def afterwards():
        if not hung:
            hung.append(os.kill(os.getpid(), signal.SIGINT))
        return next(answers, None) or Response(200, [], silence())

    hung = []
    answer, _ = told_at_the_second_asking(afterwards)
    with logs_service({"FilterLogEvents": answer}) as (session, _):
        environ = {**KEYS, "AWS_ENDPOINT_URL": session.endpoint_url}
        ran = lcli(tmp_path, environ, "logs", "one", "two", "--follow", "--raw")
        over.set()
    assert (ran.code, sorted(ran.stdout.splitlines())) == (130, ["of one", "of two"])
    assert ran.stderr == (
        "2 events; the last ones of one, two may be missing, as they were not asked for\n"
    )


def test_what_is_held_is_printed_where_a_call_is_refused(tmp_path):
    answer, _ = told_at_the_second_asking(lambda: refused("AccessDeniedException"))
    with logs_service({"FilterLogEvents": answer}) as (session, _):
        environ = {**KEYS, "AWS_ENDPOINT_URL": session.endpoint_url}
        ran = lcli(tmp_path, environ, "logs", "one", "two", "--follow", "--raw")
    assert (ran.code, sorted(ran.stdout.splitlines())) == (1, ["of one", "of two"])
    assert "logs:FilterLogEvents was denied" in ran.stderr
