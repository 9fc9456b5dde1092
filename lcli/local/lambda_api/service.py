"""Lambda's service model from the SDK's data files: operations, routes and how errors look.

The model is botocore's (``lambda/2015-03-31/service-2.json``, protocol rest-json), so a new
parameter is parsed and validated on the day the SDK knows it. `Service` takes the model of any
other rest-json service, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from lcli.local.lambda_api.errors import ApiError
from lcli.local.lambda_api.parameters import Reader, reader
from lcli.local.lambda_api.validation import Check, checker


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API, ready to read requests and write responses."""

    name: str
    read: Reader
    """Parameters by their API names, from path segments, query, headers and body."""
    check: Check
    """Every violation of the model's constraints, in AWS's words."""
    status: int
    """HTTP status of success."""
    headers: tuple[tuple[str, str], ...]
    """Members of the output that travel as headers, with the header's name."""
    status_member: str | None
    payload: str | None
    """Member of the output that is the whole body."""


@dataclass(frozen=True, slots=True)
class Route:
    """A request line that leads to an operation."""

    operation: Operation
    segments: tuple[str | None, ...]
    """Literal path segments; None where a parameter stands."""
    names: tuple[str, ...]
    """The parameters' names in the template, in order."""
    query: tuple[tuple[str, str], ...]
    """Query parameters that tell this route from another with the same path."""


Bucket = dict[tuple[str, str, str, int], list[Route]]


@cache
def service() -> Service:
    """The service, built once a process (about 40 ms)."""
    return Service(ServiceModel(Loader().load_service_model("lambda", "service-2"), "lambda"))


class Service:
    """Finds the operation of a request and knows how its errors are written."""

    def __init__(self, model: ServiceModel) -> None:
        self.operations: dict[str, Operation] = {}
        self.runtimes = _enumerated(model, "Runtime")
        """Every runtime that the SDK knows, retired ones included."""
        self._routes: Bucket = {}
        for name in model.operation_names:
            self._add(model.operation_model(name))
        for routes in self._routes.values():
            # "…/layers?find=LayerVersion" before "…/layers", literals before parameters
            routes.sort(key=lambda route: (-len(route.query), route.segments.count(None)))
        self._messages = {
            shape.name: _message_member(shape.members)
            for shape in map(model.shape_for, model.shape_names)
            if shape.type_name == "structure" and shape.metadata.get("exception")
        }

    def _add(self, model: OperationModel) -> None:
        operation = _operation(model)
        self.operations[operation.name] = operation
        path, _, query = model.http["requestUri"].partition("?")
        segments = tuple(
            None if part.startswith("{") else part for part in path.strip("/").split("/")
        )
        names = tuple(
            part.strip("{}+") for part in path.strip("/").split("/") if part.startswith("{")
        )
        wanted = tuple((key, values[0]) for key, values in parse_qs(query).items())
        key = (model.http["method"], str(segments[0]), str(segments[1]), len(segments))
        self._routes.setdefault(key, []).append(Route(operation, segments, names, wanted))

    def route(
        self, method: str, path: str, query: Mapping[str, list[str]]
    ) -> tuple[Operation, dict[str, str]]:
        """The operation of a request line and its path parameters, percent-decoded.

        Raises ApiError (404, as AWS's front answers) where there is none.
        """
        parts = path.strip("/").split("/")
        if len(parts) >= 2:
            for route in self._routes.get((method, parts[0], parts[1], len(parts)), ()):
                if all(query.get(key, [""])[0] == value for key, value in route.query) and all(
                    literal is None or literal == part
                    for literal, part in zip(route.segments, parts, strict=True)
                ):
                    values = (
                        unquote(part)
                        for literal, part in zip(route.segments, parts, strict=True)
                        if literal is None
                    )
                    return route.operation, dict(zip(route.names, values, strict=True))
        raise ApiError("UnknownOperationException", f"no Lambda operation is {method} {path}", 404)

    def error_body(self, error: ApiError) -> dict[str, Any]:
        """The JSON body of an error: most say ``message``, some ``Message``, as the model tells."""
        member = self._messages.get(error.code)
        if member is None:
            return {"message": error.message}
        return {"Type": "User", member: error.message, **error.members}


def _enumerated(model: ServiceModel, shape: str) -> frozenset[str]:
    if shape not in model.shape_names:
        return frozenset()
    return frozenset(model.shape_for(shape).metadata["enum"])


def _message_member(members: Mapping[str, Any]) -> str:
    return "Message" if "Message" in members else "message"


def _operation(model: OperationModel) -> Operation:
    output = model.output_shape
    members = output.members if output is not None else {}
    locations = {name: shape.serialization.get("location") for name, shape in members.items()}
    return Operation(
        name=model.name,
        read=reader(model.input_shape),
        check=checker(model.input_shape),
        status=int(model.http.get("responseCode", 200)),
        headers=tuple(
            (name, shape.serialization["name"])
            for name, shape in members.items()
            if locations[name] == "header"
        ),
        status_member=next((n for n, where in locations.items() if where == "statusCode"), None),
        payload=output.serialization.get("payload") if output is not None else None,
    )
