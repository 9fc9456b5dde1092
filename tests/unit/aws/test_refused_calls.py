"""What is said where Invoke, which is sent once, brought no answer or a refusal."""

from __future__ import annotations

import pytest

from lcli.aws.clients import AwsError
from lcli.aws.translate import explain


def refused(code, message, **more):
    return AwsError(code, message, service="lambda", operation="Invoke", **more)


@pytest.mark.parametrize(
    ("error", "code", "what", "next_step"),
    [
        pytest.param(
            refused("Unreachable", "https://lambda gave no answer", lost=True),
            "no-answer",
            "https://lambda gave no answer: the function may have run, or still run; "
            "it is not called again",
            "`lcli logs FUNCTION --since 15m` shows whether it did; "
            "call it again if that does no harm",
            id="no answer",
        ),
        pytest.param(
            refused("ServiceException", "internal error", status=500, lost=True),
            "no-answer",
            "internal error: the function may have run, or still run; it is not called again",
            "`lcli logs FUNCTION --since 15m` shows whether it did; "
            "call it again if that does no harm",
            id="5xx",
        ),
        pytest.param(
            refused("TooManyRequestsException", "Rate Exceeded.", status=429),
            "throttled",
            "Lambda did not run the function, as too many run already: Rate Exceeded.",
            "call it again later; see its reserved concurrency and the account's",
            id="throttled",
        ),
        pytest.param(
            refused("InvalidParameterValueException", "… Add a valid tenant ID …", status=400),
            "tenant",
            "… Add a valid tenant ID …",
            "name the tenant: --tenant ID",
            id="tenant missing",
        ),
        pytest.param(
            refused("InvalidParameterValueException", "… Remove the tenant ID …", status=400),
            "tenant",
            "… Remove the tenant ID …",
            "leave --tenant out",
            id="tenant not expected",
        ),
    ],
)
def test_a_call_that_failed_says_whether_the_function_ran(error, code, what, next_step):
    problem = explain(error)
    assert (problem.code, problem.what, problem.next_step) == (code, what, next_step)
