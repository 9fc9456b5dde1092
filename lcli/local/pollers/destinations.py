"""Where the failed batches of a stream are told: a queue or a topic.

Source: Lambda developer guide, "Retain discarded batch records for a Kinesis Data Streams event
source in Lambda".
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from lcli.local.targets import Answer

LOG = logging.getLogger(__name__)


def failure_record(
    function: str, condition: str, tries: int, answer: Answer | None
) -> dict[str, Any]:
    """What is told, but for the batch; `answer` is the last one, if there was any."""
    record: dict[str, Any] = {
        "requestContext": {
            "requestId": str(uuid4()),
            "functionArn": function,
            "condition": condition,
            "approximateInvokeCount": tries,
        },
        "version": "1.0",
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    if answer is not None:
        context = {"statusCode": answer.status, "executedVersion": answer.executed_version}
        record["responseContext"] = context | (
            {"functionError": answer.error} if answer.error else {}
        )
    return record


def send(arn: str, document: dict[str, Any]) -> None:
    """Send a document to the queue or topic; what cannot be sent is logged, as nobody waits."""
    _, _, service, region, account, name = arn.split(":", 5)
    text = json.dumps(document)
    try:
        if service == "sqs":
            from moto.sqs.models import sqs_backends

            sqs_backends[account][region].send_message(name, text)
        elif service == "sns":
            from moto.sns.models import sns_backends

            sns_backends[account][region].publish(text, arn=arn)
        else:
            LOG.warning("a failure record for %s is lost: neither queue nor topic", arn)
    except Exception:
        LOG.exception("a failure record for %s is lost", arn)
