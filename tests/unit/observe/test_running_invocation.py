import pytest

from lcli.observe.events import Source
from lcli.observe.running_invocation import RunningInvocation

MINE = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
BEGAN = 1_000_000
USED = "\tDuration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 30 MB"


class Group:
    region = "eu-west-1"

    def __init__(self):
        self.events = []

    def write(self, message, *, stream="a", at=BEGAN + 100):
        number = str(len(self.events))
        event = {"eventId": number, "logStreamName": stream, "timestamp": at, "message": message}
        self.events.append(event)

    def call(self, service, operation, /, **parameters):
        return {"events": [e for e in self.events if e["timestamp"] >= parameters["startTime"]]}


@pytest.fixture
def group():
    return Group()


@pytest.fixture
def running(group):
    return RunningInvocation(group, Source("f", "/aws/lambda/f"), lambda: BEGAN)


def start(request):
    return f"START RequestId: {request} Version: 1\n"


def told(running):
    return [record.event.message for record in running.poll()]


def test_the_only_start_seen_twice_without_a_report_is_ours(group, running):
    group.write(start(MINE))
    group.write("one\n")
    assert (told(running), running.request) == ([], "")
    assert told(running) == [start(MINE), "one\n"]
    assert running.request == MINE
    group.write("two\n")
    assert told(running) == ["two\n"]
    assert told(running) == []


def test_an_invocation_that_is_over_is_not_ours(group, running):
    group.write(start(OTHER))
    told(running)
    group.write(f"REPORT RequestId: {OTHER}{USED}\n")
    assert (told(running), told(running), running.request) == ([], [], "")


def test_one_that_began_before_the_call_is_not_ours(group, running):
    group.write(start(OTHER), at=BEGAN - 60_000)
    group.write("of the other\n")
    assert (told(running), told(running), running.request) == ([], [], "")


@pytest.mark.parametrize("polls", [0, 1, 2], ids="found after {} polls".format)
def test_two_that_began_meanwhile_cannot_be_told_apart(group, running, polls):
    group.write(start(MINE))
    for _ in range(polls):
        told(running)
    group.write(start(OTHER), stream="b")
    group.write("whose?\n", stream="b")
    assert (told(running), running.several) == ([], True)
    group.write("more\n")
    assert told(running) == []


def test_lines_that_no_start_stands_before_are_nobodys(group, running):
    group.write("of an environment that began before\n", stream="b")
    group.write(start(MINE))
    group.write("mine\n")
    told(running)
    assert told(running) == [start(MINE), "mine\n"]
