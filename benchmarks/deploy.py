"""Fifty functions: lcli deploy against a shell loop of `aws lambda …`, on the local cloud.

Run with `python benchmarks/deploy.py`. One existing role for all on both sides; the loop makes
the functions and nothing else, lcli makes log groups, versions and aliases besides. Then a deploy
that has nothing to do, and one after one function's source was changed. Aim: at least ten times
as fast as the loop; a quiet deploy reads each function twice and makes a constant number of
other calls. Calls are counted by a proxy between the processes and the cloud.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from overlay.cloud import running_cloud

BIN = Path(sys.executable).parent
FUNCTIONS = 50
SOURCE = "def handler(event, context):\n    return {text!r}\n"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
LOOP = """
for number in $(seq 1 {count}); do
  aws lambda create-function --function-name loop-$number --runtime python3.13 \\
    --handler app.handler --role {role} --zip-file fileb://code.zip > /dev/null || exit 1
done
"""


def role(account: str) -> str:
    return f"arn:aws:iam::{account}:role/bench"


def manifest(directory: Path, account: str) -> None:
    lines = [
        "app: bench",
        "region: eu-west-1",
        f"defaults: {{runtime: python3.13, handler: app.handler, role: '{role(account)}'}}",
        "functions:",
    ]
    for number in range(1, FUNCTIONS + 1):
        source = directory / "src" / f"f{number}"
        source.mkdir(parents=True)
        (source / "app.py").write_text(SOURCE.format(text=str(number)))
        lines.append(f"  f{number}: {{source: src/f{number}}}")
    (directory / "lcli.yaml").write_text("\n".join(lines) + "\n")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", SOURCE.format(text="loop"))
    (directory / "code.zip").write_bytes(packed.getvalue())


@contextmanager
def counting(url: str) -> Iterator[tuple[str, Counter[str]]]:
    """A proxy's address, and its count of requests by method."""
    counted: Counter[str] = Counter()
    host = url.removeprefix("http://")

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            counted[self.command] += 1
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            upstream = HTTPConnection(host)
            upstream.request(self.command, self.path, body, dict(self.headers))
            answer = upstream.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            upstream.close()

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = pass_on  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", counted
    server.shutdown()


@dataclass(frozen=True)
class Case:
    name: str
    seconds: float
    calls: int

    def __str__(self) -> str:
        return f"{self.name:34} {self.seconds:7.2f} s {self.calls:6} calls"


def run(name: str, command: list[str], directory: Path, environ: dict[str, str]) -> Case:
    began = time.perf_counter()
    subprocess.run(
        command,
        check=True,
        cwd=directory,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return Case(name, time.perf_counter() - began, 0)


def environment(url: str, home: Path, account: str) -> dict[str, str]:
    """What both see: one endpoint, dummy credentials, no configuration files."""
    return {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "HOME": str(home),
        "AWS_ENDPOINT_URL": url,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def cases(directory: Path, url: str, account: str) -> Iterator[Case]:
    """The four commands in turn."""
    environ = environment(url, directory, account)
    lcli = [str(BIN / "lcli"), "deploy", "--yes"]
    loop = ["sh", "-c", LOOP.format(count=FUNCTIONS, role=role(account))]
    yield run("aws lambda create-function, looped", loop, directory, environ)
    yield run("lcli deploy, first", lcli, directory, environ)
    yield run("lcli deploy, nothing to do", lcli, directory, environ)
    (directory / "src" / "f7" / "app.py").write_text(SOURCE.format(text="changed"))
    yield run("lcli deploy, one changed", lcli, directory, environ)


def main() -> None:
    timed = in_fresh_account("100000000001", proxied=False)
    counted = in_fresh_account("100000000002", proxied=True)
    for case, same in zip(timed, counted, strict=True):
        print(Case(case.name, case.seconds, same.calls))
    loop = timed[0]
    for case in timed[1:]:
        print(f"{case.name}: {loop.seconds / case.seconds:.1f} x as fast as the loop")
    quiet = counted[2].calls
    print(f"a quiet deploy: 2 calls a function and {quiet - 2 * FUNCTIONS} more")


def in_fresh_account(account: str, *, proxied: bool) -> list[Case]:
    """The commands in an empty account, timed, or counted by the proxy."""
    with tempfile.TemporaryDirectory() as folder, running_cloud(Path(folder) / "cloud") as cloud:
        directory = Path(folder) / "app"
        directory.mkdir()
        manifest(directory, account)
        subprocess.run(
            [
                str(BIN / "aws"),
                "iam",
                "create-role",
                "--role-name",
                "bench",
                "--assume-role-policy-document",
                TRUST,
            ],
            check=True,
            env=environment(cloud.url, directory, account),
            stdout=subprocess.DEVNULL,
        )
        if not proxied:
            return list(cases(directory, cloud.url, account))
        with counting(cloud.url) as (url, calls):
            found, before = [], 0
            for case in cases(directory, url, account):
                total = sum(calls.values())
                found.append(Case(case.name, case.seconds, total - before))
                before = total
            return found


if __name__ == "__main__":
    main()
