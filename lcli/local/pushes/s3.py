"""Bucket notifications: S3's event, and the checks of PutBucketNotificationConfiguration.

Source: S3 user guide, "Event message structure" and "Event notification types and destinations".
"""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4
from xml.etree import ElementTree

from lcli.local.targets import Pushes

PRINCIPAL = "s3.amazonaws.com"
_SEQUENCE = itertools.count(1)
_UNVALIDATED = "Unable to validate the following destination configurations"
_OVERLAP = (
    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the "
    "prefixes are overlapping for the same event type."
)
_FILTER_NAME = re.compile(r"(?<=<Name>)(?:prefix|suffix)(?=</Name>)", re.IGNORECASE)


def install(targets: Pushes) -> None:
    """Give moto's S3 AWS's events, checks and the asynchronous way to functions."""
    from moto.s3 import notifications
    from moto.s3.models import S3Backend
    from moto.s3.responses import S3Response

    mark = S3Backend._set_delete_marker
    configuration_of = S3Response._notification_config_from_body
    configuration_shown = S3Response.get_bucket_notification

    def invoke(account: str, event: Any, arn: str, region: str) -> None:
        bucket = event["Records"][0]["s3"]["bucket"]["arn"]
        if targets.allows(arn, PRINCIPAL, source_arn=bucket, source_account=account):
            targets.push(arn, event)

    def checked(response: Any) -> dict[str, Any]:
        # S3 takes the names of filter rules in any case; moto knows them in lower case.
        response.body = _FILTER_NAME.sub(lambda name: name[0].lower(), _text(response.body))
        configuration: dict[str, Any] = configuration_of(response)
        check(configuration, response, targets)
        return configuration

    def shown(response: Any) -> Any:
        status, headers, body = configuration_shown(response)
        # S3 shows the names of filter rules with a capital, however they were put.
        body = _FILTER_NAME.sub(lambda name: name[0].capitalize(), _text(body))
        found = response.backend.get_bucket_notification_configuration(response.bucket_name)
        if found is None or found.event_bridge is None:
            return status, headers, body
        return status, headers, _with_event_bridge(body)

    def marked(self: Any, bucket_name: str, key_name: str) -> Any:
        marker = mark(self, bucket_name, key_name)
        kind = notifications.S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT
        bucket = self.get_bucket(bucket_name)
        notifications.send_event(bucket.account_id, kind, bucket, marker)
        return marker

    S3Backend._set_delete_marker = marked
    notifications._get_s3_event = event_of
    notifications._invoke_awslambda = invoke
    S3Response._notification_config_from_body = checked
    S3Response.get_bucket_notification = shown


def _text(body: bytes | str) -> str:
    return body.decode() if isinstance(body, bytes) else body


def _with_event_bridge(body: str) -> str:
    """moto keeps the way to EventBridge and leaves it out of the answer."""
    document = ElementTree.fromstring(body)  # noqa: S314 - moto wrote it
    namespace = document.tag.partition("}")[0] + "}" if "}" in document.tag else ""
    ElementTree.SubElement(document, f"{namespace}EventBridgeConfiguration")
    return ElementTree.tostring(document, encoding="unicode")


def event_of(name: str, bucket: Any, key: Any, configuration_id: str) -> dict[str, Any]:
    """The event of one object, version 2.1, as S3 sends it.

    `name` is ``s3:ObjectCreated:Put`` …; the key is encoded as in a form (a blank is ``+``), but
    for its slashes.
    """
    owner = {"principalId": f"A{bucket.account_id}"}
    described = {"key": quote_plus(key.name, safe="/"), "sequencer": f"{next(_SEQUENCE):018X}"}
    if "ObjectRemoved" not in name:
        described |= {"size": key.size, "eTag": key.etag.strip('"')}
    if bucket.is_versioned and key.version_id not in (None, "null"):
        described["versionId"] = key.version_id
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": bucket.region_name,
        "eventTime": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "eventName": str(getattr(name, "value", name)).removeprefix("s3:"),
        "userIdentity": {"principalId": f"AWS:{bucket.account_id}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {
            "x-amz-request-id": uuid4().hex[:16].upper(),
            "x-amz-id-2": uuid4().hex,
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration_id,
            "bucket": {"name": bucket.name, "ownerIdentity": owner, "arn": bucket.arn},
            "object": described,
        },
    }
    return {"Records": [record]}


def check(configuration: dict[str, Any], response: Any, targets: Pushes) -> None:
    """Refuse what S3 refuses: rules that overlap, functions that are not there or do not permit.

    Raises moto's S3ClientError (InvalidArgument). `x-amz-skip-destination-validation` leaves
    the functions unchecked.
    """
    from moto.s3.exceptions import S3ClientError

    rules = [
        rule
        for kind in ("CloudFunction", "Queue", "Topic")
        for rule in configuration.get(f"{kind}Configuration") or ()
    ]
    if any(_overlap(one, other) for one, other in itertools.combinations(rules, 2)):
        raise S3ClientError("InvalidArgument", _OVERLAP)
    if response.headers.get("x-amz-skip-destination-validation", "").lower() == "true":
        return
    bucket = response.backend.get_bucket(response.bucket_name)
    for rule in configuration.get("CloudFunctionConfiguration") or ():
        arn = rule["CloudFunction"]
        if not targets.exists(arn) or not targets.allows(
            arn, PRINCIPAL, source_arn=bucket.arn, source_account=bucket.account_id
        ):
            raise S3ClientError("InvalidArgument", _UNVALIDATED)


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether one object's event could match both rules."""
    same_event = any(_share_event(a, b) for a in one["Event"] for b in other["Event"])
    (prefix, suffix), (prefix2, suffix2) = _filters(one), _filters(other)
    prefixes = prefix.startswith(prefix2) or prefix2.startswith(prefix)
    suffixes = suffix.endswith(suffix2) or suffix2.endswith(suffix)
    return same_event and prefixes and suffixes


def _share_event(one: str, other: str) -> bool:
    if one.endswith(":*") or other.endswith(":*"):
        return one.rsplit(":", 1)[0] == other.rsplit(":", 1)[0]
    return one == other


def _filters(rule: dict[str, Any]) -> tuple[str, str]:
    rules = ((rule.get("Filter") or {}).get("S3Key") or {}).get("FilterRule") or ()
    values = {found["Name"].lower(): found.get("Value") or "" for found in rules}
    return values.get("prefix", ""), values.get("suffix", "")
