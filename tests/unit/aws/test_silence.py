from __future__ import annotations

import time

import pytest

from lcli.aws.clients import AwsError
from lcli.aws.retry import SILENCE
from lcli.aws.session import _READ_TIMEOUT as READ_TIMEOUT
from lcli.aws.session import Session


class Hanging:
    """A session whose clock goes on by what its calls and pauses would take."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answers: frozenset[int]) -> None:
        self.now = 1000.0
        self.asked = 0
        self._answers = answers
        self.session = Session(None, "eu-west-1")
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(self.session, "once", self._once)
        monkeypatch.setattr(self.session, "_sleep", self._pass)

    def _pass(self, seconds: float) -> None:
        self.now += seconds

    def _once(self, service: str, operation: str, timeout: float, /, **_: object) -> dict[str, str]:
        self.asked += 1
        if self.asked in self._answers:
            self.session._silence.heard()
            return {}
        self.now += timeout
        raise AwsError("Unreachable", "no answer", service=service, operation=operation, lost=True)

    def seconds(self) -> float:
        """What a call takes that is given up."""
        began = self.now
        with pytest.raises(AwsError):
            self.session.call("lambda", "GetFunction", FunctionName="f")
        return self.now - began


def test_where_nothing_answers_each_call_is_given_up_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hanging = Hanging(monkeypatch, frozenset())
    assert SILENCE <= hanging.seconds() < SILENCE + 2
    assert hanging.asked == 2
    assert hanging.seconds() == READ_TIMEOUT, "who comes later does not wait for it all anew"


def test_time_in_which_nothing_was_asked_is_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = Hanging(monkeypatch, frozenset({1}))
    hanging.session.call("lambda", "GetFunction", FunctionName="f")
    hanging.now += 300
    assert SILENCE <= hanging.seconds() < SILENCE + 2


def test_any_answer_ends_the_silence_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second call of three is answered while the first has waited for long."""
    hanging = Hanging(monkeypatch, frozenset())
    pass_time = hanging.session._sleep

    def others_are_answered(seconds: float) -> None:
        pass_time(seconds)
        if hanging.asked == 1:
            hanging.session._silence.heard()

    monkeypatch.setattr(hanging.session, "_sleep", others_are_answered)
    assert hanging.seconds() > SILENCE + READ_TIMEOUT
    assert hanging.asked == 3
