"""What lcli invoke shows of the log of its call, and when."""

import time
from threading import Event

import pytest

from lcli.invoke.call import Response
from lcli.observe import call_log, invocation_log
from lcli.observe.call_log import CallLog
from lcli.observe.events import Source

MINE = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
BEGAN = 1_000_000
START = f"START RequestId: {MINE} Version: 1\n"
REPORT = (
    f"REPORT RequestId: {MINE}\tDuration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 30 MB\t\n"
)


class Group:
    """A log group; its events become visible look by look."""

    region = "eu-west-1"

    def __init__(self, *looks):
        self.looks = list(looks)
        self.messages = []
        self.calls = 0

    def call(self, service, operation, /, **parameters):
        self.calls += 1
        self.messages += self.looks.pop(0) if self.looks else []
        return {
            "events": [
                {"eventId": str(n), "logStreamName": "a", "timestamp": BEGAN + n, "message": text}
                for n, text in enumerate(self.messages)
            ]
        }


class Answer:
    """Comes after so many looks at a group."""

    def __init__(self, group, looks, log=""):
        self.there = lambda: group.calls >= looks
        self.response = Response(200, b"1", MINE, "1", log, None)

    def wait(self, seconds):
        time.sleep(0.001)
        return self.there()

    def result(self):
        return self.response


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    for module in (call_log, invocation_log):
        monkeypatch.setattr(module, "_PAUSE", 0.01)
    monkeypatch.setattr(call_log, "_SOON", 0.01)
    monkeypatch.setattr(call_log, "_SILENCE", 0.3)


def seen(group, answer):
    shown, told = [], []
    log = CallLog(
        group,
        Source("f", "/aws/lambda/f"),
        lambda: BEGAN,
        lambda record: shown.append(record.event.message),
        told.append,
    )
    log.while_called(answer)
    return shown, told


LONG = "x" * 5_000


@pytest.mark.parametrize(
    ("looks", "before", "shown"),
    [
        ([[], [], [START, "one\n", REPORT]], 2, [START, "one\n", REPORT]),
        ([[START, "one\n"], [], ["two\n", REPORT]], 2, [START, "one\n", "two\n", REPORT]),
        # The REPORT may be in the group before the answer is here.
        ([[START, "one\n"], [], [REPORT]], 4, [START, "one\n", REPORT]),
    ],
    ids=["after the answer", "while it runs and after", "before the answer"],
)
def test_the_log_is_shown_once_up_to_its_report(looks, before, shown):
    group = Group(*looks)
    assert seen(group, Answer(group, before, LONG + REPORT)) == (shown, [])


def test_an_answer_with_the_whole_log_needs_no_other():
    group = Group([START])
    assert seen(group, Answer(group, 0, START + "one\n" + REPORT)) == (
        [START[:-1], "one", REPORT.rstrip("\n")],
        [],
    )
    assert group.looks


class Silent(Group):
    """Answers so many looks, and then none."""

    def call(self, service, operation, /, **parameters):
        answer = super().call(service, operation, **parameters)
        if not self.looks:
            Event().wait(20)
        return answer


@pytest.mark.parametrize(
    ("group", "looks", "log", "shown", "told"),
    [
        pytest.param(
            Silent([]), 1, f"{START}one\n{REPORT}", [START[:-1], "one", REPORT[:-1]], [], id="whole"
        ),
        pytest.param(
            Silent([]),
            1,
            LONG,
            [LONG],
            ["only the end of the log: logs:FilterLogEvents: no answer within 0 s"],
            id="its end",
        ),
        pytest.param(
            Silent([START, "one\n"], [], []),
            3,
            LONG,
            [START, "one\n", LONG],
            ["only the end of the log: logs:FilterLogEvents: no answer within 0 s"],
            id="after it was shown",
        ),
        pytest.param(
            Silent([START, "one\n"], [], []),
            3,
            f"{START}one\ntwo\none\n{REPORT}",
            [START, "one\n", "two", "one", REPORT[:-1]],
            ["only the end of the log: logs:FilterLogEvents: no answer within 0 s"],
            id="after some of it was shown",
        ),
    ],
)
def test_a_log_that_does_not_answer_keeps_nobody_waiting(group, looks, log, shown, told):
    began = time.monotonic()
    assert seen(group, Answer(group, looks, log)) == (shown, told)
    assert time.monotonic() - began < 5
