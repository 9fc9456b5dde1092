"""The log of a call that is made now: while the function runs, then up to its REPORT."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass

from lcli.aws.clients import AwsError, Clients
from lcli.invoke.answer import Answer
from lcli.invoke.call import Response
from lcli.invoke.report import InvocationReport, find_report
from lcli.observe.events import Source
from lcli.observe.invocation_log import follow_invocation, records_in
from lcli.observe.outages import passing
from lcli.observe.records import Kind, Record
from lcli.observe.running_invocation import RunningInvocation

_LATE = 30.0
"""Seconds for which the log of an invocation that is over is waited for."""
_UNREPORTED = 5.0
"""The same where the answer's own log shows that no REPORT is written."""
_CLOCKS = 60_000
"""Milliseconds by which the beginning of a call may be misjudged."""
_PAUSE = 1.0
"""Seconds until the log is first looked at, and between two looks: FilterLogEvents allows five a
second in the whole account."""


@dataclass(slots=True)
class Followed:
    """What was seen of an invocation's log."""

    lines: int = 0
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
        has brought the request id. Raises AwsError where there is no answer.
        """
        running = RunningInvocation(self._clients, self._source, self._began)
        trouble = over = False
        while not answer.wait(_PAUSE):
            if trouble:
                continue
            try:
                for record in running.poll():
                    self._show(record)
                    over = over or record.kind is Kind.REPORT
            except AwsError as error:
                # What came of the call matters more, and is not to wait for another silence: what
                # was logged is shown at the end.
                trouble = not (passing(error) and error.status)
        response = answer.result()
        if not (over and running.request == response.request_id):
            self._rest(response, running)

    def _rest(self, response: Response, running: RunningInvocation) -> None:
        """The answer's own log is enough if all of it is there and nothing of it was shown."""
        if running.request not in ("", response.request_id):
            self._tell(f"the lines above are those of request {running.request}, called meanwhile")
        log = response.log
        if not running.printed and response.log_is_whole:
            self._show_all(log)
            return
        within = _LATE if find_report(log) else _UNREPORTED
        why = f"its REPORT did not come within {within:.0f} s"
        try:
            followed = self.until_report(response.request_id, within, running.printed)
            if followed.report:
                return
            if followed.lines or running.request == response.request_id:
                self._tell(f"{why}; its log level may suppress it")
                return
        except AwsError as error:
            why = f"logs:{error.operation}: {error.message}"
        self._show_all(log)
        self._tell(f"only the end of the log: {why}")

    def until_report(self, request: str, within: float, printed: Container[str] = ()) -> Followed:
        """Show an invocation's log but for what is `printed` until its REPORT, for `within`
        seconds at most. Raises AwsError."""
        found = Followed()
        for record in follow_invocation(
            self._clients,
            self._source,
            request,
            lambda: self._began() - _CLOCKS,
            within=within,
            printed=printed,
            trouble=self._tell,
        ):
            self._show(record)
            found.lines += 1
            if record.kind is Kind.REPORT:
                found.report = find_report(record.event.message)
        return found

    def _show_all(self, log: str) -> None:
        for record in records_in(log, self._source):
            self._show(record)
