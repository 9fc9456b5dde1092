from __future__ import annotations

from dataclasses import replace

import pytest

from lcli.errors import ExitCode, LcliError, Problem
from lcli.resources.model import Key, Place, Ref, Text
from lcli.triggers import traces, triggers
from lcli.triggers.base import Target

PLACE = Place("photos", "prod", "eu-west-1", "123456789012")
NAME = "photos-prod-thumb"
ALIAS = Key("alias", f"{NAME}:live")
TARGET = Target(PLACE, "thumb", NAME, "live", (Key("function", NAME), ALIAS), 10, "lcli.yaml:9:5")
ARN = f"arn:aws:lambda:eu-west-1:123456789012:function:{NAME}:live"
FAILED = "arn:aws:sqs:eu-west-1:123456789012:failed"


def parse(kind, **options):
    return triggers()[kind].model_validate(options)


def expand(kind, target=TARGET, **options):
    return parse(kind, **options).expand(target)


def one(expansion, kind):
    (found,) = (resource for resource in expansion.resources if resource.key.kind == kind)
    return found


def test_s3_is_a_permission_and_a_rule_that_needs_it():
    expansion = expand("s3", bucket="pics", prefix="in/", suffix=".jpg")
    allowed, rule = expansion.resources
    assert allowed.fields == {
        "Action": "lambda:InvokeFunction",
        "Principal": "s3.amazonaws.com",
        "SourceAccount": "123456789012",
        "SourceArn": "arn:aws:s3:::pics",
    }
    assert rule.fields == {
        "LambdaFunctionArn": ARN,
        "Events": ("s3:ObjectCreated:*",),
        "Filter": {"Prefix": "in/", "Suffix": ".jpg"},
    }
    assert {ALIAS, allowed.key} <= {*rule.needs}
    assert (rule.shared, rule.function, rule.where) == ("bucket pics", "thumb", "lcli.yaml:9:5")
    assert rule.key.name.startswith("pics/lcli.photos.prod.thumb.")


def test_rules_of_one_bucket_share_one_permission():
    first = expand("s3", bucket="pics", prefix="a/")
    second = expand("s3", bucket="pics", prefix="b/")
    assert one(first, "permission") == one(second, "permission")
    assert one(first, "bucket_notification").key != one(second, "bucket_notification").key


WRITE = {"Effect": "Allow", "Action": ["s3:Put*"], "Resource": ["arn:aws:s3:::pics/*"]}
LOOP = (
    "function thumb may write objects to the bucket pics that trigger it: if it does, it calls "
    "itself for ever; give the trigger a prefix that it does not write to, or its role no more "
    "than it writes"
)


def writing(*keys):
    return {**WRITE, "Resource": [f"arn:aws:s3:::{key}" for key in keys]}


@pytest.mark.parametrize(
    ("statement", "options", "expected"),
    [
        pytest.param(WRITE, {}, (LOOP,), id="writes where it listens"),
        pytest.param({**WRITE, "Action": "*", "Resource": "*"}, {}, (LOOP,), id="may do all"),
        pytest.param(WRITE, {"prefix": "in/"}, (), id="prefix, and all of the bucket"),
        pytest.param(writing("p*"), {"prefix": "in/"}, (), id="prefix, and many buckets"),
        pytest.param(writing("pics/in/*"), {"prefix": "in/"}, (LOOP,), id="the same prefix"),
        pytest.param(writing("pics/out/*"), {}, (LOOP,), id="a part of the bucket"),
        pytest.param(writing("pics/out/*"), {"prefix": "in/"}, (), id="another part"),
        pytest.param(writing("pics/o*"), {"prefix": "out/"}, (LOOP,), id="a wider part"),
        pytest.param(writing("pics/out/*.png"), {"suffix": ".jpg"}, (), id="another ending"),
        pytest.param(writing("pics/out/*"), {"suffix": ".jpg"}, (LOOP,), id="any ending"),
        pytest.param(writing("pi?s/[x]"), {"prefix": "x"}, (), id="no class of characters"),
        pytest.param(writing("other/*", "pics/${aws:userid}/*"), {}, (LOOP,), id="a variable"),
        pytest.param(WRITE, {"events": ["ObjectRemoved:*"]}, (), id="removals"),
        pytest.param({**WRITE, "Effect": "Deny"}, {}, (), id="denied"),
        pytest.param({**WRITE, "Action": ["s3:GetObject"]}, {}, (), id="reads"),
        pytest.param({**WRITE, "Resource": ["arn:aws:s3:::other/*"]}, {}, (), id="elsewhere"),
    ],
)
def test_a_function_that_may_call_itself_is_told(statement, options, expected):
    target = replace(TARGET, statements=(statement,))
    assert expand("s3", target, bucket="pics", **options).notices == expected


