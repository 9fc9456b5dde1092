"""The SDK's errors as `AwsError`, and an `AwsError` as something a reader can act on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from lcli.aws import texts
from lcli.aws.clients import AwsError
from lcli.aws.stories import story
from lcli.errors import ExitCode, LcliError, Problem

EXPIRED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "ExpiredCredentials"}
)
_WRONG_CREDENTIALS = frozenset(
    {
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "AuthFailure",
    }
)
_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"}
)
ENDS_ALL = EXPIRED | _WRONG_CREDENTIALS | _DENIED | {"NoCredentials"}
"""Codes after which no other call is likely to fare better."""
ENDING = frozenset({"no-credentials", "expired-credentials", "wrong-credentials", "access-denied"})
"""The codes of the problems that `explain` makes of those."""
NEVER_RAN = frozenset(
    {
        "EC2AccessDeniedException",
        "EC2ThrottledException",
        "EC2UnexpectedException",
        "ENILimitReachedException",
        "ENINotReadyException",
        "InvalidRuntimeException",
        "InvalidSecurityGroupIDException",
        "InvalidSubnetIDException",
        "InvalidZipFileException",
        "KMSAccessDeniedException",
        "KMSDisabledException",
        "KMSInvalidStateException",
        "KMSNotFoundException",
        "ResourceNotReadyException",
        "SubnetIPAddressLimitReachedException",
    }
)
"""Of the 5xx that Invoke answers, those that say why a function could not be started (Invoke, API
reference, Errors): all but ServiceException, by the SDK's model."""
_UNDECIDED = frozenset({"EFSIOException", "RequestTimeout", "RequestTimeoutException"})
"""4xx after which something may have been done: a function was stopped while it ran (Lambda guide,
"Troubleshoot invocation issues in Lambda"), a request took too long to come or to be answered (S3,
"Error responses"; the SDK's own list of errors that pass)."""

_CORRECT = "correct what the message names, then run the same command again"
_SERVER_FAILED = "AWS failed, not the request: run the same command again in a while"
_NEXT_STEPS = {
    404: "check --region and --profile; `lcli plan` shows what is missing",
    409: "something else changes it, or it is in use: run the same command again in a while",
}
"""By HTTP status, where the code has no story of its own."""
# The IAM actions whose names are not the operation's.
_ACTIONS = {
    "s3:PutBucketNotificationConfiguration": "s3:PutBucketNotification",
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
}


def translated(
    error: Exception, *, service: str, operation: str, region: str, endpoint: str
) -> AwsError:
    """What botocore raised, as an `AwsError`; anything that is not botocore's is raised again."""
    from botocore import exceptions as sdk
    from botocore.parsers import ResponseParserError

    def refusal(code: str, message: str, status: int = 0, *, lost: bool = False) -> AwsError:
        return AwsError(
            code,
            texts.ENVIRONMENT.left_out(message),
            service=service,
            operation=operation,
            status=status,
            region=region,
            lost=lost,
        )

    if isinstance(error, sdk.ClientError):
        said: Mapping[str, Any] = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        silent = f"{endpoint or 'AWS'} answers with status {status} and gives no reason"
        message = said.get("Message") or said.get("message") or silent
        code = str(said.get("Code", status))
        lost = code in _UNDECIDED or (status >= 500 and code not in NEVER_RAN)
        return refusal(code, message, status, lost=lost)
    if isinstance(error, _never_sent(sdk)):
        return refusal("Unreachable", f"no connection to {endpoint}")
    if isinstance(error, sdk.SSLError) and (why := _no_handshake(error)):
        return refusal("Unreachable", f"no connection to {endpoint}: {why}")
    if isinstance(
        error,
        sdk.HTTPClientError | sdk.IncompleteReadError | sdk.ChecksumError | sdk.SSLError,
    ):
        return refusal("Unreachable", f"{endpoint} gave no answer", lost=True)
    if isinstance(error, ResponseParserError):  # a proxy's or load balancer's page
        return refusal("Unreachable", f"{endpoint} gave an answer that is not AWS's", lost=True)
    if isinstance(error, sdk.NoCredentialsError | sdk.PartialCredentialsError):
        return refusal("NoCredentials", "no AWS credentials were found")
    if isinstance(error, sdk.SSOError | sdk.LoginError | sdk.TokenRetrievalError):
        return refusal("ExpiredCredentials", str(error))
    if isinstance(error, sdk.CredentialRetrievalError | sdk.NoAuthTokenError):
        return refusal("NoCredentials", str(error))
    if isinstance(error, sdk.ParamValidationError):
        return refusal("InvalidParameters", str(error))
    if isinstance(error, sdk.BotoCoreError):
        return refusal(type(error).__name__, str(error))
    raise error


def _never_sent(sdk: Any) -> tuple[type[Exception], ...]:
    return (
        sdk.EndpointConnectionError,
        sdk.ConnectTimeoutError,
        sdk.ProxyConnectionError,
    )


_HANDSHAKE = frozenset(
    {
        "CERTIFICATE_VERIFY_FAILED",
        "NO_PROTOCOLS_AVAILABLE",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "TLSV1_ALERT_UNKNOWN_CA",
        "UNSUPPORTED_PROTOCOL",
        "WRONG_VERSION_NUMBER",
    }
)
"""OpenSSL's reasons for which no request was sent; by others a connection breaks later, too."""


def _no_handshake(error: Any) -> str:
    """Why TLS was not agreed on; empty where it broke later, or that is not known."""
    wrapped = error.kwargs.get("error")
    inner = wrapped.args[0] if wrapped is not None and wrapped.args else wrapped
    if getattr(inner, "reason", None) not in _HANDSHAKE:
        return ""
    return re.sub(r"^\[.*?\] | \(_ssl\.c:\d+\)$", "", str(inner.args[-1]))


