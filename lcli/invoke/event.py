"""Events by name: a sample of each source, the project's own, and changes to single values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lcli.errors import ExitCode, LcliError, Problem
from lcli.invoke.payload import DEEPEST, as_json, is_json, is_too_deep, parsed

KINDS = {
    "activemq": "a message of an Amazon MQ queue, from an ActiveMQ broker",
    "alb": "a request through an Application Load Balancer",
    "cloudformation": "CloudFormation makes a custom resource",
    "cognito": "somebody signs up to a Cognito user pool (pre sign-up)",
    "documentdb": "a document inserted into a DocumentDB collection",
    "dynamodb": "a DynamoDB stream: an item inserted, changed and removed",
    "eventbridge": "an EventBridge event: an EC2 instance changed its state",
    "firehose": "a record that a Firehose stream wants transformed",
    "http": "a request through an HTTP API (payload 2.0)",
    "kafka": "a record of a Kafka topic, from an MSK cluster",
    "kinesis": "two records of a Kinesis stream",
    "logs": "two log events through a CloudWatch Logs subscription",
    "rabbitmq": "a message of an Amazon MQ queue, from a RabbitMQ broker",
    "rest": "a request through a REST API (payload 1.0)",
    "s3": "an object created in a bucket",
    "s3-delete": "an object removed from a bucket",
    "schedule": "an EventBridge schedule rule that is due",
    "ses": "a message that SES has received",
    "sns": "a message published to a topic",
    "sqs": "two messages of a queue",
    "url": "a request through a function URL, signed with IAM (payload 2.0)",
}
"""The samples; the package `lcli.invoke.events` names their sources."""


def sample(kind: str) -> bytes:
    """The sample of one of `KINDS`, as JSON text."""
    from importlib.resources import files

    return (files("lcli.invoke.events") / f"{kind}.json").read_bytes()


def read_event(name: str, directory: Path | None) -> bytes:
    """The event ``events/NAME.json`` in the manifest's `directory`, else the sample of that kind.

    Raises LcliError (USAGE) for a name that is neither, with the nearest one that is.
    """
    own = own_events(directory)
    if name in own:
        try:
            return own[name].read_bytes()
        except OSError as error:
            raise _usage(
                "event-unreadable",
                f"the event cannot be read: {error.strerror}",
                "make the file readable",
                str(own[name]),
            ) from error
    if name in KINDS:
        return sample(name)
    raise unknown_event(name, {*own, *KINDS})


def is_known(name: str, directory: Path | None) -> bool:
    """Whether `read_event` would find it."""
    return name in KINDS or name in own_events(directory)


def unknown_event(name: str, known: Iterable[str]) -> LcliError:
    """The refusal of a name that is none of the `known` ones."""
    import difflib

    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    return _usage("unknown-event", f"there is no event {name!r}", hint)


def own_events(directory: Path | None) -> dict[str, Path]:
    """The files ``events/NAME.json`` of a project, by name."""
    if directory is None:
        return {}
    return {path.stem: path for path in sorted((directory / "events").glob("*.json"))}


_STEP = re.compile(r"""\.?(?P<key>[^.\[\]="]+)|\[(?P<index>\d+)\]|\["(?P<quoted>[^"]*)"\]""")


def override(payload: bytes, changes: Iterable[str]) -> bytes:
    """The event with single values replaced: ``Records[0].s3.object.key=cat.jpg``.

    A value is JSON, or text where it is not JSON. Where the event has text, it stays text:
    ``Records[0].body=1`` gives ``"1"``. Objects on the way that are missing are made; an index
    one behind the end appends; a key with dots is written ``["a.b"]``. Raises LcliError (USAGE).
    """
    event = _kept(payload.decode(), "--set cannot change this event") if payload.strip() else {}
    for change in changes:
        steps, text = _parse(change)
        event = _changed(event, steps, text, change)
    return as_json(event)


def _parse(change: str) -> tuple[list[str | int], str]:
    change.encode()  # an argument that is no text is refused as such
    steps: list[str | int] = []
    at = 0
    while match := _STEP.match(change, at):
        index = match["index"]
        steps.append(int(index) if index else match["key"] or match["quoted"] or "")
        at = match.end()
    if not steps or change[at : at + 1] != "=":
        raise _usage(
            "set-malformed",
            f"--set {change}: this is no path=value",
            "write for example --set Records[0].s3.object.key=cat.jpg",
        )
    if len(steps) > DEEPEST:
        raise _usage(
            "set-malformed",
            f"--set {change[:40]}…: the path has more than {DEEPEST} steps",
            "put the value into the event itself",
        )
    return steps, change[at + 1 :]


def _changed(node: Any, steps: list[str | int], text: str, change: str) -> Any:
    if not steps:
        return _value(node, text, change)
    step, rest = steps[0], steps[1:]
    if node is None:
        node = [] if isinstance(step, int) else {}
    if isinstance(step, int) and isinstance(node, list) and step <= len(node):
        before = node[step] if step < len(node) else None
        node[step : step + 1] = [_changed(before, rest, text, change)]
    elif isinstance(step, str) and isinstance(node, dict):
        node[step] = _changed(node.get(step), rest, text, change)
    else:
        what = f"an array of {len(node)}" if isinstance(node, list) else type(node).__name__
        raise _usage(
            "set-nowhere",
            f"--set {change}: there is no {step!r} in {what}",
            "look at the event with `lcli event NAME`, and count from 0",
        )
    return node


def _value(before: Any, text: str, change: str) -> Any:
    if isinstance(before, str) or not (is_too_deep(text) or is_json(text.encode())):
        return text
    return _kept(text, f"--set {change[:40]}…")


def _kept(text: str, what: str) -> Any:
    """The value of JSON that can be sent again as it is. Raises LcliError (USAGE)."""
    try:
        return parsed(text)
    except ValueError as error:
        next_step = "put the value into the event itself"
        raise _usage("set-impossible", f"{what}: {error}", next_step) from error


def _usage(code: str, what: str, next_step: str, where: str = "") -> LcliError:
    return LcliError(Problem(code, what, where, next_step), ExitCode.USAGE)
