"""What Lambda's side of the local cloud reads from and writes to moto's backends directly."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lcli.local.lambda_api.context import ObjectMissing

LOG = logging.getLogger(__name__)

FIRST_EVENT_ID = 3 * 10**55
"""Event ids of one length, as AWS's are: moto's own count from 0, and sort as text."""
OWN_ROLES = ":role/lcli/"
"""In the ARN of every role that lcli makes."""


def fetch_object(account: str, bucket: str, key: str, version: str | None) -> bytes:
    """An object's bytes, for code that is deployed through S3; raises ObjectMissing."""
    from moto.s3.exceptions import S3ClientError
    from moto.s3.models import s3_backends

    try:
        found = s3_backends[account]["aws"].get_object(bucket, key, version_id=version)
    except S3ClientError as error:
        raise ObjectMissing(error.error_type, str(error.message)) from error
    if found is None:
        raise ObjectMissing("NoSuchKey", "The specified key does not exist.")
    return bytes(found.value)


def role_exists(arn: str) -> bool:
    """Whether Lambda can assume a role.

    A role that is here must trust Lambda, and one of lcli's own must be here. Any other is
    taken to exist in the account that is emulated.
    """
    from moto.iam.models import iam_backends

    account = arn.split(":")[4]
    for role in list(iam_backends[account]["aws"].get_roles()):
        if role.arn == arn:
            return "lambda.amazonaws.com" in role.assume_role_policy_document
    return OWN_ROLES not in arn


class MotoLogs:
    """Writes log events into moto's CloudWatch Logs; a `LogSink`.

    One thread, so that events stay in order and the event loop never waits.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="logs")

    def write(
        self,
        region: str,
        account: str,
        group: str,
        stream: str,
        events: Sequence[tuple[int, str]],
    ) -> None:
        """Keep `events` (milliseconds since 1970, message); group and stream are made if absent."""
        # Sorting is stable: events of one millisecond stay in their order.
        entries = [
            {"timestamp": at, "message": text} for at, text in sorted(events, key=lambda e: e[0])
        ]
        self._thread.submit(_put, region, account, group, stream, entries)

    def close(self) -> None:
        """Write what is waiting, then end."""
        self._thread.shutdown(wait=True)


def _put(region: str, account: str, group: str, stream: str, entries: list[Any]) -> None:
    from moto.logs.models import LogEvent, logs_backends

    LogEvent._event_id = max(LogEvent._event_id, FIRST_EVENT_ID)
    try:
        backend = logs_backends[account][region]
        backend.ensure_log_group(group)
        backend.ensure_log_stream(group, stream)
        backend.put_log_events(group, stream, entries)
    except Exception:
        LOG.exception("events of %s could not be kept", group)
