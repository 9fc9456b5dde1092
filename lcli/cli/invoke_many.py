"""lcli invoke --each and --repeat."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from functools import partial
from itertools import repeat
from typing import BinaryIO

from lcli.aws.clients import AwsError
from lcli.cli.invoke_asked import Asked
from lcli.cli.invoke_sent import once_sent
from lcli.errors import LcliError, Problem
from lcli.invoke.answer import describe, longest_wait
from lcli.invoke.call import Mode
from lcli.invoke.latency import Latency, Measurements
from lcli.invoke.many import Caller, Line, invoke_many, lines
from lcli.invoke.price import Rate
from lcli.ui.many_calls import Count, as_document, as_line, latency_table
from lcli.ui.response import cost_document, ran, writer


def many(asked: Asked, times: int | None, *, parallel: int) -> Count:
    """The same call `times` times, or one a line of standard input; what came of them."""
    return _repeated(asked, times, parallel) if times else _each_line(asked, parallel)


def _each_line(asked: Asked, parallel: int) -> Count:
    """One call a line of standard input, one line of stdout a call, in order."""
    run = asked.run
    caller, rate = _prepared(asked, raw=asked.raw)
    render = partial(as_document, rate=rate) if run.json else partial(as_line, raw=asked.raw)
    # A file object of its own, never closed: closing it, as Python does with sys.stdin at exit,
    # waits for the thread that reads.
    stream = open(sys.stdin.fileno(), "rb", closefd=False)  # noqa: SIM115
    count = Count(run.terminal, rate, size=_size(stream))
    write = writer(run.stdout, raw=asked.raw)
    calls = invoke_many(
        caller,
        count.reads(lines(stream)),
        parallel=parallel,
        begun=count.begin,
        unread=lambda: run.unread,
    )
    with _told(asked, count), closing(calls):
        for result in count.watch(calls):
            write(render(result))
    if run.unread:
        run.tell([_undelivered(count)])
    return count


def _undelivered(count: Count) -> Problem:
    return Problem(
        "results-not-read",
        f"the results arrive nowhere any more: {count.unsent()}",
        "standard output",
        "let something read all of them; what was sent is not to be sent again",
    )


def _size(stream: BinaryIO) -> int | None:
    """How much of a file there is to read; None of a pipe, whose end nobody knows."""
    found = os.fstat(stream.fileno())
    return found.st_size - stream.tell() if stat.S_ISREG(found.st_mode) else None


def _repeated(asked: Asked, times: int, parallel: int) -> Count:
    """The same call many times, and a table of how long it took, also of those before Ctrl-C."""
    caller, rate = _prepared(asked, raw=True)
    count, measured = Count(asked.run.terminal, rate, times), Measurements()
    payloads = repeat(Line(asked.payload), times)
    calls = invoke_many(caller, payloads, parallel=min(parallel, times), begun=count.begin)
    with _told(asked, count):
        try:
            with closing(calls):
                for result in count.watch(calls):
                    measured.add(result)
        finally:
            if count.calls:
                _show(asked, measured.latency, count)
    return count


def _show(asked: Asked, latency: Latency, count: Count) -> None:
    run = asked.run
    if run.json:
        cost = cost_document(count.bill.told_by, count.bill.total)
        run.print_json({"function": asked.named.name, **asdict(latency), "cost": cost})
    else:
        run.terminal.show(latency_table(latency, count.bill))


@contextmanager
def _told(asked: Asked, count: Count) -> Iterator[None]:
    """Closes with the count, however it ends; Ctrl-C with what may have been sent besides."""

    def note(text: str) -> None:
        asked.run.terminal.note(f"{asked.named.name}{ran(*count.versions)}: {text}")

    try:
        yield
    except KeyboardInterrupt:
        note(f"interrupted; {count}; {count.open()}")
        raise
    except Exception as error:
        if not count.calls:
            raise
        left = count.open(refused=True)
        if isinstance(error, AwsError | LcliError):
            note(str(count))
            raise once_sent(asked.run, error, _rest(count, left)) from error
        note(f"{count}; {left}")
        raise
    note(str(count))


def _rest(count: Count, left: str) -> str:
    """How to go on after a refusal of one of many calls that others were sent before."""
    done = (
        f"after line {count.line:,} of the input" if count.line else "with the calls that are left"
    )
    return f"once that is mended, go on {done}; {left}"


def _prepared(asked: Asked, *, raw: bool) -> tuple[Caller, Rate]:
    """How to call and what it costs, by what AWS says of the function."""
    single, target = asked.run.session(asked.named.region), asked.target
    described = describe(single, target) if asked.mode is Mode.SYNC else None
    rate = replace(asked.rate, architecture=described.architecture) if described else asked.rate
    seconds = longest_wait(described)
    single.ready("lambda", seconds)
    return Caller(single, target, asked.mode, raw=raw, read_timeout=seconds), rate
