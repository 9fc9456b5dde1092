"""The demo behind `make demo`: deploys lcli.example.yaml to the local cloud and uses it.

Every command is shown before it runs; the photograph is uploaded with plain boto3, as any
program would. Ends by itself; the local cloud goes on running until `lcli local stop`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import boto3

ROOT = Path(__file__).parent.parent
LCLI = [str(Path(sys.executable).with_name("lcli")), "--local", "-f", "lcli.example.yaml"]
BUCKET = "photos"
PHOTO = ROOT / "examples" / "photo.jpg"


def main() -> None:
    lcli("plan")
    lcli("deploy", "--yes")
    cloud = json.loads(output("local", "status", "-o", "json"))
    s3 = boto3.client(
        "s3",
        endpoint_url=cloud["url"],
        region_name="eu-west-1",
        aws_access_key_id="123456789012",
        aws_secret_access_key="local",  # noqa: S106 (no secret: the local cloud takes any)
    )
    say(f"uploading {PHOTO.relative_to(ROOT)} to s3://{BUCKET}/incoming/photo.jpg")
    s3.delete_object(Bucket=BUCKET, Key="thumbnails/photo.jpg")  # an earlier demo's
    s3.upload_file(str(PHOTO), BUCKET, "incoming/photo.jpg")
    key = wait_for_thumbnail(s3)
    size = s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"]
    say(f"the thumbnail is there: s3://{BUCKET}/{key} ({size:,} bytes)")
    lcli("invoke", "orders", "--payload", "@examples/events/orders.json")
    time.sleep(1)
    lcli("logs", "thumbnail", "orders", "--since", "5m")
    lcli("deploy")
    lcli("list")
    page = json.loads(output("status", "gallery", "-o", "json"))["addresses"][0]
    with urllib.request.urlopen(page, timeout=30) as answer:  # noqa: S310 (a loopback address)
        shown = answer.read().decode().count("<img")
    say(f"the gallery shows {shown} thumbnail{'s' * (shown != 1)}: {page}")
    say(f"open it in a browser; `{os.path.relpath(LCLI[0])} local stop` ends what runs")


def wait_for_thumbnail(s3: object) -> str:
    """The thumbnail's key; a minute is much more than a cold start takes."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = s3.list_objects_v2(Bucket=BUCKET, Prefix="thumbnails/").get("Contents", [])
        if found:
            return found[0]["Key"]
        time.sleep(0.2)
    lcli("logs", "thumbnail", "--since", "5m")
    sys.exit("no thumbnail appeared within a minute")


def lcli(*arguments: str) -> None:
    """Show a command and run it; its failure ends the demo."""
    print("\n$ lcli --local -f lcli.example.yaml " + " ".join(arguments), flush=True)
    done = subprocess.run([*LCLI, *arguments], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def output(*arguments: str) -> str:
    """What a command prints on stdout."""
    return subprocess.run(
        [*LCLI, *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def say(text: str) -> None:
    """A line of the demo's own."""
    print(f"\n# {text}", flush=True)


if __name__ == "__main__":
    main()
