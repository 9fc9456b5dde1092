"""Outages while a follow prints the past: waited out as they are later, and nothing is lost."""

import os
import re
import signal
import time

import pytest
from logs_service import logs_service, refused, said
from overlay.inside import lcli

from lcli.cli import logs_reading, logs_sources
from lcli.local.wire import Response
from lcli.observe import outages

KEYS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-west-1"}
PAGE, COUNT = 5, 60


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    for module in (logs_reading, logs_sources):
        monkeypatch.setattr(module, "RETRIES", 0.05)
    monkeypatch.setattr(outages, "MAX_BACKOFF", 0.3)


def cut():
    async def body():
        yield b'{"events"'
        raise EOFError

    return Response(200, [("content-length", "1000")], body())


def stored(failing):
    """An hour's events in small pages; `failing` says what the calls of these numbers get."""
    now = int(time.time() * 1000)
    events = [
        {
            "eventId": f"{number}",
            "logStreamName": "2026/03/01/[7]0f",
            "timestamp": now - 3_000_000 + number * 40_000,
            "message": f"line {number}",
        }
        for number in range(COUNT)
    ]
    calls = []

    def answer(asked):
        calls.append(asked)
        if fault := failing.get(len(calls)):
            return fault()
        found = [e for e in events if asked["startTime"] <= e["timestamp"] <= asked["endTime"]]
        begin = int(asked.get("nextToken", 0))
        more = {"nextToken": str(begin + PAGE)} if begin + PAGE < len(found) else {}
        return said({"events": found[begin : begin + PAGE], **more})

    return answer


def follow(tmp_path, answer, *words, operations=None, **environ):
    with logs_service({"FilterLogEvents": answer, **(operations or {})}) as (session, _):
        known = {**KEYS, "AWS_ENDPOINT_URL": session.endpoint_url, "HOME": str(tmp_path)}
        words = ("logs", "f", "--follow", "--raw", "--since", "1h", *words)
        return lcli(tmp_path, {**known, **environ}, *words)


FAULTS = {
    "5xx": (lambda: said({"__type": "InternalFailure"}, 500), "/aws/lambda/f: InternalFailure"),
    "throttled": (lambda: refused("ThrottlingException"), "/aws/lambda/f: ThrottlingException"),
    "expired": (
        lambda: refused("ExpiredTokenException"),
        "the credentials have expired; renew them, lcli goes on by itself",
    ),
    "cut": (cut, "http://127.0.0.1 gave no answer"),
}


@pytest.mark.parametrize(
    ("fault", "told", "first"),
    [
        pytest.param(*FAULTS[name], first, id=f"{name} from call {first} on")
        for name in FAULTS
        for first in (1, 6)
        if (name, first) not in (("expired", 1), ("cut", 1))
    ],
)
def test_outages_are_waited_out_and_nothing_is_lost_or_printed_twice(tmp_path, fault, told, first):
    failing = dict.fromkeys(range(first, first + 9), fault)
    ran = follow(tmp_path, stored(failing), "--limit", str(COUNT))
    assert ran.stdout.splitlines() == [f"line {number}" for number in range(COUNT)]
    assert ran.code == 0
    notices = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1", ran.stderr).splitlines()
    assert {line.removesuffix("; trying again").removesuffix("going on") for line in notices} <= {
        told,
        "",
        "/aws/lambda/f: ",
    }
    assert (notices[0].startswith(told), notices[-1].endswith("going on")) == (True, True)
    if first == 1:
        assert len(notices) == 2


@pytest.mark.parametrize(
    ("answer", "environ", "told"),
    [
        (lambda asked: refused("AccessDeniedException"), {}, "[access-denied]"),
        (lambda asked: refused("UnrecognizedClientException"), {}, "credentials"),
        (lambda asked: refused("ExpiredTokenException"), {}, "[expired-credentials]"),
        (
            lambda asked: said({"events": []}),
            {"AWS_ACCESS_KEY_ID": "", "AWS_EC2_METADATA_DISABLED": "true"},
            "no AWS credentials were found",
        ),
        (lambda asked: cut(), {}, "gave no answer"),
        (
            lambda asked: said({"events": []}),
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
            "no connection to http://127.0.0.1:9",
        ),
    ],
    ids=[
        "denied",
        "wrong credentials",
        "expired credentials",
        "no credentials",
        "no answer",
        "dead",
    ],
)
def test_what_waiting_does_not_mend_ends_it_at_once(tmp_path, answer, environ, told):
    ran = follow(tmp_path, answer, **environ)
    assert (ran.code, ran.stdout) == (1, "")
    assert told in ran.stderr
    assert "trying again\n" not in ran.stderr


def test_ctrl_c_ends_the_waiting(tmp_path, monkeypatch):
    monkeypatch.setattr(outages, "MAX_BACKOFF", 30.0)

    def answer(asked):
        os.kill(os.getpid(), signal.SIGINT)
        return refused("ExpiredTokenException")

    ran = follow(tmp_path, answer)
    assert (ran.code, ran.stdout) == (130, "")
    assert ran.stderr.endswith("0 events; ended within the past, later ones were not read\n")


def test_ctrl_c_soon_after_an_alias_has_moved_loses_nothing_of_its_new_version(tmp_path):
    versions, asked = ["1"], []

    def answer(parameters):
        asked.append(parameters)
        if len(asked) == 3:
            versions.append("2")
            os.kill(os.getpid(), signal.SIGINT)
        event = {"logStreamName": "2026/03/01/[2]0f", "timestamp": now, "message": "of the new one"}
        return said({"events": [{"eventId": "1", **event}] if len(versions) > 1 else []})

    def alias():
        return said({"Name": "live", "FunctionVersion": versions[-1]})

    now = int(time.time() * 1000)
    operations = {
        "FilterLogEvents": answer,
        "/2015-03-31/functions/f/aliases/live": alias,
        "/2015-03-31/functions/f?Qualifier=%24LATEST": lambda: said(
            {"Configuration": {"Timeout": 3}}
        ),
    }
    with logs_service(operations) as (session, _):
        environ = {**KEYS, "AWS_ENDPOINT_URL": session.endpoint_url, "HOME": str(tmp_path)}
        ran = lcli(tmp_path, environ, "logs", "f", "--alias", "live", "--follow", "--raw")
    assert (ran.code, ran.stdout) == (130, "of the new one\n"), ran.stderr
    assert ran.stderr == "f: alias live is version 2\n1 event\n"
