"""Topics: SNS's event for one message and one subscription.

Source: Lambda developer guide, "Invoking Lambda functions with Amazon SNS notifications".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lcli.local.targets import Pushes

PRINCIPAL = "sns.amazonaws.com"


def install(targets: Pushes) -> None:
    """Send to functions what moto's SNS publishes to subscriptions with the protocol lambda."""
    from moto.sns.models import Subscription

    publish = Subscription.publish

    def published(
        self: Any,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        *rest: Any,
        **named: Any,
    ) -> None:
        if self.protocol != "lambda":
            publish(self, message, message_id, subject, message_attributes, *rest, **named)
            return
        matcher = self._filter_policy_matcher
        if matcher is not None and not matcher.matches(message_attributes, message):
            return
        if named.get("message_structure") == "json":
            message = self._parse_message_structure(message, self.protocol)
        source = self.topic.arn
        if targets.allows(
            self.endpoint, PRINCIPAL, source_arn=source, source_account=self.account_id
        ):
            event = event_of(self, message, message_id, subject, message_attributes or {})
            targets.push(self.endpoint, event)

    Subscription.publish = published


def event_of(
    subscription: Any,
    message: str,
    message_id: str,
    subject: str | None,
    attributes: Mapping[str, Any],
) -> dict[str, Any]:
    """The event with the one record that SNS sends."""
    topic = subscription.topic.arn
    region = topic.split(":")[3]
    address = f"https://sns.{region}.amazonaws.com/"
    sns = {
        "SignatureVersion": "1",
        "Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "Signature": "unsigned",
        "SigningCertUrl": f"{address}SimpleNotificationService-local.pem",
        "MessageId": message_id,
        "Message": message,
        "MessageAttributes": {
            name: {"Type": value["Type"], "Value": str(value["Value"])}
            for name, value in attributes.items()
        },
        "Type": "Notification",
        "UnsubscribeUrl": f"{address}?Action=Unsubscribe&SubscriptionArn={subscription.arn}",
        "TopicArn": topic,
        "Subject": subject,
    }
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": sns,
    }
    return {"Records": [record]}
