"""EventBridge Schemas, as far as the shareable test events of functions need it.

moto does not have the service. Requests are read and checked by the SDK's service model
(``schemas/2019-12-02``); state lives in memory, by account and region.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from botocore.loaders import Loader
from botocore.model import ServiceModel

from lcli.local.lambda_api.errors import ApiError, violation
from lcli.local.lambda_api.service import Service
from lcli.local.wire import Request, Response

Parameters = dict[str, Any]


@cache
def _service() -> Service:
    return Service(ServiceModel(Loader().load_service_model("schemas", "service-2"), "schemas"))


@dataclass(slots=True)
class Version:
    """One content of a schema."""

    content: str
    created: datetime


@dataclass(slots=True)
class Schema:
    """A schema with those of its versions that were not deleted."""

    name: str
    kind: str
    description: str
    last: int = 0
    """The number of the newest version that ever was."""
    versions: dict[str, Version] = field(default_factory=dict)

    def add(self, content: str) -> None:
        """A new version."""
        self.last += 1
        self.versions[str(self.last)] = Version(content, datetime.now(UTC))


@dataclass(slots=True)
class Place:
    """The registries of one account and region: name → description and schemas."""

    account: str
    region: str
    registries: dict[str, tuple[str, dict[str, Schema]]] = field(default_factory=dict)

    def arn(self, kind: str, name: str) -> str:
        """Of a ``registry`` or a ``schema`` (REGISTRY/SCHEMA)."""
        return f"arn:aws:schemas:{self.region}:{self.account}:{kind}/{name}"

    def schemas(self, registry: str) -> dict[str, Schema]:
        """Those of a registry. Raises ApiError (404)."""
        if registry not in self.registries:
            raise _missing(f"Registry with name {registry} does not exist.")
        return self.registries[registry][1]

    def schema(self, parameters: Parameters) -> Schema:
        """The schema that is meant. Raises ApiError (404)."""
        name = parameters["SchemaName"]
        found = self.schemas(parameters["RegistryName"]).get(name)
        if found is None:
            raise _missing(f"Schema with name {name} does not exist.")
        return found


class Schemas:
    """The service in all accounts and regions."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], Place] = {}

    def handle(self, request: Request, account: str, region: str) -> Response:
        """Answer one request."""
        place = self._places.setdefault((account, region), Place(account, region))
        path, _, query = request.target.partition("?")
        try:
            asked = parse_qs(query, keep_blank_values=True)
            operation, in_path = _service().route(request.method, path, asked)
            act = _OPERATIONS.get(operation.name)
            if act is None:
                message = f"The local cloud does not have {operation.name} of EventBridge Schemas."
                raise ApiError("UnsupportedOperationException", message, 501)
            parameters = operation.read(in_path, asked, request.headers, request.body)
            if wrong := operation.check(parameters):
                raise violation(*wrong)
            return _response(operation.status, act(place, parameters))
        except ApiError as error:
            return _response(error.status, {"Code": error.code, "Message": error.message})

    def forget(self, account: str) -> None:
        """Forget what one account holds."""
        for key in [key for key in self._places if key[0] == account]:
            del self._places[key]


def _response(status: int, answer: Parameters | None) -> Response:
    headers = [("Content-Type", "application/json"), ("x-amzn-RequestId", str(uuid4()))]
    if answer and "Code" in answer:
        headers.append(("x-amzn-ErrorType", answer["Code"]))
    body = b"" if answer is None else json.dumps(answer).encode()
    headers.append(("Content-Length", str(len(body))))
    return Response(status, headers, body)


def _missing(message: str) -> ApiError:
    return ApiError("NotFoundException", message, 404)


def create_registry(place: Place, parameters: Parameters) -> Parameters:
    """CreateRegistry."""
    name = parameters["RegistryName"]
    if name in place.registries:
        raise ApiError("ConflictException", f"Registry with name {name} already exists.", 409)
    place.registries[name] = (parameters.get("Description", ""), {})
    return describe_registry(place, parameters)


def describe_registry(place: Place, parameters: Parameters) -> Parameters:
    """DescribeRegistry."""
    name = parameters["RegistryName"]
    place.schemas(name)
    return {
        "RegistryName": name,
        "RegistryArn": place.arn("registry", name),
        "Description": place.registries[name][0],
    }


def create_schema(place: Place, parameters: Parameters) -> Parameters:
    """CreateSchema."""
    name = parameters["SchemaName"]
    schemas = place.schemas(parameters["RegistryName"])
    if name in schemas:
        raise ApiError("ConflictException", f"Schema with name {name} already exists.", 409)
    schema = Schema(name, parameters["Type"], parameters.get("Description", ""))
    schema.add(_checked(parameters["Content"]))
    schemas[name] = schema
    return _described(place, parameters, schema, str(schema.last))


