"""Following the history of a durable execution."""

from __future__ import annotations

import pytest

from lcli.aws.clients import AwsError
from lcli.invoke.execution_history import follow


class Growing:
    """An execution that has two events more at every look."""

    region = "eu-west-1"

    def __init__(self, *kinds: str) -> None:
        self.kinds = kinds
        self.asked = []
        self.given = 0

    def pages(self, service, operation, /, **parameters):
        self.asked.append(parameters["ReverseOrder"])
        there = self.kinds[: 2 * len(self.asked)]
        events = [{"EventId": n, "EventType": kind} for n, kind in enumerate(there, 1)]
        for event in reversed(events) if parameters["ReverseOrder"] else events:
            self.given += 1
            yield {"Events": [event]}


@pytest.mark.parametrize(
    "last", ["ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionStopped"]
)
def test_each_event_comes_once_and_the_last_one_ends_it(last):
    kinds = ("ExecutionStarted", "StepStarted", "StepSucceeded", "WaitStarted", last)
    clients, pauses = Growing(*kinds), []
    found = list(follow(clients, "arn", sleep=pauses.append))
    assert [event["EventType"] for event in found] == list(kinds)
    assert pauses == [2.0, 2.0]
    assert clients.asked == [False, True, True]


def test_what_was_seen_is_not_read_again():
    clients = Growing(*["StepStarted"] * 9, "ExecutionSucceeded")
    list(follow(clients, "arn", sleep=lambda seconds: None))
    assert clients.given == 10 + 4  # one page of old events ends each later look


@pytest.mark.parametrize(
    ("codes", "raised"),
    [
        pytest.param({1: "TooManyRequestsException", 2: "ServiceException"}, "", id="passes"),
        pytest.param({1: "AccessDeniedException"}, "AccessDeniedException", id="does not"),
        pytest.param({0: "ServiceException"}, "ServiceException", id="before anything was read"),
    ],
)
def test_what_passes_is_waited_out(codes, raised):
    class Failing(Growing):
        looks = -1

        def pages(self, service, operation, /, **parameters):
            self.looks += 1
            if code := codes.get(self.looks):
                failed = code == "ServiceException"
                raise AwsError(code, "no", service=service, operation=operation, lost=failed)
            return super().pages(service, operation, **parameters)

    def read():
        clients = Failing(*["StepStarted"] * 9, "ExecutionSucceeded")
        return len(list(follow(clients, "arn", sleep=lambda seconds: None)))

    if raised:
        with pytest.raises(AwsError, match=raised):
            read()
    else:
        assert read() == 10
