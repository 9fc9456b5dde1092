"""Where one execution environment logs to."""

from __future__ import annotations

import secrets
import time

from lcli.local.execution import Deployed
from lcli.local.log_sink import LogSink
from lcli.local.runtime.records import Event
from lcli.resources.naming import default_log_group

_TAIL = 4096
"""Bytes of log that Invoke answers with (LogResult)."""


class LogStream:
    """A log stream of the function's group, and the end of what an invocation has written to it.

    In a group that was chosen its name says whose it is (Lambda guide, "Configuring CloudWatch log
    groups"): functions may share one.
    """

    def __init__(self, deployed: Deployed, sink: LogSink) -> None:
        day = time.strftime("%Y/%m/%d", time.gmtime())
        chosen = deployed.log_group != default_log_group(deployed.name)
        whose = deployed.name if chosen else ""
        self.name = f"{day}/{whose}[{deployed.version}]{secrets.token_hex(16)}"
        self._deployed = deployed
        self._sink = sink
        self._tail = bytearray()

    def write(self, events: list[Event]) -> None:
        """Keep them, in their order."""
        if not events:
            return
        to = self._deployed
        self._sink.write(to.region, to.account, to.log_group, self.name, events)
        for _, message in events[-_TAIL:]:
            self._tail += message.encode()
        del self._tail[:-_TAIL]

    def take_tail(self) -> bytes:
        """The last 4 KiB of what was written since this was asked for."""
        tail = bytes(self._tail)
        self._tail.clear()
        return tail
