"""EventBridge rules: what their targets get. Moto matches the patterns and serves other targets.

Source: EventBridge user guide, "Input transformation" and "Events".
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from lcli.local.targets import Pushes

PRINCIPAL = "events.amazonaws.com"
_PLACEHOLDER = re.compile(r'(")?<([A-Za-z0-9_.-]+)>(")?')


def install(targets: Pushes) -> None:
    """Send matching events to the functions among a rule's targets."""
    from moto.events.models import Rule

    send_to_targets = Rule.send_to_targets

    def send(self: Any, original_event: Any, transform_input: bool = True) -> None:
        if self.state != "ENABLED" or not self.event_pattern.get_pattern():
            # A rule with a schedule alone has no pattern, which for moto matches everything.
            return
        functions = [target for target in self.targets if ":lambda:" in target["Arn"]]
        if functions and self.event_pattern.matches_event(original_event):
            for target in functions:
                if targets.allows(
                    target["Arn"],
                    PRINCIPAL,
                    source_arn=self.arn,
                    source_account=self.account_id,
                ):
                    targets.push(target["Arn"], input_of(target, event_of(original_event), self))
        others = [target for target in self.targets if target not in functions]
        if others:
            _to_others(self, others, original_event, transform_input)

    def _to_others(rule: Any, others: list[Any], event: Any, transform: bool) -> None:
        kept = rule.targets
        rule.targets = others
        try:
            send_to_targets(rule, event, transform)
        finally:
            rule.targets = kept

    Rule.send_to_targets = send


def event_of(moto: dict[str, Any]) -> dict[str, Any]:
    """The event as EventBridge delivers it, from moto's, which has other times and members."""
    event = {name: value for name, value in moto.items() if name != "ingestion-time"}
    at = event.get("time")
    if isinstance(at, int | float):
        event["time"] = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return event


def input_of(target: dict[str, Any], event: dict[str, Any], rule: Any) -> Any:
    """What one target gets: Input, InputPath's part, InputTransformer's text, or the event."""
    if "Input" in target:
        return json.loads(target["Input"])
    if "InputPath" in target:
        return part_of(event, target["InputPath"])
    transformer = target.get("InputTransformer")
    if not transformer:
        return event
    paths = transformer.get("InputPathsMap") or {}
    values = {name: part_of(event, path) for name, path in paths.items()}
    values |= {
        "aws.events.rule-arn": rule.arn,
        "aws.events.rule-name": rule.name,
        "aws.events.event": {name: event[name] for name in event if name != "detail"},
        "aws.events.event.json": event,
        "aws.events.event.ingestion-time": event.get("time"),
    }
    return transformed(transformer["InputTemplate"], values)


def part_of(event: Any, path: str) -> Any:
    """The part that ``$.detail.items[0]`` names; None if there is none."""
    found = event
    for name, index in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", path.removeprefix("$")):
        if name and isinstance(found, dict):
            found = found.get(name)
        elif index and isinstance(found, list) and int(index) < len(found):
            found = found[int(index)]
        else:
            return None
    return found


def transformed(template: str, values: dict[str, Any]) -> Any:
    """A template with its placeholders filled in: JSON where it is JSON, else a string.

    A placeholder in quotes is text within the string; alone it is the JSON value.
    """

    def filled(match: re.Match[str]) -> str:
        before, name, after = match.groups()
        if name not in values:
            return match.group()
        value = values[name]
        if before and after:
            return json.dumps(value if isinstance(value, str) else json.dumps(value))
        inside = template.count('"', 0, match.start()) % 2
        if inside and not before:
            text = value if isinstance(value, str) else json.dumps(value)
            return json.dumps(text)[1:-1] + (after or "")
        return (before or "") + json.dumps(value) + (after or "")

    text = _PLACEHOLDER.sub(filled, template)
    try:
        return json.loads(text)
    except ValueError:
        return text
