"""Exactly one request a call, whatever the network or AWS does."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from overlay.faults import Cut, Delay, Fault, Refuse, Reset, Rule
from overlay.outages import LCLI
from overlay.server import overlay

from lcli.aws.clients import AwsError
from lcli.aws.session import connect
from lcli.invoke.call import Mode, Target, invoke
from lcli.invoke.many import Caller, Line, invoke_many
from lcli.invoke.stream import invoke_stream

BUSY = ("ServiceUnavailable", "GatewayTimeout")
FAULTS = {
    "reset before it": Reset(),
    "reset after it": Reset(processed=True),
    "cut in the head": Cut(bytes=20),
    "cut in the body": Cut(bytes=2000),
    "too slow": Delay(seconds=1.0),
    "500": Refuse(processed=True, status=500),
    "not started": Refuse(status=502, code="KMSDisabledException"),
    "503": Refuse(status=503, code="ServiceUnavailable"),
    "504": Refuse(status=504, code="GatewayTimeout"),
    "429": Refuse(status=429, code="TooManyRequestsException"),
    "pending": Refuse(
        status=409, code="ResourceConflictException", message="following state: Pending"
    ),
}


def once(session: Any, mode: Mode) -> None:
    invoke(session, Target("hello"), b"1", mode=mode, read_timeout=0.4)


def streamed(session: Any, mode: Mode) -> None:
    invoke_stream(session, Target("hello"), b"1", lambda piece: None)


WAYS = {
    "sync": (once, Mode.SYNC),
    "async": (once, Mode.ASYNC),
    "dry run": (once, Mode.DRY_RUN),
    "stream": (streamed, Mode.SYNC),
}


@pytest.fixture
def hello(cloud: Any) -> Any:
    cloud.function(lambda event: "x" * 10_000, name="hello")
    return cloud


def faulty(fault: Fault) -> Rule:
    return Rule(fault, when=lambda call: call.operation.startswith("Invoke"))


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(way, id=name, marks=[pytest.mark.whole] * (name in ("async", "dry run")))
        for name, way in WAYS.items()
    ],
)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_call_is_sent_once(hello: Any, fault: Fault, way: Any) -> None:
    call, mode = way
    bodiless = mode is not Mode.SYNC
    fine = isinstance(fault, Delay) and (bodiless or call is streamed)
    fine = fine or (isinstance(fault, Cut) and bodiless and fault.bytes > 1000)
    # Its status line is all that this answer says.
    fine = fine or (isinstance(fault, Cut) and mode is Mode.DRY_RUN)
    with overlay(hello.url, faulty(fault)) as between:
        session = connect(
            region=hello.region, endpoint_url=between.url, local_account=hello.account
        )
        if fine:
            call(session, mode)
        else:
            with pytest.raises(AwsError) as raised:
                call(session, mode)
            maybe = not isinstance(fault, Refuse) or fault.code in ("ServiceException", *BUSY)
            assert raised.value.lost == maybe
        between.settle()
        assert between.counts().total() == 1


@pytest.mark.parametrize("fault", [Reset(processed=True), FAULTS["500"]], ids=["reset", "500"])
def test_many_calls_are_sent_once_each(hello: Any, fault: Fault) -> None:
    with overlay(hello.url, faulty(fault)) as between:
        session = connect(
            region=hello.region, endpoint_url=between.url, local_account=hello.account
        )
        payloads = [Line(str(number).encode()) for number in range(20)]
        results = list(invoke_many(Caller(session, Target("hello")), payloads, parallel=5))
        between.settle()
        assert all(result.failed for result in results)
        assert between.counts().total() == 20


DENIED = Refuse(status=400, code="AccessDeniedException", message="no")
EXPIRED = Refuse(status=403, code="ExpiredTokenException", message="it has expired")


@pytest.mark.parametrize(
    ("words", "stdin", "calls", "fault", "refused", "next_step"),
    [
        pytest.param(
            ("--async", "--wait"),
            "",
            1,
            Rule(DENIED, lambda call: True, frozenset({"logs:FilterLogEvents"})),
            "access-denied",
            "`lcli --region us-east-1 logs hello --request {request}` shows what comes of it",
            id="the log of what is queued",
        ),
        pytest.param(
            ("--each", "-q", "--parallel", "1"),
            "1\n\n2\n3\n4\n",
            3,
            Rule(EXPIRED, lambda call: call.body == b"3", frozenset({"lambda:Invoke"})),
            "expired-credentials",
            "once that is mended, go on after line 3 of the input; nothing else was sent",
            id="one of many lines",
        ),
    ],
)
def test_nothing_advises_to_send_again(
    hello: Any,
    tmp_path: Path,
    words: tuple[str, ...],
    stdin: str,
    calls: int,
    fault: Rule,
    refused: str,
    next_step: str,
) -> None:
    with overlay(hello.url, fault) as between:
        done = subprocess.run(
            [LCLI, "--region", hello.region, "invoke", "hello", *words],
            cwd=tmp_path,
            env={"HOME": str(tmp_path)} | hello.environ | {"AWS_ENDPOINT_URL": between.url},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        between.settle()
        assert between.counts()["lambda:Invoke"] == calls
    assert done.returncode == 1, done.stderr
    request = re.match(r"[0-9a-f-]{36}", done.stdout)
    assert f"[{refused}]" in done.stderr
    wanted = next_step.format(request=request[0] if request else "")
    assert done.stderr.splitlines()[-1] == f"  next: {wanted}"
