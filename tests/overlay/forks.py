"""Runs of a step in processes that can be killed: forked off one that has loaded everything.

What makes a new process of lcli's dear is loading the SDK and its data. A fork has it already; it
opens its own connections, starts its own threads and dies of SIGKILL like any other process. One
that is to be killed after it has made its plan can be forked off one that has made it.
"""

from __future__ import annotations

import gc
import json
import os
import random
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
KILLED = -9
READY = "ready\n"


class Forks:
    """The process that forks; `run` starts one step at a time and waits for its end."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def plan(self, name: str, step: str) -> None:
        """Make the plan of a step, for runs of that name."""
        self._ask({"plan": name, "step": step})

    def run(self, overlay: Any, *, step: str = "", planned: str = "") -> tuple[int, str]:
        """Its exit status, negative for a signal, and what it said if it failed.

        It is a whole step, or what is left of one that was `planned`. `overlay.victim` is the
        process from its first call on.
        """
        overlay.victim = self._ask({"step": step, "planned": planned})["pid"]
        ended = self._ask({})
        overlay.victim = 0
        overlay.settle()
        return int(ended["status"]), str(ended["said"])

    def _ask(self, what: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the process that forks has ended"
        return dict(json.loads(answer))


@contextmanager
def forks(url: str, account: str, directory: Path) -> Iterator[Forks]:
    """Forks that deploy the apps of overlay/apps.py in `directory` to an account by `url`."""
    with subprocess.Popen(
        [sys.executable, "-m", "overlay.forks", url, account, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "PYTHONPATH": f"{TESTS}:{TESTS / 'aws' / 'deploy'}",
        },
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == READY, "the process that forks did not start"
        yield Forks(process)
        assert process.stdin is not None
        process.stdin.close()


def _serve(url: str, account: str, directory: Path) -> None:
    """One line asks for a run and is answered with its process, the next one lets it go."""
    from overlay.apps import STEPS, app_on, take

    app = app_on(url, account, directory)
    for name in ("first", "second", "near", "nothing"):  # loads what each needs
        take(name, app)
    _hang_up(app)
    planned: dict[str, Callable[[], None]] = {}
    gc.collect()
    gc.set_threshold(200_000, 20, 20)  # as lcli's own process
    gc.freeze()  # looking through what all forks share would copy it for each
    _say(READY)
    for line in sys.stdin:
        asked = json.loads(line)
        if "plan" in asked:
            planned[asked["plan"]] = STEPS[asked["step"]](app)
            _hang_up(app)
            _say("{}\n")
            continue
        run = planned.get(asked["planned"]) or partial(take, asked["step"], app)
        wait, go = os.pipe()
        told, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(go)
            os.read(wait, 1)
            _run(run, tell)
        for end in (wait, tell):
            os.close(end)
        _say(json.dumps({"pid": pid}) + "\n")
        sys.stdin.readline()
        os.write(go, b"!")
        with os.fdopen(told) as listening:
            said = listening.read()
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(go)
        _say(json.dumps({"status": status, "said": said}) + "\n")


def _hang_up(app: Any) -> None:
    """A connection must not be shared by two processes."""
    for client in app.session()._clients.values():
        client._endpoint.http_session.close()


def _say(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


def _run(step: Callable[[], None], tell: int) -> None:
    """In the forked process: the step, then the end."""
    random.seed()
    try:
        step()
    except BaseException:
        os.write(tell, traceback.format_exc().encode())
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
