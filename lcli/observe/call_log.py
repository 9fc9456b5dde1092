"""The log of a call that is made now: while the function runs, then up to its REPORT."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from functools import partial
from threading import Event

from lcli.aws.clients import AwsError, Clients
from lcli.invoke.answer import Answer
from lcli.invoke.call import Response
from lcli.invoke.report import InvocationReport, find_report
from lcli.observe.apart import Apart
from lcli.observe.events import Source
from lcli.observe.invocation_log import follow_invocation, records_in
from lcli.observe.outages import passing
from lcli.observe.records import Kind, Record
from lcli.observe.running_invocation import RunningInvocation

_LATE = 30.0
"""Seconds for which the log of an invocation that is over is waited for."""
_UNREPORTED = 5.0
"""The same where the answer's own log shows that no REPORT is written."""
_SILENCE = 8.0
"""The same where CloudWatch Logs answers nothing: a refused read is tried again for five."""
_CLOCKS = 60_000
"""Milliseconds by which the beginning of a call may be misjudged."""
_PAUSE = 1.0
"""Seconds until the log is first looked at, and between two looks: FilterLogEvents allows five a
second in the whole account."""
_SOON = 0.2
"""Seconds within which what was read is shown."""


@dataclass(slots=True)
class Followed:
    """What was seen of an invocation's log."""

    request: str = ""
    """Of the lines that were shown."""
    printed: set[str] = field(default_factory=set)
    """Ids of their events."""
    messages: Counter[str] = field(default_factory=Counter)
    """What they say; an answer's own log has no ids."""
    over: bool = False
    """Whether the REPORT was among them."""
    report: InvocationReport | None = None


class CallLog:
    """The log of one call. `show` is given its records, each once, and `tell` what the user must
    know about them.

    `began` is when the call was made, in milliseconds since 1970 by AWS's clock; it is asked
    again, since the first answer may show that this machine's is off.
    """

    def __init__(
        self,
        clients: Clients,
        source: Source,
        began: Callable[[], int],
        show: Callable[[Record], None],
        tell: Callable[[str], None],
    ) -> None:
        self._clients = clients
        self._source = source
        self._began = began
        self._show = show
        self._tell = tell

    def while_called(self, answer: Answer) -> None:
        """Show the log while the function runs, then what is left of it up to the REPORT.

        Where it cannot be told which log is that of this call, its log is shown once the answer
        has brought the request id. A log that does not answer keeps nobody waiting for longer than
        `_SILENCE` beyond the call. Raises AwsError where there is no answer.
        """
        shown, answered = Followed(), Event()
        reading = Apart[Record | str](self._clients, partial(self._running, answered), _SILENCE)
        try:
            while not answer.wait(_SOON):
                self._take(reading, shown)
        finally:
            answered.set()
        self._take(reading, shown)
        response = answer.result()
        if not (shown.over and shown.request == response.request_id):
            self._rest(response, shown)

    def _running(
        self, answered: Event, clients: Clients, put: Callable[[Record | str], None]
    ) -> None:
        """Put the records of the invocation that runs."""
        running = RunningInvocation(clients, self._source, self._began)
        while not answered.wait(_PAUSE):
            try:
                for record in running.poll():
                    put(record)
            except AwsError as error:
                if not (passing(error) and error.status):
                    # What came of the call matters more: what was logged is shown at the end.
                    return

    def _rest(self, response: Response, shown: Followed) -> None:
        """The answer's own log is enough if all of it is there and nothing of it was shown."""
        if shown.request not in ("", response.request_id):
            self._tell(f"the lines above are those of request {shown.request}, called meanwhile")
        log = response.log
        if not shown.printed and response.log_is_whole:
            self._show_all(log)
            return
        within = _LATE if find_report(log) else _UNREPORTED
        why = f"its REPORT did not come within {within:.0f} s"
        read = partial(self._read, response.request_id, within, frozenset(shown.printed))
        reading, found = Apart[Record | str](self._clients, read, _SILENCE), Followed()
        try:
            while not reading.over(_SOON):
                self._take(reading, found)
            self._take(reading, found)
            if found.over:
                return
            if found.printed or shown.request == response.request_id:
                self._tell(f"{why}; its log level may suppress it")
                return
        except AwsError as error:
            self._take(reading, found)
            why = f"logs:{error.operation}: {error.message}"
        if shown.request == response.request_id:
            found.messages += shown.messages
        self._show_all(log, but_for=found.messages)
        self._tell(f"only the end of the log: {why}")

    def _take(self, reading: Apart[Record | str], into: Followed) -> None:
        for item in reading.given():
            self._put(into, item)

    def _put(self, into: Followed, item: Record | str) -> None:
        """Show a record, or what troubles the reading."""
        if isinstance(item, str):
            self._tell(item)
            return
        self._show(item)
        into.request = item.request
        into.printed.add(item.event.id)
        into.messages[item.event.message.rstrip()] += 1
        if item.kind is Kind.REPORT:
            into.over, into.report = True, find_report(item.event.message)

    def until_report(self, request: str, within: float) -> Followed:
        """Show an invocation's log until its REPORT, for `within` seconds at most.

        Raises AwsError.
        """
        found = Followed()
        self._read(request, within, (), self._clients, partial(self._put, found))
        return found

    def _read(
        self,
        request: str,
        within: float,
        printed: Container[str],
        clients: Clients,
        put: Callable[[Record | str], None],
    ) -> None:
        """Put an invocation's records but for what is `printed`, and what troubles the reading."""
        for record in follow_invocation(
            clients,
            self._source,
            request,
            lambda: self._began() - _CLOCKS,
            within=within,
            printed=printed,
            trouble=put,
        ):
            put(record)

    def _show_all(self, log: str, but_for: Counter[str] | None = None) -> None:
        """Show an answer's own log, but for the messages that were shown already."""
        left = Counter(but_for)
        for record in records_in(log, self._source):
            if left[text := record.event.message.rstrip()] > 0:
                left[text] -= 1
            else:
                self._show(record)
