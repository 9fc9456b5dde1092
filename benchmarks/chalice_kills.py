"""kill -9 at every change of a first deploy, then the same command again: Chalice and lcli.

Run with `python benchmarks/chalice_kills.py [--only chalice|lcli] [--without-queue]`. One app for
both: a function with a bucket's events, one with a queue, one behind a route, one with nothing; an
environment, a reserved concurrency, a log group's retention. An undisturbed deploy through the
tests' overlay tells how many calls change something. For each of them the account and the project
are made anew, the deploy is killed before the cloud gets the call, or after it has carried it out,
and is run once more in the same directory, where Chalice keeps its state. Then everything in the
account is listed and compared with what an undisturbed deploy leaves. A point that did not converge
can count in several columns. Chalice's second run ends at a queue's mapping that is there already;
`--without-queue` shows what comes of the rest.

Chalice is the newest that there was when this was first run, in an environment of its own in the
cache directory. Its clock is twenty times as fast, so that its waits of five seconds do not take an
hour; functions become active as much faster. The route is API Gateway's REST API for Chalice, its
HTTP API for lcli. moto reads OpenAPI 3 alone: it is given Chalice's Swagger as that, which Chalice
does not see. What `make chaos` does to lcli is more: every kind of resource, changes and deletions,
reads too.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
sys.path.insert(1, str(Path(__file__).parent.parent / "tests" / "aws" / "deploy"))

from overlay.account import MAY_LACK, everything
from overlay.cloud import running_cloud
from overlay.forks import KILLED
from overlay.kills import Point, Tally, difference
from overlay.server import Overlay, overlay

from lcli.aws.session import Session, connect
from lcli.local.server import Cloud

BIN = Path(sys.executable).parent
FASTER = Path(__file__).with_name("faster.py")
SPEED = "20"
ACCOUNT, REGION = "100000000001", "us-east-1"
LIMIT = 300
"""Seconds that a deploy may take."""
CHOSEN = re.compile(
    r'\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|(?<="id": ")[A-Za-z0-9]{50}(?=")'
)
"""Ids that are drawn anew: Chalice's of statements, S3's of rules without one."""
CHALICE_APP = """
from chalice import Chalice

app = Chalice(app_name="photos")


@app.on_s3_event(
    bucket="photos", events=["s3:ObjectCreated:*"], prefix="in/", suffix=".jpg", name="thumb"
)
def thumb(event):
    return None


QUEUE@app.route("/")
def gallery():
    return {}


@app.lambda_function(name="plain")
def plain(event, context):
    return None
"""
CHALICE_QUEUE = """
@app.on_sqs_message(queue="orders", batch_size=5, name="orders")
def orders(event):
    return None


"""
CHALICE_CONFIG = """
{
  "version": "2.0",
  "app_name": "photos",
  "stages": {
    "dev": {
      "api_gateway_stage": "api",
      "environment_variables": {"SIZE": "128"},
      "lambda_functions": {"thumb": {"reserved_concurrency": 5, "log_retention_in_days": 14}}
    }
  }
}
"""
LCLI_MANIFEST = """
app: photos
region: us-east-1
defaults: {runtime: python3.13, handler: app.handler, source: code, environment: {SIZE: "128"}}
functions:
  thumb:
    concurrency: {reserved: 5}
    log: {retention_days: 14}
    triggers: [{s3: {bucket: photos, prefix: in/, suffix: .jpg}}]
QUEUE  gallery: {triggers: [{http: GET /}]}
  plain: {}
