from __future__ import annotations

import dataclasses
import re
import socket
import ssl
import time
from email.utils import formatdate
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, SSLError
from botocore.session import Session as Sdk
from botocore.session import get_session
from scripted_endpoint import Script, endpoint, refusal
from urllib3.exceptions import SSLError as Urllib3SSLError

import lcli
from lcli.aws.clients import AwsError
from lcli.aws.endpoint import check
from lcli.aws.identity import Caller, guard
from lcli.aws.pacing import Pacing
from lcli.aws.session import Sent, Session, connect
from lcli.aws.translate import explain, translated
from lcli.errors import ExitCode, LcliError, Problem

ACCOUNT = "123456789012"
FOUND = (200, {"Configuration": {"FunctionName": "f", "State": "Active"}})
BUSY = refusal(
    409,
    "ResourceConflictException",
    "The operation cannot be performed at this time. An update is in progress for resource: f",
)


def session(script: Script, pauses: list[float] | None = None) -> Session:
    """A session on the script; its pauses are counted instead of slept."""
    made = connect(region="eu-west-1", endpoint_url=script.url, local_account=ACCOUNT)
    made._sleep = (pauses if pauses is not None else []).append
    return made


def test_an_answer_to_head_needs_no_length_but_a_head() -> None:
    pauses: list[float] = []
    with endpoint("cut", (200, {})) as script:
        session(script, pauses).call("s3", "HeadBucket", Bucket="b")
    assert script.asked == ["HEAD /b", "HEAD /b"]
    assert pauses


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refusal(429, "TooManyRequestsException", "Rate exceeded"), id="throttled"),
        pytest.param(refusal(500, "ServiceException", "oops"), id="500"),
        pytest.param(refusal(503, "ServiceUnavailableException"), id="503"),
        pytest.param("reset", id="connection cut"),
        pytest.param("cut", id="answer cut"),
        pytest.param("no server is available", id="a proxy's page"),
        pytest.param("200 welcome", id="a proxy's page as a success"),
        pytest.param("200", id="a number"),
        pytest.param("empty", id="nothing as a success"),
        pytest.param(
            refusal(
                400,
                "InvalidParameterValueException",
                "The role defined for the function cannot be assumed by Lambda.",
            ),
            id="role not known yet",
        ),
    ],
)
def test_what_may_pass_is_tried_again(answer: tuple[int, dict[str, object]] | str) -> None:
    pauses: list[float] = []
    with endpoint(answer, answer, FOUND) as script:
        got = session(script, pauses).call("lambda", "GetFunction", FunctionName="f")
    assert got == {"Configuration": {"FunctionName": "f", "State": "Active"}}
    assert len(script.asked) == 3
    assert len(pauses) == 2


@pytest.mark.parametrize(
    ("service", "operation", "answers_with_document"),
    [
        ("lambda", "GetFunction", True),
        ("lambda", "UpdateFunctionCode", True),
        ("lambda", "PutFunctionConcurrency", True),
        ("lambda", "CreateAlias", True),
        ("lambda", "TagResource", False),
        ("lambda", "DeleteFunction", False),
        ("lambda", "SendDurableExecutionCallbackSuccess", False),
        ("logs", "FilterLogEvents", True),
        ("logs", "StopQuery", True),
        ("logs", "PutRetentionPolicy", False),
        ("logs", "CreateLogGroup", False),
        ("apigatewayv2", "UpdateRoute", True),
        ("apigatewayv2", "TagResource", False),
        ("apigatewayv2", "DeleteApi", False),
        ("schemas", "UpdateSchema", True),
        ("sqs", "GetQueueUrl", True),
        ("resourcegroupstaggingapi", "GetResources", True),
    ],
)
def test_an_empty_answer_is_one_where_the_operation_gives_no_document(
    service: str, operation: str, answers_with_document: bool
) -> None:
    model = get_session().get_service_model(service).operation_model(operation)
    some = {"list": ["k"], "map": {"k": "v"}, "integer": 7, "string": "arn:aws:lambda:x"}
    members = model.input_shape.members
    given = {name: some[members[name].type_name] for name in model.input_shape.required_members}
    with endpoint("empty") as script:
        if answers_with_document:
            with pytest.raises(AwsError) as raised:
                session(script).once(service, operation, 5, **given)
            assert (raised.value.code, raised.value.lost) == ("Unreachable", True)
        else:
            session(script).once(service, operation, 5, **given)


