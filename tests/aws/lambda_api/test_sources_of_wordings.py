"""Where the words of every refusal come from, so that nobody takes a guess for AWS's own.

A message of `lcli/local/lambda_api` was recorded from AWS (recorded/errors.tsv), or stands below
with its source.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from recorded import ERRORS

import lcli.local.lambda_api as package

CALLS = frozenset(
    {"invalid", "conflict", "not_found", "violation", "ApiError", "stale", "too_large", "refused"}
)
REPORTED = "what people got from AWS and quote in public issues, code and articles"
OWN = "lcli's own: AWS has no such case, or the local cloud's front stands for AWS's"
GUIDE = "the guide's or the API reference's words; AWS's own message was not seen"
UNSEEN = "from memory: neither recorded nor found quoted anywhere"
EMULATOR = "AWS's emulator of durable executions"
SOURCES = {
    REPORTED: (
        "'MemorySize' value failed to satisfy constraint: Member must have value less than or "
        "equal to 10240",
        "Alias with weights can not be used with Provisioned Concurrency",
        "Batching window is not supported for FIFO queues",
        "Cannot {} the event source mapping because it is in use.",
        "Client context must be a valid Base64-encoded JSON object.",
        "Function already exist: {}",
        "Function code combined with layers exceeds the maximum allowed size of {} bytes. "
        "The actual size is {} bytes.",
        "FunctionUrlAuthType is only supported for {} action",
        "Invalid dead letter queue ARN: FIFO SQS queue is not supported for dead letter "
        "configuration",
        "Invalid dead letter queue ARN: The resource specified by the TargetArn must be in the "
        "same region as the Lambda function it's associated with.",
        "Invalid dead letter queue ARN: The service specified by the TargetArn is not supported "
        "for dead letter configuration.",
        "Invalid filter pattern definition.",
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided contains reserved keys that are currently not supported for "
        "modification. Reserved keys used in this request: {}",
        'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your '
        'request or change the LogFormat to "JSON" and try again.',
        "Maximum batch size must be between 1 and 10 inclusive",
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater "
        "than 10",
        "Need to specify a timestamp",
        "Please do not provide other FunctionCode parameters when providing a ZipFile.",
        "Please provide a source for function code.",
        "Rate Exceeded.",
        "Request must be smaller than {} bytes for the InvokeFunction operation",
        "Requested Provisioned Concurrency should not be greater than the "
        "reservedConcurrentExecution for function",
        "Runtime and Handler are mandatory parameters for functions created with deployment "
        "packages.",
        "S3 Bucket and Key are required for uploading with S3 parameters.",
        "StartingPosition is not valid for SQS event sources.",
        "The final policy size ({}) is bigger than the limit ({}).",
        "The operation cannot be performed at this time. The function is currently in the "
        "following state: Pending",
        "The role defined for the function cannot be assumed by Lambda.",
        "Unable to delete version because the following aliases reference it: [{}]",
        "User: {} is not authorized to perform: lambda:GetLayerVersion on resource: {} because no "
        "resource-based policy allows the lambda:GetLayerVersion action",
        "Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy "
        "constraint: [Member must satisfy regular expression pattern: {}]",
        "You cannot create a function with a durable configuration without an executionTimeout",
        "You cannot invoke a durable function using an unqualified ARN.",
        "You cannot synchronously invoke a durable function with an executionTimeout greater than "
        "15 minutes.",
        "{} byte payload is too large for the Event invocation type (limit {} bytes)",
        "{} is not supported for SnapStart enabled functions.",
    ),
    GUIDE: (
        "Member must satisfy regular expression pattern: (\\$LATEST|[0-9]+)",
        "The callback ID token has either expired or the callback associated with the token has "
        "already been closed.",
        "The durable execution with the specified name has already been started. Each durable "
        "execution name must be unique within the function. Use a different name or check the "
        "status of the existing execution.",
        "You can delete the code signing configuration only if no function is using it.",
        "You cannot enable durable execution on existing functions.",
    ),
    EMULATOR: (
        "CHAINED_INVOKE input payload size must be less than or equal to {} bytes.",
        "Cannot checkpoint multiple EXECUTION updates.",
        "Cannot checkpoint multiple operations with the same ID.",
        "Cannot provide a Payload for FAIL action.",
        "Cannot provide an Error for SUCCEED action.",
        "Cannot provide both error and payload to RETRY a STEP.",
        "Durable Execution does not exist",
        "EXECUTION checkpoint must be the last update.",
        "Error object size must be less than {} bytes.",
        "Inconsistent operation {}.",
        "Inconsistent parent operation id.",
        "Invalid StepOptions for the given action.",
        "Invalid action for the given operation type.",
        "Invalid checkpoint token",
        "Invalid marker",
        "Invalid parent operation id.",
        "Update for CHAINED_INVOKE operation requires ChainedInvokeOptions.",
    ),
    OWN: (
        "A blob must be encoded as base64",
        "Could not parse request body into json: an object is expected",
        "Could not parse request body into json: {}",
        "Could not parse request body into json: Could not parse payload into json: {}",
        "Invalid function name: {}",
        "The local cloud does not have Lambda's {}.",
        "The local cloud does not run container images: {} is {}. Deploy it from a folder or a "
        "zip instead.",
        "This endpoint has no asynchronous queue.",
        "User: arn:{}:iam::{}:root is not authorized to perform this operation on resource: {}",
        "Value '{}' can not be converted to an Integer",
        "Value of type {} where {} belongs",
        "no Lambda operation is {} {}",
    ),
    UNSEEN: (
        "Callback does not exist",
        "Client context must be no more than {} bytes when base64-encoded.",
        "DurableExecutionName is only valid for durable functions.",
        "Invalid callback id",
        "Invalid request: aws: prefixed tag key names are not allowed",
        "ReservedConcurrentExecutions {} should not be lower than function's total provisioned "
        "concurrency [{}].",
        "RuntimeVersionArn is required, and only allowed, for the Manual mode.",
        "The durable execution is in the {} status.",
    ),
}


def written(node: ast.expr) -> str:
    """A text of the source, with {} for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        return "".join(map(str, parts))
    return ""


def messages() -> Iterator[str]:
    for path in sorted(Path(package.__path__[0]).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in CALLS:
                yield from (text for one in node.args if " " in (text := written(one)))


def recorded(message: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in message.split("{}"))
    return any(re.search(pattern, row["message"]) for row in ERRORS.values())


def test_every_message_was_recorded_or_has_a_source() -> None:
    known = [message for given in SOURCES.values() for message in given]
    found = {message for message in messages() if not recorded(message)}
    assert len(known) == len(set(known))
    assert found == set(known)