"""
LCLI_QUEUE = "  orders: {triggers: [{sqs: {queue: orders, batch_size: 5}}]}\n"


@dataclass(frozen=True)
class Tool:
    """A program that deploys what is in a directory."""

    name: str
    command: tuple[str, ...]
    files: dict[str, str]

    def write(self, directory: Path) -> None:
        """The app, never deployed yet."""
        for name, text in self.files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.lstrip())


@dataclass
class Row:
    """How many points each thing happened at."""

    tool: str
    points: int = 0
    killed: int = 0
    converged: int = 0
    rerun_failed: int = 0
    duplicated: int = 0
    orphaned: int = 0
    told: list[str] = field(default_factory=list)

    def add(self, one: Tally, failed: bool) -> None:
        self.points += 1
        self.killed += one.killed
        self.converged += one.converged
        self.rerun_failed += failed
        self.duplicated += one.duplicated > 0
        self.orphaned += one.orphaned > 0
        self.told += one.failures

    def __str__(self) -> str:
        return line(self.tool, *(getattr(self, name) for name in COLUMNS))


def line(first: object, *others: object) -> str:
    return f"{first:15}" + "".join(f"{one:>15}" for one in others)


COLUMNS = {
    "points": "points",
    "killed": "killed",
    "converged": "converged",
    "rerun_failed": "re-run failed",
    "duplicated": "duplicated",
    "orphaned": "orphaned",
}


@dataclass
class Bench:
    """One account of the cloud, emptied before each deploy, and the way of calls to it."""

    cloud: Cloud
    between: Overlay
    folder: Path
    session: Session

    def begin(self, tool: Tool, *rules: Any) -> Path:
        """An account with a queue and a bucket, and a project; `rules` hold from now on."""
        forgetting = self.cloud.forget(ACCOUNT)
        asyncio.run_coroutine_threadsafe(forgetting, self.cloud.loop).result(10)
        self.session.call("sqs", "CreateQueue", QueueName="orders")
        self.session.call("s3", "CreateBucket", Bucket="photos")
        project = self.folder / "project"
        shutil.rmtree(project, ignore_errors=True)
        tool.write(project)
        self.between.again(*rules)
        return project

    def deploy(self, tool: Tool, project: Path) -> tuple[int, str]:
        """Run it once: exit status, negative for a signal, and its errors."""
        home = project / ".home"
        home.mkdir(exist_ok=True)
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AWS_ENDPOINT_URL": self.between.url,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        with subprocess.Popen(
            tool.command,
            cwd=project,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            self.between.victim = process.pid
            _, said = process.communicate(timeout=LIMIT)
        self.between.victim = 0
        self.between.settle()
        return process.returncode, said

    def held(self) -> list[str]:
        """What there is, once it changes no more."""
        until = time.monotonic() + 30
        mappings = self.cloud.functions.region(ACCOUNT, REGION).mappings
        while any(one.change for one in list(mappings.values())):
            assert time.monotonic() < until, "a mapping does not settle"
            time.sleep(0.05)
        # REST APIs are full of ids that are drawn anew: they are asked for instead.
        left_out = ("apigateway ", MAY_LACK)
        lines = [one for one in everything(self.cloud, ACCOUNT) if not one.startswith(left_out)]
        return sorted(CHOSEN.sub("ID", one) for one in [*lines, *self._rest_apis()])

    def _rest_apis(self) -> Iterator[str]:
        for api in self._items("GetRestApis"):
            yield f"REST API {api['name']}"
            of = {"restApiId": api["id"]}
            for one in self._items("GetResources", **of):
                methods = sorted(one.get("resourceMethods", ()))
                yield f"REST resource {api['name']} {one['path']} {methods}"
            for stage in self.session.call("apigateway", "GetStages", **of)["item"]:
                yield f"REST stage {api['name']} {stage['stageName']}"

    def _items(self, operation: str, **of: str) -> list[Any]:
        pages = self.session.pages("apigateway", operation, **of)
        return [one for page in pages for one in page["items"]]


def undisturbed(bench: Bench, tool: Tool) -> tuple[list[str], int]:
    """What a deploy leaves, and how many of its calls change something."""
    project = bench.begin(tool)
    status, said = bench.deploy(tool, project)
    if status:
        sys.exit(f"{tool.name} does not deploy:\n{said}")
    return bench.held(), sum(call.changes for call in bench.between.calls)


def check(bench: Bench, tool: Tool, point: Point, wanted: list[str], row: Row) -> None:
    """Kill there, run again, compare."""
    project = bench.begin(tool, point.rule)
    status, said = bench.deploy(tool, project)
    if status not in (KILLED, 0):
        sys.exit(f"{tool.name}, killed {point}, ended otherwise:\n{said}")
    at = next((call.name for call in bench.between.calls if call.fault), "nothing")
    bench.between.again()
    again, said = bench.deploy(tool, project)
    failed = [f"again: exit {again}: {cause(said)}"] if again else []
    one = Tally(tool.name)
    told = f"{tool.name} killed {point} ({at})"
    one.count(told, difference(wanted, bench.held(), failed), killed=status == KILLED)
    row.add(one, bool(failed))


def cause(said: str) -> str:
    """The error in what a tool said: what follows its traceback, on one line and cut."""
    return " ".join(said.rpartition("\n  File ")[2].split("\n", 2)[-1].split())[:400]


def measure(bench: Bench, tool: Tool) -> Row:
    wanted, changes = undisturbed(bench, tool)
    if (again := undisturbed(bench, tool)[0]) != wanted:
        sys.exit(f"{tool.name} leaves another account each time: {set(wanted) ^ set(again)}")
    row = Row(tool.name)
    for k in range(1, changes + 1):
        for where in ("before change", "after change"):
            check(bench, tool, Point(where, k), wanted, row)
        print(f"{tool.name}: {row.points} of {2 * changes} points", file=sys.stderr)
    return row


def chalice(queue: bool) -> Tool:
    """Chalice, installed on first use."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    place = cache / "lcli-benchmarks" / "chalice"
    python = place / "bin" / "python"
    uv = str(BIN / "uv")
    if not python.exists():
        subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(place)], check=True)
    install = [uv, "pip", "install", "-q", "--python", str(python), "chalice"]
    subprocess.run(install, check=True)
    ask = "from importlib.metadata import version; print(version('chalice'))"
    found = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True)
    return Tool(
        f"chalice {found.stdout.strip()}",
        (str(python), "-P", str(FASTER), SPEED, "chalice.cli", "main", "deploy"),
        {
            "app.py": CHALICE_APP.replace("QUEUE", CHALICE_QUEUE.lstrip() if queue else ""),
            ".chalice/config.json": CHALICE_CONFIG,
            "requirements.txt": "",
        },
    )