def test_calls_say_that_they_are_lclis_and_which_application_they_are_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SDK_UA_APP_ID", "team-7")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with endpoint(FOUND) as script:
        connect(region="eu-west-1", endpoint_url=script.url).call(
            "lambda", "GetFunction", FunctionName="f"
        )
        session(script).call("lambda", "GetFunction", FunctionName="f")
    agents = [headers["User-Agent"] for headers in script.headers]
    version = rf"lcli/{re.escape(lcli.__version__)} Botocore/\S+ Python/\S+ \S+"
    assert re.fullmatch(f"{version} app/team-7", agents[0])
    assert re.fullmatch(version, agents[1])


def test_a_page_of_a_proxy_is_no_answer_of_aws() -> None:
    pauses: list[float] = []
    with endpoint("no server is available", (200, {})) as script:
        with pytest.raises(AwsError) as raised:
            session(script, pauses).once("iam", "ListRoles", 5)
        assert (raised.value.code, raised.value.lost) == ("Unreachable", True)
        assert raised.value.message == f"{script.url} gave an answer that is not AWS's"


def test_a_status_without_a_word_is_told_with_who_answered() -> None:
    answer = {"Error": {"Code": "404", "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 404}}
    raised = ClientError(answer, "GetFunction")
    told = translated(
        raised, service="lambda", operation="GetFunction", region="", endpoint="https://x"
    )
    assert told.message == "https://x answers with status 404 and gives no reason"


@pytest.mark.parametrize(
    ("error", "message", "lost"),
    [
        pytest.param(
            ssl.SSLCertVerificationError(
                1,
                "[SSL: CERTIFICATE_VERIFY_FAILED] verify failed: self-signed (_ssl.c:1)",
            ),
            "no connection to https://x: verify failed: self-signed",
            False,
            id="certificate",
        ),
        pytest.param(
            ssl.SSLError(1, "[SSL: BAD_RECORD_MAC] bad record mac (_ssl.c:1)"),
            "https://x gave no answer",
            True,
            id="broken after the request",
        ),
    ],
)
def test_tls_that_breaks_after_the_handshake_may_have_carried_the_request(
    error: ssl.SSLError, message: str, lost: bool
) -> None:
    error.reason = error.args[1].partition("]")[0].removeprefix("[SSL: ")
    raised = SSLError(endpoint_url="https://x", error=Urllib3SSLError(error))
    told = translated(raised, service="lambda", operation="Invoke", region="", endpoint="https://x")
    assert (told.code, told.message, told.lost) == ("Unreachable", message, lost)


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "answer", "code"),
    [
        pytest.param(
            "lambda",
            "GetFunction",
            {"FunctionName": "f"},
            refusal(404, "ResourceNotFoundException", "Function not found: f"),
            "ResourceNotFoundException",
            id="not found",
        ),
        pytest.param(
            "lambda",
            "Invoke",
            {"FunctionName": "f"},
            refusal(429, "TooManyRequestsException"),
            "TooManyRequestsException",
            id="an invocation, throttled",
        ),
        pytest.param(
            "lambda",
            "Invoke",
            {"FunctionName": "f"},
            "reset",
            "Unreachable",
            id="an invocation, cut",
        ),
        pytest.param(
            "lambda",
            "PublishLayerVersion",
            {"LayerName": "l", "Content": {"ZipFile": b"x"}},
            refusal(500, "ServiceException"),
            "ServiceException",
            id="a layer that may have been published",
        ),
    ],
)
def test_the_rest_is_said_at_once(
    service: str,
    operation: str,
    parameters: dict[str, object],
    answer: tuple[int, dict[str, object]] | str,
    code: str,
) -> None:
    with endpoint(answer) as script, pytest.raises(AwsError) as raised:
        session(script).call(service, operation, **parameters)
    assert raised.value.code == code
    assert len(script.asked) == 1


def test_a_throttled_publish_is_repeated() -> None:
    done = (201, {"Version": 1})
    with endpoint(refusal(429, "TooManyRequestsException"), done) as script:
        content = {"ZipFile": b"x"}
        session(script).call("lambda", "PublishLayerVersion", LayerName="l", Content=content)
    assert len(script.asked) == 2


