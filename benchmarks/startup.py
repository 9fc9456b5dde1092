"""Start-up: lcli against the AWS CLI and bare boto3 scripts that make the same calls.

Run with `python benchmarks/startup.py`. Twenty functions in the local cloud on loopback.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import zipfile
from pathlib import Path

import boto3

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from overlay.cloud import running_cloud
from timing import in_turn, ratio

BIN = Path(sys.executable).parent
FUNCTIONS = 20
BARE = """
import boto3
for page in boto3.client("lambda").get_paginator("list_functions").paginate():
    for function in page["Functions"]:
        print(function["FunctionName"], function["Runtime"], function["LastModified"])
"""

SOME = 3
BARE_SOME = f"""
import boto3
client = boto3.client("lambda")
for number in range({SOME}):
    function = client.get_function(FunctionName=f"bench-{{number}}")["Configuration"]
    print(function["FunctionName"], function["Runtime"], function["LastModified"])
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, running_cloud(Path(directory)) as cloud:
        environ = aws_environment(cloud.url, directory)
        make_functions(cloud.url)
        manifest = str(write_manifest(Path(directory)))
        lcli, aws, python = str(BIN / "lcli"), str(BIN / "aws"), sys.executable
        found = in_turn(
            {
                "lcli --version": [lcli, "--version"],
                "lcli --help": [lcli, "--help"],
                "lcli list": [lcli, "list"],
                "aws --version": [aws, "--version"],
                "aws lambda list-functions": [aws, "lambda", "list-functions"],
                "bare boto3, the same calls": [python, "-c", BARE],
                "lcli list, three of a manifest": [lcli, "-f", manifest, "list"],
                "bare boto3, three calls": [python, "-c", BARE_SOME],
            },
            environ=environ,
        )
    for timing in found.values():
        print(timing)
    for ours, theirs in (
        ("lcli --version", "aws --version"),
        ("lcli list", "aws lambda list-functions"),
        ("lcli list", "bare boto3, the same calls"),
        ("lcli list, three of a manifest", "bare boto3, three calls"),
    ):
        print(f"{ours} / {theirs}: {ratio(found[ours], found[theirs]):.2f}")


def aws_environment(url: str, home: str) -> dict[str, str]:
    """What all of them see: one endpoint, dummy credentials, no configuration files."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": home,
        "AWS_ENDPOINT_URL": url,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "123456789012",
        "AWS_SECRET_ACCESS_KEY": "local",
    }


def write_manifest(directory: Path) -> Path:
    """Some of the functions, so that `list` compares them with what there is."""
    (directory / "app.py").write_text("def handler(event, context): return event")
    functions = "".join(f"  f{n}: {{name: bench-{n}}}\n" for n in range(SOME))
    path = directory / "lcli.yaml"
    path.write_text(
        "app: bench\ndefaults: {runtime: python3.13, handler: app.handler, source: app.py, "
        f"alias: false, role: bench}}\nfunctions:\n{functions}"
    )
    return path


def make_functions(url: str) -> None:
    client = boto3.client(
        "lambda",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id="123456789012",
        aws_secret_access_key="local",
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return event")
    for number in range(FUNCTIONS):
        client.create_function(
            FunctionName=f"bench-{number}",
            Runtime="python3.13",
            Handler="app.handler",
            Role="arn:aws:iam::123456789012:role/bench",
            Code={"ZipFile": packed.getvalue()},
        )


if __name__ == "__main__":
    main()
