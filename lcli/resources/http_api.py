"""The app's one API Gateway HTTP API and its ``$default`` stage."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lcli.aws.clients import AwsError, Clients
from lcli.aws.expected import expecting
from lcli.aws.retry import made_once
from lcli.errors import LcliError, Problem
from lcli.resources.function_tags import are_ours, dropped, governed, own
from lcli.resources.kind import Applying, Kind
from lcli.resources.model import Actual, Change, Key, Outputs, Place, Reading, Resource
from lcli.resources.naming import derived_name

STAGE = "$default"
DOMAIN = "lcli:domain"
"""The tag of the API that names the domain whose mapping lcli has made; two, with a space between,
while one takes the other's place."""
AUTHORIZERS = "lcli:authorizers"
"""The tag of the API that says that lcli has made authorizers in it."""
_SAME_SECOND = 1.0
"""Seconds for which two APIs may have the same CreatedDate."""


def api_key(place: Place) -> Key:
    """The key of this app's and stage's API."""
    return Key("http_api", derived_name(place.app, place.stage, limit=128))


def http_api(
    place: Place, *, cors: Mapping[str, Any] | None = None, tags: Mapping[str, str] | None = None
) -> Resource:
    """The API of this app and stage; `cors` is API Gateway's CorsConfiguration."""
    key = api_key(place)
    return Resource(
        key,
        {
            "Name": key.name,
            "CorsConfiguration": _normal_cors(cors or {}),
            "Stage": {"StageName": STAGE, "AutoDeploy": True},
            "Tags": own(place, "", tags or {}),
        },
    )


def _normal_cors(cors: Mapping[str, Any]) -> dict[str, object]:
    """Lists sorted, headers in lower case as API Gateway returns them, defaults left out."""
    normal: dict[str, object] = {}
    for name, value in cors.items():
        if isinstance(value, list | tuple):
            lower = name in ("AllowHeaders", "ExposeHeaders")
            normal[name] = tuple(sorted(one.lower() if lower else one for one in value))
        else:
            normal[name] = value
    return {name: value for name, value in sorted(normal.items()) if value}


class HttpApi(Kind):
    """An HTTP API that the tags lcli:app and lcli:stage name."""

    name = "http_api"
    title = "HTTP API"
    missed = True
    derived = frozenset({"Name", "Stage", "Tags"})

    def read(self, reading: Reading) -> Iterable[Actual]:
        """GetApis, and the stage of ours; a second one (an answer was lost) is a leftover."""
        key, place = api_key(reading.place), reading.place
        wanted = reading.desired.get(key)
        for number, api in enumerate(our_apis(reading.clients, place)):
            tags = api.get("Tags", {})
            name = f"{key.name}@{api['ApiId']}" if number else key.name
            yield Actual(
                Resource(
                    Key("http_api", name),
                    {
                        "Name": api["Name"],
                        "CorsConfiguration": _normal_cors(api.get("CorsConfiguration", {})),
                        "Stage": _stage(reading.clients, api["ApiId"]),
                        "Tags": governed(tags, _mapping(wanted, "Tags")),
                    },
                ),
                outputs={
                    **_outputs(place, api),
                    "domain": tags.get(DOMAIN, ""),
                    "authorizers": tags.get(AUTHORIZERS, ""),
                },
            )

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """CreateApi with its tags, then the stage that deploys by itself.

        Names of APIs are not unique: after an answer that was lost, the API is looked for first.
        Of two deploys that make one at the same time both go on with the oldest.
        """
        clients, cors = applying.clients, _mapping(wanted, "CorsConfiguration")
        api = made_once(
            lambda: clients.call(
                "apigatewayv2",
                "CreateApi",
                Name=wanted.fields["Name"],
                ProtocolType="HTTP",
                Tags=_mapping(wanted, "Tags"),
                **({"CorsConfiguration": cors} if cors else {}),
            ),
            lambda: next(iter(our_apis(clients, applying.place)), None),
        )
        kept = _oldest(applying, api)
        _make_stage(clients, kept["ApiId"], wanted)
        return _outputs(applying.place, kept)

    def update(
        self, wanted: Resource, actual: Actual, changes: Sequence[Change], applying: Applying
    ) -> Outputs:
        """One call for each of name, CORS and stage that differs; tags of the API and its stage."""
        clients, api_id = applying.clients, actual.outputs["id"]
        fields = {change.path.partition(".")[0] for change in changes}
        cors = _mapping(wanted, "CorsConfiguration")
        if "Name" in fields:
            clients.call("apigatewayv2", "UpdateApi", ApiId=api_id, Name=wanted.fields["Name"])
        if "CorsConfiguration" in fields and cors:
            clients.call("apigatewayv2", "UpdateApi", ApiId=api_id, CorsConfiguration=cors)
        elif "CorsConfiguration" in fields:
            clients.call("apigatewayv2", "DeleteCorsConfiguration", ApiId=api_id)
        if "Tags" in fields:
            tags = _mapping(wanted, "Tags")
            gone = dropped(actual.resource.fields["Tags"], tags)
            arn = actual.outputs["arn"]
            # The stage first, since it is the API's tags that are read.
            with expecting("NotFoundException"):  # it is made below then
                _retag(clients, f"{arn}/stages/{STAGE}", tags, gone)
            _retag(clients, arn, tags, gone)
        if "Stage" in fields:
            _make_stage(clients, api_id, wanted)
        return actual.outputs

    def delete(self, actual: Actual, applying: Applying) -> None:
        """DeleteApi. Raises LcliError where others have added routes since the plan was made."""
        api_id = actual.outputs["id"]
        with expecting("NotFoundException"):
            integrations = _items(applying.clients, "GetIntegrations", api_id)
            ours = {
                f"integrations/{one['IntegrationId']}"
                for one in integrations
                if one.get("Description", "").startswith("lcli:")
            }
            routes = _items(applying.clients, "GetRoutes", api_id)
            others = sorted(one["RouteKey"] for one in routes if one.get("Target") not in ours)
            if others:
                raise LcliError(
                    Problem(
                        "http-api-in-use",
                        f"the HTTP API {actual.resource.key.name} has routes that lcli did not "
                        f"make: {', '.join(others)}",
                        actual.outputs["arn"],
                        "run the same command again: it leaves the API to them",
                    )
                )
            applying.clients.call("apigatewayv2", "DeleteApi", ApiId=api_id)


