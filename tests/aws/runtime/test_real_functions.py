from __future__ import annotations

import base64
import importlib.util
import io
import json
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

EXAMPLES = Path(__file__).parents[3] / "examples"
RUNTIME = f"python3.{sys.version_info[1]}"


def packed(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return out.getvalue()


def deploy(cloud: Any, source: str, name: str = "real", **settings: Any) -> str:
    made = cloud.boto3("lambda").create_function(
        FunctionName=name,
        Runtime=RUNTIME,
        Handler="app.handler",
        Role=f"arn:aws:iam::{cloud.account}:role/r",
        Code={"ZipFile": packed(app__py=source)},
        Timeout=10,
        **settings,
    )
    waiter = cloud.boto3("lambda").get_waiter("function_active_v2")
    waiter.wait(FunctionName=name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 200})
    return str(made["FunctionArn"])


def until(look: Any, within: float = 10.0) -> Any:
    end = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)
    return found


def test_a_function_reaches_the_local_cloud_with_boto3(cloud: Any) -> None:
    cloud.boto3("s3").create_bucket(Bucket=f"b-{cloud.account}")
    source = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    boto3.client('s3').put_object(Bucket=event['bucket'], Key='k', Body=b'made')\n"
        "    return boto3.client('sts').get_caller_identity()['Account']\n"
    )
    deploy(cloud, source, MemorySize=256)
    answer = cloud.boto3("lambda").invoke(
        FunctionName="real",
        Payload=json.dumps({"bucket": f"b-{cloud.account}"}),
        LogType="Tail",
    )
    assert json.loads(answer["Payload"].read()) == cloud.account
    assert answer["ExecutedVersion"] == "$LATEST"
    tail = base64.b64decode(answer["LogResult"])
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert tail.startswith(f"START RequestId: {request_id} Version: $LATEST\n".encode())
    stored = cloud.boto3("s3").get_object(Bucket=f"b-{cloud.account}", Key="k")
    assert stored["Body"].read() == b"made"


def test_its_log_lands_in_cloudwatch_logs_in_order(cloud: Any) -> None:
    deploy(cloud, "def handler(event, context):\n    print('one'); print('two')\n")
    cloud.boto3("lambda").invoke(FunctionName="real")
    logs = cloud.boto3("logs")

    def complete() -> list[str]:
        try:
            found = logs.filter_log_events(logGroupName="/aws/lambda/real")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        messages = [event["message"].split(" ")[0] for event in found]
        return messages if "REPORT" in messages else []

    assert until(complete) == ["INIT_START", "START", "one\n", "two\n", "END", "REPORT"]


def test_an_asynchronous_failure_is_retried_and_sent_to_its_destination(cloud: Any) -> None:
    queue = cloud.boto3("sqs").create_queue(QueueName="failed")["QueueUrl"]
    deploy(cloud, "def handler(event, context):\n    raise ValueError(event['why'])\n")
    client = cloud.boto3("lambda")
    client.put_function_event_invoke_config(
        FunctionName="real",
        MaximumRetryAttempts=0,
        DestinationConfig={
            "OnFailure": {"Destination": f"arn:aws:sqs:us-east-1:{cloud.account}:failed"}
        },
    )
    answer = client.invoke(FunctionName="real", InvocationType="Event", Payload='{"why": "so"}')
    assert answer["StatusCode"] == 202
    sqs = cloud.boto3("sqs")
    (message,) = until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestPayload"] == {"why": "so"}
    assert record["responsePayload"]["errorMessage"] == "so"


def load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / name / "app.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def photos(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    bucket = f"photos-{cloud.account}"
    for name, value in cloud.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BUCKET", bucket)
    cloud.boto3("s3").create_bucket(Bucket=bucket)
    return bucket


def test_the_thumbnail_example_stores_a_small_jpeg(cloud: Any, photos: str) -> None:
    s3 = cloud.boto3("s3")
    s3.upload_file(str(EXAMPLES / "photo.jpg"), photos, "incoming/my photo.jpg")
    event = json.loads((EXAMPLES / "events" / "thumbnail.json").read_text())
    event["Records"][0]["s3"]["bucket"]["name"] = photos
    event["Records"][0]["s3"]["object"]["key"] = "incoming/my+photo.jpg"
    assert load("thumbnail").handler(event, None) == {"thumbnails": ["thumbnails/my photo.jpg"]}
    stored = s3.get_object(Bucket=photos, Key="thumbnails/my photo.jpg")
    with Image.open(io.BytesIO(stored["Body"].read())) as image:
        assert (image.format, max(image.size)) == ("JPEG", 320)


def test_the_gallery_example_shows_what_is_there(cloud: Any, photos: str) -> None:
    gallery = load("gallery")
    page = json.loads((EXAMPLES / "events" / "gallery.json").read_text())
    assert "Nothing here yet" in gallery.handler(page, None)["body"]
    key = "thumbnails/a <b>.jpg"
    cloud.boto3("s3").put_object(Bucket=photos, Key=key, Body=b"jpeg")
    body = gallery.handler(page, None)["body"]
    assert '<img src="images/a%20%3Cb%3E.jpg" alt="a &lt;b&gt;.jpg">' in body
    image = gallery.handler({"pathParameters": {"name": "a%20%3Cb%3E.jpg"}}, None)
    assert base64.b64decode(image["body"]) == b"jpeg"
    missing = gallery.handler({"pathParameters": {"name": "x.jpg"}}, None)
    assert missing == {"statusCode": 404, "body": "there is no x.jpg"}


INIT_FAILS = """
import os
from pathlib import Path

tries = Path(os.environ["TRIES"])
tries.open("a").write("x")
print("loading")
if len(tries.read_text()) <= int(os.environ["FAILURES"]):
    raise RuntimeError("not yet")

def handler(event, context):
    return len(tries.read_text())
"""


@pytest.mark.parametrize(
    ("failures", "said", "loaded"),
    [
        pytest.param(1, 2, 2, id="once: the repetition serves"),
        pytest.param(9, "not yet", 2, id="always: twice an invocation"),
    ],
)
def test_a_failed_init_is_run_again_in_the_invocation(
    cloud: Any, tmp_path: Path, failures: int, said: Any, loaded: int
) -> None:
    tries = tmp_path / "tries"
    variables = {"TRIES": str(tries), "FAILURES": str(failures)}
    deploy(cloud, INIT_FAILS, Environment={"Variables": variables})
    answer = cloud.boto3("lambda").invoke(FunctionName="real", LogType="Tail")
    document = json.loads(answer["Payload"].read())
    assert (document if failures == 1 else document["errorMessage"]) == said
    assert len(tries.read_text()) == loaded
    logs = cloud.boto3("logs")

    def reports() -> list[str]:
        found = logs.filter_log_events(logGroupName="/aws/lambda/real")["events"]
        lines = [one["message"] for one in found]
        done = any(line.startswith("REPORT") for line in lines)
        return [line.split("\t")[1] for line in lines if "INIT_REPORT" in line] if done else []

    assert until(reports) == ["Phase: init", "Phase: invoke"][:failures]
    cloud.boto3("lambda").invoke(FunctionName="real")
    assert len(tries.read_text()) == (2 if failures == 1 else 4)