def lcli(queue: bool) -> Tool:
    return Tool(
        "lcli",
        (str(BIN / "lcli"), "deploy", "--yes"),
        {
            "lcli.yaml": LCLI_MANIFEST.replace("QUEUE", LCLI_QUEUE if queue else ""),
            "code/app.py": "def handler(event, context):\n    return None\n",
        },
    )


TOOLS: dict[str, Callable[[bool], Tool]] = {"chalice": chalice, "lcli": lcli}


def read_swagger() -> None:
    """Let moto's API Gateway take Swagger 2, as AWS's does: what it reads is the same in both."""
    from moto.apigateway.models import APIGatewayBackend

    def wrapped(original: Callable[..., Any], place: int) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            document = arguments[place]
            if document.pop("swagger", None):
                document["openapi"] = "3.0.1"
                document["info"].setdefault("description", "")
            return original(*arguments, **options)

        return call

    APIGatewayBackend.import_rest_api = wrapped(APIGatewayBackend.import_rest_api, 1)
    APIGatewayBackend.put_rest_api = wrapped(APIGatewayBackend.put_rest_api, 2)


@contextmanager
def bench() -> Iterator[Bench]:
    os.environ["LCLI_LOCAL_SPEEDUP"] = SPEED
    with (
        tempfile.TemporaryDirectory() as folder,
        running_cloud(Path(folder) / "cloud") as cloud,
        overlay(cloud.url) as between,
    ):
        read_swagger()
        session = connect(region=REGION, endpoint_url=cloud.url, local_account=ACCOUNT, environ={})
        yield Bench(cloud, between, Path(folder), session)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=TOOLS)
    parser.add_argument("--without-queue", action="store_true")
    given = parser.parse_args()
    queue = not given.without_queue
    tools = [TOOLS[name](queue) for name in ([given.only] if given.only else TOOLS)]
    with bench() as place:
        rows = [measure(place, tool) for tool in tools]
    for row in rows:
        print(*row.told, sep="\n\n", end="\n\n" if row.told else "")
    print(line("tool", *COLUMNS.values()))
    for row in rows:
        print(row)


if __name__ == "__main__":
    main()
