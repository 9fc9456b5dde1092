"""Where the log events of execution environments go: CloudWatch Logs of the local cloud."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class LogSink(Protocol):
    """Takes log events; never blocks and never fails the invocation that wrote them."""

    def write(
        self,
        region: str,
        account: str,
        group: str,
        stream: str,
        events: Sequence[tuple[int, str]],
    ) -> None:
        """Keep `events` (milliseconds since 1970, message) in their order."""
