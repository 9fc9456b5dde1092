"""Request to parameters: compiled once an operation from the shapes of its input."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import Shape, StructureShape

from lcli.local.lambda_api.errors import ApiError

Reader = Callable[
    [Mapping[str, str], Mapping[str, list[str]], Mapping[str, str], bytes], dict[str, Any]
]
"""Path parameters, query, headers, body -> parameters."""
Convert = Callable[[Any], Any]


def reader(shape: StructureShape | None) -> Reader:
    """A function that reads one operation's parameters.

    It raises ApiError: InvalidRequestContentException for a body that is no JSON,
    SerializationException for a value of a wrong type.
    """
    if shape is None:
        return lambda path, query, headers, body: {}
    payload = shape.serialization.get("payload")
    texts = [
        (name, member.serialization["location"], _wire_name(name, member), _from_text(member))
        for name, member in shape.members.items()
        if member.serialization.get("location")
    ]
    inner = {
        name: (_wire_name(name, member), _from_json(member))
        for name, member in shape.members.items()
        if not member.serialization.get("location") and name != payload
    }
    raw = payload if payload and shape.members[payload].type_name == "blob" else None
    whole = None if raw or not payload else (payload, _from_json(shape.members[payload]))

    def read(
        path: Mapping[str, str],
        query: Mapping[str, list[str]],
        headers: Mapping[str, str],
        body: bytes,
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, where, wire, convert in texts:
            value = _text(where, wire, path, query, headers)
            if value is not None:
                found[name] = convert(value)
        if raw is not None:
            found[raw] = body
        elif whole is not None and body:
            found[whole[0]] = whole[1](_json(body))
        elif inner and body:
            document = _json(body)
            for name, (wire, convert_json) in inner.items():
                if document.get(wire) is not None:
                    found[name] = convert_json(document[wire])
        return found

    return read


def _wire_name(name: str, member: Shape) -> str:
    return str(member.serialization.get("name") or name)


def _text(
    where: str,
    wire: str,
    path: Mapping[str, str],
    query: Mapping[str, list[str]],
    headers: Mapping[str, str],
) -> Any:
    if where == "uri":
        return path.get(wire)
    if where == "header":
        return headers.get(wire.lower())
    return query.get(wire)


def _json(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError as error:
        raise ApiError(
            "InvalidRequestContentException", f"Could not parse request body into json: {error}"
        ) from None
    if not isinstance(document, dict):
        raise ApiError(
            "InvalidRequestContentException",
            "Could not parse request body into json: an object is expected",
        )
    return document


def _from_text(shape: Shape) -> Convert:
    """Query values come as lists, path and header values as text."""
    convert = _TEXTS.get(shape.type_name)
    if shape.type_name == "list":
        return lambda values: values
    if convert is None:
        return lambda value: value[0] if isinstance(value, list) else value
    return lambda value: convert(value[0] if isinstance(value, list) else value)


def _boolean(text: str) -> bool:
    return text.lower() == "true"


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ApiError(
            "SerializationException", f"Value '{text}' can not be converted to an Integer"
        ) from None


def _from_json(shape: Shape) -> Convert:
    """The converter of a JSON value; recursive shapes do not occur in Lambda's inputs."""
    kind = shape.type_name
    if kind == "structure":
        return _structure(shape)
    if kind == "list":
        item = _from_json(shape.member)
        return lambda value: [item(each) for each in _expect(value, list, "List")]
    if kind == "map":
        item = _from_json(shape.value)
        return lambda value: {key: item(each) for key, each in _expect(value, dict, "Map").items()}
    return _SCALARS[kind]


def _structure(shape: StructureShape) -> Convert:
    members = {
        _wire_name(name, member): (name, _from_json(member))
        for name, member in shape.members.items()
    }

    def convert(value: Any) -> dict[str, Any]:
        found = {}
        for wire, inner in _expect(value, dict, "Structure").items():
            if inner is not None and wire in members:
                name, read = members[wire]
                found[name] = read(inner)
        return found

    return convert


def _expect(value: Any, kind: type | tuple[type, ...], name: str) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ApiError(
            "SerializationException", f"Value of type {type(value).__name__} where {name} belongs"
        )
    return value


def _blob(value: Any) -> bytes:
    try:
        return base64.b64decode(_expect(value, str, "Blob"), validate=True)
    except binascii.Error:
        raise ApiError("SerializationException", "A blob must be encoded as base64") from None


def _timestamp(value: Any) -> datetime:
    if isinstance(value, str):
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    return datetime.fromtimestamp(_expect(value, (int, float), "Timestamp"), UTC)


_TEXTS: dict[str, Convert] = {
    "boolean": _boolean,
    "integer": _integer,
    "long": _integer,
    "timestamp": _timestamp,
}
_SCALARS: dict[str, Convert] = {
    "string": lambda value: _expect(value, str, "String"),
    "integer": lambda value: int(_expect(value, (int, float), "Integer")),
    "long": lambda value: int(_expect(value, (int, float), "Long")),
    "double": lambda value: float(_expect(value, (int, float), "Double")),
    "float": lambda value: float(_expect(value, (int, float), "Float")),
    "boolean": lambda value: _expect(value, bool, "Boolean"),
    "blob": _blob,
    "timestamp": _timestamp,
}
