"""Log subscriptions: batches of log events, compressed as CloudWatch Logs sends them.

Source: CloudWatch Logs user guide, "Log group-level subscription filters".
"""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

from lcli.local.filter_patterns import InvalidPattern, compiled
from lcli.local.targets import Pushes

_MAY_NOT = (
    "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission "
    "to execute your function."
)


def install(targets: Pushes) -> None:
    """Send the log events that a subscription is for, and check new subscriptions."""
    from moto.logs.exceptions import InvalidParameterException
    from moto.logs.models import LogsBackend, LogStream

    send = LogStream._send_log_events
    put = LogsBackend.put_subscription_filter

    def sent(
        self: Any, service: str, destination_arn: str, filter_name: str, log_events: Any
    ) -> None:
        subscribed_to = compiled(self.log_group.subscription_filters[filter_name].filter_pattern)
        log_events = [event for event in log_events if subscribed_to(event["message"])]
        if not log_events:
            return
        if service != "lambda":
            send(self, service, destination_arn, filter_name, log_events)
        else:
            owner = (self.account_id, self.log_group.name, self.log_stream_name)
            targets.push(destination_arn, event_of(*owner, filter_name, log_events))

    def subscribed(self: Any, log_group_name: str, filter_name: str, *rest: str) -> None:
        pattern, destination, _ = rest
        try:
            compiled(pattern)
        except InvalidPattern as error:
            raise InvalidParameterException(str(error)) from error
        group = self.groups.get(log_group_name)
        if group is None or ":lambda:" not in destination:
            put(self, log_group_name, filter_name, *rest)
            return
        owner = {"source_arn": f"{group.arn}:*", "source_account": self.account_id}
        principals = ("logs.amazonaws.com", f"logs.{self.region_name}.amazonaws.com")
        if not any(targets.allows(destination, each, **owner) for each in principals):
            raise InvalidParameterException(_MAY_NOT)
        group.put_subscription_filter(filter_name, *rest)

    LogStream._send_log_events = sent
    LogsBackend.put_subscription_filter = subscribed


def event_of(
    account: str, group: str, stream: str, filter_name: str, events: list[Any]
) -> dict[str, Any]:
    """``{"awslogs": {"data": …}}``: gzip, then base64."""
    data = {
        "messageType": "DATA_MESSAGE",
        "owner": account,
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": [filter_name],
        "logEvents": events,
    }
    packed = gzip.compress(json.dumps(data, separators=(",", ":")).encode(), 1)
    return {"awslogs": {"data": base64.b64encode(packed).decode()}}
