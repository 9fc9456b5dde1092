"""Function URLs and HTTP APIs answer at the addresses that the API names."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

import pytest

from lcli.local.execution import Outcome


@dataclass
class Said:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(url, *, method=None, body=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, body, named, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return Said(answer.status, dict(answer.headers.items()), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Said(error.code, dict(error.headers.items()), error.read())


def goes(url):
    """Whether nobody listens there any more, soon; until then every call is answered or cut off."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            ask(url)
        except TimeoutError:
            raise
        except OSError as error:
            if "refused" in str(error):
                return True
    return False


def public(cloud, name="f"):
    """The two statements that a public function URL needs."""
    functions = cloud.boto3("lambda")
    for sid, action, condition in (
        ("url", "lambda:InvokeFunctionUrl", {"FunctionUrlAuthType": "NONE"}),
        ("invoke", "lambda:InvokeFunction", {"InvokedViaFunctionUrl": True}),
    ):
        functions.add_permission(
            FunctionName=name, StatementId=sid, Action=action, Principal="*", **condition
        )


def function_url(cloud, **settings):
    settings = {"AuthType": "NONE"} | settings
    made = cloud.boto3("lambda").create_function_url_config(FunctionName="f", **settings)
    return made["FunctionUrl"]


def test_a_function_url_answers(cloud):
    function = cloud.function(
        lambda event: {
            "statusCode": 201,
            "headers": {"X-A": "b"},
            "cookies": ["a=1"],
            "body": base64.b64encode(b"\x00").decode(),
            "isBase64Encoded": True,
        }
    )
    url = function_url(cloud)
    public(cloud)
    assert url.startswith("http://127.0.0.1:")
    assert url.endswith("/")
    said = ask(url + "a%20b?x=1", method="PUT", body=b"hi", Content_Type="text/plain")
    assert (said.status, said.headers["x-a"], said.headers["set-cookie"], said.body) == (
        201,
        "b",
        "a=1",
        b"\x00",
    )
    (event,) = function.events
    assert (event["rawPath"], event["rawQueryString"], event["body"]) == ("/a%20b", "x=1", "hi")
    assert (event["routeKey"], event["requestContext"]["accountId"]) == ("$default", "anonymous")
    assert event["requestContext"]["http"]["method"] == "PUT"


def test_a_function_url_goes_with_its_configuration(cloud):
    cloud.function(lambda event: "hello")
    url = function_url(cloud)
    public(cloud)
    assert ask(url).body == b"hello"
    cloud.boto3("lambda").delete_function_url_config(FunctionName="f")
    assert goes(url)
    assert ask(function_url(cloud)).body == b"hello"


def test_a_public_url_needs_both_statements(cloud):
    cloud.function(lambda event: "hello")
    url = function_url(cloud)
    assert ask(url).status == 403
    public(cloud)
    assert ask(url).status == 200
    cloud.boto3("lambda").remove_permission(FunctionName="f", StatementId="invoke")
    said = ask(url)
    assert (said.status, b"urls-auth.html" in said.body) == (403, True)


def test_an_iam_url_wants_a_signature(cloud):
    function = cloud.function(lambda event: "hello")
    url = function_url(cloud, AuthType="AWS_IAM")
    assert ask(url).status == 403
    signed = "AWS4-HMAC-SHA256 Credential=1/20260101/us-east-1/lambda/aws4_request, Signature=1"
    assert ask(url, Authorization=signed).body == b"hello"
    assert function.events[0]["requestContext"]["authorizer"]["iam"]["accountId"] == cloud.account


def failing(event):
    raise ValueError("on purpose")


@pytest.mark.parametrize(
    "answer", [failing, lambda event: {"statusCode": "x"}], ids=["error", "malformed"]
)
def test_a_url_of_a_function_that_fails(cloud, answer):
    cloud.function(answer)
    url = function_url(cloud)
    public(cloud)
    said = ask(url)
    assert (said.status, said.body) == (502, b"Internal Server Error")


def test_a_throttled_url(cloud):
    cloud.function(lambda event: "hello")
    url = function_url(cloud)
    public(cloud)
    cloud.boto3("lambda").put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    said = ask(url)
    assert (said.status, json.loads(said.body)) == (
        429,
        {
            "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
            "Message": "Rate Exceeded.",
        },
    )


def test_a_streamed_response(cloud):
    async def pieces():
        yield b'{"statusCode": 202, "headers": {"content-type": "text/html"}}' + b"\0" * 8
        yield b"one "
        yield b"two"

    function = cloud.function(lambda event: Outcome(b"", stream=pieces()))
    url = function_url(cloud, InvokeMode="RESPONSE_STREAM")
    public(cloud)
    said = ask(url)
    assert (said.status, said.headers["content-type"], said.body) == (202, "text/html", b"one two")
    assert said.headers["transfer-encoding"] == "chunked"
    assert function.invocations[0].stream


class Endless:
    """A stream that tells when nobody reads on."""

    def __init__(self):
        self.left = threading.Event()

    def __aiter__(self):
        return self

    async def __anext__(self):
        await asyncio.sleep(0.005)
        return b"more"

    async def aclose(self):
        self.left.set()


def test_a_stream_whose_reader_leaves_is_given_up(cloud):
    endless = Endless()
    cloud.function(lambda event: Outcome(b"", stream=endless))
    url = function_url(cloud, InvokeMode="RESPONSE_STREAM")
    public(cloud)
    with urllib.request.urlopen(url, timeout=5) as answer:
        assert answer.read(4) == b"more"
    assert endless.left.wait(5)


