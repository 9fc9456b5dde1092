import io
from datetime import UTC, datetime, timedelta

import pytest

from lcli.invoke.execution_history import pending
from lcli.ui.executions import details_of, event_line, short, table_of
from lcli.ui.measures import span, took
from lcli.ui.terminal import Terminal

BEGAN = datetime(2026, 11, 23, 12, tzinfo=UTC)
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:shop:7/durable-execution/first/id"
ONE = {
    "DurableExecutionArn": ARN,
    "DurableExecutionName": "first",
    "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:shop:7",
    "Status": "FAILED",
    "StartTimestamp": BEGAN,
    "EndTimestamp": BEGAN + timedelta(hours=2, minutes=5, seconds=1),
}


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def shown(renderable):
    out = io.StringIO()
    Terminal(out, io.StringIO()).show(renderable)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def event(kind, seconds=1.5, name="charge", key="k", **details):
    named = {"Name": name} if name else {}
    return {
        "EventType": kind,
        "EventTimestamp": BEGAN + timedelta(seconds=seconds),
        "Id": key,
        **named,
        f"{kind}Details": details,
    }


def test_a_line_an_execution():
    assert shown(table_of([ONE])) == [
        "Name   Status  Version  Started                   Took  ARN",
        f"first  FAILED  7        2026-11-23 12:00:00  2 h 5 min  {ARN}",
    ]


def test_one_execution_with_what_it_waits_for():
    since = event("CallbackStarted", CallbackId="abc=")
    one = ONE | {
        "Status": "RUNNING",
        "ExpectedExecutionTimeoutTimestamp": BEGAN + timedelta(days=1),
        "DurableConfig": {"ExecutionTimeout": 86400, "RetentionPeriodInDays": 7},
        "InputPayload": '{"n": "\x1b[31m"}',
    }
    del one["EndTimestamp"]
    assert shown(details_of(one, pending([since]))) == [
        "Name             first",
        f"ARN              {ARN}",
        f"Function         {ONE['FunctionArn']}",
        "Status           RUNNING",
        "Started          2026-11-23 12:00:00",
        "Times out        2026-11-24 12:00:00",
        "Kept             7 days after its end",
        'Input            {"n": "\\x1b[31m"}',
        "Waits: callback  charge, since 2026-11-23 12:00:01",
        "                 abc=",
    ]


def data(payload):
    return {"Payload": payload, "Truncated": False}


ERROR = data({"ErrorType": "ValueError", "ErrorMessage": "no\nmore"})


@pytest.mark.parametrize(
    ("one", "line"),
    [
        pytest.param(event("StepStarted"), "StepStarted           charge", id="begins"),
        pytest.param(
            event("StepFailed", Error=ERROR, RetryDetails={
                "CurrentAttempt": 1, "NextAttemptDelaySeconds": 300
            }),
            "StepFailed            charge  attempt 1, next in 5 min, ValueError: no\\nmore",
            id="an attempt",
        ),
        pytest.param(
            event("StepSucceeded", Result=data("7"), RetryDetails={"CurrentAttempt": 1}),
            "StepSucceeded         charge  7",
            id="the only attempt",
        ),
        pytest.param(
            event("WaitStarted", Duration=90, ScheduledEndTimestamp=BEGAN),
            "WaitStarted           charge  1 min 30 s",
            id="wait",
        ),
        pytest.param(
            event("CallbackStarted", CallbackId="abc=", Timeout=3600, HeartbeatTimeout=60),
            "CallbackStarted       charge  times out after 1 h, a heartbeat every 1 min, abc=",
            id="callback",
        ),
        pytest.param(
            event("ChainedInvokeStarted", FunctionName="other", Input=data("{}")),
            "ChainedInvokeStarted  charge  other, {}",
            id="invoke",
        ),
        pytest.param(
            event("InvocationCompleted", name="", RequestId="r-1", StartTimestamp=BEGAN,
                  EndTimestamp=BEGAN + timedelta(seconds=0.25)),
            "InvocationCompleted   r-1, 0.25 s",
            id="invocation",
        ),
        pytest.param(
            event("ExecutionStarted", Input={"Truncated": True}, ExecutionTimeout=60),
            "ExecutionStarted      charge",
            id="without data",
        ),
    ],
)  # fmt: skip
def test_a_line_an_event(one, line):
    assert shown(event_line(one, BEGAN)) == [f"     +1.50 s  {line}"]


RETRY = {"CurrentAttempt": 1, "NextAttemptDelaySeconds": 5}


@pytest.mark.parametrize(
    ("events", "kinds"),
    [
        pytest.param([event("StepStarted")], ["step"], id="a step that runs"),
        pytest.param(
            [event("StepStarted"), event("StepFailed", RetryDetails=RETRY)],
            ["retry"],
            id="a step to be tried again",
        ),
        pytest.param(
            [event("StepStarted"), event("StepSucceeded", RetryDetails={"CurrentAttempt": 1})],
            [],
            id="a step that is done",
        ),
        pytest.param(
            [
                event("WaitStarted", key="a", ScheduledEndTimestamp=BEGAN),
                event("ChainedInvokeStarted", key="b", FunctionName="f"),
                event("CallbackStarted", key="c", CallbackId="x"),
                event("CallbackTimedOut", key="c"),
            ],
            ["wait", "invoke"],
            id="several",
        ),
    ],
)
def test_what_an_execution_waits_for(events, kinds):
    assert [each.kind for each in pending(events)] == kinds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (45, "45 s"), (7500, "2 h 5 min"), (259200, "3 d"), (31_622_400, "366 d")],
)
def test_spans(seconds, text):
    assert span(seconds) == text


def test_what_is_long_is_cut_and_what_is_short_is_exact():
    assert short("x" * 101) == "x" * 100 + "… (101 characters)"
    assert took(BEGAN, BEGAN + timedelta(seconds=1.234)) == "1.23 s"
