"""What there is: the rows of `list`, and one function in depth for `status`.

Imports neither pydantic nor the manifest: `list` must start fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from lcli.aws.clients import Clients
from lcli.aws.expected import expecting
from lcli.aws.threads import Threads
from lcli.resources.alias_traffic import shares_of
from lcli.resources.function_state import get_function
from lcli.resources.naming import qualified
from lcli.resources.permission import policy_of, statement_fields

_USUAL = frozenset({"USER_INITIATED", "User action"})
"""A mapping's StateTransitionReason when it is as somebody wanted it: not worth a word."""
_GONE = frozenset({"ResourceNotFoundException", "NotFoundException"})


class Named(Protocol):
    """A function of the manifest by its names (`lcli.manifest.document.Named`)."""

    @property
    def key(self) -> str:
        """The manifest's key."""

    @property
    def name(self) -> str:
        """The AWS name."""

    @property
    def alias(self) -> str:
        """The alias's name; empty where nothing is published."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of `list`."""

    function: str
    """The manifest's key; empty without a manifest."""
    name: str
    version: str = ""
    """The one behind the alias; ``$LATEST`` where there is none."""
    alias: str = ""
    runtime: str = ""
    """Empty for container images."""
    size: int = 0
    """Bytes of the zip."""
    memory: int = 0
    """MB."""
    timeout: int = 0
    """Seconds."""
    modified: str = ""
    """ISO 8601, as AWS gives it."""
    state: str = "not deployed"
    """``Active``, ``Inactive``, ``Pending``, ``Failed`` … or ``not deployed``."""
    answer: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """GetFunction's, for those who compare; not for output: it holds the environment."""

    def as_json(self) -> dict[str, Any]:
        """The documented shape of a row of ``list -o json``."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "answer"}


def rows(
    clients: Clients, named: Sequence[Named] | None = None, *, parallel: int = 16
) -> tuple[Row, ...]:
    """The manifest's functions, one GetFunction each, or all of the region by ListFunctions.

    Raises AwsError.
    """
    if named is None:
        return tuple(
            sorted(
                (
                    _row("", "", one)
                    for page in clients.pages("lambda", "ListFunctions")
                    for one in page["Functions"]
                ),
                key=lambda row: row.name,
            )
        )
    with Threads(max(1, min(parallel, len(named))), "list") as pool:
        return tuple(pool.map(lambda one: _named_row(clients, one), named))


def _named_row(clients: Clients, named: Named) -> Row:
    for alias in dict.fromkeys((named.alias, "")):
        if answer := get_function(clients, named.name, alias):
            return replace(_row(named.key, alias, answer["Configuration"]), answer=answer)
    return Row(named.key, named.name)


def _unless_gone(call: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    with expecting(*_GONE):
        return call()
    return None


def _row(function: str, alias: str, configuration: Mapping[str, Any]) -> Row:
    return Row(
        function,
        configuration["FunctionName"],
        configuration.get("Version", ""),
        alias,
        configuration.get("Runtime", ""),
        configuration.get("CodeSize", 0),
        configuration.get("MemorySize", 0),
        configuration.get("Timeout", 0),
        configuration.get("LastModified", ""),
        configuration.get("State", "Active"),
    )


@dataclass(frozen=True, slots=True)
class Source:
    """Something that invokes the function."""

    kind: str
    """``sqs``, ``dynamodb``, ``kinesis``, ``s3``, ``http`` … by the service in its ARN."""
    name: str
    """An ARN, or a route: ``GET /photos``."""
    state: str = ""
    """A mapping's State (``Enabled``); empty for what pushes."""
    detail: str = ""
    """A mapping's LastProcessingResult, a route's address."""


@dataclass(frozen=True, slots=True)
class Description:
    """One function in depth, as AWS holds it, whoever made it."""

    name: str
    arn: str
    configuration: Mapping[str, Any]
    """GetFunction's Configuration of the alias, else of $LATEST, without the environment."""
    environment: tuple[str, ...]
    """Names of the environment variables."""
    tags: Mapping[str, str]
    aliases: Mapping[str, Mapping[str, float]]
    """Alias → version → share of its traffic, from 0 to 1; the alias's own version first."""
    latest_is_published: bool
    """Whether $LATEST has the code that the alias runs."""
    reserved: int | None
    sources: tuple[Source, ...]
    addresses: tuple[str, ...]
    """Of the function URL and of routes."""
    permissions: tuple[Mapping[str, Any], ...]
    """The policy's statements, as IAM writes them."""

    def as_json(self) -> dict[str, Any]:
        """The documented shape of ``status FUNCTION -o json`` (without drift)."""
        return {
            "name": self.name,
            "arn": self.arn,
            "configuration": dict(self.configuration),
            "environment": list(self.environment),
            "tags": dict(self.tags),
            "aliases": {name: dict(shares) for name, shares in self.aliases.items()},
            "latest_is_published": self.latest_is_published,
            "reserved": self.reserved,
            "sources": [
                {"kind": one.kind, "name": one.name, "state": one.state, "detail": one.detail}
                for one in self.sources
            ],
            "addresses": list(self.addresses),
            "permissions": [dict(one) for one in self.permissions],
        }


