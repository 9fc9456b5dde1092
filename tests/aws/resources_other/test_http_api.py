from __future__ import annotations

import time
from dataclasses import replace

import pytest

from lcli.aws.clients import AwsError
from lcli.errors import LcliError, Problem
from lcli.resources import kinds
from lcli.resources.http_api import http_api
from lcli.resources.http_domain import http_domain
from lcli.resources.http_route import http_authorizer, http_integration, http_route
from lcli.resources.model import Key

KINDS = ("http_api", "http_authorizer", "http_integration", "http_route")
CORS = {
    "AllowCredentials": False,
    "AllowHeaders": ("X-Token", "Accept"),
    "AllowMethods": ("POST", "GET"),
    "AllowOrigins": ("https://example.com",),
    "ExposeHeaders": (),
    "MaxAge": 0,
}


class App:
    """The desired resources of an app with two functions behind its API."""

    def __init__(self, world):
        place = world.place
        self.world = world
        self.api = http_api(place)
        self.gallery = http_integration(place, "gallery", self.function_arn("gallery"))
        self.upload = http_integration(place, "upload", self.function_arn("upload"))
        self.others = []
        self.routes = [
            http_route(place, "GET /", self.gallery.key, function="gallery"),
            http_route(
                place,
                "POST /photos/{id}",
                self.upload.key,
                function="upload",
                authorization="AWS_IAM",
            ),
        ]

    def function_arn(self, name):
        return self.world.place.arn("lambda", f"function:photos-prod-{name}:live")

    @property
    def all(self):
        return [self.api, *self.others, self.gallery, self.upload, *self.routes]

    def deploy(self):
        done, found = [], {}
        for kind in KINDS:
            wanted = [one for one in self.all if one.key.kind == kind]
            done += self.world.converge(kind, *wanted, found=found.values())
            found |= self.world.read(kind, self.all, found=found.values())
        return done

    def read(self, wanted=()):
        found = {}
        for kind in KINDS:
            found |= self.world.read(kind, wanted, found=found.values())
        return found


@pytest.fixture
def app(world):
    return App(world)


@pytest.fixture
def api(world):
    return world.boto3("apigatewayv2")


def test_made_once_and_then_left_alone(app, world):
    assert app.deploy() == ["create"] * 5
    world.mutations()
    assert app.deploy() == []
    assert world.mutations() == []


def test_what_the_api_holds(app, world, api):
    app.deploy()
    (made,) = api.get_apis()["Items"]
    assert (made["Name"], made["ProtocolType"], made["Tags"]) == (
        "photos-prod",
        "HTTP",
        {"lcli:app": "photos", "lcli:stage": "prod"},
    )
    (stage,) = api.get_stages(ApiId=made["ApiId"])["Items"]
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    assert stage["Tags"] == made["Tags"]
    integrations = api.get_integrations(ApiId=made["ApiId"])["Items"]
    assert [
        (one["IntegrationType"], one["IntegrationUri"], one["PayloadFormatVersion"])
        for one in integrations
    ] == [
        ("AWS_PROXY", app.function_arn("gallery"), "2.0"),
        ("AWS_PROXY", app.function_arn("upload"), "2.0"),
    ]
    routes = {one["RouteKey"]: one for one in api.get_routes(ApiId=made["ApiId"])["Items"]}
    targets = [f"integrations/{one['IntegrationId']}" for one in integrations]
    assert [routes[key]["Target"] for key in ("GET /", "POST /photos/{id}")] == targets
    assert routes["POST /photos/{id}"]["AuthorizationType"] == "AWS_IAM"


def test_the_address_is_an_output(app, world):
    app.deploy()
    assert world.output(app.api.key, "url").startswith(("http://", "https://"))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(
            {"cors": CORS},
            "update CorsConfiguration.AllowHeaders, CorsConfiguration.AllowMethods, "
            "CorsConfiguration.AllowOrigins",
            id="CORS",
        ),
        pytest.param({"tags": {"team": "media"}}, "update Tags.lcli:tags, Tags.team", id="tags"),
    ],
)
def test_each_setting_of_the_api_comes_and_goes(app, world, settings, expected):
    plain = app.api
    app.deploy()
    app.api = http_api(world.place, **settings)
    assert app.deploy() == [expected]
    assert app.deploy() == []
    app.api = plain
    assert app.deploy() == [expected]
    assert app.deploy() == []


def test_a_stage_that_a_killed_run_did_not_reach_is_made(app, api):
    app.deploy()
    (made,) = api.get_apis()["Items"]
    api.delete_stage(ApiId=made["ApiId"], StageName="$default")
    assert app.deploy() == ["update Stage.AutoDeploy, Stage.StageName"]
    assert app.deploy() == []


