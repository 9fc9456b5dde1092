"""What lcli invoke shows of the log of its call, and when."""

import pytest

from lcli.invoke.call import Response
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

    def call(self, service, operation, /, **parameters):
        self.messages += self.looks.pop(0) if self.looks else []
        return {
            "events": [
                {"eventId": str(n), "logStreamName": "a", "timestamp": BEGAN + n, "message": text}
                for n, text in enumerate(self.messages)
            ]
        }


class Answer:
    """Comes after so many looks."""

    def __init__(self, looks, log=""):
        self.looks = looks
        self.response = Response(200, b"1", MINE, "1", log, None)

    def wait(self, seconds):
        self.looks -= 1
        return self.looks < 0

    def result(self):
        return self.response


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
    assert seen(Group(*looks), Answer(before, LONG + REPORT)) == (shown, [])


def test_an_answer_with_the_whole_log_needs_no_other():
    group = Group([START])
    assert seen(group, Answer(0, START + "one\n" + REPORT)) == (
        [START[:-1], "one", REPORT.rstrip("\n")],
        [],
    )
    assert group.looks