def test_sqs_is_a_mapping_and_what_the_role_needs_to_poll():
    expansion = expand(
        "sqs",
        queue="orders",
        batch_size=50,
        batch_window=5,
        max_concurrency=20,
        partial_failures=True,
        filter=[{"body": {"type": ["paid"]}}],
        api={"MetricsConfig": {"Metrics": ["EventCount"]}},
    )
    mapping = one(expansion, "event_source_mapping")
    queue = "arn:aws:sqs:eu-west-1:123456789012:orders"
    wanted = {
        "FunctionName": ARN,
        "EventSourceArn": queue,
        "BatchSize": 50,
        "Enabled": True,
        "MaximumBatchingWindowInSeconds": 5,
        "ScalingConfig": {"MaximumConcurrency": 20},
        "FunctionResponseTypes": ("ReportBatchItemFailures",),
        "FilterCriteria": ('{"body":{"type":["paid"]}}',),
        "MetricsConfig": {"Metrics": ("EventCount",)},
    }
    assert {name: mapping.fields[name] for name in wanted} == wanted
    assert ALIAS in mapping.needs
    (statement,) = expansion.statements
    assert statement == {
        "Effect": "Allow",
        "Action": (
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
        ),
        "Resource": queue,
    }


def seen(seconds):
    return replace(TARGET, lookups={"visibility of orders": seconds})


def test_a_queue_that_hides_messages_for_too_short_a_time_is_refused():
    with pytest.raises(LcliError) as caught:
        expand("sqs", seen("5"), queue="orders")
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.problems == (
        Problem(
            "queue-visibility-too-short",
            "the queue orders hides a message for 5 s, while the function thumb may work on it "
            "for 10 s",
            "lcli.yaml:9:5",
            "set the queue's VisibilityTimeout to 60, six times the function's timeout, as AWS "
            "advises",
        ),
    )


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param(
            seen("30"),
            (
                "the queue orders hides a message for 30 s, while the function thumb may work on "
                "it for 10 s; AWS advises a VisibilityTimeout of six times that, 60, lest "
                "messages of throttled batches come twice",
            ),
            id="under six times",
        ),
        pytest.param(seen("60"), (), id="six times"),
        pytest.param(TARGET, (), id="unknown"),
    ],
)
def test_a_queue_that_hides_messages_for_a_short_time_is_told(target, expected):
    assert expand("sqs", target, queue="orders").notices == expected


@pytest.mark.parametrize(
    ("queue", "place", "expected"),
    [
        pytest.param(
            "orders", PLACE, "https://sqs.eu-west-1.amazonaws.com/123456789012/orders", id="name"
        ),
        pytest.param(
            "orders",
            replace(PLACE, region="cn-north-1", partition="aws-cn"),
            "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/orders",
            id="China",
        ),
        pytest.param("arn:aws:sqs:eu-west-1:210987654321:orders", PLACE, None, id="not ours"),
        pytest.param(
            "orders",
            replace(PLACE, local=True),
            "https://sqs.eu-west-1.amazonaws.com/123456789012/orders",
            id="local",
        ),
    ],
)
def test_the_visibility_is_asked_where_the_queue_is_ours(queue, place, expected):
    lookups = parse("sqs", queue=queue).lookups(place)
    assert [look.parameters["QueueUrl"] for look in lookups] == ([expected] if expected else [])
    assert all(look.optional for look in lookups)


STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/users/stream/2026-01-01T00:00:00.000"


