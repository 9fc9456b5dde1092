"""Routes of the app's HTTP API, and the integrations and authorizers that they lead through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from lcli.aws.clients import AwsError, Clients
from lcli.aws.expected import expecting
from lcli.aws.retry import made_once
from lcli.resources.http_api import AUTHORIZERS, api_key
from lcli.resources.kind import Applying, Kind
from lcli.resources.model import Actual, Change, Key, Outputs, Place, Reading, Resource, Value
from lcli.resources.naming import short_hash
from lcli.resources.owners import led_to, owners

_MARK = "lcli:"
"""What the descriptions of our integrations begin with; the key follows that the function had."""
_AUTHORIZER = "lcli-"
"""What the names of our authorizers begin with."""


def http_integration(
    place: Place,
    function: str,
    function_arn: str,
    *,
    timeout_ms: int = 30000,
    needs: tuple[Key, ...] = (),
    where: str = "",
) -> Resource:
    """What leads from the API to a function (`function` is its manifest key)."""
    return Resource(
        Key("http_integration", f"{api_key(place).name}/{function}"),
        {
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": function_arn,
            "PayloadFormatVersion": "2.0",
            "TimeoutInMillis": timeout_ms,
        },
        needs=(api_key(place), *needs),
        function=function,
        where=where,
    )


def http_authorizer(place: Place, *, issuer: str, audience: Iterable[str]) -> Resource:
    """A check of JSON Web Tokens; routes with the same issuer and audience share it."""
    accepted = tuple(sorted(set(audience)))
    name = _AUTHORIZER + short_hash(issuer, *accepted)
    return Resource(
        Key("http_authorizer", f"{api_key(place).name}/{name}"),
        {
            "AuthorizerType": "JWT",
            "IdentitySource": ("$request.header.Authorization",),
            "JwtConfiguration": {"Audience": accepted, "Issuer": issuer},
        },
        needs=(api_key(place),),
    )


def http_route(
    place: Place,
    route_key: str,
    integration: Key,
    *,
    function: str,
    authorization: str = "NONE",
    authorizer: Key | None = None,
    scopes: Iterable[str] = (),
    needs: tuple[Key, ...] = (),
    where: str = "",
) -> Resource:
    """A route (``POST /orders/{id}``, ``$default``); `authorization` is NONE, AWS_IAM or JWT.

    Its target and its authorizer stand in the fields by the names in their keys, since API
    Gateway has yet to choose their ids.
    """
    return Resource(
        Key("http_route", f"{api_key(place).name}/{route_key}"),
        {
            "Target": _last(integration),
            "AuthorizationType": authorization,
            "Authorizer": _last(authorizer) if authorizer else "",
            "AuthorizationScopes": tuple(sorted(set(scopes))),
        },
        needs=(api_key(place), integration, *((authorizer,) if authorizer else ()), *needs),
        function=function,
        where=where,
    )


def _last(key: Key) -> str:
    return key.name.partition("/")[2]


class _InApi(Kind):
    """What lives in the API and is listed, made, changed and deleted in one way."""

    reads_after: ClassVar[tuple[str, ...]] = ("http_api",)
    within = "http_api"
    noun: ClassVar[str]
    """API Gateway's name of it: ``Integration``."""

    def _listed(self, reading: Reading) -> Iterator[tuple[Key, dict[str, Any]]]:
        """The items of our API, with the API's key."""
        key = api_key(reading.place)
        if api := reading.found.get(key):
            for item in _items(reading.clients, self.noun, api.outputs["id"]):
                yield key, item

    def _write(self, verb: str, applying: Applying, **parameters: Any) -> Outputs:
        api_id = applying.output(api_key(applying.place), "id")
        made = applying.clients.call(
            "apigatewayv2", f"{verb}{self.noun}", ApiId=api_id, **parameters
        )
        return {"id": made[f"{self.noun}Id"], "api": api_id}

    def _parameters(self, wanted: Resource, applying: Applying) -> dict[str, Any]:
        return {**wanted.fields}

    def _is_it(self, item: Mapping[str, Any], wanted: Resource) -> bool:
        """Whether a listed item is the one that is wanted."""
        raise TypeError(f"{self.name} is unique by its key")

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """Make it; one that an answer that was lost, or a killed run, left is taken over."""
        parameters = self._parameters(wanted, applying)

        def taken_over() -> Outputs | None:
            api_id = applying.output(api_key(applying.place), "id")
            for item in _items(applying.clients, self.noun, api_id):
                if self._is_it(item, wanted):
                    found = {f"{self.noun}Id": item[f"{self.noun}Id"]}
                    return self._write("Update", applying, **found, **parameters)
            return None

        try:
            return made_once(lambda: self._write("Create", applying, **parameters), taken_over)
        except AwsError as error:
            there = error.code == "ConflictException"
            if there and (found := taken_over()) is not None:
                return found
            raise

    def update(
        self, wanted: Resource, actual: Actual, changes: Sequence[Change], applying: Applying
    ) -> Outputs:
        """Change it in place."""
        found = {f"{self.noun}Id": actual.outputs["id"]}
        return self._write("Update", applying, **found, **self._parameters(wanted, applying))

    def delete(self, actual: Actual, applying: Applying) -> None:
        """Remove it from the API."""
        found = {f"{self.noun}Id": actual.outputs["id"]}
        with expecting("NotFoundException"):
            applying.clients.call(
                "apigatewayv2", f"Delete{self.noun}", ApiId=actual.outputs["api"], **found
            )


