"""The log that an answer brings: what the function wrote, on stderr."""

from __future__ import annotations

from lcli.invoke.call import LOG_TAIL, Response
from lcli.observe.events import Source
from lcli.observe.invocation_log import records_in
from lcli.observe.records import Kind, Record
from lcli.ui.log_lines import Lines, Style
from lcli.ui.logged_error import without_error
from lcli.ui.terminal import Terminal


class CallLines:
    """Prints a call's records as lcli logs does, but for times, which an answer's log does not
    have, and for the REPORT, which is in the line that closes the command."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._color = terminal.color and terminal.stderr.isatty()
        self._line_of = Lines(Style(timestamps=False, color=self._color, neutral=True))

    def __call__(self, record: Record) -> None:
        """Print one record."""
        if record.kind is not Kind.REPORT:
            self._terminal.lines(self._line_of(record))

    def remark(self, text: str) -> None:
        """Print a line of ours between those of the function."""
        self._terminal.lines(f"\x1b[2m{text}\x1b[0m\n" if self._color else f"{text}\n")


def print_log(terminal: Terminal, response: Response, whole: str) -> None:
    """Print what the function wrote; `whole` is the command that shows all of it.

    The error with which it ended is not printed: it is told with the response.
    """
    show = CallLines(terminal)
    if not response.log_is_whole:
        show.remark(
            f"the log begins earlier, AWS answers with its last {LOG_TAIL:,} bytes: {whole} "
            "shows all of it, or the next time --tail"
        )
    for record in without_error(records_in(response.log, Source("", "")), response.error):
        show(record)
