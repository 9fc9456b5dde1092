"""Shareable test events: those that the Lambda console and SAM keep for a function in AWS.

They are the examples of an OpenAPI 3 schema ``_FUNCTION-schema`` in the registry
``lambda-testevent-schemas`` of EventBridge Schemas: ``components.examples.NAME.value`` (as
`sam remote test-event` of the AWS SAM CLI reads and writes them).
"""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from typing import Any

from lcli.aws.clients import AwsError, Clients
from lcli.errors import ExitCode, LcliError, Problem
from lcli.invoke.payload import as_json, parsed, value_of

REGISTRY = "lambda-testevent-schemas"
PREFIX = "shared:"
"""Before a name where an event of the project or a sample could be meant, too."""
_KIND = "OpenApi3"
_VERSIONS = 5
"""As many versions of a schema the console keeps; the oldest goes before a new one is made."""
_LIMIT = 100_000
"""Characters of a schema's content (CreateSchema, API reference), all its events together."""
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def shared_events(clients: Clients, function: str) -> dict[str, Any]:
    """The function's events by name, as JSON values. Raises AwsError, LcliError."""
    examples = _examples(_document(clients, function) or {})
    return {
        name: example["value"]
        for name, example in examples.items()
        if isinstance(example, dict) and "value" in example
    }


def shared_event(clients: Clients, function: str, name: str) -> bytes:
    """One event as JSON text. Raises AwsError, and LcliError (USAGE) with the names there are."""
    found = shared_events(clients, function)
    if name not in found:
        raise _unknown(function, name, found)
    return as_json(found[name])


def put_shared_event(
    clients: Clients, function: str, name: str, event: bytes, *, replace: bool
) -> bool:
    """Keep a JSON event; whether it replaced one.

    Raises AwsError, and LcliError (USAGE) for a name that a schema cannot have, for one that is
    taken unless `replace`, for numbers that Python cannot hold, and for more than a schema can.
    """
    if not _NAME.fullmatch(name):
        raise _usage(
            "event-name",
            f"{name!r} is no name of a shared event",
            "use letters, digits, dots, hyphens and underscores",
        )
    value = value_of(event, name)
    document = _document(clients, function)
    if document is None and (document := _create(clients, function, name, value)) is None:
        return False
    examples = _examples(document)
    before = name in examples
    if before and not replace:
        raise _usage(
            "event-exists",
            f"{function} has a shared event {name!r} already",
            "replace it with --force, or choose another name",
        )
    # What else an example says (OpenAPI has a summary and a description) is somebody's.
    kept = examples.get(name)
    examples[name] = (kept if isinstance(kept, dict) else {}) | {"value": value}
    document.setdefault("components", {})["examples"] = examples
    _update(clients, function, document)
    return before


def delete_shared_event(clients: Clients, function: str, name: str) -> None:
    """Forget an event, and with the last one the schema.

    Raises AwsError, and LcliError (USAGE) where there is no such event.
    """
    document = _document(clients, function) or {}
    examples = _examples(document)
    if name not in examples:
        raise _unknown(function, name, examples)
    del examples[name]
    if examples:
        _update(clients, function, document)
    else:
        clients.call("schemas", "DeleteSchema", **_schema(function))


def _schema(function: str) -> dict[str, str]:
    return {"RegistryName": REGISTRY, "SchemaName": f"_{function}-schema"}


def _document(clients: Clients, function: str) -> dict[str, Any] | None:
    """The newest content of the function's schema; None where there is none."""
    try:
        answer = clients.call("schemas", "DescribeSchema", **_schema(function))
    except AwsError as error:
        if error.code != "NotFoundException":
            raise
        return None
    try:
        document = parsed(answer["Content"])
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise LcliError(
            Problem(
                "schema-broken",
                f"the schema of {function}'s shared events is no JSON object that can be written "
                "again",
                answer["SchemaArn"],
                "delete the schema in the EventBridge console, and put the events again",
            )
        )
    return document


def _examples(document: dict[str, Any]) -> dict[str, Any]:
    found = document.get("components", {}).get("examples", {})
    return found if isinstance(found, dict) else {}


def _create(clients: Clients, function: str, name: str, value: Any) -> dict[str, Any] | None:
    """Make the schema with its first event; the document where somebody else made it meanwhile."""
    _tolerate_conflict(clients, "CreateRegistry", RegistryName=REGISTRY)
    text = as_json(value).decode()
    _check_size(function, text)
    found = clients.call("schemas", "GetDiscoveredSchema", Events=[text], Type=_KIND)
    document: dict[str, Any] = json.loads(found["Content"])
    document.setdefault("components", {})["examples"] = {name: {"value": value}}
    content = _content(function, document)
    made = _tolerate_conflict(
        clients, "CreateSchema", **_schema(function), Type=_KIND, Content=content
    )
    if made:
        return None
    there = _document(clients, function) or {}
    # A conflict with what was to be made is an earlier answer that was lost.
    return None if there == document else there


def _tolerate_conflict(clients: Clients, operation: str, **parameters: Any) -> bool:
    """Whether it was made now; False where it is there already."""
    try:
        clients.call("schemas", operation, **parameters)
    except AwsError as error:
        if error.code != "ConflictException":
            raise
        return False
    return True


def _update(clients: Clients, function: str, document: dict[str, Any]) -> None:
    content = _content(function, document)
    versions = [
        one["SchemaVersion"]
        for page in clients.pages("schemas", "ListSchemaVersions", **_schema(function))
        for one in page["SchemaVersions"]
    ]
    for version in sorted(versions, key=_number)[: max(0, len(versions) - _VERSIONS + 1)]:
        clients.call("schemas", "DeleteSchemaVersion", **_schema(function), SchemaVersion=version)
    clients.call("schemas", "UpdateSchema", **_schema(function), Type=_KIND, Content=content)


def _number(version: str) -> int:
    return int(version) if version.isdecimal() else 0


def _content(function: str, document: dict[str, Any]) -> str:
    content = as_json(document).decode()
    _check_size(function, content)
    return content


def _check_size(function: str, text: str) -> None:
    if len(text) > _LIMIT:
        raise _usage(
            "events-too-large",
            f"the shared events of {function} would be {len(text):,} characters together, "
            f"over the {_LIMIT:,} that AWS keeps",
            "delete one, or keep this event in events/ beside the manifest",
        )


def _unknown(function: str, name: str, known: dict[str, Any]) -> LcliError:
    near = get_close_matches(name, known, n=1)
    there = f"there are {', '.join(sorted(known))}" if known else "it has none"
    return _usage(
        "unknown-event",
        f"{function} has no shared event {name!r}",
        f"did you mean {near[0]}?"
        if near
        else f"{there}; `lcli events put {function} NAME -p JSON` keeps one",
    )


def _usage(code: str, what: str, next_step: str) -> LcliError:
    return LcliError(Problem(code, what, "", next_step), ExitCode.USAGE)