def test_another_alias_moves_the_integration_and_another_function_the_route(app, world):
    app.deploy()
    arn = app.function_arn("gallery").replace(":live", ":canary")
    app.gallery = http_integration(world.place, "gallery", arn)
    app.routes[0] = http_route(world.place, "GET /", app.upload.key, function="upload")
    assert app.deploy() == ["update IntegrationUri", "update Target"]
    assert app.deploy() == []


def test_others_routes_and_apis_are_not_ours(app, world, api):
    app.deploy()
    (made,) = api.get_apis()["Items"]
    theirs = api.create_integration(
        ApiId=made["ApiId"], IntegrationType="HTTP_PROXY", IntegrationUri="https://example.com"
    )
    target = f"integrations/{theirs['IntegrationId']}"
    api.create_route(ApiId=made["ApiId"], RouteKey="GET /theirs", Target=target)
    api.create_api(Name="photos-prod", ProtocolType="HTTP", Tags={"lcli:app": "other"})
    found = app.read()
    assert {key for key, one in found.items() if one.ours} == {one.key for one in app.all}
    assert [one.resource.needs for one in found.values() if not one.ours] == [(app.api.key,)]
    wanted = http_route(world.place, "GET /theirs", app.gallery.key, function="gallery")
    found = app.read([wanted])[wanted.key]
    assert (found.ours, found.owner) == (False, f"somebody who leads it to {target}")
    with pytest.raises(LcliError) as caught:
        kinds()["http_api"].delete(app.read()[app.api.key], world)
    assert caught.value.problems == (
        Problem(
            "http-api-in-use",
            "the HTTP API photos-prod has routes that lcli did not make: GET /theirs",
            f"arn:aws:apigateway:us-east-1::/apis/{made['ApiId']}",
            "run the same command again: it leaves the API to them",
        ),
    )


def test_leftovers_name_their_function_and_what_they_need(app):
    app.deploy()
    found = app.read()
    (route,) = [key for key in found if key.name.endswith("/POST /photos/{id}")]
    assert found[route].resource.function == "upload"
    assert {*found[route].resource.needs} == {app.api.key, app.upload.key}
    assert found[app.upload.key].resource.needs == (app.api.key,)


def test_deleted_piece_by_piece(app, world, api):
    app.deploy()
    found = app.read()
    for one in reversed(app.all):
        kinds()[one.key.kind].delete(found[one.key], world)
    assert api.get_apis()["Items"] == []
    for one in reversed(app.all):
        kinds()[one.key.kind].delete(found[one.key], world)


def test_a_second_api_of_a_lost_answer_is_a_leftover(app, world, api):
    app.deploy()
    tags = world.place.tags()
    api.create_api(Name="photos-prod", ProtocolType="HTTP", Tags=tags)
    first, second = world.read("http_api", app.all).items()
    assert first[0] == app.api.key
    assert second[0] == Key("http_api", f"photos-prod@{second[1].outputs['id']}")


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param("CreateApi", id="API"),
        pytest.param("CreateIntegration", id="integration"),
    ],
)
def test_an_answer_that_was_lost_makes_no_second_one(app, api, lost, operation):
    lost(operation)
    assert app.deploy() == ["create"] * 5
    apis = api.get_apis()["Items"]
    integrations = api.get_integrations(ApiId=apis[0]["ApiId"])["Items"]
    assert (len(apis), len(integrations)) == (1, 2)
    assert app.deploy() == []


def test_a_custom_domain_leads_to_the_api(app, world, api):
    app.deploy()
    domain = f"api-{world.place.account}.example.com"
    api.create_domain_name(DomainName=domain)
    one = http_domain(world.place, domain)
    read = world.read("http_api", app.all)
    assert world.converge("http_domain", one, found=read.values()) == ["create"]
    assert world.converge("http_domain", one, found=read.values()) == []
    (made,) = api.get_apis()["Items"]
    assert made["Tags"]["lcli:domain"] == domain
    assert app.deploy() == []
    # It has left the manifest: the API's tag still tells of it.
    read = world.read("http_api", app.all)
    (left,) = world.read("http_domain", found=read.values()).values()
    kinds()["http_domain"].delete(left, world)
    assert api.get_api_mappings(DomainName=domain)["Items"] == []
    assert "lcli:domain" not in api.get_apis()["Items"][0]["Tags"]


