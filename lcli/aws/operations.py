"""What becomes of a call whose answer was lost when it is sent again: the one table.

Each row can be checked against the operation's page in the API reference: what it answers when
the thing is there already, and whether it takes a RevisionId.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from itertools import chain, repeat


class Again(StrEnum):
    """What a second request does when the first was carried out."""

    READS = "reads"
    """Nothing is changed, so it may be sent any number of times."""
    SAME = "same"
    """Ends in the same state: puts, tags, updates, deletions (what is gone already is fine)."""
    REFUSED = "refused"
    """Is refused, since it is there already: the caller takes that, or says it."""
    GUARDED = "guarded"
    """Is refused by its RevisionId: the caller reads whether it was done."""
    SECOND = "second"
    """Makes a second one: the caller looks before it repeats it (`made_once`)."""
    NEVER = "never"
    """Runs somebody's code again, or is not known here: never repeated after a lost answer."""


_READING = ("Get", "List", "Describe", "Head", "FilterLogEvents", "StartLiveTail", "StartQuery")
"""How the names of operations begin that change nothing that anybody keeps."""

_BY_WHAT_THEY_DO: Mapping[Again, Mapping[str, str]] = {
    Again.SAME: {
        "lambda": "DeleteAlias DeleteDurableExecution DeleteEventSourceMapping DeleteFunction "
        "DeleteFunctionCodeSigningConfig DeleteFunctionConcurrency "
        "DeleteFunctionEventInvokeConfig DeleteFunctionUrlConfig DeleteLayerVersion "
        "DeleteProvisionedConcurrencyConfig PutFunctionCodeSigningConfig PutFunctionConcurrency "
        "PutFunctionEventInvokeConfig PutFunctionRecursionConfig PutProvisionedConcurrencyConfig "
        "PutRuntimeManagementConfig RemovePermission SendDurableExecutionCallbackHeartbeat "
        "TagResource UntagResource UpdateEventSourceMapping UpdateFunctionUrlConfig",
        "iam": "AttachRolePolicy DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy "
        "DetachRolePolicy PutRolePermissionsBoundary PutRolePolicy TagRole UntagRole "
        "UpdateAssumeRolePolicy UpdateRole",
        "logs": "DeleteLogGroup DeleteRetentionPolicy PutRetentionPolicy StopQuery TagResource "
        "UntagResource",
        "s3": "PutBucketEncryption PutBucketNotificationConfiguration PutBucketTagging PutObject "
        "PutPublicAccessBlock",
        "apigatewayv2": "DeleteApi DeleteApiMapping DeleteAuthorizer DeleteCorsConfiguration "
        "DeleteIntegration DeleteRoute TagResource UntagResource UpdateApi UpdateApiMapping "
        "UpdateAuthorizer UpdateIntegration UpdateRoute UpdateStage",
        "schemas": "DeleteSchema DeleteSchemaVersion UpdateSchema",
        "sqs": "CreateQueue",
    },
    Again.REFUSED: {
        "lambda": "AddPermission CreateAlias CreateEventSourceMapping CreateFunction "
        "CreateFunctionUrlConfig PauseDurableExecution ResumeDurableExecution "
        "SendDurableExecutionCallbackFailure SendDurableExecutionCallbackSuccess "
        "StopDurableExecution",
        "iam": "CreateRole",
        "logs": "CreateLogGroup",
        "s3": "CreateBucket",
        "apigatewayv2": "CreateApiMapping CreateRoute CreateStage",
        "dynamodb": "CreateTable",
        "kinesis": "CreateStream",
        "schemas": "CreateRegistry CreateSchema",
    },
    Again.GUARDED: {
        "lambda": "PublishVersion UpdateAlias UpdateFunctionCode UpdateFunctionConfiguration",
    },
    Again.SECOND: {
        "lambda": "PublishLayerVersion",
        "apigatewayv2": "CreateApi CreateAuthorizer CreateIntegration",
    },
    Again.NEVER: {"lambda": "Invoke InvokeWithResponseStream"},
}

CHANGES: Mapping[str, Again] = dict(
    chain.from_iterable(
        zip((f"{service}:{name}" for name in names.split()), repeat(again))
        for again, services in _BY_WHAT_THEY_DO.items()
        for service, names in services.items()
    )
)
"""Every operation with which lcli changes something: ``lambda:CreateFunction`` …"""


def again(service: str, operation: str) -> Again:
    """What sending it again does; NEVER for one that nobody has thought about."""
    if operation.startswith(_READING):
        return Again.READS
    return CHANGES.get(f"{service}:{operation}", Again.NEVER)
