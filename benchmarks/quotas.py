"""Five hundred functions under AWS's real request quotas: what deploys take, against the floor.

Run with `python benchmarks/quotas.py [--functions N] [--first]`. The local cloud stands behind the
tests' overlay, which answers 429 beyond the quotas of tests/overlay/quotas.py; lcli paces itself
by LCLI_RATE=aws, as it does on AWS's own hosts. Every fifth function has a permission, every
twentieth a queue. The floor of a run is the largest of calls / quota. `--first` times the first
deploy under the quotas too, which takes minutes.

Aims: a quiet deploy that reads everything takes at most 1.1 times its floor, with at most two
GetFunction calls a function, one GetPolicy for those with permissions, and a constant number of
other calls of Lambda's; `--quick` one GetFunction a function and at most 10 s; 1 % of calls or
fewer are answered 429.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from overlay.cloud import running_cloud
from overlay.quotas import LAMBDA, enforced, many, seconds, usage
from overlay.server import Overlay, overlay

from lcli.aws.session import connect

LCLI = Path(sys.executable).with_name("lcli")
ACCOUNT = "100000000001"


@dataclass(frozen=True)
class Run:
    """What one command took."""

    wall: float
    cpu: float
    said: str


def deploy(directory: Path, url: str, *arguments: str, rate: str = "off") -> Run:
    """``lcli deploy`` in `directory`; fails when it does."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "LCLI_RATE": rate,
    }
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    ended = subprocess.run(
        [str(LCLI), "deploy", "--yes", *arguments],
        cwd=directory,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode:
        sys.exit(ended.stderr)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Run(wall, cpu, ended.stderr)


def show(title: str, run: Run, between: Overlay) -> None:
    """The calls against each quota, and the time against the floor."""
    used = usage(between.calls)
    floor = max(one.floor for one in used if one.quota.name in LAMBDA)
    calls = sum(one.calls for one in used)
    refused = sum(one.refused for one in used)
    taken = seconds(between.calls)
    print(f"{title}: {run.said.strip().splitlines()[-1]}")
    for one in used:
        print(f"  {one}")
    share = refused / (calls + refused)
    print(f"  {refused} of {calls + refused} calls answered 429 ({share:.1%})")
    print(f"  first to last call of Lambda {taken:.2f} s = {taken / floor:.2f} x the floor")
    print(f"  the whole command {run.wall:.2f} s, {run.cpu:.2f} s of them CPU\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--functions", type=int, default=500)
    parser.add_argument("--first", action="store_true")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_cloud(Path(folder) / "cloud") as cloud,
    ):
        directory = Path(folder) / "app"
        many(directory, given.functions, account=ACCOUNT)
        session = connect(
            region="us-east-1", endpoint_url=cloud.url, local_account=ACCOUNT, environ={}
        )
        session.call("sqs", "CreateQueue", QueueName="orders")
        cases = {"nothing to do": (), "nothing to do, --quick": ("--quick",)}
        if given.first:
            cases = {"first": (), **cases}
        else:
            deploy(directory, cloud.url)
        for title, arguments in cases.items():
            with overlay(cloud.url, enforced()) as between:
                run = deploy(directory, between.url, *arguments, rate="aws")
            show(title, run, between)


if __name__ == "__main__":
    main()