def test_an_update_in_progress_is_waited_for_with_getfunction() -> None:
    updating = (200, {"Configuration": {"LastUpdateStatus": "InProgress"}})
    with endpoint(BUSY, updating, FOUND, (200, {"FunctionName": "f"})) as script:
        session(script).call("lambda", "UpdateFunctionConfiguration", FunctionName="f")
    assert script.asked == [
        "PUT /2015-03-31/functions/f/configuration",
        "GET /2015-03-31/functions/f",
        "GET /2015-03-31/functions/f",
        "PUT /2015-03-31/functions/f/configuration",
    ]


FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:f"
MAPPING = "arn:aws:lambda:eu-west-1:123456789012:event-source-mapping:0"


@pytest.mark.parametrize(
    ("operation", "parameters", "looks"),
    [
        pytest.param("UntagResource", {"Resource": FUNCTION, "TagKeys": ["a"]}, 1, id="tags"),
        pytest.param("UntagResource", {"Resource": MAPPING, "TagKeys": ["a"]}, 0, id="a mapping's"),
        pytest.param("UpdateEventSourceMapping", {"UUID": "0" * 36}, 0, id="a mapping"),
    ],
)
def test_an_update_in_progress_keeps_tags_and_mappings_waiting_too(
    operation: str, parameters: dict[str, object], looks: int
) -> None:
    done = (200, {})
    with endpoint(BUSY, *[FOUND] * looks, done) as script:
        session(script).call("lambda", operation, **parameters)
    assert [one.startswith("GET") for one in script.asked] == [False, *[True] * looks, False]


def test_an_update_in_progress_of_a_function_that_is_gone_is_waited_for_no_longer() -> None:
    absent = refusal(404, "ResourceNotFoundException")
    with endpoint(BUSY, absent, (201, {"FunctionName": "f"})) as script:
        made = session(script).call(
            "lambda",
            "CreateFunction",
            FunctionName="f",
            Role="arn:aws:iam::123456789012:role/r",
            Code={},
        )
    assert (made["FunctionName"], len(script.asked)) == ("f", 3)


def test_pages_are_followed_and_each_is_retried() -> None:
    with endpoint(
        (200, {"Functions": [{"FunctionName": "a"}], "NextMarker": "m"}),
        refusal(429, "TooManyRequestsException"),
        (200, {"Functions": [{"FunctionName": "b"}]}),
    ) as script:
        pages = list(session(script).pages("lambda", "ListFunctions"))
    assert [one["FunctionName"] for page in pages for one in page["Functions"]] == ["a", "b"]
    assert script.asked[1] == script.asked[2] == "GET /2015-03-31/functions?Marker=m"


def test_every_request_is_told() -> None:
    sent: list[Sent] = []
    with endpoint(refusal(503, "ServiceUnavailableException"), FOUND) as script:
        made = connect(
            region="eu-west-1",
            endpoint_url=script.url,
            local_account=ACCOUNT,
            on_call=lambda one: sent.append(dataclasses.replace(one, seconds=0)),
        )
        made.call("lambda", "GetFunction", FunctionName="f")
    assert sent == [
        Sent("lambda", "GetFunction", 0, "ServiceUnavailableException"),
        Sent("lambda", "GetFunction", 0),
    ]


def test_local_reads_nothing_of_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[broken")
    for name, value in {
        "AWS_PROFILE": "nobody",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_MAX_ATTEMPTS": "nine",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    with endpoint(FOUND) as script:
        session(script).call("lambda", "GetFunction", FunctionName="f")
    (headers,) = script.headers
    assert headers["Authorization"].startswith(f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/")
    assert "real" not in str(headers).lower()


def test_an_idle_connection_is_kept_alive() -> None:
    with endpoint(FOUND) as script:
        made = session(script)
        made.call("lambda", "GetFunction", FunctionName="f")
        manager = made._client("lambda", made._read_timeout)._endpoint.http_session._manager
        connection = manager.connection_from_url(script.url).pool.get(block=False)
        sock = connection.sock
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) < 350
        interval = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL)
        assert interval * sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) <= 60
        connection.close()


