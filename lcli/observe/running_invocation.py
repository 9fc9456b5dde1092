"""The log of an invocation that still runs, whose request id nobody but Lambda knows yet."""

from __future__ import annotations

from collections.abc import Callable

from lcli.aws.clients import Clients
from lcli.observe.events import Source
from lcli.observe.invocation_log import read_group
from lcli.observe.records import Kind, Reader, Record

_CLOCKS = 5_000
"""Milliseconds before the call from which a START counts as new: dates are of whole seconds."""


class RunningInvocation:
    """Reads the log of the one invocation that began since; gives up where there are several.

    An answer brings the request id only with its end. Until then the invocation is known by its
    START: the only one that any invocation of the function has made since the call, still without
    a REPORT, in two reads one after the other. Whoever calls compares `request` with the id that
    the answer brings.
    """

    def __init__(self, clients: Clients, source: Source, began: Callable[[], int]) -> None:
        """`began` is when the call was made, in milliseconds since 1970 by AWS's clock."""
        self._clients = clients
        self._source = source
        self._began = began
        self._reader = Reader()
        self._seen: set[str] = set()
        self._held: list[Record] = []
        self._started: set[str] = set()
        self._suspect = ""
        self.request = ""
        """Whose log is printed; empty as long as that is not clear."""
        self.several = False
        """Other invocations began meanwhile: nothing is read any more."""

    def poll(self) -> list[Record]:
        """What is new of the invocation's log. Raises AwsError."""
        if self.several:
            return []
        reported = self._read()
        self.several = len(self._started) > 1
        if self.several:
            return []
        running = next(iter(self._started - reported), "")
        if running and running == self._suspect:
            self.request = running
        self._suspect = running
        if not self.request:
            return []
        new = [record for record in self._held if record.request == self.request]
        self._held.clear()
        return new

    def _read(self) -> set[str]:
        """Take in what the group has got; the requests that are over."""
        reported = set()
        began = self._began()
        events = read_group(self._clients, self._source, began - _CLOCKS)
        if abs(self._began() - began) > _CLOCKS:
            # The answer has shown that this machine's clock is off.
            events = read_group(self._clients, self._source, self._began() - _CLOCKS)
        for event in events:
            if event.id in self._seen:
                continue
            self._seen.add(event.id)
            record = self._reader.read(event)
            self._held.append(record)
            if record.kind is Kind.START:
                self._started.add(record.request)
            elif record.kind is Kind.REPORT:
                reported.add(record.request)
        return reported
