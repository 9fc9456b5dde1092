"""The network, the credentials or the disk are not there: what each command says and when."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from resource import RLIMIT_FSIZE, setrlimit
from socket import create_server, socket
from threading import Thread

LCLI = Path(sys.executable).with_name("lcli")
MANIFEST = """
app: photos
region: us-east-1
functions:
  one: {runtime: python3.13, handler: app.handler, source: code}
"""
REACHING: Mapping[str, tuple[str, ...]] = {
    "plan": ("plan",),
    "deploy": ("deploy", "--yes"),
    "deploy --quick": ("deploy", "--yes", "--quick"),
    "deploy --events": ("deploy", "--yes", "-o", "json", "--events"),
    "delete": ("delete", "--yes"),
    "list": ("list",),
    "list --all": ("list", "--all"),
    "status": ("status",),
    "status of one": ("status", "one"),
    "invoke": ("invoke", "one"),
    "invoke --async": ("invoke", "one", "--async"),
    "invoke --wait": ("invoke", "one", "--async", "--wait"),
    "invoke --stream": ("invoke", "one", "--stream"),
    "invoke --tail": ("invoke", "one", "--tail"),
    "invoke --dry-run": ("invoke", "one", "--dry-run"),
    "invoke --repeat": ("invoke", "one", "--repeat", "3"),
    "invoke --each": ("invoke", "one", "--each"),
    "invoke --event shared": ("invoke", "one", "--event", "shared:mine"),
    "events list": ("events", "list", "one"),
    "events get": ("events", "get", "one", "mine"),
    "events put": ("events", "put", "one", "mine", "-p", "{}"),
    "events delete": ("events", "delete", "one", "mine"),
    "executions list": ("executions", "list", "one"),
    "executions get": ("executions", "get", "one/order-1"),
    "executions history": ("executions", "history", "one/order-1"),
    "executions stop": ("executions", "stop", "one/order-1"),
    "executions pause": ("executions", "pause", "one/order-1"),
    "executions resume": ("executions", "resume", "one/order-1"),
    "executions delete": ("executions", "delete", "one/order-1"),
    "executions callback": ("executions", "callback", "heartbeat", "abc"),
    "logs": ("logs",),
    "logs --follow": ("logs", "--follow"),
    "logs --live": ("logs", "--live"),
    "logs --insights": ("logs", "--insights", "fields @message"),
    "versions": ("versions", "one"),
    "rollback": ("rollback", "one"),
}
"""Commands that call AWS, one of each way; `REACHING_NOTHING` are the others."""
REACHING_NOTHING = frozenset(
    {"validate", "event", "cost", "build", "package", "local", "schema", "completion"}
)
MANY = frozenset({"invoke --repeat", "invoke --each"})
"""They go on after calls that brought no answer, and say of each what became of it."""
BUILDING: Mapping[str, tuple[str, ...]] = {
    "build": ("build",),
    "package": ("package", "--to", "dist"),
    "plan": ("plan",),
    "deploy": ("deploy", "--yes"),
    "status": ("status",),
}
"""Every command that builds artifacts."""
_ERROR = re.compile(r"^error: .+ \[([a-z-]+)\]$", re.MULTILINE)
_ENVIRON = re.compile(r"(AWS|LCLI|XDG|PYTHON)_|\w+_proxy$", re.IGNORECASE)


@dataclass(frozen=True)
class Said:
    """What a command did."""

    code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def problem(self) -> str:
        """The code of the one error; "" for none, or for several or a traceback."""
        codes = _ERROR.findall(self.stderr)
        clear = len(codes) == 1 and "Traceback" not in self.stderr + self.stdout
        return str(codes[0]) if clear and "\n  next: " in self.stderr else ""


def project(directory: Path) -> Path:
    """A project of one function, and a home without any AWS configuration."""
    (directory / "home").mkdir()
    made = directory / "project"
    (made / "code").mkdir(parents=True)
    (made / "code" / "app.py").write_text("def handler(event, context):\n    return 1\n")
    (made / "code" / "data.bin").write_bytes(os.urandom(100_000))
    (made / "lcli.yaml").write_text(MANIFEST)
    return made


def run(
    project: Path,
    arguments: tuple[str, ...],
    environ: Mapping[str, str],
    *,
    largest_file: int | None = None,
    stdout: Path | None = None,
) -> Said:
    """The installed command in `project`, with nothing of this process's AWS settings.

    No file may grow beyond `largest_file` bytes, if given, as on a full disk.
    """
    home = project.parent / "home"
    kept = {name: value for name, value in os.environ.items() if not _ENVIRON.match(name)}
    full = kept | {
        "HOME": str(home),
        "LCLI_CACHE_DIR": str(home / "cache"),
        "LCLI_LOCAL_DIR": str(home / "local"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    limit = None
    if largest_file is not None:
        limit = partial(setrlimit, RLIMIT_FSIZE, (largest_file, largest_file))
    began = time.monotonic()
    with open(stdout, "w") if stdout else _nothing() as out:
        done = subprocess.run(
            [LCLI, *arguments],
            cwd=project,
            env=full | environ,
            input="{}\n",
            stdout=out or subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=limit,
            timeout=240,
            check=False,
        )
    return Said(done.returncode, done.stdout or "", done.stderr, time.monotonic() - began)


@contextmanager
def _nothing() -> Iterator[None]:
    yield None


def run_all(
    project: Path, commands: Mapping[str, tuple[str, ...]], environ: Mapping[str, str]
) -> dict[str, Said]:
    """All of them at once: most of their time is waiting.

    Their seconds are those beyond the start of a command in that crowd, which is the machine's:
    one among them without credentials ends where the others ask AWS.
    """
    with ThreadPoolExecutor(len(commands) + 1) as pool:
        start = pool.submit(run, project, ("plan",), {})
        done = list(pool.map(lambda words: run(project, words, environ), commands.values()))
        machine = start.result()
    assert machine.problem == "no-credentials", machine
    waited = [replace(one, seconds=max(0.0, one.seconds - machine.seconds)) for one in done]
    return dict(zip(commands, waited, strict=True))


SIGNED = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI"}


@contextmanager
def dead_port() -> Iterator[str]:
    """An address that is taken, so that nothing else begins to listen there, and refuses."""
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextmanager
def hanging_up() -> Iterator[str]:
    """A server that ends every connection without a word."""
    with create_server(("127.0.0.1", 0), backlog=64) as server:

        def serve() -> None:
            while True:
                try:
                    server.accept()[0].close()
                except OSError:
                    return

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(2)
        thread.join(5)


@contextmanager
def never_answering() -> Iterator[str]:
    """A server that takes every connection and says nothing."""
    with create_server(("127.0.0.1", 0), backlog=1024) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def no_such_host() -> Iterator[str]:
    """A name that no DNS has (RFC 6761)."""
    yield "http://aws.invalid"


@dataclass(frozen=True)
class Outage:
    """Why AWS cannot be reached, and what each command says of it within how many seconds.

    Without a connection an endpoint is given up after 10 s, without an answer after 60 s, by an
    invocation 10 s later: it is waited for so long before anything else is asked.
    """

    endpoint: Callable[[], AbstractContextManager[str]]
    problem: str
    within: float
    environ: Mapping[str, str]
    of_call: str = ""
    """What an invocation says, if not `problem`: whoever may have been heard does not say that
    nothing was reached."""

    def expected(self, name: str) -> str:
        """The code of that command's one error."""
        # These two ask something else before they call.
        calls = name.startswith("invoke") and name not in ("invoke --event shared", "invoke --wait")
        return self.of_call if calls and self.of_call else self.problem

    @property
    def commands(self) -> dict[str, tuple[str, ...]]:
        """Those that end with one error."""
        return {name: one for name, one in REACHING.items() if not (self.of_call and name in MANY)}

    def unclear(self, said: Mapping[str, Said]) -> dict[str, Said]:
        """Those that did not end with their one problem, exit 1 and nothing on stdout, in time."""
        return {
            name: one
            for name, one in said.items()
            if unclear({name: one}, self.expected(name), self.within)
        }


SLACK = 10.0
"""Seconds for what the machine does beyond a command's start."""
OUTAGES: Mapping[str, Outage] = {
    "a dead endpoint": Outage(dead_port, "unreachable", 10 + SLACK, SIGNED),
    "no network": Outage(no_such_host, "unreachable", 10 + SLACK, SIGNED),
    "no credentials": Outage(dead_port, "no-credentials", SLACK, {}),
    "an endpoint that never answers": Outage(
        never_answering, "unreachable", 70 + SLACK, SIGNED, "no-answer"
    ),
    "an endpoint that hangs up": Outage(hanging_up, "unreachable", 60 + SLACK, SIGNED, "no-answer"),
}


def unclear(said: Mapping[str, Said], problem: str, within: float) -> dict[str, Said]:
    """Those that did not end with this one problem, exit 1 and no result on stdout, in time."""
    return {
        name: one
        for name, one in said.items()
        if (one.code, one.problem) != (1, problem)
        or not (one.stdout == "" or one.stdout.startswith('{"problems": '))
        or one.seconds > within
    }
