"""Calls from the shell: lcli against the AWS CLI and a bare boto3 script; many calls by --each.

Run with `python benchmarks/invoke.py`. One Python function in the local cloud on loopback. Aims:
one call at most 1.15 times the bare script and 0.75 times the AWS CLI; 2,000 payloads by --each
at least 50 times as fast as a shell loop of `aws lambda invoke`, of which 20 are measured.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from startup import BIN, aws_environment, make_functions, running_cloud
from timing import in_turn, ratio

PAYLOADS, SAMPLE = 2000, 20
FUNCTION = "bench-0"
BARE = f"""
import boto3, sys
answer = boto3.client("lambda").invoke(FunctionName="{FUNCTION}", Payload=b"1", LogType="Tail")
sys.stdout.buffer.write(answer["Payload"].read())
"""
LOOP = f"""
while read -r payload; do
    aws lambda invoke --function-name {FUNCTION} --payload "$payload" /dev/stdout || exit 1
done
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, running_cloud(Path(directory)) as cloud:
        environ = aws_environment(cloud.url, directory)
        environ["PATH"] = f"{BIN}:{environ['PATH']}"
        make_functions(cloud.url)
        one_call(environ)
        many_calls(environ)


def one_call(environ: dict[str, str]) -> None:
    lcli, aws = str(BIN / "lcli"), str(BIN / "aws")
    named = ("--function-name", FUNCTION, "--payload", "1", "--log-type", "Tail")
    found = in_turn(
        {
            "lcli invoke": [lcli, "invoke", FUNCTION, "-p", "1"],
            "aws lambda invoke": [aws, "lambda", "invoke", *named, "/dev/stdout"],
            "bare boto3": [sys.executable, "-c", BARE],
        },
        environ=environ,
    )
    for timing in found.values():
        print(timing)
    for theirs in ("aws lambda invoke", "bare boto3"):
        print(f"lcli invoke / {theirs}: {ratio(found['lcli invoke'], found[theirs]):.2f}")


def many_calls(environ: dict[str, str]) -> None:
    def seconds(command: list[str], count: int) -> float:
        lines = "".join(f"{number}\n" for number in range(count))
        began = time.perf_counter()
        done = subprocess.run(
            command, input=lines, text=True, capture_output=True, check=True, env=environ
        )
        taken = time.perf_counter() - began
        if command[-1] == "--each" and done.stdout != lines:
            raise SystemExit("the results are not those of the payloads, in their order")
        return taken

    each = seconds([str(BIN / "lcli"), "invoke", FUNCTION, "--each"], PAYLOADS)
    loop = seconds(["sh", "-c", LOOP], SAMPLE) / SAMPLE * PAYLOADS
    print(f"lcli invoke --each, {PAYLOADS} payloads: {each:.1f} s")
    print(
        f"shell loop, {SAMPLE} measured and scaled: {loop:.0f} s, {loop / each:.0f} times as long"
    )


if __name__ == "__main__":
    main()
