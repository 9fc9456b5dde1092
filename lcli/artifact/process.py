"""Running the tools that install dependencies."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from lcli.errors import LcliError, Problem

TIMEOUT = 1200
"""Seconds that an install may take."""
_SHOWN = 25
"""Lines of its output that are told."""
_LONG = 80
"""Characters of its command line that are told."""
_running: set[subprocess.Popen[bytes]] = set()


def run_tool(
    arguments: list[str],
    *,
    cwd: Path,
    code: str,
    what: str,
    where: str,
    next_step: str,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Runs a tool to its end without a terminal, in a process group of its own.

    Raises:
        LcliError: (FAILED) it could not start, took longer than TIMEOUT, or failed; with how it
            ended, and the last lines that it wrote.
    """
    try:
        process = subprocess.Popen(
            arguments,
            cwd=cwd,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    except OSError as error:
        raise LcliError(Problem(code, f"{what}: {error}", where, next_step)) from error
    _running.add(process)
    try:
        said, _ = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired as error:
        _signal(process, signal.SIGKILL)
        process.communicate()
        reason = f"{arguments[0]} was still running after {TIMEOUT} s"
        raise LcliError(Problem(code, f"{what}: {reason}", where, next_step)) from error
    finally:
        _running.discard(process)
    if process.returncode != 0:
        lines = said.decode("utf-8", "replace").strip().splitlines()[-_SHOWN:]
        told = "\n".join([f"{what}: {_ended(arguments, process.returncode)}", *lines])
        raise LcliError(Problem(code, told, where, next_step))


def end_tools(number: signal.Signals) -> None:
    """Sends a signal to every tool that runs, with all that it began.

    Who presses Ctrl-C reaches the terminal's foreground group alone, and who signals lcli lcli
    alone: so what that means for a tool is the same for both.
    """
    for process in list(_running):
        _signal(process, number)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # it has ended, or is another user's (sudo)
        os.killpg(process.pid, number)


def _ended(arguments: list[str], status: int) -> str:
    """How it ended; below zero `status` is a signal's number."""
    command = shlex.join(arguments)
    shown = command if len(command) <= _LONG else f"{command[:_LONG]}…"
    if status > 0:
        return f"exit status {status} of {shown}"
    try:
        return f"{signal.Signals(-status).name} ended {shown}"
    except ValueError:  # a real-time signal has no name
        return f"signal {-status} ended {shown}"
