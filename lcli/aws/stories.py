"""What is told of refusals whose cause is a setting or a limit: the thing to change."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lcli.aws import texts
from lcli.aws.clients import AwsError
from lcli.errors import Problem

AGAIN = "run the same command again: it goes on where this one stopped"
"""What to do after a wait that came to no end."""
MORE_STORAGE = (
    "delete old versions (`lcli versions FUNCTION --prune N`, `keep_versions: N`), or ask for more "
    "in Service Quotas: Lambda, function and layer storage"
)
Story = Callable[[AwsError, str], Problem]


def story(error: AwsError) -> Story | None:
    """What tells of this refusal; None where AWS's own words must do."""
    if found := _BY_CODE.get(error.code):
        return found
    return next((tell for text, tell in _BY_TEXT if text.found(error)), None)


def _role(error: AwsError) -> str:
    """The execution role that a refused call was about and whose it is, as far as is known."""
    role, function = error.asked.get("Role"), error.asked.get("FunctionName")
    named = f"the execution role {role}" if role else "the execution role"
    return f"{named} of {function}" if function else named


def _lacks(error: AwsError) -> str:
    """What a role may not do: by AWS's word, else what the call would have it work with."""
    said = texts.ROLE_LACKS.found(error)
    if said and (actions := said["action"] or said["actions"]):
        return f"{actions} on {said['on'] or said['stream'] or 'the stream'}"
    told = error.asked.get("DestinationConfig")
    sides = told.values() if isinstance(told, Mapping) else ()
    found = [one.get("Destination") for one in sides if isinstance(one, Mapping)]
    arns = [str(one) for one in (error.asked.get("EventSourceArn"), *found) if one]
    return f"what it needs on {' and '.join(arns)}" if arns else ""


def _role_not_assumed(error: AwsError, where: str) -> Problem:
    return Problem(
        "role-not-assumed",
        f"Lambda cannot assume {_role(error)}: {error.message}",
        where,
        "let its trust policy allow sts:AssumeRole to the service that uses it "
        "(lambda.amazonaws.com), then run the same command again",
    )


def _role_lacks(error: AwsError, where: str) -> Problem:
    lacks = _lacks(error)
    return Problem(
        "role-lacks-permission",
        f"{_role(error)} lacks {lacks or 'a permission'}: {error.message}",
        where,
        f"allow {lacks or 'what it says'} to that role (`role: {{statements: […]}}` where lcli "
        "manages it), then run the same command again",
    )


def _key_not_granted(error: AwsError, where: str) -> Problem:
    key = error.asked.get("KMSKeyArn")
    return Problem(
        "key-not-granted",
        f"Lambda cannot use {key or 'the KMS key'} for {_role(error)}: {error.message}",
        where,
        "see that the key is enabled and that its policy allows kms:CreateGrant to these "
        "credentials, or change `kms_key`, then run the same command again",
    )


def _still_updated(error: AwsError, where: str) -> Problem:
    function = error.asked.get("FunctionName") or error.asked.get("Resource") or "the function"
    return Problem(
        "timed-out",
        f"an update of {function} did not end in time: {error.message}",
        where,
        AGAIN,
    )


def _reserved_too_much(error: AwsError, where: str) -> Problem:
    return Problem(
        "reserved-too-much",
        f"{error.asked.get('FunctionName', 'the function')} would reserve more concurrency than "
        f"the account can spare in {error.region}: {error.message}",
        where,
        "lower `concurrency: {reserved}` of this function or of another, or ask for more "
        "concurrent executions in Service Quotas",
    )


def _code_storage(error: AwsError, where: str) -> Problem:
    return Problem(
        "code-storage",
        f"the code storage of this account in {error.region} is used up (75 GB, if nobody asked "
        f"for more): {error.message}",
        where,
        MORE_STORAGE,
    )


def _in_use(error: AwsError, where: str) -> Problem:
    return Problem(
        "in-use",
        f"{error.service}:{error.operation}: AWS has not finished an earlier change of it: "
        f"{error.message}",
        where,
        "`lcli status FUNCTION` shows its state; run the same command again when that has settled",
    )


def _policy_too_large(error: AwsError, where: str) -> Problem:
    function = error.asked.get("FunctionName", "the function")
    return Problem(
        "policy-too-large",
        f"the resource policy of {function} has no room for one more statement: {error.message}",
        where,
        "give one statement to several sources (a source_arn with a wildcard), or remove "
        "statements that nobody needs; `aws lambda get-policy` shows all of them",
    )


_BY_CODE = {
    "CodeStorageExceededException": _code_storage,
    "PolicyLengthExceededException": _policy_too_large,
    "ResourceInUseException": _in_use,
}
_BY_TEXT = (
    (texts.ROLE_NOT_ASSUMED, _role_not_assumed),
    (texts.ROLE_LACKS, _role_lacks),
    (texts.KEY_NOT_GRANTED, _key_not_granted),
    (texts.BEING_UPDATED, _still_updated),
    (texts.RESERVED_TOO_MUCH, _reserved_too_much),
)
