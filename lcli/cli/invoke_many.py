"""lcli invoke --each and --repeat."""

from __future__ import annotations

import sys
from dataclasses import asdict
from functools import partial
from itertools import repeat

from lcli.cli.invoke_cost import rate_of
from lcli.cli.names import Named
from lcli.cli.run import Run
from lcli.invoke.call import Mode
from lcli.invoke.latency import measure
from lcli.invoke.many import Caller, invoke_many, lines
from lcli.ui.many_calls import Count, as_document, as_line, latency_table
from lcli.ui.response import cost_document


def each_line(run: Run, named: Named, mode: Mode, *, parallel: int, raw: bool) -> int:
    """One call a line of standard input, one line of stdout a call, in order; how many failed."""
    caller = _caller(run, named, mode, raw=raw)
    rate = rate_of(run, named)
    count = Count(run.terminal, rate)
    render = partial(as_document, rate=rate) if run.json else as_line
    # A file object of its own, never closed: closing it, as Python does with sys.stdin at exit,
    # waits for the thread that reads.
    stream = open(sys.stdin.fileno(), "rb", closefd=False)  # noqa: SIM115
    for result in count.watch(invoke_many(caller, lines(stream), parallel=parallel)):
        run.stdout.buffer.write(render(result))
        run.stdout.buffer.flush()
    run.terminal.note(f"{named.name}: {count}")
    return count.failed


def repeated(run: Run, named: Named, event: bytes, times: int, *, parallel: int) -> int:
    """The same call many times, and a table of how long it took; how many failed."""
    caller = _caller(run, named, Mode.SYNC, raw=True)
    count = Count(run.terminal, rate_of(run, named), times)
    results = invoke_many(caller, repeat(event, times), parallel=min(parallel, times))
    latency = measure(count.watch(results))
    if run.json:
        cost = cost_document(count.bill.rate, count.bill.total)
        run.print_json({"function": named.name, **asdict(latency), "cost": cost})
    else:
        run.terminal.show(latency_table(latency, count.bill))
    run.terminal.note(f"{named.name}: {count}")
    return count.failed


def _caller(run: Run, named: Named, mode: Mode, *, raw: bool) -> Caller:
    session = run.session(named.region)
    return Caller(session, named.name, named.qualifier, mode, raw=raw)
