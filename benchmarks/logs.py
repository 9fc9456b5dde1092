"""Reading and following logs: lcli against awslogs and a bare boto3 paginator.

Run with `python benchmarks/logs.py [read|follow] [EVENTS…]`; both by default, with 20,000 and
200,000 events read. All of them ask one server on loopback whose answers are prepared, and
write to /dev/null. Followed is the group that the tests simulate, by their three models of lag, an
hour of it at thirty times its speed: events become visible some time after their timestamp, pages
are empty or come again, tokens expire, calls are throttled or fail.
"""

from __future__ import annotations

import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from log_server import Faster, Stored, serving, simulated
from overlay.log_group import SimulatedGroup
from overlay.log_hours import LAGS
from startup import BIN, aws_environment

from lcli.observe.follow import LATENESS

COUNTS = (20_000, 200_000)
RUNS = 5
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
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
seconds = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr)
sys.exit(code)
"""

SPEED = 30
HOUR = 3_600_000
FOLLOWED = 100_000
TROUBLE = 0.02
"""Part of the calls that fail, as in the tests."""
SPREAD = LATENESS + 100_000
"""Milliseconds that are followed on after the last event."""


@dataclass
class Measured:
    """Of every run wall and CPU seconds, and the largest peak of resident memory in MB."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    megabytes: float = 0.0


def main() -> None:
    words = sys.argv[1:]
    counts = [int(word) for word in words if word.isdigit()] or COUNTS
    if "follow" not in words:
        read(counts)
    if "read" not in words:
        follow()


def read(counts: Sequence[int]) -> None:
    now, stored = int(time.time() * 1000), Stored()
    for count in counts:
        stored.add(f"/aws/lambda/bench-{count}", count, now - HOUR // 2, now - 60_000)
    with tempfile.TemporaryDirectory() as home, serving(stored) as url:
        for count in counts:
            name = f"bench-{count}"
            commands = {
                "lcli logs": [str(BIN / "lcli"), "logs", name, "--since", "1h"],
                "bare boto3": [sys.executable, "-c", BARE, f"/aws/lambda/{name}"],
                "awslogs get": [str(BIN / "awslogs"), "get", f"/aws/lambda/{name}", "-s1h ago"],
            }
            runs = RUNS if count < 100_000 else 3
            report(count, measure(commands, aws_environment(url, home), runs))


def measure(
    commands: Mapping[str, Sequence[str]], environ: Mapping[str, str], runs: int
) -> dict[str, Measured]:
    """Every command so many times in turn, after one run of the first to warm the server up."""
    found = {name: Measured() for name in commands}
    run(next(iter(commands.values())), environ)
    for _ in range(runs):
        for name, command in commands.items():
            seconds, cpu, megabytes = run(command, environ)
            found[name].seconds.append(seconds)
            found[name].cpu.append(cpu)
            found[name].megabytes = max(found[name].megabytes, megabytes)
    return found


def run(command: Sequence[str], environ: Mapping[str, str]) -> tuple[float, float, float]:
    """Wall and CPU seconds, and the peak of resident memory in MB."""
    launch = [sys.executable, "-c", LAUNCH, *command]
    done = subprocess.run(launch, stderr=subprocess.PIPE, env=environ, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]} ended with {done.returncode}: {done.stderr}")
    seconds, cpu, peak = done.stderr.split()[-3:]
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return float(seconds), float(cpu), int(peak) / unit


def report(count: int, found: Mapping[str, Measured]) -> None:
    print(f"{count:,} events, read")
    for name, one in found.items():
        wall, cpu = statistics.median(one.seconds), statistics.median(one.cpu)
        spread = f"({min(one.seconds):.2f} to {max(one.seconds):.2f})"
        print(f"  {name:12} {wall:7.2f} s {spread:18} {cpu:7.2f} s CPU {one.megabytes:6.0f} MB")
    ours = found["lcli logs"]
    for name in ("bare boto3", "awslogs get"):
        wall = ratio(ours.seconds, found[name].seconds)
        cpu = ratio(ours.cpu, found[name].cpu)
        print(f"  lcli logs / {name}: {wall:.2f} of the time, {cpu:.2f} of the CPU")


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Median of the ratios run by run."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def follow() -> None:
    """Both follow one server at once; its events are numbered, so each is known again."""
    fast = [sys.executable, str(Path(__file__).with_name("faster.py")), str(SPEED)]
    commands = {
        "lcli logs -F": [*fast, "lcli.__main__", "main", "logs", "f", "-F", "--since", "1m"],
        "awslogs --watch": [*fast, "awslogs.bin", "main", "get", "/aws/lambda/f", "-w", "-s1m ago"],
    }
    print(f"{FOLLOWED:,} events in an hour, followed at {SPEED} times the speed")
    for name, lag in LAGS.items():
        rng, clock = random.Random(1), Faster(SPEED)
        # They begin when both programs follow.
        first = clock.wall() + 60_000
        events = [(first + rng.randrange(HOUR), lag(rng)) for _ in range(FOLLOWED)]
        group = simulated(SimulatedGroup(1, clock, events, trouble=TROUBLE))
        with tempfile.TemporaryDirectory() as home, serving(group) as url:
            texts, ended = watched(commands, aws_environment(url, home), HOUR + SPREAD)
        print(f"  lag: {name}")
        for program, text in texts.items():
            times = Counter(re.findall(r"line (\d+)$", text, re.MULTILINE))
            lost, twice = FOLLOWED - len(times), sum(times.values()) - len(times)
            early = ", ended by itself" if program in ended else ""
            share = f"{lost / FOLLOWED:.1%}"
            print(f"    {program:16} {lost:6,} lost ({share}), {twice:,} repeated{early}")


def watched(
    commands: Mapping[str, Sequence[str]], environ: Mapping[str, str], milliseconds: int
) -> tuple[dict[str, str], set[str]]:
    """What each prints in so many milliseconds of its own time, until Ctrl-C; those that had ended
    before."""
    with tempfile.TemporaryDirectory() as directory:
        files = {name: Path(directory, name.replace(" ", "-")) for name in commands}
        processes = {}
        for name, command in commands.items():
            with files[name].open("wb") as output:
                processes[name] = subprocess.Popen(
                    command, stdout=output, stderr=subprocess.DEVNULL, env=dict(environ)
                )
        time.sleep(milliseconds / 1000 / SPEED)
        ended = {name for name, process in processes.items() if process.poll() is not None}
        for process in processes.values():
            process.send_signal(signal.SIGINT)
        for process in processes.values():
            process.wait(120)
        return {name: file.read_text() for name, file in files.items()}, ended


if __name__ == "__main__":
    main()
