"""What is said where Invoke, which is sent once, brought no answer or a refusal."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session

from lcli.aws.clients import AwsError
from lcli.aws.translate import NEVER_RAN, translated
from lcli.errors import LcliError
from lcli.invoke.call import Mode, Target
from lcli.invoke.refusals import refused

LOST = "https://lambda gave no answer"


def asked(code, message, status=0, *, lost=False):
    return AwsError(code, message, service="lambda", operation="Invoke", status=status, lost=lost)


def answered(status, code, message="why"):
    """As the SDK raises it."""
    error = ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},
        },
        "Invoke",
    )
    return translated(error, service="lambda", operation="Invoke", region="r", endpoint="e")


@pytest.mark.parametrize(
    ("target", "mode", "said"),
    [
        pytest.param(
            Target("f"),
            Mode.SYNC,
            (
                f"{LOST}: the function may have run, or still run; it is not called again",
                "`lcli logs hello --since 15m` shows whether it did; "
                "call it again if that does no harm",
            ),
            id="sync",
        ),
        pytest.param(
            Target("f"),
            Mode.ASYNC,
            (
                f"{LOST}: the event may have been queued, and the function run; "
                "it is not sent again",
                "`lcli logs hello --since 15m` shows whether it did; "
                "call it again if that does no harm",
            ),
            id="async",
        ),
        pytest.param(
            Target("f"),
            Mode.DRY_RUN,
            (f"{LOST}: nothing ran, as --dry-run runs nothing", "run the same command again"),
            id="dry run",
        ),
        pytest.param(
            Target("f", execution="one"),
            Mode.ASYNC,
            (
                f"{LOST}: the execution may have started; nothing is sent again",
                "run the same command again: the same name and payload are the same execution",
            ),
            id="execution",
        ),
    ],
)
def test_a_lost_answer_says_what_may_have_happened(target, mode, said):
    told = refused(asked("Unreachable", LOST, lost=True), target, mode, "hello")
    assert isinstance(told, LcliError)
    problem = told.problems[0]
    assert (problem.code, problem.what, problem.next_step) == ("no-answer", *said)


@pytest.mark.parametrize(
    ("error", "code", "what", "next_step"),
    [
        pytest.param(
            answered(500, "ServiceException", "An error occurred."),
            "no-answer",
            "An error occurred: the function may have run, or still run; it is not called again",
            "`lcli logs f --since 15m` shows whether it did; call it again if that does no harm",
            id="500",
        ),
        pytest.param(
            answered(410, "EFSIOException", "The function could not write."),
            "no-answer",
            "The function could not write: the function may have run, or still run; "
            "it is not called again",
            "`lcli logs f --since 15m` shows whether it did; call it again if that does no harm",
            id="stopped while it ran",
        ),
        pytest.param(
            answered(429, "TooManyRequestsException", "Rate Exceeded."),
            "throttled",
            "Lambda did not run the function, as too many run already: Rate Exceeded.",
            "call it again later; see its reserved concurrency and the account's",
            id="throttled",
        ),
        pytest.param(
            answered(502, "KMSDisabledException", "The key is disabled."),
            "kmsdisabled",
            "Lambda did not run the function: The key is disabled.",
            "correct what the message names, then call it again",
            id="could not be started",
        ),
        pytest.param(
            answered(502, "EC2ThrottledException", "EC2 throttled Lambda."),
            "ec2-throttled",
            "Lambda did not run the function: EC2 throttled Lambda.",
            "call it again in a while",
            id="could not be started now",
        ),
        pytest.param(
            answered(403, "EFSMountFailureException", "It could not be mounted."),
            "efsmount-failure",
            "Lambda did not run the function: It could not be mounted.",
            "correct what the message names, then call it again",
            id="a 403 that is not about credentials",
        ),
        pytest.param(
            answered(409, "ResourceConflictException", "It is Pending."),
            "resource-conflict",
            "Lambda did not run the function: It is Pending.",
            "call it again in a while",
            id="pending",
        ),
        pytest.param(
            answered(400, "InvalidParameterValueException", "… Add a valid tenant ID …"),
            "tenant",
            "… Add a valid tenant ID …",
            "name the tenant: --tenant ID",
            id="tenant missing",
        ),
        pytest.param(
            answered(400, "InvalidParameterValueException", "… Remove the tenant ID …"),
            "tenant",
            "… Remove the tenant ID …",
            "leave --tenant out",
            id="tenant not expected",
        ),
    ],
)
def test_a_call_that_failed_says_whether_the_function_ran(error, code, what, next_step):
    told = refused(error, Target("f"))
    assert isinstance(told, LcliError)
    problem = told.problems[0]
    assert (problem.code, problem.what, problem.next_step) == (code, what, next_step)


@pytest.mark.parametrize(
    "error",
    [
        answered(403, "AccessDeniedException"),
        answered(400, "ExpiredTokenException"),
        answered(404, "ResourceNotFoundException"),
        AwsError("Unreachable", "no connection", service="lambda", operation="Invoke"),
        AwsError("ServiceException", "m", service="lambda", operation="GetFunction", lost=True),
    ],
    ids=lambda error: f"{error.operation} {error.code}",
)
def test_the_rest_is_told_as_for_every_operation(error):
    assert refused(error, Target("f")) is error


def test_every_5xx_of_the_sdk_but_one_says_that_the_function_was_not_started():
    shapes = get_session().get_service_model("lambda").operation_model("Invoke").error_shapes
    failed = {one.name for one in shapes if one.metadata["error"]["httpStatusCode"] >= 500}
    assert failed - NEVER_RAN == {"ServiceException"}
    assert failed >= NEVER_RAN