@pytest.mark.parametrize(
    ("environ", "arguments", "problem"),
    [
        pytest.param(
            {},
            {},
            Problem(
                "region-missing",
                "no region is set",
                next_step="add `region:` to lcli.yaml, give --region, or set AWS_REGION",
            ),
            id="no region",
        ),
        pytest.param(
            {"AWS_REGION": "eu-west"},
            {},
            Problem(
                "region-wrong",
                "'eu-west' is not the name of a region",
                next_step="write it as eu-west-1 is written, in --region, lcli.yaml or AWS_REGION",
            ),
            id="no region's name",
        ),
        pytest.param(
            {},
            {"region": "eu-west-1", "endpoint_url": "127.0.0.1:4566"},
            Problem(
                "endpoint-wrong",
                "'127.0.0.1:4566' is not the address of an endpoint",
                next_step="write --endpoint-url http://HOST:PORT or https://HOST",
            ),
            id="no endpoint's address",
        ),
        pytest.param(
            {},
            {"region": "eu-west-1", "profile": "work"},
            Problem(
                "profile",
                "The AWS profile (work) could not be found",
                next_step="list them with `aws configure list-profiles`, or correct --profile",
            ),
            id="no such profile",
        ),
        pytest.param(
            {"LCLI_RATE": "fast"},
            {"region": "eu-west-1"},
            Problem(
                "rate",
                "LCLI_RATE is 'fast'",
                next_step="use aws, off or a number of calls a second",
            ),
            id="no rate",
        ),
    ],
)
def test_what_is_missing_is_said_before_any_call(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    environ: dict[str, str],
    arguments: dict[str, str],
    problem: Problem,
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    with pytest.raises(LcliError) as raised:
        connect(environ=environ, **arguments)  # type: ignore[arg-type]
    assert raised.value.problems == (problem,)
    assert raised.value.exit_code is ExitCode.USAGE


def test_a_dead_endpoint_is_one_clear_problem() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        script = Script(url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        made = session(script)
        made._pacing = Pacing("off")
        with pytest.raises(AwsError) as raised:
            made.once("lambda", "GetFunction", 5, FunctionName="f")
    assert explain(raised.value) == Problem(
        "unreachable",
        f"lambda:GetFunction: no connection to {script.url}",
        "",
        "check the network, the region and --endpoint-url, then run the same command again",
    )


ROLE = "arn:aws:iam::123456789012:role/lcli/photos/new"
OLD_ROLE = "arn:aws:iam::123456789012:role/old"


@pytest.mark.parametrize(
    ("change", "operation", "parameters", "seconds"),
    [
        pytest.param("CreateRole", "CreateFunction", {"Role": ROLE}, 120, id="made"),
        pytest.param("DetachRolePolicy", "CreateFunction", {"Role": ROLE}, 120, id="less"),
        pytest.param(
            "DeleteRolePermissionsBoundary", "CreateFunction", {"Role": ROLE}, 120, id="more"
        ),
        pytest.param("CreateRole", "CreateFunction", {"Role": OLD_ROLE}, 15, id="an old one"),
        pytest.param("GetRole", "CreateFunction", {"Role": ROLE}, 15, id="only read"),
        pytest.param(
            "PutRolePolicy", "CreateEventSourceMapping", {"FunctionName": "f:live"}, 120, id="its"
        ),
        pytest.param(
            "PutRolePolicy", "UpdateFunctionCode", {"FunctionName": FUNCTION}, 120, id="by ARN"
        ),
        pytest.param(
            "PutRolePolicy",
            "UpdateEventSourceMapping",
            {"UUID": "0", "FunctionName": f"{FUNCTION}:live"},
            120,
            id="a mapping's",
        ),
        pytest.param(
            "PutRolePolicy",
            "PutFunctionEventInvokeConfig",
            {"FunctionName": "f", "Qualifier": "live"},
            120,
            id="a destination's",
        ),
        pytest.param(
            "PutRolePolicy",
            "UpdateFunctionConfiguration",
            {"FunctionName": "g", "Role": ROLE},
            120,
            id="its next",
        ),
        pytest.param(
            "PutRolePolicy", "UpdateFunctionCode", {"FunctionName": "g"}, 15, id="not its"
        ),
    ],
)
def test_only_a_role_that_was_changed_is_waited_for_long(
    monkeypatch: pytest.MonkeyPatch,
    change: str,
    operation: str,
    parameters: dict[str, object],
    seconds: float,
) -> None:
    now = [1000.0]
    made = session(Script())

    def once(service: str, name: str, timeout: float, /, **_: object) -> dict[str, object]:
        if name == operation:
            message = "The role defined for the function cannot be assumed by Lambda."
            code = "InvalidParameterValueException"
            raise AwsError(code, message, service=service, operation=name, status=400)
        found = {"FunctionName": "f", "Role": ROLE}
        return {"Configuration": found, "ResponseMetadata": {}} if name == "GetFunction" else {}

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr("random.uniform", lambda low, high: high)
    monkeypatch.setattr(made, "once", once)
    monkeypatch.setattr(made, "_sleep", lambda pause: now.__setitem__(0, now[0] + pause))
    made.call("lambda", "GetFunction", FunctionName="f")
    made.call("iam", change, RoleName="new")
    with pytest.raises(AwsError):
        made.call("lambda", operation, **parameters)
    assert seconds - 3 <= now[0] - 1000 <= seconds


class Enough(Exception):
    """Ends a call that would be tried again."""


def test_an_endpoint_that_does_not_answer_is_told_once() -> None:
    said: list[str] = []
    slept: list[tuple[float, int]] = []

    def sleep(seconds: float) -> None:
        slept.append((seconds, len(said)))
        if sum(each for each, _ in slept) > 6:
            raise Enough

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        made = connect(
            region="eu-west-1", endpoint_url=url, local_account=ACCOUNT, notice=said.append
        )
        made._sleep = sleep
        with pytest.raises(Enough):
            made.call("sts", "GetCallerIdentity")
    assert said == [f"no connection to {url}; trying again for some seconds"]
    assert slept[0][1] == 0


def failure(code: str, message: str, status: int) -> AwsError:
    return AwsError(code, message, service="lambda", operation="Invoke", status=status)


FUNCTIONS = {"shop-orders": "orders", "shop-site": "site"}


@pytest.mark.parametrize(
    ("asked", "what", "next_step"),
    [
        pytest.param(
            "nope",
            "'nope'",
            "`lcli list --all --region eu-west-1` shows what is there",
            id="unlike any",
        ),
        pytest.param("order", "'order'", "did you mean orders?", id="nearly a key"),
        pytest.param("shop-sit", "'shop-sit'", "did you mean shop-site?", id="nearly a name"),
        pytest.param(
            "shop-orders", "'shop-orders'", "`lcli deploy orders` makes it", id="not deployed"
        ),
        pytest.param(
            "shop-orders:9",
            "'shop-orders:9'",
            "`lcli versions orders` shows its versions and aliases; "
            "`lcli deploy orders` makes it if it is not deployed",
            id="a version",
        ),
        pytest.param(
            "else:old",
            "'else:old'",
            "`lcli versions else` shows its versions and aliases",
            id="alias",
        ),
    ],
)
def test_a_function_that_is_not_there(asked: str, what: str, next_step: str) -> None:
    message = f"Function not found: arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{asked}"
    told = explain(failure("ResourceNotFoundException", message, 404), functions=FUNCTIONS)
    assert told == Problem(
        "resource-not-found", f"there is no function {what} in eu-west-1", "", next_step
    )


@pytest.mark.parametrize(
    ("code", "status", "name", "next_step"),
    [
        pytest.param(
            "ValidationException",
            400,
            "validation",
            "correct what the message names, then run the same command again",
            id="a wrong request",
        ),
        pytest.param(
            "ResourceNotFoundException",
            404,
            "resource-not-found",
            "check --region and --profile; `lcli plan` shows what is missing",
            id="something is missing",
        ),
        pytest.param(
            "ResourceConflictException",
            409,
            "resource-conflict",
            "something else changes it, or it is in use: run the same command again in a while",
            id="a conflict",
        ),
        pytest.param(
            "ServiceException",
            500,
            "service",
            "AWS failed, not the request: run the same command again in a while",
            id="AWS fails",
        ),
    ],
)
def test_every_refusal_has_a_next_step(code: str, status: int, name: str, next_step: str) -> None:
    assert explain(failure(code, "so it is", status)) == Problem(
        name, "lambda refused Invoke: so it is", "", next_step
    )


STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:failed"


@pytest.mark.parametrize(
    ("message", "lacks"),
    [
        pytest.param(
            f"does not have permissions to call Publish on {TOPIC}.",
            f"Publish on {TOPIC}",
            id="one action",
        ),
        pytest.param(
            f"Cannot access stream {STREAM}. Please ensure the role can perform the GetRecords, "
            "DescribeStream, and ListStreams Actions on your stream in IAM.",
            f"GetRecords, DescribeStream, and ListStreams on {STREAM}",
            id="actions of a stream",
        ),
        pytest.param(
            "The role does not have permissions.",
            f"what it needs on {STREAM} and {TOPIC}",
            id="what the call says",
        ),
    ],
)
def test_a_role_is_named_with_what_it_lacks(message: str, lacks: str) -> None:
    refused = failure("InvalidParameterValueException", message, 400)
    refused.asked = {
        "FunctionName": "f",
        "Role": ROLE,
        "EventSourceArn": STREAM,
        "DestinationConfig": {"OnFailure": {"Destination": TOPIC}},
    }
    assert explain(refused) == Problem(
        "role-lacks-permission",
        f"the execution role {ROLE} of f lacks {lacks}: {message}",
        "",
        f"allow {lacks} to that role (`role: {{statements: […]}}` where lcli manages it), then run "
        "the same command again",
    )


def test_values_of_the_environment_are_not_repeated() -> None:
    message = (
        "Lambda was unable to configure your environment variables because the environment "
        'variables you have provided exceeded the 4KB limit. String measured: {"TOKEN":"hunter2"}'
    )
    with (
        endpoint(refusal(400, "InvalidParameterValueException", message)) as script,
        pytest.raises(AwsError) as raised,
    ):
        session(script).call("lambda", "GetFunction", FunctionName="f")
    assert raised.value.message == (
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided exceeded the 4KB limit. (values left out)"
    )


def test_another_account_is_refused() -> None:
    caller = Caller("123456789012", "arn:aws-cn:iam::123456789012:user/x")
    assert caller.partition == "aws-cn"
    guard(caller, "123456789012")
    with pytest.raises(LcliError) as raised:
        guard(caller, "210987654321", "lcli.yaml:3:10")
    assert raised.value.problems == (
        Problem(
            "wrong-account",
            "these credentials are of account 123456789012, the manifest says 210987654321",
            "lcli.yaml:3:10",
            "choose another --profile or --stage; nothing was touched",
        ),
    )


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b",
                                       "aws-iso-e", "aws-iso-f", "aws-eusc"])  # fmt: skip
