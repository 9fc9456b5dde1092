"""Small repairs of moto's HTTP APIs (API Gateway v2)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote


def install() -> None:
    """Make the repairs; imports the service that they are for."""
    _update_stages()
    _refuse_second_routes()
    _empty_routes()
    _list_authorizers()
    _know_no_domain()


def _update_stages() -> None:
    """UpdateStage of API Gateway v2: what is not given stays."""
    from moto.apigatewayv2.responses import ApiGatewayV2Response

    def update_stage(self: Any) -> Any:
        *_, api_id, _, name = self.parsed_url.path.split("/")
        api = self.apigatewayv2_backend.get_api(api_id)
        stage = self.apigatewayv2_backend.get_stage(api_id, unquote(name))
        given = {**stage.config, **json.loads(self.body), "stageName": stage.name}
        changed = type(stage)(api, given)
        changed.created = stage.created
        api.stages[stage.name] = changed
        return 200, {}, json.dumps(changed.to_json())

    ApiGatewayV2Response.update_stage = update_stage


def _refuse_second_routes() -> None:
    """A route key is unique in its API; moto makes a second route of it."""
    from moto.apigatewayv2.exceptions import APIGatewayV2Error
    from moto.apigatewayv2.models import Api

    create = Api.create_route

    def created(self: Any, *args: Any, **named: Any) -> Any:
        key = named.get("route_key")
        if any(route.route_key == key for route in self.routes.values()):
            error = APIGatewayV2Error(
                "ConflictException", f"Route with key {key} already exists for this API"
            )
            error.code = 409
            raise error
        return create(self, *args, **named)

    Api.create_route = created


def _empty_routes() -> None:
    """UpdateRoute: what is given as empty goes; moto leaves the scopes as they are."""
    from moto.apigatewayv2.models import Route

    update = Route.update

    def updated(self: Any, **given: Any) -> None:
        update(self, **given)
        if given.get("authorization_scopes") is not None:
            self.authorization_scopes = given["authorization_scopes"]
        self.authorizer_id = self.authorizer_id or None

    Route.update = updated


def _list_authorizers() -> None:
    """GetAuthorizers; moto keeps authorizers and does not list them."""
    from moto.apigatewayv2.responses import ApiGatewayV2Response

    def listed(self: Any) -> tuple[int, dict[str, str], str]:
        api = self.apigatewayv2_backend.get_api(self.path.split("/")[-2])
        return 200, {}, json.dumps({"items": [one.to_json() for one in api.authorizers.values()]})

    ApiGatewayV2Response.get_authorizers = listed


def _know_no_domain() -> None:
    """GetApiMappings of a domain that does not exist; moto tells of no mappings."""
    from moto.apigatewayv2.models import ApiGatewayV2Backend

    listed = ApiGatewayV2Backend.get_api_mappings

    def mappings(self: Any, domain_name: str) -> Any:
        self.get_domain_name(domain_name)
        return listed(self, domain_name)

    ApiGatewayV2Backend.get_api_mappings = mappings
