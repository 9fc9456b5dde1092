"""lcli invoke --each and --repeat."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from functools import partial
from itertools import repeat

from lcli.cli.invoke_asked import Asked
from lcli.invoke.answer import describe, longest_wait
from lcli.invoke.call import Mode
from lcli.invoke.latency import measure
from lcli.invoke.many import Caller, invoke_many, lines
from lcli.invoke.price import Rate
from lcli.ui.many_calls import Count, as_document, as_line, latency_table
from lcli.ui.response import cost_document, writer


def many(asked: Asked, times: int | None, *, parallel: int) -> int:
    """The same call `times` times, or one a line of standard input; how many failed."""
    return _repeated(asked, times, parallel) if times else _each_line(asked, parallel)


def _each_line(asked: Asked, parallel: int) -> int:
    """One call a line of standard input, one line of stdout a call, in order."""
    run = asked.run
    caller, rate = _prepared(asked, raw=asked.raw)
    count = Count(run.terminal, rate)
    render = partial(as_document, rate=rate) if run.json else as_line
    # A file object of its own, never closed: closing it, as Python does with sys.stdin at exit,
    # waits for the thread that reads.
    stream = open(sys.stdin.fileno(), "rb", closefd=False)  # noqa: SIM115
    write = writer(run.stdout, raw=asked.raw)
    for result in count.watch(invoke_many(caller, lines(stream), parallel=parallel)):
        write(render(result))
    run.terminal.note(f"{asked.named.name}: {count}")
    return count.failed


def _repeated(asked: Asked, times: int, parallel: int) -> int:
    """The same call many times, and a table of how long it took."""
    run, name = asked.run, asked.named.name
    caller, rate = _prepared(asked, raw=True)
    count = Count(run.terminal, rate, times)
    results = invoke_many(caller, repeat(asked.payload, times), parallel=min(parallel, times))
    latency = measure(count.watch(results))
    if run.json:
        cost = cost_document(count.bill.rate, count.bill.total)
        run.print_json({"function": name, **asdict(latency), "cost": cost})
    else:
        run.terminal.show(latency_table(latency, count.bill))
    run.terminal.note(f"{name}: {count}")
    return count.failed


def _prepared(asked: Asked, *, raw: bool) -> tuple[Caller, Rate]:
    """How to call and what it costs, by what AWS says of the function."""
    single, target = asked.run.session(asked.named.region), asked.target
    described = describe(single, target) if asked.mode is Mode.SYNC else None
    rate = replace(asked.rate, architecture=described.architecture) if described else asked.rate
    seconds = longest_wait(described)
    return Caller(single, target, asked.mode, raw=raw, read_timeout=seconds), rate