def describe(clients: Clients, name: str, alias: str = "") -> Description | None:
    """One function with what invokes it; None where there is none. Raises AwsError."""
    latest = get_function(clients, name)
    if latest is None:
        return None
    published = get_function(clients, name, alias) if alias else None
    configuration = dict((published or latest)["Configuration"])
    environment = configuration.pop("Environment", {}).get("Variables", {})
    qualifier = alias if published else ""
    statements = tuple(policy_of(clients, qualified(name, qualifier)))
    url = _url(clients, name, qualifier)
    routes = tuple(_routes(clients, configuration["FunctionArn"], statements))
    pushing = tuple(_pushing(statements))
    return Description(
        name,
        configuration["FunctionArn"],
        configuration,
        tuple(sorted(environment)),
        latest.get("Tags", {}),
        {
            one["Name"]: shares_of(one)
            for page in clients.pages("lambda", "ListAliases", FunctionName=name)
            for one in page["Aliases"]
        },
        latest["Configuration"].get("CodeSha256") == configuration.get("CodeSha256"),
        latest.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
        (*_mappings(clients, name, qualifier), *pushing, *routes),
        (*url, *dict.fromkeys(route.detail for route in routes)),
        statements,
    )


def _url(clients: Clients, name: str, qualifier: str) -> tuple[str, ...]:
    which = {"Qualifier": qualifier} if qualifier else {}
    answer = _unless_gone(
        lambda: clients.call("lambda", "GetFunctionUrlConfig", FunctionName=name, **which)
    )
    return (answer["FunctionUrl"],) if answer else ()


def _mappings(clients: Clients, name: str, qualifier: str) -> Iterable[Source]:
    mapped = qualified(name, qualifier)
    for page in clients.pages("lambda", "ListEventSourceMappings", FunctionName=mapped):
        for one in page["EventSourceMappings"]:
            arn = one.get("EventSourceArn", "")
            kind = arn.split(":")[2] if arn else "self-managed"
            result = one.get("LastProcessingResult") or one.get("StateTransitionReason", "")
            told = "" if result in _USUAL else result
            yield Source(kind, arn, one.get("State", ""), told)


def _source_arn(statement: Mapping[str, Any]) -> str:
    return str(statement_fields(statement).get("SourceArn", ""))


def _pushing(statements: Iterable[Mapping[str, Any]]) -> Iterable[Source]:
    """Services that may invoke the function on behalf of something; HTTP APIs apart."""
    for statement in statements:
        arn = _source_arn(statement)
        if arn and arn.split(":")[2] != "execute-api":
            yield Source(arn.split(":")[2], arn)


def _routes(
    clients: Clients, function_arn: str, statements: Iterable[Mapping[str, Any]]
) -> Iterable[Source]:
    """The routes that lead to this function, of the APIs that may invoke it."""
    arns = [_source_arn(statement) for statement in statements]
    ids = {arn.split(":")[5].partition("/")[0] for arn in arns if ":execute-api:" in arn}
    for api_id in sorted(ids):
        yield from _routes_of(clients, api_id, function_arn)


def _routes_of(clients: Clients, api_id: str, function_arn: str) -> Iterable[Source]:
    api = _unless_gone(lambda: clients.call("apigatewayv2", "GetApi", ApiId=api_id))
    if api is None:
        return
    ours = {
        f"integrations/{one['IntegrationId']}"
        for page in clients.pages("apigatewayv2", "GetIntegrations", ApiId=api_id)
        for one in page["Items"]
        if _same_function(one.get("IntegrationUri", ""), function_arn)
    }
    for page in clients.pages("apigatewayv2", "GetRoutes", ApiId=api_id):
        for one in page["Items"]:
            if one.get("Target") in ours:
                path = one["RouteKey"].partition(" ")[2] or "/"
                yield Source("http", one["RouteKey"], detail=f"{api['ApiEndpoint']}{path}")


def _same_function(uri: str, function_arn: str) -> bool:
    """Whether an integration leads to the function or to one of its aliases."""
    name = ":".join(function_arn.split(":")[:7])
    return uri == name or f"{name}:" in uri or uri.endswith(name) or f"{name}/" in uri
