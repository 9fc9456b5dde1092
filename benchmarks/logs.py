"""Reading logs: lcli against `awslogs get` and a bare boto3 paginator.

Run with `python benchmarks/logs.py [EVENTS…]`; 20,000 and 200,000 by default. The events are in
twenty streams of one group of the local cloud on loopback. awslogs is installed from PyPI into a
virtual environment that is thrown away.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from startup import BIN, aws_environment

from lcli.local.server import running_cloud

COUNTS = (20_000, 200_000)
RUNS = 3
STREAMS = 20
REGION = "eu-west-1"
BARE = """
import boto3, sys, time
pages = boto3.client("logs").get_paginator("filter_log_events")
start = int(time.time() * 1000) - 3_600_000
for page in pages.paginate(logGroupName=sys.argv[1], startTime=start):
    for event in page["events"]:
        print(event["timestamp"], event["logStreamName"], event["message"])
"""

# A process of its own, since a child begins with the peak of whoever forks it.
LAUNCH = """
import resource, subprocess, sys, time
began = time.perf_counter()
code = subprocess.call(sys.argv[1:])
seconds = time.perf_counter() - began
print(seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


@dataclass
class Measured:
    """Wall seconds of every run, and the largest peak of resident memory in MB."""

    seconds: list[float] = field(default_factory=list)
    megabytes: float = 0.0
    lines: int = 0


def main() -> None:
    counts = [int(text) for text in sys.argv[1:]] or COUNTS
    with tempfile.TemporaryDirectory() as directory, running_cloud(Path(directory)) as cloud:
        environ = aws_environment(cloud.url, directory)
        awslogs = install_awslogs(Path(directory) / "awslogs")
        for count in counts:
            name = f"bench-{count}"
            fill(cloud.url, f"/aws/lambda/{name}", count)
            commands = {
                "lcli logs": [str(BIN / "lcli"), "logs", name, "--since", "1h"],
                "bare boto3": [sys.executable, "-c", BARE, f"/aws/lambda/{name}"],
                "awslogs get": [awslogs, "get", f"/aws/lambda/{name}", "--start=1h ago"],
            }
            report(count, measure(commands, environ))


def install_awslogs(directory: Path) -> str:
    venv.create(directory, with_pip=True)
    # awslogs imports pkg_resources through a dependency that does not ask for it
    install = [str(directory / "bin" / "pip"), "install", "--quiet", "awslogs", "setuptools<81"]
    subprocess.run(install, check=True)
    return str(directory / "bin" / "awslogs")


def fill(url: str, group: str, count: int) -> None:
    """`count` events within the last half hour, in turn in each of the streams."""
    logs: Any = boto3.client(
        "logs",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="123456789012",
        aws_secret_access_key="local",
    )
    logs.create_log_group(logGroupName=group)
    began = int(time.time() * 1000) - 1_800_000
    for stream in range(STREAMS):
        name = f"2026/03/01/[1]{stream:032x}"
        logs.create_log_stream(logGroupName=group, logStreamName=name)
        events = [
            {
                "timestamp": began + number * 1_700_000 // count,
                "message": f"[INFO]\t2026-03-01T10:00:00.000Z\t{stream:08x}-0000-4000-8000-"
                f"{number:012x}\torder {number} of {count} was packed, weighed and sent\n",
            }
            for number in range(stream, count, STREAMS)
        ]
        for at in range(0, len(events), 10_000):
            logs.put_log_events(
                logGroupName=group, logStreamName=name, logEvents=events[at : at + 10_000]
            )


def measure(
    commands: Mapping[str, Sequence[str]], environ: Mapping[str, str]
) -> dict[str, Measured]:
    """Every command RUNS times in turn, after one run of each to warm up."""
    found = {name: Measured() for name in commands}
    for turn in range(RUNS + 1):
        for name, command in commands.items():
            seconds, megabytes, lines = run(command, environ)
            if turn:
                found[name].seconds.append(seconds)
                found[name].megabytes = max(found[name].megabytes, megabytes)
                found[name].lines = lines
    return found


def run(command: Sequence[str], environ: Mapping[str, str]) -> tuple[float, float, int]:
    """Wall seconds, peak of resident memory in MB and lines printed."""
    with tempfile.TemporaryFile() as output:
        launch = [sys.executable, "-c", LAUNCH, *command]
        done = subprocess.run(
            launch, stdout=output, stderr=subprocess.PIPE, env=environ, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{command[0]} ended with {done.returncode}: {done.stderr}")
        seconds, peak = done.stderr.split()[-2:]
        output.seek(0)
        unit = 1024 * 1024 if sys.platform == "darwin" else 1024
        return float(seconds), int(peak) / unit, sum(1 for line in output if line.strip())


def report(count: int, found: Mapping[str, Measured]) -> None:
    print(f"{count:,} events")
    for name, one in found.items():
        median = statistics.median(one.seconds)
        spread = f"({min(one.seconds):.2f} to {max(one.seconds):.2f})"
        print(
            f"  {name:12} {median:7.2f} s {spread:18} {one.megabytes:6.0f} MB {one.lines:9,} lines"
        )
    ours = statistics.median(found["lcli logs"].seconds)
    for name in ("bare boto3", "awslogs get"):
        print(f"  lcli logs / {name}: {ours / statistics.median(found[name].seconds):.2f}")


if __name__ == "__main__":
    main()
