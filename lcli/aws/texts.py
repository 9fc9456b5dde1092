"""What only the text of AWS's messages tells apart: the one table of such texts.

Nothing outside this module reads an error's text to decide by it, to find a name in it or to take
values out of it; all else goes by AWS's codes. Each row says where AWS writes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lcli.aws.clients import AwsError


@dataclass(frozen=True, slots=True)
class Text:
    """One such thing: the errors that can say it, and how they do."""

    message: str
    """Pattern; its groups are the names that the message holds."""
    codes: frozenset[str] = frozenset()
    """AWS's codes; empty for any."""
    operations: str = ""
    """Pattern over ``service:Operation``; empty for any."""

    def found(self, error: AwsError) -> re.Match[str] | None:
        """Where an error says it; None where it does not."""
        if self.codes and error.code not in self.codes:
            return None
        if not re.match(self.operations, f"{error.service}:{error.operation}"):
            return None
        return re.search(self.message, error.message)

    def left_out(self, message: str) -> str:
        """A message with a remark in its place, wherever it says it."""
        return re.sub(self.message, "(values left out)", message)


_INVALID = frozenset({"InvalidParameterValueException", "ValidationException"})

ROLE_NOT_ASSUMED = Text(r"cannot be assumed by|must allow AWS \S+ Scheduler to assume", _INVALID)
"""CreateFunction ("Troubleshoot identity and access", Lambda guide); CreateSchedule."""
ROLE_LACKS = Text(
    r"does not have permissions(?: to call (?P<action>\S+) on (?P<on>[\w:/*.-]*\w(?: \w+)*))?"
    r"|(?:access stream (?P<stream>\S+?)\.? Please )?"
    r"ensure the role can perform(?: the (?P<actions>[\w, ]+?) Actions)?",
    _INVALID,
)
"""CreateEventSourceMapping ("How Lambda processes records from stream and queue-based event
sources"), CreateFunction with a VPC ("Giving Lambda functions access to resources in a VPC")."""
KEY_NOT_GRANTED = Text(r"invalid for CreateGrant", _INVALID)
"""CreateFunction and UpdateFunctionConfiguration ("Troubleshoot configuration issues")."""
PRINCIPAL_UNKNOWN = Text(r"principal was invalid", _INVALID, r"lambda:AddPermission$")
"""AddPermission, for a role or user that IAM made just now."""
NO_ROLE = Text(
    r"role with name (?P<name>\S+) cannot be found",
    frozenset({"NoSuchEntity", "NoSuchEntityException"}),
    r"iam:",
)
"""Every call that names a role (IAM, API reference)."""
ROLE_NOT_SEEN = replace(NO_ROLE, operations=r"iam:(Put|Attach|Update|Tag)\w+$")
"""Every call that adds to a role, which may have been made just now ("Changes that I make are not
always immediately visible", IAM guide)."""
ROLE_HAS_POLICIES = Text(
    r"must (detach all|delete) policies",
    frozenset({"DeleteConflict", "DeleteConflictException"}),
    r"iam:DeleteRole$",
)
"""DeleteRole (IAM, API reference)."""
BEING_UPDATED = Text(
    r"update is in progress|concurrent update operation|following state: Pending"
    r"|(currently|is) being (updated|created)",
    frozenset({"ResourceConflictException"}),
    r"lambda:(?!Invoke)",
)
"""Every call that changes a function ("Lambda function states")."""
CHANGED_AT_ONCE = Text(
    r"concurrent modification", frozenset({"ConflictException"}), r"apigatewayv2:"
)
"""API Gateway, whose code for that is the one for "in use"."""
DESTINATION_REFUSED = Text(
    r"Unable to validate the following destination",
    frozenset({"InvalidArgument"}),
    r"s3:PutBucketNotificationConfiguration$",
)
"""PutBucketNotificationConfiguration ("Troubleshooting event notifications", S3 guide)."""
RESERVED_TOO_MUCH = Text(
    r"UnreservedConcurrentExecution below its minimum value",
    _INVALID,
    r"lambda:PutFunctionConcurrency$",
)
"""PutFunctionConcurrency ("Configuring reserved concurrency")."""
NO_FUNCTION = Text(
    r"Function not found: arn:[\w-]+:lambda:(?P<region>[\w-]+):\d*:function:"
    r"(?P<name>[^:\s]+)(?::(?P<qualifier>\S+))?"
)
"""Every call that names a function (GetFunction, API reference)."""
NO_API = Text(
    r"Invalid API identifier specified (?:\d+:)?(?P<id>\w+)",
    frozenset({"NotFoundException"}),
    r"apigatewayv2:",
)
"""Every call that names an HTTP API (API Gateway's answer to GetApi and all that is below it)."""
NOT_AUTHORIZED = Text(
    r"not authorized to perform: (?P<action>[\w:*-]+)(?: on resource: (?P<resource>\S+))?"
)
"""Every service ("Troubleshoot access denied error messages", IAM guide)."""
NO_STACK = Text(r"does not exist", operations=r"cloudformation:DescribeStacks$")
"""DescribeStacks, whose code is ValidationError."""
PAGE_TOKEN_REFUSED = Text(
    r"(?i)token", frozenset({"InvalidParameterException"}), r"logs:FilterLogEvents$"
)
"""FilterLogEvents, whose tokens live for 24 hours."""

ENVIRONMENT = Text(r"(?s)String measured:.*|Value '\{.*\}' at 'environment")
"""CreateFunction and UpdateFunctionConfiguration (Lambda, API reference) repeat the values of an
environment that is too large or malformed."""

_OF_INVOKE = (frozenset({"InvalidParameterValueException"}), r"lambda:Invoke")
UNQUALIFIED = Text(r"unqualified ARN", *_OF_INVOKE)
"""Invoke ("Invoking durable functions")."""
NOT_IN_TIME = Text(r"synchronously invoke a durable function", *_OF_INVOKE)
"""Invoke ("Invoking durable functions")."""
TENANT = Text(r" tenan", *_OF_INVOKE)
TENANT_MISSING = Text(r"Add a valid tenant", *_OF_INVOKE)
"""Invoke ("Tenant isolation")."""