def test_the_tag_names_both_domains_while_one_takes_the_others_place(app, world, api):
    app.deploy()
    account = world.place.account
    old, new = (f"{name}-{account}.example.com" for name in ("old", "new"))
    for domain in (old, new):
        api.create_domain_name(DomainName=domain)
        read = world.read("http_api", app.all)
        world.converge("http_domain", http_domain(world.place, domain), found=read.values())
    # Killed here: the next run finds the old one by the tag.
    (made,) = api.get_apis()["Items"]
    assert made["Tags"]["lcli:domain"] == f"{new} {old}"
    read = world.read("http_api", app.all)
    wanted = [http_domain(world.place, new)]
    found = world.read("http_domain", wanted, found=read.values())
    assert {key.name for key in found} == {old, new}
    kinds()["http_domain"].delete(found[Key("http_domain", old)], world)
    assert api.get_apis()["Items"][0]["Tags"]["lcli:domain"] == new
    assert len(api.get_api_mappings(DomainName=new)["Items"]) == 1


def refusal(operation, code):
    def happens():
        raise AwsError(code, "exists", service="apigatewayv2", operation=operation, status=409)

    return happens


def test_what_a_lost_answer_made_is_there_when_the_call_is_repeated(app, world, api, afterwards):
    afterwards("CreateStage", refusal("CreateStage", "ConflictException"))
    assert app.deploy() == ["create"] * 5
    assert app.deploy() == []
    domain = f"lost-{world.place.account}.example.com"
    api.create_domain_name(DomainName=domain)
    one = http_domain(world.place, domain)
    afterwards("CreateApiMapping", refusal("CreateApiMapping", "ConflictException"))
    assert world.converge("http_domain", one) == ["create"]
    (mapping,) = api.get_api_mappings(DomainName=domain)["Items"]
    assert world.outputs[one.key] == {"id": mapping["ApiMappingId"]}


def test_a_domain_that_does_not_exist_is_named(app, world):
    app.deploy()
    one = replace(http_domain(world.place, "nowhere.example.com"), where="lcli.yaml:7:3")
    with pytest.raises(LcliError) as caught:
        world.converge("http_domain", one)
    assert caught.value.problems == (
        Problem(
            "domain-not-found",
            'API Gateway knows no custom domain name "nowhere.example.com"',
            "lcli.yaml:7:3",
            "make it first, with its certificate and DNS record, or correct http.domain",
        ),
    )


class Authorizers:
    """The world's clients, with the one list operation that moto lacks."""

    def __init__(self, real):
        self.real, self.region, self.made = real, real.region, {}

    def call(self, service, operation, /, **parameters):
        answer = self.real.call(service, operation, **parameters)
        if operation == "CreateAuthorizer":
            self.made[answer["AuthorizerId"]] = answer
        elif operation == "DeleteAuthorizer":
            del self.made[parameters["AuthorizerId"]]
        return answer

    def pages(self, service, operation, /, **parameters):
        if operation == "GetAuthorizers":
            return iter([{"Items": [*self.made.values()]}])
        return self.real.pages(service, operation, **parameters)


def test_a_route_with_a_check_of_tokens(app, world, api):
    world.clients = Authorizers(world.clients)
    check = http_authorizer(world.place, issuer="https://id.example", audience=["b", "a"])
    app.routes[1] = http_route(
        world.place,
        "POST /photos/{id}",
        app.upload.key,
        function="upload",
        authorization="JWT",
        authorizer=check.key,
        scopes=["photos:write"],
    )
    app.others = [check]
    assert app.deploy() == ["create"] * 6
    assert app.deploy() == []
    (made,) = api.get_apis()["Items"]
    (route,) = [
        one for one in api.get_routes(ApiId=made["ApiId"])["Items"] if one["RouteKey"] != "GET /"
    ]
    assert (route["AuthorizationType"], route["AuthorizationScopes"]) == ("JWT", ["photos:write"])
    (authorizer,) = world.clients.made.values()
    assert route["AuthorizerId"] == authorizer["AuthorizerId"]
    assert authorizer["JwtConfiguration"] == {
        "Audience": ["a", "b"],
        "Issuer": "https://id.example",
    }
    # Everything has left the manifest: the API's tag still tells of it.
    found = app.read()
    (key,) = [key for key in found if key.kind == "http_route" and key.name.endswith("{id}")]
    assert check.key in found[key].resource.needs
    for gone in (key, check.key):
        kinds()[gone.kind].delete(found[gone], world)
    assert world.clients.made == {}


def test_of_two_that_are_made_at_once_the_oldest_stays(world, app, monkeypatch):
    call, theirs = world.clients.call, []

    def another_first(service, operation, /, **parameters):
        if operation == "CreateApi" and not theirs:
            theirs.append(call(service, operation, **parameters)["ApiId"])
            time.sleep(1.1)  # CreatedDate counts seconds
        return call(service, operation, **parameters)

    monkeypatch.setattr(world.clients, "call", another_first)
    app.deploy()
    (kept,) = call("apigatewayv2", "GetApis")["Items"]
    assert [kept["ApiId"]] == theirs
    assert world.outputs[app.api.key]["id"] == kept["ApiId"]