def our_apis(clients: Clients, place: Place) -> list[dict[str, Any]]:
    """The HTTP APIs with our tags, the oldest first."""
    pages = clients.pages("apigatewayv2", "GetApis")
    apis = [api for page in pages for api in page["Items"]]
    ours = [api for api in apis if are_ours(api.get("Tags", {}), place)]
    return sorted(ours, key=lambda api: (str(api.get("CreatedDate", "")), api["ApiId"]))


def _oldest(applying: Applying, made: Mapping[str, Any]) -> Mapping[str, Any]:
    """The API that all go on with; the one that was made just now goes where it is another.

    CreatedDate counts whole seconds: what is made after this look must be younger for all.
    """
    time.sleep(_SAME_SECOND)
    kept = next(iter(our_apis(applying.clients, applying.place)), made)
    if kept["ApiId"] != made["ApiId"]:
        applying.say("another deploy has made the API at the same time; taking that one")
        with expecting("NotFoundException"):
            applying.clients.call("apigatewayv2", "DeleteApi", ApiId=made["ApiId"])
    return kept


def _items(clients: Clients, operation: str, api_id: str) -> list[dict[str, Any]]:
    pages = clients.pages("apigatewayv2", operation, ApiId=api_id)
    return [item for page in pages for item in page["Items"]]


def api_arn(place: Place, api_id: str) -> str:
    """By which an API is tagged."""
    return place.arn("apigateway", f"/apis/{api_id}", account="")


def _outputs(place: Place, api: Mapping[str, Any]) -> dict[str, str]:
    arn = api_arn(place, api["ApiId"])
    return {"id": api["ApiId"], "url": api.get("ApiEndpoint", ""), "arn": arn}


def _stage(clients: Clients, api_id: str) -> dict[str, object]:
    with expecting("NotFoundException"):
        stage = clients.call("apigatewayv2", "GetStage", ApiId=api_id, StageName=STAGE)
        return {"StageName": STAGE, "AutoDeploy": stage.get("AutoDeploy", False)}
    return {}


def _make_stage(clients: Clients, api_id: str, wanted: Resource) -> None:
    """The stage that deploys by itself, with its API's tags; one that is there is made so."""
    stage: dict[str, Any] = {"ApiId": api_id, "StageName": STAGE, "AutoDeploy": True}
    try:
        clients.call("apigatewayv2", "CreateStage", **stage, Tags=_mapping(wanted, "Tags"))
    except AwsError as error:
        if error.code != "ConflictException":
            raise
        clients.call("apigatewayv2", "UpdateStage", **stage)


def _retag(clients: Clients, arn: str, tags: Mapping[str, Any], gone: Sequence[str]) -> None:
    if gone:
        clients.call("apigatewayv2", "UntagResource", ResourceArn=arn, TagKeys=gone)
    clients.call("apigatewayv2", "TagResource", ResourceArn=arn, Tags=tags)


def _mapping(resource: Resource | None, field: str) -> Mapping[str, Any]:
    value = resource.fields[field] if resource else {}
    return value if isinstance(value, Mapping) else {}


KINDS = (HttpApi(),)