def test_dynamodb_polls_the_stream_that_was_looked_up():
    (look,) = parse("dynamodb", table="users").lookups(PLACE)
    assert (look.service, look.operation, look.parameters, look.path, look.optional) == (
        "dynamodb",
        "DescribeTable",
        {"TableName": "users"},
        "Table.LatestStreamArn",
        False,
    )
    target = replace(TARGET, lookups={look.name: STREAM})
    expansion = expand(
        "dynamodb",
        target,
        table="users",
        start="trim_horizon",
        parallel=2,
        bisect=True,
        retries=3,
        max_age=3600,
        on_failure=FAILED,
    )
    mapping = one(expansion, "event_source_mapping")
    wanted = {
        "EventSourceArn": STREAM,
        "StartingPosition": "TRIM_HORIZON",
        "ParallelizationFactor": 2,
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": 3,
        "MaximumRecordAgeInSeconds": 3600,
        "DestinationConfig": {"OnFailure": {"Destination": FAILED}},
    }
    assert {name: mapping.fields[name] for name in wanted} == wanted
    assert [(s["Action"], s["Resource"]) for s in expansion.statements] == [
        (("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"), STREAM),
        ("dynamodb:ListStreams", "*"),
        ("sqs:SendMessage", FAILED),
    ]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        pytest.param("arn:aws:dynamodb:eu-west-1:123456789012:table/users", "users", id="ours"),
        pytest.param(
            "arn:aws:dynamodb:eu-west-1:210987654321:table/users",
            "arn:aws:dynamodb:eu-west-1:210987654321:table/users",
            id="theirs",
        ),
    ],
)
def test_a_table_by_its_arn_is_asked_by_its_name_where_it_is_ours(table, expected):
    (look,) = parse("dynamodb", table=table).lookups(PLACE)
    assert look.parameters == {"TableName": expected}


def test_dynamodb_by_its_streams_arn_asks_nothing():
    assert parse("dynamodb", table=STREAM).lookups(PLACE) == ()
    mapping = one(expand("dynamodb", table=STREAM), "event_source_mapping")
    assert mapping.fields["EventSourceArn"] == STREAM


def test_a_table_without_a_stream_is_refused():
    with pytest.raises(LcliError) as caught:
        expand("dynamodb", table="users")
    assert caught.value.problems == (
        Problem(
            "table-without-stream",
            "the table users has no stream for thumb to read",
            "lcli.yaml:9:5",
            "turn its stream on (StreamSpecification), with the view that the function needs",
        ),
    )


def test_kinesis_from_a_time_and_through_a_consumer():
    stream = "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"
    expansion = expand("kinesis", stream="clicks", start="2026-01-31T12:00:00Z")
    fields = one(expansion, "event_source_mapping").fields
    assert (fields["EventSourceArn"], fields["StartingPosition"]) == (stream, "AT_TIMESTAMP")
    assert str(fields["StartingPositionTimestamp"]) == "2026-01-31 12:00:00+00:00"
    assert [statement["Resource"] for statement in expansion.statements] == [stream]
    consumer = f"{stream}/consumer/fast:1"
    pushed = expand("kinesis", stream=consumer)
    assert [(s["Action"], s["Resource"]) for s in pushed.statements][1:] == [
        ("kinesis:SubscribeToShard", consumer)
    ]
    assert pushed.statements[0]["Resource"] == stream


def test_http_is_one_api_one_permission_one_integration_and_a_route():
    target = replace(
        TARGET,
        app_tags={"team": "media"},
        settings={"cors": {"origins": ["*"]}, "domain": "api.example.com"},
    )
    expansion = expand("http", target, route="POST /photos/{id}")
    assert [resource.key for resource in expansion.resources if "/" not in resource.key.name] == [
        Key("http_api", "photos-prod"),
        Key("http_domain", "api.example.com"),
    ]
    api = one(expansion, "http_api")
    assert api.fields["CorsConfiguration"] == {"AllowMethods": ("*",), "AllowOrigins": ("*",)}
    assert (api.fields["Tags"]["team"], api.function) == ("media", "")
    allowed = one(expansion, "permission")
    assert allowed.fields["SourceArn"] == Text(
        ("arn:aws:execute-api:eu-west-1:123456789012:", Ref(api.key, "id"), "/*")
    )
    assert one(expansion, "http_integration").fields["IntegrationUri"] == ARN
    route = one(expansion, "http_route")
    assert route.key.name == "photos-prod/POST /photos/{id}"
    assert route.fields == {
        "Target": "thumb",
        "AuthorizationType": "NONE",
        "Authorizer": "",
        "AuthorizationScopes": (),
    }
    assert {*route.needs} == {api.key, one(expansion, "http_integration").key, allowed.key}


