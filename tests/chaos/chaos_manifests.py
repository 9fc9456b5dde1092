"""Ten thousand bad manifests: nothing raw, no traceback, none takes 2 s or 300 MB."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "fuzz_manifest.py"
MANIFESTS, SHARES = 10_000, 4


@pytest.mark.parametrize("share", range(SHARES))
def test_bad_manifests(tmp_path: Path, evidence: Callable[[str], None], share: int) -> None:
    seed = random.randrange(10**6)
    done = subprocess.run(
        [sys.executable, PROGRAM, str(seed)],
        cwd=tmp_path,
        env={**os.environ, "LCLI_FUZZ_RUNS": str(MANIFESTS // SHARES)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    refused = re.search(r"refused\s+([\d,]+)", done.stdout)
    slowest = re.search(r"slowest\s+(\d+) ms", done.stdout)
    memory = re.search(r"memory\s+(\d+) MB", done.stdout)
    assert refused
    assert slowest
    assert memory
    evidence(
        f"bad manifests, seed {seed}: {MANIFESTS // SHARES:,}, {refused[1]} refused, no traceback, "
        f"nothing raw in what is printed, {slowest[1]} ms and {memory[1]} MB at most"
    )
    assert int(slowest[1]) <= 2000, done.stdout
    assert int(memory[1]) <= 300, done.stdout
