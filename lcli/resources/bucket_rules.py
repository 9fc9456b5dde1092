"""The rules of a bucket's notification configuration: merging, comparing, overlaps; pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from lcli.resources.model import Place
from lcli.resources.owners import led_to

Configuration = Mapping[str, Any]
"""What GetBucketNotificationConfiguration answers."""

_LISTS = {
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
    "QueueConfigurations": "QueueArn",
    "TopicConfigurations": "TopicArn",
}
"""The lists of a configuration, and where their rules say their destination."""
_LCLI = "lcli."
"""What the ids of every app's rules begin with."""
_WRITTEN = (*_LISTS, "EventBridgeConfiguration")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a bucket, whoever made it."""

    id: str
    destination: str
    """ARN of the function, queue or topic."""
    events: tuple[str, ...]
    prefix: str = ""
    suffix: str = ""

    def overlaps(self, other: Rule) -> bool:
        """Whether S3 refuses to hold both: some object's event would fit each of them.

        Amazon S3 user guide, "Configuring event notifications using object key name filtering".
        """
        return (
            any(_same_event(one, two) for one in self.events for two in other.events)
            and _nested(self.prefix, other.prefix)
            and _nested(self.suffix[::-1], other.suffix[::-1])
        )

    def __str__(self) -> str:
        """``ObjectCreated:* of "incoming/*.jpg"``."""
        events = ", ".join(event.removeprefix("s3:") for event in self.events)
        return f'{events} of "{self.prefix}*{self.suffix}"'


def _same_event(one: str, two: str) -> bool:
    def covers(wide: str, narrow: str) -> bool:
        return wide == narrow or (wide.endswith("*") and narrow.startswith(wide[:-1]))

    return covers(one, two) or covers(two, one)


def _nested(one: str, two: str) -> bool:
    return one.startswith(two) or two.startswith(one)


def mark(place: Place) -> str:
    """What the ids of this app's and stage's rules begin with; no name in it has a dot."""
    return f"{_LCLI}{place.app}.{place.stage}."


def is_own(rule: Rule, place: Place, functions: Collection[str]) -> bool:
    """Whether this app made a rule, or another one did for what is its function by now.

    `functions` are the AWS names of those that count as this app's.
    """
    if rule.id.startswith(mark(place)):
        return True
    is_here = rule.destination.startswith(place.arn("lambda", "function:"))
    return is_here and rule.id.startswith(_LCLI) and led_to(rule.destination) in functions


def merge(existing: Configuration, put: Collection[Rule], drop: Collection[str]) -> dict[str, Any]:
    """The configuration with these rules in it and without those ids.

    Everything else (queues, topics, EventBridge, functions of others) stays as it was read, in
    its order; a rule that is there already under its id is replaced in its place.
    """
    merged = {name: existing[name] for name in _WRITTEN if name in existing}
    new = {rule.id: _api_form(rule) for rule in put}
    rules = [
        new.pop(rule.get("Id", ""), rule)
        for rule in existing.get("LambdaFunctionConfigurations", ())
        if rule.get("Id", "") not in drop
    ]
    rules.extend(new.values())
    merged["LambdaFunctionConfigurations"] = rules
    if not rules:
        del merged["LambdaFunctionConfigurations"]
    return merged


def rules_of(configuration: Configuration) -> list[Rule]:
    """All rules of a configuration, those of queues and topics too."""
    return [
        Rule(rule.get("Id", ""), rule[destination], tuple(sorted(rule["Events"])), **_filter(rule))
        for name, destination in _LISTS.items()
        for rule in configuration.get(name, ())
    ]


def _filter(rule: Mapping[str, Any]) -> dict[str, str]:
    listed = rule.get("Filter", {}).get("Key", {}).get("FilterRules", ())
    return {one["Name"].lower(): one.get("Value", "") for one in listed}


def _api_form(rule: Rule) -> dict[str, Any]:
    filters = [
        {"Name": name, "Value": value}
        for name, value in (("prefix", rule.prefix), ("suffix", rule.suffix))
        if value
    ]
    form: dict[str, Any] = {
        "Id": rule.id,
        "LambdaFunctionArn": rule.destination,
        "Events": list(rule.events),
    }
    return form | {"Filter": {"Key": {"FilterRules": filters}}} if filters else form


def holds(now: Configuration, target: Configuration) -> bool:
    """Whether `now` says what `target` says: the same rules, whatever their order."""
    bridge = "EventBridgeConfiguration"
    return {*rules_of(now)} == {*rules_of(target)} and (bridge in now) == (bridge in target)
