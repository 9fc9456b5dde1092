"""What a function leaves behind is ended, also what starts anew while it is looked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from lcli.local.runtime import guard

FORKS_WHEN_ASKED = """
import os, sys, time
sys.stdin.read(1)
child = os.fork()
if child:
    print(child, flush=True)
else:
    os.close(1)
    time.sleep(30)
"""


def test_a_child_of_what_ended_during_the_look_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", FORKS_WHEN_ASKED],
        env={"SCRATCH": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    listed = guard._processes
    children: list[psutil.Process] = []

    def forks_after_the_list() -> list[int]:
        pids = listed()
        if not children:
            told, _ = parent.communicate(b".", timeout=10)
            children.append(psutil.Process(int(told)))
        return pids

    monkeypatch.setattr(guard, "_processes", forks_after_the_list)
    guard.end_strays(str(tmp_path))

    assert psutil.wait_procs(children, timeout=4)[1] == []
