"""What happens over time and to what belongs together: states, numbers, deletions, mappings."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest
from stage import ECHO, OTHER, QUEUE, STREAM, Stage, refusal
from transport import ACCOUNT, REGION, ROLE, client_of

from lcli.local.lambda_api import Delays, LambdaApi
from lcli.local.lambda_api.mappings import state_of
from lcli.local.wire import Request

FN = {"FunctionName": "fn"}
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:fn"
KINESIS = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    found = Stage(tmp_path)
    found.create()
    return found


def message(call: Any, **parameters: Any) -> str:
    return str(refusal(call, **parameters)["Error"]["Message"])


def test_a_number_is_never_used_twice(stage: Stage) -> None:
    c = stage.client
    assert c.publish_version(**FN)["Version"] == "1"
    c.delete_function(**FN, Qualifier="1")
    stage.update(Description="other")
    assert c.publish_version(**FN)["Version"] == "2"


def test_a_version_that_an_alias_uses_stays(stage: Stage) -> None:
    c = stage.client
    c.publish_version(**FN)
    c.create_alias(**FN, Name="live", FunctionVersion="1")
    assert message(c.delete_function, **FN, Qualifier="1") == (
        "Unable to delete version because the following aliases reference it: [live]"
    )


def test_a_version_keeps_its_code_and_configuration(stage: Stage) -> None:
    c = stage.client
    published = c.publish_version(**FN)
    stage.update(MemorySize=512)
    c.update_function_code(**FN, ZipFile=OTHER)
    stage.settle()
    kept = c.get_function_configuration(**FN, Qualifier="1")
    latest = c.get_function_configuration(**FN)
    assert (kept["MemorySize"], latest["MemorySize"]) == (128, 512)
    assert kept["CodeSha256"] == published["CodeSha256"] != latest["CodeSha256"]


def test_an_update_while_pending_is_refused(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.create(settle=False)
    for call in (stage.client.update_function_configuration, stage.client.publish_version):
        assert message(call, **FN) == (
            "The operation cannot be performed at this time. "
            "The function is currently in the following state: Pending"
        )


def test_a_function_in_a_vpc_takes_longer(tmp_path: Path) -> None:
    stage = Stage(tmp_path, delays=Delays(create=1.0, vpc=10.0))
    stage.create(VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]})
    states = []
    for seconds in (0, 10):
        stage.clock.now += seconds
        states.append(stage.client.get_function_configuration(**FN)["State"])
    assert states == ["Pending", "Active"]


def test_delays_are_short_unless_those_of_aws_are_wanted() -> None:
    assert Delays.chosen({}) == Delays()
    assert Delays.chosen({"LCLI_LOCAL_DELAYS": "aws"}).vpc == 20.0


def test_snapstart_makes_a_version_pending_first(tmp_path: Path) -> None:
    stage = Stage(tmp_path, delays=Delays(create=0.1, snapstart=5.0))
    stage.create(SnapStart={"ApplyOn": "PublishedVersions"})
    first = stage.client.publish_version(**FN)
    stage.clock.now += 5
    second = stage.client.get_function_configuration(**FN, Qualifier="1")
    assert (first["State"], second["State"]) == ("Pending", "Active")
    assert second["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}


def test_deleting_a_function_takes_what_is_its_own_and_leaves_mappings(stage: Stage) -> None:
    c = stage.client
    c.create_event_source_mapping(**FN, EventSourceArn=QUEUE)
    c.create_function_url_config(**FN, AuthType="NONE")
    c.add_permission(
        **FN, StatementId="s", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com"
    )
    c.put_function_concurrency(**FN, ReservedConcurrentExecutions=5)
    c.delete_function(**FN)
    stage.create()
    absent = "The resource you requested does not exist."
    assert message(c.get_policy, **FN) == absent
    assert message(c.get_function_url_config, **FN) == absent
    assert "ReservedConcurrentExecutions" not in c.get_function_concurrency(**FN)
    assert len(c.list_event_source_mappings()["EventSourceMappings"]) == 1


def test_deleting_an_alias_takes_what_hangs_on_it(stage: Stage) -> None:
    c = stage.client
    c.create_alias(**FN, Name="live", FunctionVersion="$LATEST")
    c.create_function_url_config(**FN, Qualifier="live", AuthType="NONE")
    c.delete_alias(**FN, Name="live")
    assert c.list_function_url_configs(**FN)["FunctionUrlConfigs"] == []


def test_get_function_tells_tags_and_concurrency_of_the_function(stage: Stage) -> None:
    c = stage.client
    assert {"Tags", "Concurrency"} & c.get_function(**FN).keys() == set()
    c.tag_resource(Resource=ARN, Tags={"a": "1"})
    c.put_function_concurrency(**FN, ReservedConcurrentExecutions=0)
    found = c.get_function(**FN)
    assert found["Tags"] == {"a": "1"}
    assert found["Concurrency"] == {"ReservedConcurrentExecutions": 0}


def test_the_code_can_be_read_again(stage: Stage) -> None:
    location = stage.client.get_function(**FN)["Code"]["Location"]
    target = location.removeprefix("http://127.0.0.1:4566")
    request = Request("GET", target, {"host": "127.0.0.1:4566"})
    response = asyncio.run(stage.api.handle(request))
    assert (response.status, response.body) == (200, ECHO)
    stranger = Request("GET", target.replace(".zip", "x.zip"), {})
    assert asyncio.run(stage.api.handle(stranger)).status == 404


def test_code_comes_from_a_bucket_too(tmp_path: Path) -> None:
    asked: list[tuple[str, str, str, str | None]] = []

    def fetch(account: str, bucket: str, key: str, version: str | None) -> bytes:
        asked.append((account, bucket, key, version))
        return ECHO

    stage = Stage(tmp_path, fetch_object=fetch)
    stage.create(Code={"S3Bucket": "bucket", "S3Key": "code.zip", "S3ObjectVersion": "v1"})
    assert asked == [(ACCOUNT, "bucket", "code.zip", "v1")]
    assert stage.client.get_function(**FN)["Configuration"]["CodeSize"] == len(ECHO)


def test_a_role_that_cannot_be_assumed_is_refused(tmp_path: Path) -> None:
    stage = Stage(tmp_path, role_exists=lambda arn: False)
    assert message(stage.create) == (
        "The role defined for the function cannot be assumed by Lambda."
    )


def test_accounts_and_regions_know_nothing_of_each_other(stage: Stage) -> None:
    for place in ({"region": "eu-west-1"}, {"account": "222222222222"}):
        assert client_of(stage.api, **place).list_functions()["Functions"] == []


def test_a_policy_has_an_end(stage: Stage) -> None:
    permission = {"Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}
    refusals = []
    for number in range(200):
        try:
            stage.client.add_permission(**FN, StatementId=f"{number:0>100}", **permission)
        except stage.client.exceptions.PolicyLengthExceededException as error:
            refusals.append(error.response["Error"]["Message"])
    document = stage.client.get_policy(**FN)["Policy"]
    assert len(document) <= 20_480
    assert refusals[0].startswith("The final policy size (")
    assert refusals[0].endswith(") is bigger than the limit (20480).")


@pytest.mark.parametrize(
    ("given", "condition"),
    [
        pytest.param(
            {"SourceAccount": ACCOUNT},
            {"StringEquals": {"AWS:SourceAccount": ACCOUNT}},
            id="account",
        ),
        pytest.param(
            {"FunctionUrlAuthType": "NONE"},
            {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
            id="url-auth-type",
        ),
        pytest.param(
            {"InvokedViaFunctionUrl": True, "Action": "lambda:InvokeFunction"},
            {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
            id="invoked-via-url",
        ),
        pytest.param(
            {"PrincipalOrgID": "o-1234567890", "SourceArn": "arn:aws:s3:::b"},
            {
                "StringEquals": {"aws:PrincipalOrgID": "o-1234567890"},
                "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"},
            },
            id="organisation-and-source",
        ),
        pytest.param({}, None, id="none"),
    ],
)
def test_a_statement_has_the_conditions_of_its_parameters(
    given: dict[str, Any], condition: Any, stage: Stage
) -> None:
    wanted = {"Action": "lambda:InvokeFunctionUrl", **given}
    answer = stage.client.add_permission(**FN, StatementId="s", Principal="*", **wanted)
    statement = json.loads(answer["Statement"])
    assert statement["Principal"] == "*"
    assert statement.get("Condition") == condition


def test_a_mapping_lives_through_its_states(stage: Stage) -> None:
    c, states = stage.client, []
    uuid = {"UUID": c.create_event_source_mapping(**FN, EventSourceArn=QUEUE)["UUID"]}

    def look() -> None:
        states.append(c.get_event_source_mapping(**uuid)["State"])
        stage.settle()
        states.append(c.get_event_source_mapping(**uuid)["State"])

    look()
    for change in ({"BatchSize": 5}, {"Enabled": False}, {"Enabled": True}):
        c.update_event_source_mapping(**uuid, **change)
        look()
    assert states == [
        *("Creating", "Enabled", "Updating", "Enabled"),
        *("Disabling", "Disabled", "Enabling", "Enabled"),
    ]
    c.delete_event_source_mapping(**uuid)
    assert message(c.update_event_source_mapping, **uuid, BatchSize=1) == (
        "Cannot update the event source mapping because it is in use."
    )
    stage.settle()
    assert message(c.get_event_source_mapping, **uuid) == (
        "The resource you requested does not exist."
    )


def test_a_mapping_keeps_its_alias_and_may_move_to_another(stage: Stage) -> None:
    c = stage.client
    c.create_alias(**FN, Name="live", FunctionVersion="$LATEST")
    made = c.create_event_source_mapping(FunctionName="fn:live", EventSourceArn=QUEUE)
    stage.settle()
    assert made["FunctionArn"] == f"{ARN}:live"
    moved = c.update_event_source_mapping(UUID=made["UUID"], FunctionName="fn")
    assert (moved["FunctionArn"], moved["UUID"]) == (ARN, made["UUID"])
    found = c.list_event_source_mappings(FunctionName="fn", EventSourceArn=QUEUE)
    assert [each["UUID"] for each in found["EventSourceMappings"]] == [made["UUID"]]


@pytest.mark.parametrize(
    ("source", "more", "words"),
    [
        pytest.param(
            QUEUE,
            {},
            'An event source mapping with SQS arn (" {source} ") and function (" fn ") already '
            "exists. Please update or delete the existing mapping with UUID {uuid}",
            id="queue",
        ),
        pytest.param(
            STREAM,
            {"StartingPosition": "LATEST"},
            'The event source arn (" {source} ") and function (" fn ") provided mapping already '
            "exists. Please update or delete the existing mapping with UUID {uuid}",
            id="stream",
        ),
    ],
)
def test_a_second_mapping_of_the_same_is_refused_with_the_first_ones_uuid(
    source: str, more: dict[str, str], words: str, stage: Stage
) -> None:
    create = stage.client.create_event_source_mapping
    uuid = create(**FN, EventSourceArn=source, **more)["UUID"]
    refused = message(create, **FN, EventSourceArn=source, **more)
    assert refused == words.format(source=source, uuid=uuid)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        pytest.param(
            {"BatchSize": 11},
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is "
            "greater than 10",
            id="no-window",
        ),
        pytest.param(
            {"EventSourceArn": f"{QUEUE}.fifo", "BatchSize": 11},
            "Maximum batch size must be between 1 and 10 inclusive",
            id="fifo",
        ),
        pytest.param(
            {"StartingPosition": "LATEST"},
            "StartingPosition is not valid for SQS event sources.",
            id="starting-position",
        ),
        pytest.param(
            {"EventSourceArn": KINESIS, "StartingPosition": "AT_TIMESTAMP"},
            "Need to specify a timestamp",
            id="no-timestamp",
        ),
        pytest.param(
            {"FilterCriteria": {"Filters": [{"Pattern": "{"}]}},
            "Invalid filter pattern definition.",
            id="filter",
        ),
        pytest.param(
            {"ParallelizationFactor": 2},
            "Unsupported ParallelizationFactor parameter for given event source mapping type.",
            id="of-streams",
        ),
    ],
)
def test_what_a_mapping_does_not_take(parameters: Any, words: str, stage: Stage) -> None:
    wanted = {"EventSourceArn": QUEUE, **FN, **parameters}
    assert message(stage.client.create_event_source_mapping, **wanted) == words


DEAD = "Invalid dead letter queue ARN: "
PATTERN = (
    "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: "
    "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: "
    "[a-zA-Z]([a-zA-Z0-9_])+]"
)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        pytest.param(
            {"DeadLetterConfig": {"TargetArn": QUEUE.replace(":sqs:", ":kinesis:")}},
            f"{DEAD}The service specified by the TargetArn is not supported for dead letter "
            "configuration.",
            id="service",
        ),
        pytest.param(
            {"DeadLetterConfig": {"TargetArn": QUEUE.replace(REGION, "eu-west-3")}},
            f"{DEAD}The resource specified by the TargetArn must be in the same region as the "
            "Lambda function it's associated with.",
            id="region",
        ),
        pytest.param(
            {"DeadLetterConfig": {"TargetArn": f"{QUEUE}.fifo"}},
            f"{DEAD}FIFO SQS queue is not supported for dead letter configuration",
            id="fifo",
        ),
        pytest.param(
            {"LoggingConfig": {"LogFormat": "Text", "SystemLogLevel": "WARN"}},
            'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your '
            'request or change the LogFormat to "JSON" and try again.',
            id="levels-of-text",
        ),
        pytest.param({"Environment": {"Variables": {"A": "short"}}}, PATTERN, id="one-letter"),
        pytest.param({"Environment": {"Variables": {"_HIDDEN": "x"}}}, PATTERN, id="underscore"),
    ],
)
def test_what_a_configuration_does_not_take(parameters: Any, words: str, stage: Stage) -> None:
    assert message(stage.client.update_function_configuration, **FN, **parameters) == words


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param({}, "Please provide a source for function code.", id="nothing"),
        pytest.param(
            {"S3Bucket": "bucket"},
            "S3 Bucket and Key are required for uploading with S3 parameters.",
            id="half",
        ),
        pytest.param(
            {"ZipFile": ECHO, "S3Bucket": "bucket", "S3Key": "k"},
            "Please do not provide other FunctionCode parameters when providing a ZipFile.",
            id="two",
        ),
    ],
)
def test_what_code_does_not_come_from(source: Any, words: str, stage: Stage) -> None:
    assert message(stage.client.update_function_code, **FN, **source) == words


def test_an_empty_filter_is_taken_away(stage: Stage) -> None:
    c = stage.client
    rules = {"Filters": [{"Pattern": '{"body": ["x"]}'}]}
    made = c.create_event_source_mapping(**FN, EventSourceArn=QUEUE, FilterCriteria=rules)
    stage.settle()
    assert made["FilterCriteria"] == rules
    changed = c.update_event_source_mapping(UUID=made["UUID"], FilterCriteria={"Filters": []})
    assert "FilterCriteria" not in changed


def test_pollers_hear_of_a_change_and_of_its_end(tmp_path: Path) -> None:
    async def listen() -> list[str]:
        api = LambdaApi(directory=tmp_path, delays=Delays(mapping=0.01))
        region = api.region(ACCOUNT, REGION)
        heard: list[str] = []
        settled = asyncio.Event()

        def hear() -> None:
            heard.extend(state_of(each) for each in region.mappings.values())
            if heard[-1:] == ["Enabled"]:
                settled.set()

        async def post(path: str, **body: Any) -> None:
            content = json.dumps({**FN, **body}).encode()
            request = Request("POST", f"/2015-03-31/{path}", {}, content)
            answer = await api.handle(request, account=ACCOUNT)
            assert answer.status in (201, 202)

        api.on_change(hear)
        code = {"ZipFile": base64.b64encode(ECHO).decode()}
        await post("functions", Runtime="python3.12", Handler="i.h", Role=ROLE, Code=code)
        await post("event-source-mappings", EventSourceArn=QUEUE)
        await asyncio.wait_for(settled.wait(), 2)
        return heard

    assert asyncio.run(listen()) == ["Creating", "Enabled"]


def test_asynchronous_settings_are_those_of_the_qualifier(stage: Stage) -> None:
    c = stage.client
    queue = {"Destination": QUEUE}
    stage.update(DeadLetterConfig={"TargetArn": QUEUE})
    c.create_alias(**FN, Name="live", FunctionVersion="$LATEST")
    c.put_function_event_invoke_config(
        **FN, Qualifier="live", MaximumRetryAttempts=0, DestinationConfig={"OnFailure": queue}
    )
    plain, live = (stage.api.asynchronous(arn) for arn in (ARN, f"{ARN}:live"))
    assert (plain.maximum_age, plain.retries, plain.on_failure) == (21_600, 2, "")
    assert (live.maximum_age, live.retries, live.on_failure) == (21_600, 0, QUEUE)
    assert live.dead_letters == QUEUE


def test_a_url_is_where_the_local_cloud_opens_it(tmp_path: Path) -> None:
    def url_for(account: str, region: str, name: str, alias: str | None, url_id: str) -> str:
        return f"http://127.0.0.1:1/{account}/{region}/{name}/{alias}/{len(url_id)}"

    stage = Stage(tmp_path, url_for=url_for)
    stage.create()
    stage.client.create_alias(**FN, Name="live", FunctionVersion="$LATEST")
    cors = {"AllowOrigins": ["*"]}
    made = stage.client.create_function_url_config(
        **FN, Qualifier="live", AuthType="NONE", InvokeMode="RESPONSE_STREAM", Cors=cors
    )
    assert made["FunctionUrl"] == f"http://127.0.0.1:1/{ACCOUNT}/{REGION}/fn/live/32"
    shown = stage.client.get_function_url_config(**FN, Qualifier="live")
    assert (shown["FunctionArn"], shown["InvokeMode"]) == (f"{ARN}:live", "RESPONSE_STREAM")
    assert shown["Cors"] == cors
    bare = stage.client.update_function_url_config(**FN, Qualifier="live", Cors={})
    assert "Cors" not in bare
