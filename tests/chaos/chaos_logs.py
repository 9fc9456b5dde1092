"""Logs: hours of following through everything that goes wrong, and memory on many events."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from overlay.log_hours import hours_of_trouble
from overlay.served_logs import peak, serving

LCLI = Path(sys.executable).with_name("lcli")
MILLION = 1_000_000
PAGE = 10_000
SPAN = 600_000
"""Milliseconds over which the events are spread: a follow remembers all of them."""


@pytest.mark.parametrize(
    ("off", "hours"),
    [
        pytest.param(0, 6, id="clock right"),
        # Ten minutes more are read again by every sweep.
        pytest.param(-600, 2, id="clock behind"),
        pytest.param(600, 2, id="clock ahead"),
    ],
)
def test_hours_of_trouble(off: int, hours: int, evidence: Callable[[str], None]) -> None:
    seed = random.randrange(10**6)
    found = hours_of_trouble(seed=seed, hours=hours, per_hour=5_000, off=off)
    evidence(f"followed, clock off by {off} s, seed {seed}: {found}")
    assert (found.lost, found.twice) == (0, 0)
    assert found.busiest <= 1
    assert found.minute <= 5


class Many:
    """A group of so many events, made as they are asked for."""

    def __init__(self, count: int, size: int = 0) -> None:
        """Each message has `size` bytes more than it says."""
        self._count = count
        self._page = min(PAGE, 1_000_000 // (size + 26))
        self._padding = "x" * size
        self._began = int(time.time() * 1000) - SPAN - 10_000

    def _at(self, number: int) -> int:
        return self._began + number * SPAN // self._count

    def __call__(self, asked: dict[str, Any]) -> dict[str, Any]:
        lower = (asked["startTime"] - self._began) * self._count // SPAN
        upper = (asked["endTime"] + 1 - self._began) * self._count // SPAN
        begin = int(asked.get("nextToken") or max(0, lower))
        end = min(begin + self._page, upper + 1, self._count)
        events = [
            {
                "eventId": f"{number:056}",
                "logStreamName": f"2026/03/01/[1]{number % 20:032x}",
                "timestamp": self._at(number),
                "ingestionTime": self._at(number) + 500,
                "message": f"order {number} was packed, weighed and sent to where it belongs"
                f"{self._padding}\n",
            }
            for number in range(begin, end)
            if asked["startTime"] <= self._at(number) <= asked["endTime"]
        ]
        more = end < min(upper + 1, self._count)
        return {"events": events} | ({"nextToken": str(end)} if more else {})


def printed(count: int, *words: str, asleep: float = 0.0, size: int = 0) -> tuple[int, float]:
    """Lines on a pipe whose reader sleeps first, and the peak of memory."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        **{"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-west-1"},
    }
    with serving(Many(count, size)) as url:
        process = subprocess.Popen(
            [LCLI, "logs", "f", "--since", "20m", *words],
            env={**environ, "AWS_ENDPOINT_URL": url},
            stdout=subprocess.PIPE,
            cwd="/",
        )
        assert process.stdout is not None
        time.sleep(asleep)
        lines = most = 0.0
        for lines, _ in enumerate(process.stdout, 1):
            if lines % (20 if count < MILLION // 10 else 500) == 0:
                most = max(most, peak(process.pid))
            if lines == count and "-F" in words:
                # A deep sweep over all of them, then the last one.
                time.sleep(25)
                most = max(most, peak(process.pid))
                process.send_signal(signal.SIGINT)
        process.wait(60)
    return int(lines), most


@pytest.mark.parametrize(
    ("how", "count", "words", "asleep"),
    [
        ("read by one who sleeps for 20 s", MILLION, (), 20),
        ("followed", MILLION, ("-F",), 0),
        ("read in JSON", MILLION // 4, ("-o", "json"), 0),
        ("read by invocation", MILLION // 4, ("--group",), 0),
    ],
)
def test_memory_on_many_events(
    how: str, count: int, words: tuple[str, ...], asleep: float, evidence: Callable[[str], None]
) -> None:
    _, few = printed(1_000, *words)
    lines, many = printed(count, *words, asleep=asleep)
    evidence(
        f"{count:,} events {how}: {lines:,} lines, {many:.0f} MB at most, {many - few:.0f} more "
        "than for 1,000"
    )
    assert many - few <= 100
    if "--group" not in words:
        assert lines == count


@pytest.mark.parametrize(
    ("count", "size", "words"),
    [
        (60_000, 2_000, ("--group",)),
        (20_000, 8_000, ("--group",)),
        (600, 256_000, ("--group",)),
        (600, 256_000, ("--tail", "300")),
        (15_000, 8_000, ("--tail", "10000")),
        (600, 256_000, ("--tail", "300", "-o", "json")),
    ],
)
def test_memory_on_large_events(
    count: int, size: int, words: tuple[str, ...], evidence: Callable[[str], None]
) -> None:
    _, few = printed(1_000, *words)
    lines, many = printed(count, *words, size=size)
    evidence(
        f"{count:,} events of {size:,} bytes, {' '.join(words)}: {many:.0f} MB at most, "
        f"{many - few:.0f} more than for 1,000 short ones"
    )
    assert lines >= (int(words[1]) if "--tail" in words else count)
    assert many - few <= 100