def test_a_streamed_response_that_was_buffered(cloud):
    prelude = b'{"statusCode": 202, "headers": {"content-type": "text/html"}}' + b"\0" * 8
    function = cloud.function(lambda event: Outcome(prelude + b"one two"))
    url = function_url(cloud)
    public(cloud)
    said = ask(url)
    assert (said.status, said.headers["content-type"], said.body) == (202, "text/html", b"one two")
    assert not function.invocations[0].stream


CORS = {"AllowOrigins": ["https://shop.test"], "AllowMethods": ["GET"], "MaxAge": 60}


def test_cors_of_a_function_url(cloud):
    headers = {"access-control-allow-origin": "*"}
    cloud.function(lambda event: {"statusCode": 200, "headers": headers, "body": "x"})
    url = function_url(cloud, Cors=CORS)
    public(cloud)
    asked = ask(
        url, method="OPTIONS", Origin="https://shop.test", Access_Control_Request_Method="GET"
    )
    assert (asked.status, asked.headers["access-control-allow-methods"]) == (204, "GET")
    said = ask(url, Origin="https://shop.test")
    assert said.headers["access-control-allow-origin"] == "https://shop.test"
    assert "access-control-allow-origin" not in ask(url).headers
    assert ask(url, Origin="https://evil.test").status == 403
    assert ask(url, Host="evil.test").status == 403


@dataclass
class Api:
    id: str
    url: str

    def route(self, cloud, key, function, *, permission=True, **settings):
        api = cloud.boto3("apigatewayv2")
        integration = api.create_integration(
            ApiId=self.id,
            IntegrationType="AWS_PROXY",
            IntegrationUri=function.arn,
            PayloadFormatVersion="2.0",
        )["IntegrationId"]
        target = f"integrations/{integration}"
        api.create_route(ApiId=self.id, RouteKey=key, Target=target, **settings)
        if permission:
            source = f"arn:aws:execute-api:us-east-1:{cloud.account}:{self.id}/*"
            cloud.allow(function.arn, "apigateway", source)


@pytest.fixture
def api(cloud):
    made = cloud.boto3("apigatewayv2").create_api(
        Name="a",
        ProtocolType="HTTP",
        CorsConfiguration={"AllowOrigins": ["https://shop.test"], "AllowMethods": ["*"]},
    )
    cloud.boto3("apigatewayv2").create_stage(
        ApiId=made["ApiId"], StageName="$default", AutoDeploy=True
    )
    return Api(made["ApiId"], made["ApiEndpoint"])


def test_an_http_api_answers_at_its_endpoint(cloud, api):
    function = cloud.function(lambda event: {"hello": event["pathParameters"]["id"]})
    api.route(cloud, "GET /pets/{id}", function)
    listed = cloud.boto3("apigatewayv2").get_apis()["Items"]
    assert [item["ApiEndpoint"] for item in listed] == [api.url]
    said = ask(f"{api.url}/pets/1%202?q=x", Cookie="a=1")
    assert (said.status, json.loads(said.body)) == (200, {"hello": "1 2"})
    (event,) = function.events
    assert (event["routeKey"], event["rawPath"], event["cookies"]) == (
        "GET /pets/{id}",
        "/pets/1 2",
        ["a=1"],
    )
    assert event["requestContext"]["accountId"] == cloud.account
    assert event["requestContext"]["apiId"] == api.id


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/elsewhere", 404, {"message": "Not Found"}),
        ("POST", "/works", 404, {"message": "Not Found"}),
        ("GET", "/fails", 500, {"message": "Internal Server Error"}),
        ("GET", "/malformed", 500, {"message": "Internal Server Error"}),
        ("GET", "/forbidden", 500, {"message": "Internal Server Error"}),
        ("GET", "/iam", 403, {"message": "Forbidden"}),
        ("GET", "/works", 200, "ok"),
    ],
)
def test_what_an_http_api_says(cloud, api, method, path, status, body):
    works = cloud.function(lambda event: '"ok"')
    api.route(cloud, "GET /works", works)
    api.route(cloud, "GET /iam", works, AuthorizationType="AWS_IAM")
    api.route(cloud, "GET /fails", cloud.function(failing, name="fails"))
    malformed = cloud.function(lambda event: {"statusCode": 200, "body": []}, name="malformed")
    api.route(cloud, "GET /malformed", malformed)
    api.route(cloud, "GET /forbidden", cloud.function(name="g"), permission=False)
    said = ask(api.url + path, method=method)
    assert (said.status, json.loads(said.body)) == (status, body)


def test_an_http_api_answers_preflights_itself(cloud, api):
    function = cloud.function()
    api.route(cloud, "ANY /{proxy+}", function)
    said = ask(
        f"{api.url}/x",
        method="OPTIONS",
        Origin="https://shop.test",
        Access_Control_Request_Method="POST",
    )
    assert (said.status, said.headers["access-control-allow-origin"]) == (204, "https://shop.test")
    assert function.events == []
    assert ask(f"{api.url}/x", Origin="https://evil.test").status == 403


def test_a_named_stage_is_part_of_the_path(cloud, api):
    function = cloud.function()
    api.route(cloud, "GET /x", function)
    cloud.boto3("apigatewayv2").create_stage(
        ApiId=api.id, StageName="v1", StageVariables={"a": "b"}
    )
    assert ask(f"{api.url}/v1/x").status == 200
    (event,) = function.events
    assert (event["rawPath"], event["requestContext"]["stage"]) == ("/v1/x", "v1")
    assert event["stageVariables"] == {"a": "b"}


def test_a_stage_can_be_updated(cloud, api):
    client = cloud.boto3("apigatewayv2")
    changed = client.update_stage(ApiId=api.id, StageName="$default", Description="d")
    assert (changed["Description"], changed["AutoDeploy"]) == ("d", True)


def test_a_deleted_api_answers_no_more(cloud, api):
    cloud.boto3("apigatewayv2").delete_api(ApiId=api.id)
    assert goes(api.url)
