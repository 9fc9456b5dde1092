"""Real code in real environments, reached by the other services and reaching them."""

from __future__ import annotations

import io
import json
import time
import urllib.request
import zipfile

SOURCE = """
import json, os, urllib.request

def handler(event, context):
    print("got", json.dumps(event))
    if event.get("fail"):
        raise ValueError("on purpose")
    return {"event": event, "account": os.environ["AWS_ACCESS_KEY_ID"]}
"""


def deploy(cloud, source=SOURCE, **settings):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", source)
    functions = cloud.boto3("lambda", read_timeout=30)
    made = functions.create_function(
        FunctionName="real",
        Runtime="python3.11",
        Handler="app.handler",
        Role=f"arn:aws:iam::{cloud.account}:role/r",
        Code={"ZipFile": packed.getvalue()},
        **settings,
    )
    functions.get_waiter("function_active_v2").wait(
        FunctionName="real", WaiterConfig={"Delay": 0.02}
    )
    return functions, made["FunctionArn"]


def logged(cloud, text, within=10.0):
    logs, until = cloud.boto3("logs"), time.monotonic() + within
    while time.monotonic() < until:
        try:
            found = logs.filter_log_events(logGroupName="/aws/lambda/real")["events"]
        except logs.exceptions.ResourceNotFoundException:
            found = []
        if any(text in event["message"] for event in found):
            return [event["message"] for event in found]
        time.sleep(0.02)
    raise AssertionError(f"{text!r} is not in the log")


def test_code_runs_and_its_log_is_kept(cloud):
    functions, _ = deploy(cloud)
    answer = functions.invoke(FunctionName="real", Payload=b'{"a": 1}', LogType="Tail")
    assert json.loads(answer["Payload"].read()) == {"event": {"a": 1}, "account": cloud.account}
    messages = logged(cloud, "REPORT RequestId")
    assert any("got" in message for message in messages)


def test_an_upload_runs_code(cloud):
    _, arn = deploy(cloud)
    cloud.allow("real", "s3", "arn:aws:s3:::uploads")
    s3 = cloud.boto3("s3")
    s3.create_bucket(Bucket="uploads")
    s3.put_bucket_notification_configuration(
        Bucket="uploads",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
            ]
        },
    )
    s3.put_object(Bucket="uploads", Key="photo.jpg", Body=b"x")
    logged(cloud, "photo.jpg")


def test_what_fails_for_good_goes_to_the_destination(cloud):
    functions, _ = deploy(cloud)
    sqs = cloud.boto3("sqs")
    url = sqs.create_queue(QueueName="failed")["QueueUrl"]
    functions.put_function_event_invoke_config(
        FunctionName="real",
        MaximumRetryAttempts=0,
        DestinationConfig={
            "OnFailure": {"Destination": f"arn:aws:sqs:us-east-1:{cloud.account}:failed"}
        },
    )
    functions.invoke(FunctionName="real", InvocationType="Event", Payload=b'{"fail": true}')
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"]
    record = json.loads(message["Body"])
    assert record["requestPayload"] == {"fail": True}
    assert record["requestContext"]["condition"] == "RetriesExhausted"


def test_an_http_api_serves_a_page(cloud):
    page = """
def handler(event, context):
    return {"statusCode": 200, "headers": {"content-type": "text/html"}, "body": "<h1>hi</h1>"}
"""
    _, arn = deploy(cloud, page)
    client = cloud.boto3("apigatewayv2")
    api = client.create_api(Name="a", ProtocolType="HTTP")
    client.create_stage(ApiId=api["ApiId"], StageName="$default")
    integration = client.create_integration(
        ApiId=api["ApiId"],
        IntegrationType="AWS_PROXY",
        IntegrationUri=arn,
        PayloadFormatVersion="2.0",
    )
    target = f"integrations/{integration['IntegrationId']}"
    client.create_route(ApiId=api["ApiId"], RouteKey="GET /", Target=target)
    source = f"arn:aws:execute-api:us-east-1:{cloud.account}:{api['ApiId']}/*"
    cloud.allow("real", "apigateway", source)
    with urllib.request.urlopen(api["ApiEndpoint"], timeout=20) as answer:
        assert (answer.read(), answer.headers["content-type"]) == (b"<h1>hi</h1>", "text/html")