def test_every_region_that_the_sdk_knows_has_the_form(partition):
    regions = Sdk().get_available_regions("lambda", partition)
    assert regions
    for region in regions:
        check(region, "")


@pytest.mark.parametrize("region", ["local", "eu", "eu-west-1"])
def test_a_cloud_of_its_own_names_regions_freely(region):
    check(region, "http://127.0.0.1:4566")


def test_a_client_that_is_made_ahead_is_not_made_by_the_first_call() -> None:
    made: list[str] = []
    with endpoint(FOUND) as script:
        calls = session(script)
        calls.sdk.register("creating-client-class.lambda", lambda **_: made.append("lambda"))
        calls.ready("lambda", 63.0)
        assert made == ["lambda"]
        calls.once("lambda", "GetFunction", 63.0, FunctionName="f")
    assert made == ["lambda"]


def test_an_endpoint_of_the_environment_is_like_one_that_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    asked = {"NamespaceName": "n", "ServiceName": "s"}
    with endpoint((200, {"Instances": []})) as script:
        monkeypatch.setenv("AWS_ENDPOINT_URL", script.url)
        made = connect(region="eu-west-1")
        # The SDK puts `data-` before the address, which is none with it.
        assert made.call("servicediscovery", "DiscoverInstances", **asked) == {"Instances": []}


@pytest.mark.parametrize(("behind", "ahead"), [(0, 0), (600, 600), (-600, -600)])
def test_a_session_knows_how_far_this_clock_is_from_that_of_the_answers(
    behind: int, ahead: int
) -> None:
    with endpoint(FOUND) as script:
        made = session(script)
        made.call("lambda", "GetFunction", FunctionName="f")
    date = formatdate(time.time() - behind, usegmt=True)
    made.clock.note({"ResponseMetadata": {"HTTPHeaders": {"date": date}}})
    assert made.clock.ahead == pytest.approx(ahead, abs=2)
    assert made.clock.now() == pytest.approx((time.time() - ahead) * 1000, abs=2_000)


def test_the_sdks_files_are_read_once_for_all_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DATA_PATH", raising=False)
    one = connect(region="eu-west-1", local_account=ACCOUNT).sdk.get_component("data_loader")
    other = connect(region="us-east-1").sdk.get_component("data_loader")
    model = one.load_service_model("lambda", "service-2")
    assert other.load_service_model("lambda", "service-2") is model


def test_a_data_path_of_the_users_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    assert (
        str(tmp_path) in connect(region="eu-west-1").sdk.get_component("data_loader").search_paths
    )
