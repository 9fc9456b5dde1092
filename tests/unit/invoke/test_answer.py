import threading
import time

import pytest

from lcli.aws.clients import AwsError
from lcli.invoke.answer import Answer, Described, Pieces, describe, longest_wait
from lcli.invoke.call import Response, Target

DONE = Response(200, b"1", "r", "7", "", None)


class Function:
    """AWS's description of a function, or a refusal."""

    def __init__(self, configuration):
        self.configuration = configuration
        self.asked = []

    def call(self, service, operation, /, **parameters):
        self.asked.append((operation, parameters))
        if self.configuration is None:
            raise AwsError("AccessDeniedException", "no", service=service, operation=operation)
        return {"Configuration": self.configuration}


QUICK = Function({"Timeout": 0, "Architectures": ["arm64"]})


@pytest.fixture
def never():
    release = threading.Event()
    yield lambda: release.wait(30) and DONE
    release.set()


def test_an_answer_that_comes_soon_costs_no_other_request():
    function = Function({"Timeout": 3})
    assert Answer(lambda: DONE, function, Target("f")).result() is DONE
    assert function.asked == []


def test_a_refusal_is_raised_where_the_answer_is_waited_for():
    def refuse():
        raise AwsError("ResourceNotFoundException", "no", service="lambda", operation="Invoke")

    with pytest.raises(AwsError, match="ResourceNotFoundException"):
        Answer(refuse, QUICK, Target("f")).result()


def test_one_that_does_not_come_is_given_up_after_the_functions_own_time_out(never):
    function = Function({"Timeout": 0})
    began = time.monotonic()
    answer = Answer(never, function, Target("f", "live"), soon=0.05, margin=0.2)
    with pytest.raises(AwsError, match="f gave no answer within its time-out and 0 s") as raised:
        answer.result()
    assert (raised.value.code, raised.value.lost) == ("Unreachable", True)
    assert function.asked == [("GetFunction", {"FunctionName": "f", "Qualifier": "live"})]
    assert 0.2 <= time.monotonic() - began < 5


class Nowhere(Function):
    """AWS, out of reach for so many requests."""

    def __init__(self, times):
        super().__init__({"Timeout": 900})
        self.times = times

    def call(self, service, operation, /, **parameters):
        super().call(service, operation, **parameters)
        if len(self.asked) <= self.times:
            raise AwsError("Unreachable", "no", service=service, operation=operation)
        return {"Configuration": self.configuration}


def test_one_is_given_up_where_aws_answers_nothing_else_either(never):
    answer = Answer(never, Nowhere(99), Target("f"), soon=0.05, patience=0.2)
    with pytest.raises(AwsError, match="f gave no answer and AWS answers nothing else either"):
        answer.result()


def test_aws_is_asked_in_time_although_whoever_waits_is_busy(never):
    """`--tail` reads the log meanwhile, which may hang as well."""
    function = Nowhere(99)
    answer = Answer(never, function, Target("f"), soon=0.05, patience=0.2)
    time.sleep(1.0)
    with pytest.raises(AwsError, match="AWS answers nothing else either"):
        answer.wait(0)


def test_one_is_waited_for_where_only_the_first_question_had_no_answer():
    function = Nowhere(1)

    def slow():
        while len(function.asked) < 2:
            time.sleep(0.02)
        time.sleep(0.2)
        return DONE

    assert Answer(slow, function, Target("f"), soon=0.05).result() is DONE


def test_one_is_waited_for_while_the_function_may_run():
    function = Function({"Timeout": 20})

    def slow():
        time.sleep(0.5)
        return DONE

    answer = Answer(slow, function, Target("f"), soon=0.05, margin=0.0)
    assert not answer.wait(0.1)
    assert answer.result() is DONE
    assert len(function.asked) == 1


def test_an_answer_does_not_wait_for_the_time_out_to_be_told():
    told = threading.Event()

    class Slow(Function):
        def call(self, *asked, **parameters):
            told.wait(5)
            return super().call(*asked, **parameters)

    def soon():
        time.sleep(0.1)
        return DONE

    answer = Answer(soon, Slow({"Timeout": 3}), Target("f"), soon=0.02)
    assert answer.result() is DONE
    assert not told.is_set()
    told.set()


def test_whoever_reads_a_streamed_response_slowly_gets_all_of_it():
    pieces = Pieces(lambda piece: time.sleep(0.4))

    def streamed():
        pieces(b"1")
        return DONE

    answer = Answer(streamed, QUICK, Target("f"), pieces=pieces, soon=0.02, margin=0.1)
    while not answer.wait(0.02):
        pass
    assert answer.result() is DONE


@pytest.mark.parametrize(
    ("function", "described", "seconds"),
    [
        (
            Function(
                {"Timeout": 5, "Architectures": ["arm64"], "LoggingConfig": {"LogGroup": "g"}}
            ),
            Described(5.0, "arm64", "g"),
            65.0,
        ),
        (Function({"Timeout": 900}), Described(900.0, "x86_64", "/aws/lambda/f"), 960.0),
        (
            Function({"Timeout": 3, "LoggingConfig": {"LogGroup": "g", "SystemLogLevel": "WARN"}}),
            Described(3.0, "x86_64", "g", reports=False),
            63.0,
        ),
        (Function(None), None, 5460.0),
    ],
    ids=["all said", "old function", "quiet log", "denied"],
)
def test_the_longest_wait_is_the_functions_time_out_and_a_minute(function, described, seconds):
    assert describe(function, Target("f")) == described
    assert longest_wait(described) == seconds
