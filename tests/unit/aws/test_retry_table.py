from __future__ import annotations

import random

import pytest
from botocore.exceptions import ClientError
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker

from lcli.aws.clients import AwsError
from lcli.aws.pacing import Bucket, Pacing
from lcli.aws.retry import Act, Retries, patience, rule
from lcli.aws.translate import translated


def error(
    code: str,
    message: str = "",
    operation: str = "UpdateFunctionCode",
    *,
    service: str = "lambda",
    status: int = 400,
    lost: bool = False,
) -> AwsError:
    return AwsError(code, message, service=service, operation=operation, status=status, lost=lost)


NOT_SEEN = error(
    "NoSuchEntity",
    "The role with name photos-one cannot be found.",
    "PutRolePolicy",
    service="iam",
    status=404,
)


@pytest.mark.parametrize(
    ("refused", "act"),
    [
        pytest.param(error("SlowDown", service="s3"), Act.RETRY, id="S3 throttles"),
        pytest.param(error("Throttled", status=429), Act.RETRY, id="429 of any name"),
        pytest.param(error("Unreachable"), Act.RETRY, id="never sent"),
        pytest.param(error("Unreachable", lost=True), Act.RETRY, id="repeatable and lost"),
        pytest.param(
            error("Unreachable", operation="CreateApi", service="apigatewayv2", lost=True),
            Act.READ_BACK,
            id="an API that may exist now",
        ),
        pytest.param(
            error("Unreachable", operation="CreateApi", service="apigatewayv2"),
            Act.RETRY,
            id="an API that cannot exist yet",
        ),
        pytest.param(
            error(
                "ResourceConflictException",
                "The function is currently in the following state: Pending",
            ),
            Act.WAIT,
            id="being created",
        ),
        pytest.param(
            error("ResourceConflictException", "Function already exist: f", "CreateFunction"),
            Act.FAIL,
            id="exists already",
        ),
        pytest.param(error("PreconditionFailedException"), Act.FAIL, id="changed by others"),
        pytest.param(
            error(
                "InvalidParameterValueException",
                "The execution role does not have permissions to call ReceiveMessage on SQS",
                "CreateEventSourceMapping",
            ),
            Act.RETRY,
            id="permissions that spread",
        ),
        pytest.param(
            error(
                "ConflictException",
                "Unable to complete operation due to concurrent modification. Please try again "
                "later.",
                "CreateRoute",
                service="apigatewayv2",
                status=409,
            ),
            Act.RETRY,
            id="routes of one API at once",
        ),
        pytest.param(
            error(
                "ConflictException",
                "Cannot delete Integration because it is referenced by the following Routes",
                "DeleteIntegration",
                service="apigatewayv2",
                status=409,
            ),
            Act.FAIL,
            id="an integration in use",
        ),
        pytest.param(
            error("ResourceInUseException", "", "UpdateEventSourceMapping"),
            Act.RETRY,
            id="mapping in use",
        ),
        pytest.param(
            error("Unreachable", operation="InvokeWithResponseStream", lost=True),
            Act.FAIL,
            id="invocation",
        ),
        pytest.param(error("AccessDeniedException", status=403), Act.FAIL, id="denied"),
        pytest.param(
            error("Unreachable", operation="CreateAuthorizer", service="apigatewayv2", lost=True),
            Act.READ_BACK,
            id="an authorizer that may exist now",
        ),
        pytest.param(
            error("Unreachable", operation="StartPipeline", lost=True), Act.FAIL, id="not known"
        ),
        pytest.param(error("Unreachable", operation="StartPipeline"), Act.RETRY, id="never sent"),
        pytest.param(
            error(
                "DeleteConflict",
                "Cannot delete entity, must remove roles from instance profile first.",
                "DeleteRole",
                service="iam",
                status=409,
            ),
            Act.FAIL,
            id="a role that somebody uses",
        ),
        pytest.param(NOT_SEEN, Act.RETRY, id="a role that is made and not seen"),
        pytest.param(
            error(
                "NoSuchEntity",
                "Policy arn:aws:iam::aws:policy/Tpyo does not exist or is not attachable.",
                "AttachRolePolicy",
                service="iam",
                status=404,
            ),
            Act.FAIL,
            id="a policy that does not exist",
        ),
        pytest.param(
            error("NoSuchEntity", NOT_SEEN.message, "DetachRolePolicy", service="iam", status=404),
            Act.FAIL,
            id="a role that is gone",
        ),
    ],
)
def test_each_refusal_has_its_answer(refused: AwsError, act: Act) -> None:
    assert rule(refused).act is act


ROLE = error("InvalidParameterValueException", "cannot be assumed by Lambda")
KEY = error("InvalidParameterValueException", "the KMS key is invalid for CreateGrant.")
IN_USE = error("ResourceInUseException", "it is in use", "UpdateEventSourceMapping")
UPDATING = error("ResourceConflictException", "An update is in progress for resource: f")
AT_ONCE = error(
    "ResourceConflictException",
    "The function could not be updated due to a concurrent update operation.",
)