class HttpIntegration(_InApi):
    """The way from the API to one function, known by its description.

    It belongs to the function that it leads to, whose key in the manifest may have changed.
    """

    name = "http_integration"
    title = "HTTP integration"
    comes_along = True
    derived = frozenset({"IntegrationType", "IntegrationUri", "PayloadFormatVersion"})
    noun = "Integration"
    reads_after = ("http_api", "function")

    def usual(self, wanted: Resource) -> Mapping[str, Value]:
        """API Gateway's own time-out."""
        return {"TimeoutInMillis": 30000}

    def read(self, reading: Reading) -> Iterable[Actual]:
        """GetIntegrations; a second one of a function (an answer was lost) is a leftover."""
        seen, keys = set[str](), owners(reading)
        for api, item in self._listed(reading):
            description = item.get("Description", "")
            if not description.startswith(_MARK):
                continue
            uri = item.get("IntegrationUri", "")
            function = description.removeprefix(_MARK)
            name = f"{function}@{item['IntegrationId']}" if function in seen else function
            seen.add(function)
            yield Actual(
                Resource(
                    Key(self.name, f"{api.name}/{name}"),
                    {
                        "IntegrationType": item["IntegrationType"],
                        "IntegrationUri": uri,
                        "PayloadFormatVersion": item.get("PayloadFormatVersion", ""),
                        "TimeoutInMillis": item.get("TimeoutInMillis", 30000),
                    },
                    needs=(api,),
                    function=keys.get(led_to(uri)) or function,
                ),
                outputs={"id": item["IntegrationId"], "api": reading.found[api].outputs["id"]},
            )

    def _parameters(self, wanted: Resource, applying: Applying) -> dict[str, Any]:
        return {**wanted.fields, "Description": f"{_MARK}{wanted.function}"}

    def _is_it(self, item: Mapping[str, Any], wanted: Resource) -> bool:
        return item.get("Description") == f"{_MARK}{wanted.function}"


class HttpAuthorizer(_InApi):
    """A check of JSON Web Tokens that several routes may share."""

    name = "http_authorizer"
    title = "HTTP authorizer"
    derived = frozenset({"AuthorizerType", "IdentitySource"})
    noun = "Authorizer"

    def read(self, reading: Reading) -> Iterable[Actual]:
        """GetAuthorizers, those with our names; not asked where nothing tells of any."""
        api_found = reading.found.get(api_key(reading.place))
        told = api_found is not None and api_found.outputs["authorizers"]
        if not told and not reading.wanted(self.name):
            return
        for api, item in self._listed(reading):
            if not item["Name"].startswith(_AUTHORIZER):
                continue
            settings = item.get("JwtConfiguration", {})
            yield Actual(
                Resource(
                    Key(self.name, f"{api.name}/{item['Name']}"),
                    {
                        "AuthorizerType": item["AuthorizerType"],
                        "IdentitySource": tuple(item.get("IdentitySource", ())),
                        "JwtConfiguration": {
                            "Audience": tuple(sorted(settings.get("Audience", ()))),
                            "Issuer": settings.get("Issuer", ""),
                        },
                    },
                    needs=(api,),
                ),
                outputs={"id": item["AuthorizerId"], "api": reading.found[api].outputs["id"]},
            )

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """Say in the API's tags that it has authorizers, then make this one."""
        arn = applying.output(api_key(applying.place), "arn")
        applying.clients.call(
            "apigatewayv2", "TagResource", ResourceArn=arn, Tags={AUTHORIZERS: "jwt"}
        )
        return super().create(wanted, applying)

    def _parameters(self, wanted: Resource, applying: Applying) -> dict[str, Any]:
        return {**wanted.fields, "Name": _last(wanted.key)}

    def _is_it(self, item: Mapping[str, Any], wanted: Resource) -> bool:
        return bool(item["Name"] == _last(wanted.key))


