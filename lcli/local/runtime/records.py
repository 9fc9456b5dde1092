"""Log events out of what a worker writes: lines, and awslambdaric's framed records.

Both come through one pipe, so their order is the order in which they were written. A frame is what
awslambdaric's FramedTelemetryLogSink documents: type (4 bytes, 0xA55A....), length (4), time in
microseconds (8), message.
"""

from __future__ import annotations

import time

Event = tuple[int, str]
"""Milliseconds since 1970, message."""

MAX_MESSAGE = 256 * 1024
"""Bytes of one event, as CloudWatch Logs takes them from Lambda; longer lines are cut in pieces."""
_MAGIC = b"\xa5\x5a\x00"
_HEADER = 16


def now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Records:
    """Collects bytes and gives the events that are complete."""

    def __init__(self) -> None:
        self._rest = b""
        self._latest = 0

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes; what is not complete is kept.

        A line's time is that of reading it, a frame's its own: none is earlier than the one before.
        """
        data = self._rest + data
        events: list[Event] = []
        at = 0
        while at < len(data):
            after = self._frame(data, at, events) if _framed(data, at) else _line(data, at, events)
            if after == at:
                break
            at = after
        self._rest = data[at:]
        return [self._in_order(stamp, text) for stamp, text in events]

    def _in_order(self, stamp: int, text: str) -> Event:
        self._latest = max(self._latest, stamp)
        return self._latest, text

    def flush(self) -> list[Event]:
        """What is left without a line's end, when the process is done or the invocation is."""
        rest, self._rest = self._rest, b""
        if _framed(rest, 0):
            rest = rest[_HEADER:]
        return [(now(), _text(rest))] if rest else []

    @staticmethod
    def _frame(data: bytes, at: int, events: list[Event]) -> int:
        """Take the frame at `at`; gives the place after it, or `at` if it is not all there."""
        start = at + _HEADER
        end = start + int.from_bytes(data[at + 4 : at + 8], "big")
        if len(data) < start or len(data) < end:
            return at
        stamp = int.from_bytes(data[at + 8 : start], "big") // 1000
        message = data[start:end]
        if not message.endswith(b"\n"):
            message += b"\n"
        events.extend(
            (stamp, _text(message[piece : piece + MAX_MESSAGE]))
            for piece in range(0, len(message), MAX_MESSAGE)
        )
        return end


def _framed(data: bytes, at: int) -> bool:
    return data.startswith(_MAGIC, at)


def _line(data: bytes, at: int, events: list[Event]) -> int:
    """Take the line at `at`, which a frame or the longest length may end; `at` if it has no end."""
    stop = data.find(b"\n", at, at + MAX_MESSAGE)
    frame = data.find(_MAGIC, at, stop if stop >= 0 else at + MAX_MESSAGE)
    if frame >= 0:
        end = frame
    elif stop >= 0:
        end = stop + 1
    elif len(data) - at >= MAX_MESSAGE:
        end = at + MAX_MESSAGE
    else:
        return at
    events.append((now(), _text(data[at:end])))
    return end


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
