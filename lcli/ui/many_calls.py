"""Many calls: a line a result, progress, and the table of latencies."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from lcli.invoke.call import FunctionError, Response
from lcli.invoke.latency import Latency
from lcli.invoke.many import Line, Result
from lcli.invoke.payload import as_json, is_json
from lcli.invoke.price import Bill, Rate, dollars
from lcli.ui.measures import counted
from lcli.ui.neutral import neutralise_json
from lcli.ui.response import body, document
from lcli.ui.terminal import Terminal

if TYPE_CHECKING:
    from rich.console import RenderableType

_TOLD = 10
"""Failures that are told one by one; the rest are counted."""
_BAR = 40
_SHARE, _PART = 20, 3
"""Characters of the bar that says how far many calls are, and of what moves in it otherwise."""


def as_line(result: Result, *, raw: bool = False) -> bytes:
    """The response as one line of JSON; of a refusal, an error document like a function's.

    With `raw`, what is not JSON stays as it came if it is one line.
    """
    response = result.response
    if response is None:
        refusal = {"errorType": result.code, "errorMessage": result.message}
        return as_json(refusal) + b"\n"
    payload = response.payload
    if not payload:
        payload = json.dumps(response.request_id).encode() if response.status == 202 else b"null"
    elif b"\n" in payload or b"\r" in payload or not (raw or is_json(payload)):
        payload = as_json(body(payload))
    return payload + b"\n"


def as_document(result: Result, rate: Rate) -> bytes:
    """The result as one line of JSON, with everything that is known of the call."""
    found: dict[str, Any] = {"number": result.number, "seconds": round(result.seconds, 6)}
    if result.response is None:
        kind = "Lost" if result.lost else "Refused"
        error = FunctionError(kind, result.code, result.message, ())
        found |= document(Response(0, b"", "", "", "", error), rate)
    else:
        found |= document(result.response, rate)
    return neutralise_json(as_json(found).decode()).encode() + b"\n"


class Count:
    """Tells how far many calls are, which failed, and what they cost."""

    def __init__(
        self,
        terminal: Terminal,
        rate: Rate,
        total: int | None = None,
        size: int | None = None,
    ) -> None:
        """`total` calls are made, or those of an input of `size` bytes; else nobody knows."""
        self._terminal = terminal
        # On one terminal the results are the progress.
        self._live = terminal.live and (total is not None or not terminal.stdout.isatty())
        self._total = "" if total is None else f" of {total:,}"
        self._began = time.monotonic()
        self._drawn = 0.0
        self._begun = self._begun_line = 0
        self._read = 0
        self._ended = Event()
        self._lock = Lock()
        self.calls = 0
        self.failed = 0
        self.unanswered = 0
        """Those that failed and are not a function's own failure."""
        self.bill = Bill(rate)
        self.versions: set[str] = set()
        """That ran."""
        self._all = total or size
        self._counts_calls = total is not None
        self._end = 0
        self.line = 0
        """Of the input, whose result was the last."""
        self._turn = _SHARE - _PART - 1

    def reads(self, payloads: Iterable[Line]) -> Iterator[Line]:
        """The same payloads, counted."""
        for line in payloads:
            self._read += 1
            yield line
        self._ended.set()

    def begin(self, number: int, line: Line) -> None:
        """Call `number` is about to be sent; by any thread."""
        with self._lock:
            self._begun = max(self._begun, number)
            self._begun_line = max(self._begun_line, line.number)

    def unsent(self, patience: float = 1.0) -> str:
        """How many lines of the input were not sent, as far as it is read within `patience`
        seconds: a pipe may have no end."""
        least = "" if self._ended.wait(patience) else "at least "
        count = self._read - self._begun
        were = "was" if count == 1 else "were"
        after = f"nothing after line {self._begun_line:,} of the input"
        return f"{least}{counted(count, 'line')} {were} not sent, {after}"

    def open(self, *, refused: bool = False) -> str:
        """What an interruption leaves: the calls that were sent and whose results were not told.

        `refused`: the next one is known not to have run, and ended all.
        """
        first, last = self.calls + 1 + refused, self._begun
        if last < first:
            return "nothing else was sent"
        which = f"call {first:,}" if first == last else f"calls {first:,} to {last:,}"
        return f"{which} may have been sent, and the function run; nothing after that was sent"

    def watch(self, results: Iterable[Result]) -> Iterator[Result]:
        """The same results, counted."""
        try:
            for result in results:
                self._add(result)
                yield result
        finally:
            self._terminal.end_progress()

    def __str__(self) -> str:
        seconds = max(time.monotonic() - self._began, 0.001)
        failed = f", {self.failed:,} failed" if self.failed else ""
        calls = counted(self.calls, "call")
        rate = f"{self.calls / seconds:,.0f} a second"
        cost = f", {self.bill}" if self.bill.calls else ""
        return f"{calls} in {seconds:.1f} s, {rate}{failed}{cost}"

    def _add(self, result: Result) -> None:
        self.calls += 1
        self._end, self.line = result.end, result.line
        if result.response is not None:
            self.versions.add(result.response.version)
        if result.ran:
            self.bill.add(result.response.report if result.response else None)
        self.unanswered += result.response is None
        if result.failed:
            self.failed += 1
            if self.failed <= _TOLD:
                why = result.why.partition("\n")[0]
                self._terminal.note(f"{result.number}: {why}")
        now = time.monotonic()
        if self._live and now - self._drawn > 0.1:
            self._drawn = now
            failed = f", {self.failed:,} failed" if self.failed else ""
            rate = self.calls / max(now - self._began, 0.001)
            text = f"{self.calls:,}{self._total} done{failed}, {rate:,.0f} a second"
            self._terminal.progress(self._bar + text)

    @property
    def _bar(self) -> str:
        """``[=====               ] ``; a part that goes to and fro where it is not known how much
        there is."""
        if not self._all:
            way = _SHARE - _PART
            self._turn = (self._turn + 1) % (2 * way)
            return f"[{'=' * _PART:>{_PART + abs(way - self._turn)}}".ljust(_SHARE + 1) + "] "
        done = self.calls if self._counts_calls else self._end
        return f"[{'=' * round(min(1, done / self._all) * _SHARE):<{_SHARE}}] "