class HttpRoute(_InApi):
    """A route whose target is one of our integrations; others' routes are left alone.

    They are read all the same: the API that they need stays as long as they do.
    """

    name = "http_route"
    title = "HTTP route"
    derived = frozenset({"Target"})
    noun = "Route"
    reads_after = ("http_api", "http_integration", "http_authorizer", "permission")

    def read(self, reading: Reading) -> Iterable[Actual]:
        """GetRoutes; whose they are is seen by where they lead."""
        integrations = {
            f"integrations/{found.outputs['id']}": found.resource
            for found in reading.existing("http_integration")
        }
        authorizers = {
            found.outputs["id"]: found.resource.key for found in reading.existing("http_authorizer")
        }
        opened = _opened(reading)
        for api, item in self._listed(reading):
            key = Key(self.name, f"{api.name}/{item['RouteKey']}")
            checked = item.get("AuthorizationType") == "JWT"
            target = item.get("Target", "")
            integration = integrations.get(target)
            authorizer = authorizers.get(item.get("AuthorizerId", ""))
            needs = (api, integration.key if integration else None, authorizer)
            function = integration.function if integration else ""
            scopes = tuple(sorted(item.get("AuthorizationScopes", ())))
            yield Actual(
                Resource(
                    key,
                    {
                        "Target": _last(integration.key) if integration else target,
                        "AuthorizationType": item.get("AuthorizationType", "NONE"),
                        # Without a check of tokens neither means anything ("Route", API reference).
                        "Authorizer": _last(authorizer) if authorizer and checked else "",
                        "AuthorizationScopes": scopes if checked else (),
                    },
                    needs=(*(need for need in needs if need), *opened.get(function, ())),
                    function=function,
                ),
                outputs={
                    "id": item["RouteId"],
                    "api": reading.found[api].outputs["id"],
                    "url": _address(reading.found[api].outputs["url"], item["RouteKey"]),
                    "authorizer": item.get("AuthorizerId", ""),
                },
                ours=integration is not None,
                owner="" if integration else f"somebody who leads it to {target or 'nothing'}",
            )

    def opens(self, changes: Sequence[Change]) -> bool:
        """Only one that had an authorizer: of a new one the manifest says who may call it."""
        return any(one.path == "AuthorizationType" and one.before for one in changes)

    def update(
        self, wanted: Resource, actual: Actual, changes: Sequence[Change], applying: Applying
    ) -> Outputs:
        """UpdateRoute, where what is not sent stays: what the route has no longer is sent empty."""
        parameters = self._parameters(wanted, applying)
        if "AuthorizerId" not in parameters:
            if actual.resource.fields["AuthorizationScopes"]:
                parameters["AuthorizationScopes"] = ()
            if actual.outputs["authorizer"]:
                parameters["AuthorizerId"] = ""
        return self._write("Update", applying, RouteId=actual.outputs["id"], **parameters)

    def _parameters(self, wanted: Resource, applying: Applying) -> dict[str, Any]:
        api, fields = api_key(applying.place), wanted.fields
        integration = Key("http_integration", f"{api.name}/{fields['Target']}")
        parameters: dict[str, Any] = {
            "RouteKey": _last(wanted.key),
            "Target": f"integrations/{applying.output(integration, 'id')}",
            "AuthorizationType": fields["AuthorizationType"],
        }
        if fields["Authorizer"]:
            parameters["AuthorizationScopes"] = fields["AuthorizationScopes"]
            authorizer = Key("http_authorizer", f"{api.name}/{fields['Authorizer']}")
            parameters["AuthorizerId"] = applying.output(authorizer, "id")
        return parameters

    def _write(self, verb: str, applying: Applying, **parameters: Any) -> Outputs:
        made = super()._write(verb, applying, **parameters)
        url = applying.output(api_key(applying.place), "url")
        return {**made, "url": _address(url, parameters["RouteKey"])}

    def _is_it(self, item: Mapping[str, Any], wanted: Resource) -> bool:
        return bool(item["RouteKey"] == _last(wanted.key))


def _address(api_url: str, route_key: str) -> str:
    """Where a route answers: ``GET /images/{name}`` of an API → ``https://…/images/{name}``."""
    return api_url.rstrip("/") + (route_key.partition(" ")[2] or "/")


def _items(clients: Clients, noun: str, api_id: str) -> list[dict[str, Any]]:
    pages = clients.pages("apigatewayv2", f"Get{noun}s", ApiId=api_id)
    return [item for page in pages for item in page["Items"]]


def _opened(reading: Reading) -> dict[str, list[Key]]:
    """The statements by which APIs may call each function: they go after its routes."""
    found: dict[str, list[Key]] = {}
    for permission in reading.existing("permission"):
        if ":execute-api:" in str(permission.resource.fields.get("SourceArn", "")):
            found.setdefault(permission.resource.function, []).append(permission.resource.key)
    return found


KINDS = (HttpIntegration(), HttpAuthorizer(), HttpRoute())