@pytest.mark.parametrize(
    ("refused", "iam_changed", "least", "most"),
    [
        pytest.param(ROLE, False, 10, 15, id="an old role"),
        pytest.param(ROLE, True, 110, 120, id="a role made in this run"),
        pytest.param(KEY, True, 110, 120, id="a key for a role made in this run"),
        pytest.param(IN_USE, False, 290, 300, id="a mapping in use"),
        pytest.param(UPDATING, False, 590, 600, id="an update in progress"),
        pytest.param(AT_ONCE, False, 590, 600, id="two updates at once"),
        pytest.param(error("TooManyRequestsException"), False, 285, 300, id="throttled"),
        pytest.param(error("Unreachable"), False, 7, 10, id="no connection"),
        pytest.param(NOT_SEEN, True, 50, 60, id="a role made in this run is not seen"),
        pytest.param(NOT_SEEN, False, 0, 0, id="a role that is not there"),
    ],
)
def test_each_refusal_gets_its_time_and_no_more(
    refused: AwsError, iam_changed: bool, least: float, most: float
) -> None:
    random.seed(7)
    retries, now = Retries(iam_changed=iam_changed), 1000.0
    while (pause := retries.pause(refused, now)) is not None:
        now += pause
    assert least <= now - 1000 <= most


ELSEWHERE = {
    "LimitExceededException": "a quota, but for Kinesis",
    "EC2ThrottledException": "of Invoke, which is sent once",
}
"""What the SDK repeats and `RULES` does not."""


@pytest.mark.parametrize(
    "code",
    sorted(
        {
            *ThrottledRetryableChecker._THROTTLED_ERROR_CODES,
            *TransientRetryableChecker._TRANSIENT_ERROR_CODES,
        }
        - ELSEWHERE.keys()
    ),
)
def test_what_passes_by_the_sdks_own_lists_is_repeated(code: str) -> None:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    refused = translated(
        ClientError(answer, "PutObject"),
        service="s3",
        operation="PutObject",
        region="",
        endpoint="",
    )
    assert rule(refused).act is Act.RETRY


def test_a_request_that_came_too_slowly_may_have_been_carried_out() -> None:
    answer = {
        "Error": {"Code": "RequestTimeoutException"},
        "ResponseMetadata": {"HTTPStatusCode": 408},
    }
    refused = translated(
        ClientError(answer, "CreateApi"),
        service="apigatewayv2",
        operation="CreateApi",
        region="",
        endpoint="",
    )
    assert rule(refused).act is Act.READ_BACK


def test_an_action_has_one_deadline_and_says_what_it_waits_for() -> None:
    said: list[str] = []
    with patience(0.0, said.append):
        assert Retries(iam_changed=True).pause(ROLE, 1e12) is None
    with patience(1e12, said.append):
        assert Retries(iam_changed=True).pause(ROLE, 0.0) is not None
    assert said == ["waiting for IAM: the role cannot be used yet"]


def test_half_of_all_calls_lost_still_succeeds() -> None:
    """Twelve tries: one call in 4,096 fails at 50 %, with two requests a call."""
    random.seed(11)
    requests = failed = 0
    for _ in range(2000):
        retries, now = Retries(iam_changed=False), 0.0
        while True:
            requests += 1
            if random.random() >= 0.5:
                break
            pause = retries.pause(error("ServiceException", status=500, lost=True), now)
            if pause is None:
                failed += 1
                break
            now += pause
    assert failed <= 10
    assert requests <= 2000 * 2.3


def test_a_bucket_lets_a_burst_and_then_its_rate_through() -> None:
    bucket = Bucket(10, burst=3)
    delays = [bucket.reserve(100.0) for _ in range(6)]
    assert delays == pytest.approx([0, 0, 0, 0.1, 0.2, 0.3])
    assert bucket.reserve(101.0) == 0


@pytest.mark.parametrize(
    ("rate", "endpoint", "calls", "waits"),
    [
        pytest.param("", "https://lambda.eu-west-1.amazonaws.com", 20, True, id="AWS"),
        pytest.param("", "http://127.0.0.1:4566", 200, False, id="elsewhere"),
        pytest.param("aws", "http://127.0.0.1:4566", 20, True, id="AWS's quotas hold anywhere"),
        pytest.param("off", "https://lambda.eu-west-1.amazonaws.com", 200, False, id="off"),
        pytest.param("10", "http://127.0.0.1:4566", 20, True, id="a number holds anywhere"),
    ],
)
def test_who_is_paced(rate: str, endpoint: str, calls: int, waits: bool) -> None:
    slept: list[float] = []
    pacing = Pacing(rate, slept.append)
    for _ in range(calls):
        pacing.wait("lambda", "TagResource", endpoint)
        pacing.wait("s3", "GetObject", endpoint)
        pacing.wait("lambda", "Invoke", endpoint)
    assert bool(slept) is waits


def test_reading_functions_has_a_quota_of_its_own() -> None:
    slept: list[float] = []
    pacing = Pacing(sleep=slept.append)
    for operation in ("GetFunction", "GetPolicy", "TagResource"):
        for _ in range(3):
            pacing.wait("lambda", operation, "https://lambda.us-east-1.amazonaws.com")
    assert slept == []
