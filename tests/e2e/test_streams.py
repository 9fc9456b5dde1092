"""Streams that are closed, full, or read by somebody who has enough."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

LCLI = f"{shlex.quote(sys.executable)} -m lcli"
FULL = (
    "error: the output cannot be written: No space left on device [output-not-written]\n"
    "  at: standard output\n"
    "  next: make room where it goes, then run the command again\n"
)


@pytest.mark.parametrize(
    ("line", "code", "stdout", "stderr"),
    [
        pytest.param("validate -o json > /dev/full", 1, "", FULL, id="full-stdout"),
        pytest.param("event s3 > /dev/full", 1, "", FULL, id="full-stdout-of-a-text"),
        pytest.param("build > /dev/full", 1, "", FULL, id="full-stdout-of-a-table"),
        pytest.param("validate 2> /dev/full", 0, "", "", id="full-stderr"),
        pytest.param("validate -f none.yaml 2> /dev/full", 2, "", "", id="full-stderr-of-an-error"),
        pytest.param("validate -o json >&-", 0, "", "", id="closed-stdout"),
        pytest.param("validate 2>&-", 0, "", "", id="closed-stderr"),
        pytest.param("validate -q <&-", 0, "", "", id="closed-stdin"),
        pytest.param("schema | true", 0, "", "", id="reader-of-text-left"),
        pytest.param("validate -o json -f no 2>&3 | true", 2, "", "", id="reader-of-an-error-left"),
        pytest.param("build | true", 0, "", "", id="reader-of-a-table-left"),
        pytest.param("validate 2>&1 >&3 | true", 0, "", "", id="reader-of-stderr-left"),
    ],
)
def test_no_traceback_for_any_stream(
    tmp_path: Path, line: str, code: int, stdout: str, stderr: str
) -> None:
    (tmp_path / "app.py").write_text("def handler(event, context): return event\n")
    (tmp_path / "lcli.yaml").write_text(
        "app: a\nregion: eu-west-1\nfunctions:\n"
        "  f: {source: app.py, runtime: python3.13, handler: app.handler}\n"
    )
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"exec 3>/dev/null; {LCLI} {line}"],
        cwd=tmp_path,
        env=os.environ | {"LCLI_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (code, stdout)
    if line != "build | true":
        assert done.stderr == stderr


INTERRUPTED_WRITE = """
import signal, sys
from lcli.ui.output import outlasting
sys.stdout = outlasting(sys.stdout)
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.2)
sys.stdout.write("x" * 1_000_000)
sys.stdout.flush()
"""


def test_a_signal_cuts_nothing_off_where_python_does_not_buffer() -> None:
    command = [sys.executable, "-u", "-c", INTERRUPTED_WRITE]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        time.sleep(0.8)  # the pipe is full, and the signal comes
        assert len(process.stdout.read()) == 1_000_000
    assert process.returncode == 0
