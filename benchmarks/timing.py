"""Whole commands timed in turn, so that a machine whose speed drifts is fair to all of them."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Wall seconds of one command over several runs."""

    name: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        low, high = min(self.seconds) * 1000, max(self.seconds) * 1000
        return f"{self.name:34} {self.median * 1000:8.0f} ms  ({low:.0f} to {high:.0f})"


def in_turn(
    commands: Mapping[str, Sequence[str]], *, runs: int = 7, environ: Mapping[str, str]
) -> dict[str, Timing]:
    """Run all commands once to warm up, then `runs` times A B C A B C …; each must exit 0."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, env=environ)
            if turn:
                taken[name].append(time.perf_counter() - began)
    return {name: Timing(name, tuple(seconds)) for name, seconds in taken.items()}


def ratio(ours: Timing, theirs: Timing) -> float:
    """Median of the ratios run by run: drift touches both sides of a pair alike."""
    pairs = zip(ours.seconds, theirs.seconds, strict=True)
    return statistics.median(a / b for a, b in pairs)