def test_fifty_routes_are_one_permission():
    expansions = [expand("http", route=f"GET /{number}") for number in range(50)]
    assert len({one(each, "permission").key for each in expansions}) == 1
    assert len({one(each, "http_route").key for each in expansions}) == 50


JWT = {"issuer": "https://id.example", "audience": "photos", "scopes": ["write"]}


def test_a_route_for_bearers_of_tokens():
    expansion = expand("http", route="GET /", authorizer=JWT)
    check, route = one(expansion, "http_authorizer"), one(expansion, "http_route")
    assert check.fields["JwtConfiguration"] == {
        "Audience": ("photos",),
        "Issuer": "https://id.example",
    }
    assert route.fields["Authorizer"] == check.key.name.partition("/")[2]
    assert (route.fields["AuthorizationType"], route.fields["AuthorizationScopes"]) == (
        "JWT",
        ("write",),
    )
    assert check.key in route.needs


@pytest.mark.parametrize(
    ("target", "options", "expected"),
    [
        pytest.param(
            replace(TARGET, timeout=60), {},
            ("function thumb may run for 60 s, but its HTTP API gives up after 30 s",), id="slow",
        ),
        pytest.param(
            replace(TARGET, place=replace(PLACE, local=True)), {"authorizer": JWT},
            ("the local cloud wants an Authorization header for GET /, but lets any token pass",),
            id="local token",
        ),
        pytest.param(TARGET, {"authorizer": "iam"}, (), id="nothing to tell"),
    ],
)  # fmt: skip
def test_notices_of_http(target, options, expected):
    assert expand("http", target, route="GET /", **options).notices == expected


@pytest.mark.parametrize(
    ("kind", "options", "what", "operation", "parameters"),
    [
        pytest.param(
            "s3", {"bucket": "pics"}, "bucket pics", "CreateBucket",
            {
                "Bucket": "pics",
                "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"},
            },
            id="bucket",
        ),
        pytest.param(
            "sqs", {"queue": "orders.fifo"}, "queue orders.fifo", "CreateQueue",
            {
                "QueueName": "orders.fifo",
                "Attributes": {
                    "VisibilityTimeout": "60",
                    "FifoQueue": "true",
                    "ContentBasedDeduplication": "true",
                },
            },
            id="queue",
        ),
        pytest.param(
            "dynamodb", {"table": "users"}, "table users", "CreateTable",
            {
                "TableName": "users",
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "N"}],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
                "StreamSpecification": {
                    "StreamEnabled": True,
                    "StreamViewType": "NEW_AND_OLD_IMAGES",
                },
            },
            id="table",
        ),
        pytest.param(
            "kinesis", {"stream": "clicks"}, "stream clicks", "CreateStream",
            {"StreamName": "clicks", "ShardCount": 1}, id="stream",
        ),
    ],
)  # fmt: skip
def test_what_the_local_cloud_makes(kind, options, what, operation, parameters):
    table = {
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "N"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    }
    (source,) = parse(kind, **options).local_sources(PLACE, {"tables": {"users": table}}, 10)
    assert source.key == Key("local_source", what)
    ((_, made, given),) = source.make
    assert (made, dict(given)) == (operation, parameters)


@pytest.mark.parametrize(
    ("written", "buckets"),
    [
        (("s3", "photos"), ["photos"]),
        (("s3", {"bucket": "arn:aws:s3:::photos", "prefix": 7}), ["photos"]),
        (("s3", "${ssm:/bucket}"), []),
        (("s3", "No_Bucket"), []),
        (("s3", ["photos"]), []),
        (("s3", None), []),
        (("sqs", "orders"), []),
        (("pigeon", "grey"), []),
    ],
    ids=str,
)
def test_a_deletion_looks_at_the_buckets_that_are_written(written, buckets):
    assert [one.shared for one in traces(PLACE, [written])] == [f"bucket {b}" for b in buckets]
