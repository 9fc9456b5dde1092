"""What runs functions ends with the local cloud's state, and a function that cannot load."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import zipfile
from typing import Any

import boto3
import psutil

from lcli.local.server import Cloud

RUNTIME = f"python3.{sys.version_info[1]}"
ECHO = "import os\ndef handler(event, context):\n    return os.getpid()\n"


def invoke(client: Any) -> tuple[Any, str]:
    answer = client.invoke(FunctionName="f")
    return json.loads(answer["Payload"].read()), answer.get("FunctionError", "")


def deployed(cloud: Cloud, source: str) -> Any:
    client = boto3.client(
        "lambda",
        region_name="eu-west-1",
        endpoint_url=cloud.url,
        aws_access_key_id="1" * 12,
        aws_secret_access_key="local",
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", source)
    client.create_function(
        FunctionName="f",
        Runtime=RUNTIME,
        Handler="app.handler",
        Role=f"arn:aws:iam::{'1' * 12}:role/r",
        Code={"ZipFile": packed.getvalue()},
    )
    waiter = client.get_waiter("function_active_v2")
    waiter.wait(FunctionName="f", WaiterConfig={"Delay": 0.02, "MaxAttempts": 200})
    return client


def test_a_reset_ends_idle_workers_and_the_cloud_goes_on(own_cloud: Cloud) -> None:
    worker, _ = invoke(deployed(own_cloud, ECHO))
    assert psutil.pid_exists(worker)
    asyncio.run_coroutine_threadsafe(own_cloud.reset(), own_cloud.loop).result(20)
    assert not psutil.pid_exists(worker)
    again, _ = invoke(deployed(own_cloud, ECHO))
    assert again != worker