def update_schema(place: Place, parameters: Parameters) -> Parameters:
    """UpdateSchema: a new version, unless the content is that of the newest."""
    schema = place.schema(parameters)
    if "Description" in parameters:
        schema.description = parameters["Description"]
    content = parameters.get("Content")
    newest = schema.versions.get(str(schema.last))
    if content is not None and (newest is None or newest.content != content):
        schema.add(_checked(content))
    return _described(place, parameters, schema, str(schema.last))


def describe_schema(place: Place, parameters: Parameters) -> Parameters:
    """DescribeSchema, of the newest version unless told which."""
    schema = place.schema(parameters)
    number = parameters.get("SchemaVersion") or max(schema.versions, key=int, default="")
    if number not in schema.versions:
        raise _missing(f"Schema version {number} of {schema.name} does not exist.")
    described = _described(place, parameters, schema, number)
    return described | {"Content": schema.versions[number].content}


def delete_schema(place: Place, parameters: Parameters) -> None:
    """DeleteSchema, all its versions."""
    schema = place.schema(parameters)
    del place.schemas(parameters["RegistryName"])[schema.name]


def delete_schema_version(place: Place, parameters: Parameters) -> None:
    """DeleteSchemaVersion."""
    schema, number = place.schema(parameters), parameters["SchemaVersion"]
    if schema.versions.pop(number, None) is None:
        raise _missing(f"Schema version {number} of {schema.name} does not exist.")


def list_schema_versions(place: Place, parameters: Parameters) -> Parameters:
    """ListSchemaVersions, by pages of Limit."""
    schema = place.schema(parameters)
    start, limit = int(parameters.get("NextToken") or 0), int(parameters.get("Limit") or 10)
    numbers = list(schema.versions)
    page = {
        "SchemaVersions": [
            {
                "SchemaName": schema.name,
                "SchemaVersion": number,
                "Type": schema.kind,
                "SchemaArn": place.arn("schema", f"{parameters['RegistryName']}/{schema.name}"),
            }
            for number in numbers[start : start + limit]
        ]
    }
    more = start + limit < len(numbers)
    return page | ({"NextToken": str(start + limit)} if more else {})


def get_discovered_schema(place: Place, parameters: Parameters) -> Parameters:
    """GetDiscoveredSchema: what the first of the events looks like."""
    try:
        event = json.loads(parameters["Events"][0])
    except ValueError as error:
        raise ApiError("BadRequestException", f"The event is no JSON: {error}") from None
    document = {
        "openapi": "3.0.0",
        "info": {"version": "1.0.0", "title": "Event"},
        "paths": {},
        "components": {"schemas": {"Event": _shape(event)}},
    }
    return {"Content": json.dumps(document)}


def _shape(value: Any) -> Parameters:
    """The OpenAPI schema of a JSON value."""
    match value:
        case bool():
            return {"type": "boolean"}
        case int() | float():
            return {"type": "number"}
        case str():
            return {"type": "string"}
        case list():
            return {"type": "array", "items": _shape(value[0]) if value else {}}
        case dict():
            members = {key: _shape(each) for key, each in value.items()}
            return {"type": "object", "required": list(value), "properties": members}
    return {}


def _checked(content: str) -> str:
    try:
        document = json.loads(content)
    except ValueError as error:
        raise ApiError("BadRequestException", f"The schema is no JSON: {error}") from None
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        raise ApiError("BadRequestException", "The schema is no OpenAPI 3 document.")
    return content


def _described(place: Place, parameters: Parameters, schema: Schema, number: str) -> Parameters:
    version = schema.versions.get(number)
    created = version.created if version else datetime.now(UTC)
    stamp = created.isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "SchemaName": schema.name,
        "SchemaArn": place.arn("schema", f"{parameters['RegistryName']}/{schema.name}"),
        "SchemaVersion": number,
        "Type": schema.kind,
        "Description": schema.description,
        "LastModified": stamp,
        "VersionCreatedDate": stamp,
    }


_OPERATIONS: dict[str, Callable[[Place, Parameters], Parameters | None]] = {
    "CreateRegistry": create_registry,
    "DescribeRegistry": describe_registry,
    "CreateSchema": create_schema,
    "UpdateSchema": update_schema,
    "DescribeSchema": describe_schema,
    "DeleteSchema": delete_schema,
    "DeleteSchemaVersion": delete_schema_version,
    "ListSchemaVersions": list_schema_versions,
    "GetDiscoveredSchema": get_discovered_schema,
}