def latency_table(latency: Latency, bill: Bill) -> RenderableType:
    """Percentiles in milliseconds, the counts, the cost, and a histogram of the round trips."""
    from rich.console import Group
    from rich.text import Text

    from lcli.ui.tables import PlainTable

    table = PlainTable("ms", ">p50", ">p90", ">p99", ">max")
    named = {
        "round trip": latency.round_trip,
        "duration": latency.duration,
        "cold start": latency.init,
    }
    for name, spread in named.items():
        if spread:
            numbers = (spread.p50, spread.p90, spread.p99, spread.max)
            table.add_row(name, *(f"{number:,.1f}" for number in numbers))
    cold = latency.cold_starts
    starts = "cold starts unknown" if cold is None else counted(cold, "cold start")
    counts = f"{counted(latency.calls, 'call')}, {starts}, {counted(latency.errors, 'error')}"
    cost = str(bill)
    if bill.each is not None:
        cost = f"cost {cost}, {dollars(bill.each)} a call"
    if latency.round_trip is None:
        return Text(counts)
    most = max(bucket.count for bucket in latency.histogram)
    bars = PlainTable(">from ms", ">to", "", ">calls")
    for bucket in latency.histogram:
        bar = "█" * round(bucket.count / most * _BAR) or "▏" * bool(bucket.count)
        bars.add_row(f"{bucket.low:,.1f}", f"{bucket.high:,.1f}", bar, f"{bucket.count:,}")
    return Group(table, Text(counts), Text(cost), Text(), bars)