def explain(
    error: AwsError, where: str = "", *, functions: Mapping[str, str] | None = None
) -> Problem:
    """What went wrong and what to do about it, for a reader.

    `functions` are those of the manifest, AWS name → key, for one that AWS does not find.
    """
    if missing := texts.NO_FUNCTION.found(error):
        named = (missing["name"], missing["region"])
        return no_function(*named, functions or {}, missing["qualifier"], where)
    for codes, tell in _STORIES:
        if error.code in codes:
            return tell(error, where)
    if tell_of_limit := story(error):
        return tell_of_limit(error, where)
    if error.status in (401, 403):
        return _denied(error, where)
    return Problem(
        kebab(error.code),
        f"{error.service} refused {error.operation}: {error.message}",
        where,
        _SERVER_FAILED if error.status >= 500 else _NEXT_STEPS.get(error.status, _CORRECT),
    )


def kebab(code: str) -> str:
    """AWS's code as the code of a problem: ``resource-conflict``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", code).lower().removesuffix("-exception")


def no_function(
    name: str, region: str, functions: Mapping[str, str], qualifier: str = "", where: str = ""
) -> Problem:
    """There is no function of that AWS name, or not the version or alias of it.

    `functions` are the manifest's, AWS name → key: the nearest is suggested.
    """
    key = functions.get(name, "")
    near = get_close_matches(name, [*functions.values(), *functions], n=1)
    if qualifier:
        next_step = f"`lcli versions {key or name}` shows its versions and aliases"
    else:
        there = f"`lcli list --all --region {region}` shows what is there"
        next_step = f"did you mean {near[0]}?" if near and not key else there
    if key:
        deploy = f"`lcli deploy {key}` makes it"
        next_step = f"{next_step}; {deploy} if it is not deployed" if qualifier else deploy
    asked = f"{name}:{qualifier}" if qualifier else name
    what = f"there is no function {asked!r} in {region}"
    return Problem("resource-not-found", what, where, next_step)


def _no_credentials(error: AwsError, where: str) -> Problem:
    return Problem(
        "no-credentials",
        f"the request could not be signed: {error.message}",
        where,
        "set AWS_PROFILE or give --profile, or sign in with `aws configure` or `aws sso login`; "
        "--local needs no account",
    )


def _expired(error: AwsError, where: str) -> Problem:
    return Problem(
        "expired-credentials",
        f"the AWS credentials have expired: {error.message}",
        where,
        "renew them (`aws sso login`, or a new session token) and run the same command again",
    )


def _wrong_credentials(error: AwsError, where: str) -> Problem:
    return Problem(
        "wrong-credentials",
        f"AWS does not accept the credentials: {error.message}",
        where,
        "check the access key and the profile, and that this machine's clock is right",
    )


def _denied(error: AwsError, where: str) -> Problem:
    name = f"{error.service}:{error.operation}"
    action, resource = _ACTIONS.get(name, name), ""
    if said := texts.NOT_AUTHORIZED.found(error):
        action, resource = said["action"], said["resource"] or ""
    on = f" on {resource}" if resource else ""
    return Problem(
        "access-denied",
        f"{name} was denied: {error.message}",
        where,
        f"allow {action}{on} for these credentials, then run the same command again",
    )


def _unreachable(error: AwsError, where: str) -> Problem:
    return Problem(
        "unreachable",
        f"{error.service}:{error.operation}: {error.message}",
        where,
        "check the network, the region and --endpoint-url, then run the same command again",
    )


def _throttled(error: AwsError, where: str) -> Problem:
    return Problem(
        "throttled",
        f"{error.service}:{error.operation} was throttled all the time: {error.message}",
        where,
        "run the same command again later, or set LCLI_RATE to fewer calls a second",
    )


def _changed(error: AwsError, where: str) -> Problem:
    return Problem(
        "changed-meanwhile",
        f"somebody else changed it since the plan was made: {error.message}",
        where,
        "run `lcli plan` to see what changed, then deploy again",
    )


_STORIES: tuple[tuple[frozenset[str], Callable[[AwsError, str], Problem]], ...] = (
    (frozenset({"NoCredentials"}), _no_credentials),
    (EXPIRED, _expired),
    (_WRONG_CREDENTIALS, _wrong_credentials),
    (_DENIED, _denied),
    (frozenset({"Unreachable"}), _unreachable),
    (frozenset({"TooManyRequestsException", "Throttling", "ThrottlingException"}), _throttled),
    (frozenset({"PreconditionFailedException"}), _changed),
)


def setup_problem(error: Exception) -> LcliError:
    """What was wrong before any call: an unknown profile, a broken configuration file."""
    from botocore import exceptions as sdk

    if isinstance(error, sdk.ProfileNotFound):
        problem = Problem(
            "profile",
            str(error).replace("config profile", "AWS profile"),
            next_step="list them with `aws configure list-profiles`, or correct --profile",
        )
    elif isinstance(error, sdk.ConfigParseError):
        problem = Problem(
            "aws-configuration",
            str(error),
            next_step="correct the file, or set AWS_CONFIG_FILE to another",
        )
    elif isinstance(error, sdk.BotoCoreError | ValueError):
        problem = Problem(
            "aws-settings",
            str(error),
            next_step="check --region, --endpoint-url and AWS_* settings",
        )
    else:
        raise error
    return LcliError(problem, ExitCode.USAGE)
